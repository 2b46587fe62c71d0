"""Des gestes et des prises de places dans un ordre quelconque : l’agenda reste cohérent."""

import contextlib
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from agenda.actions import PlaceIndisponible
from agenda.domaine.recurrence import developper
from agenda.enums import Portee
from agenda.models import CarteLieu, Disponibilite, GesteAgenda, Reservation
from agenda.offre import rafraichir
from agenda.saisie.actions import OccurrenceTenue, SaisieRefusee, modifier, ouvrir, retirer
from agenda.saisie.journal import RetourImpossible, annuler
from annuaire.models import LieuExercice
from comptes.models import Compte
from tests.agenda.saisie.conftest import FENETRE, LUNDI, MAINTENANT, MATIN, PARIS, prendre

pytestmark = pytest.mark.django_db


class Gestes(RuleBasedStateMachine):
    def __init__(self, lieu: LieuExercice, auteur: Compte) -> None:
        super().__init__()
        self.lieu, self.auteur = lieu, auteur

    @rule(
        jour=st.integers(0, 6),
        heure=st.integers(9, 16),
        jours=st.frozensets(st.integers(1, 7), max_size=3),
        capacite=st.integers(1, 3),
    )
    def ouvrir_une_plage(self, jour, heure, jours, capacite):
        saisie = replace(
            MATIN,
            capacite=capacite,
            premier_jour=LUNDI + timedelta(days=jour),
            horaires=((time(heure), time(heure + 2)),),
            jours=jours,
        )
        ouvrir(lieu=self.lieu, saisie=saisie, auteur=self.auteur, maintenant=MAINTENANT)

    @rule(rang=st.integers(0, 30), portee=st.sampled_from(Portee), change=st.booleans())
    def changer(self, rang, portee, change):
        choix = [
            (ligne, occurrence.debut.astimezone(PARIS).date())
            for ligne in Disponibilite.objects.filter(lieu=self.lieu).order_by("pk")
            for occurrence in developper(ligne.regle(self.lieu.fuseau), FENETRE)
        ]
        if not choix:
            return
        ligne, jour = choix[rang % len(choix)]
        cible = {
            "lieu": self.lieu,
            "disponibilite_id": ligne.pk,
            "jour": jour,
            "portee": portee,
            "auteur": self.auteur,
            "maintenant": MAINTENANT,
        }
        saisie = replace(
            MATIN, premier_jour=jour, jours=frozenset(ligne.jours), horaires=((time(18), time(19)),)
        )
        with contextlib.suppress(OccurrenceTenue, SaisieRefusee):
            modifier(**cible, saisie=saisie, deplacer=True) if change else retirer(**cible)

    @rule(rang=st.integers(0, 30))
    def prendre_une_place(self, rang):
        carte = CarteLieu.objects.filter(lieu=self.lieu).first()
        if carte and carte.debuts:
            debut = datetime.fromtimestamp(carte.debuts[rang % len(carte.debuts)] * 60, tz=UTC)
            with contextlib.suppress(PlaceIndisponible):  # une autre, à la même heure, est pleine
                prendre(self.lieu, debut)

    @rule()
    def revenir(self):
        geste = GesteAgenda.objects.filter(lieu=self.lieu, annule_le=None).order_by("-pk").first()
        if geste:
            with contextlib.suppress(RetourImpossible):
                annuler(
                    geste=geste,
                    tenus=LieuExercice.objects.all(),
                    auteur=self.auteur,
                    maintenant=MAINTENANT,
                )

    def teardown(self):
        verifier_que_la_projection_suit_les_regles(self.lieu)
        verifier_que_chaque_place_prise_a_son_occurrence(self.lieu)
        Reservation.objects.all().delete()
        Disponibilite.objects.all().delete()
        GesteAgenda.objects.all().delete()
        rafraichir([self.lieu.pk], MAINTENANT)


def verifier_que_la_projection_suit_les_regles(lieu: LieuExercice) -> None:
    avant = CarteLieu.objects.filter(lieu=lieu).values().first()
    assert rafraichir([lieu.pk], MAINTENANT) == 0
    assert CarteLieu.objects.filter(lieu=lieu).values().first() == avant


def verifier_que_chaque_place_prise_a_son_occurrence(lieu: LieuExercice) -> None:
    orphelines = [
        r
        for r in Reservation.objects.select_related("disponibilite").filter(annulee_le=None)
        if r.disponibilite.regle(lieu.fuseau).occurrence(r.debut.astimezone(PARIS).date()) is None
    ]
    assert orphelines == []


def test_apres_des_gestes_au_hasard_l_agenda_reste_coherent(lieu, auteur):
    rafraichir([lieu.pk], MAINTENANT)

    run_state_machine_as_test(
        lambda: Gestes(lieu, auteur),
        settings=settings(max_examples=15, stateful_step_count=12, deadline=None),
    )
