"""Quoi qu’il arrive, et dans n’importe quel ordre : l’éditeur finit par savoir, et personne n’y reste actif de trop."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agenda.domaine.regulateurs import OID_PERSONNE, OID_SAS
from agenda.enums import Flux
from agenda.models import CopieRegulateur, Editeur, EnvoiRegulateur
from agenda.regulateurs.comparaison import retirer_les_echus, voulu
from comptes.actions import anonymiser
from comptes.enums import Role
from comptes.models import Compte, Habilitation
from tests.agenda.factories import EditeurFactory
from tests.agenda.regulateurs.conftest import PANNE, PERDRE, REPONDRE, TAIRE, Plateforme, Vendeur
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db

PERSONNES = (0, 1)
NUMEROS = (None, "899800000001", "3620100057/70326SR")

QUI = st.sampled_from(PERSONNES)
GESTES = st.one_of(
    st.tuples(st.just("connecter"), QUI),
    st.tuples(st.just("connecter"), QUI),
    st.tuples(st.just("renommer"), QUI),
    st.tuples(st.just("numeroter"), QUI, st.sampled_from(NUMEROS)),
    st.tuples(st.just("adresser"), QUI, st.booleans()),
    st.tuples(st.just("habiliter"), QUI, st.booleans()),
    st.tuples(st.just("echoir"), QUI),
    st.tuples(st.just("activer"), QUI, st.booleans()),
    st.tuples(st.just("anonymiser"), QUI),
    st.tuples(st.just("ouvrir"), st.booleans()),
    st.tuples(
        st.just("passer"),
        st.lists(st.sampled_from([REPONDRE, TAIRE, PERDRE, PANNE]), max_size=4),
        st.sampled_from([timedelta(), timedelta(minutes=2), timedelta(hours=5)]),
    ),
)


class Scene:
    def __init__(self) -> None:
        self.plateforme = Plateforme(Vendeur(), EditeurFactory(flux=[Flux.COMPTES]))
        self.comptes = [
            CompteFactory(osnp=True, nom=f"Nom{rang}", email=self._email(rang)) for rang in PERSONNES
        ]

    @staticmethod
    def _email(rang: int) -> str:
        return f"p{rang}@exemple.invalid"

    def jouer(self, geste: tuple) -> None:
        nom, *arguments = geste
        getattr(self, nom)(*arguments)

    def _changer(self, rang: int, **champs: object) -> None:
        """Un compte anonymisé n’a plus d’identité, et la base y veille."""
        Compte.objects.filter(pk=self.comptes[rang].pk, anonymise_le=None).update(**champs)

    def connecter(self, rang: int) -> None:
        if Compte.objects.filter(pk=self.comptes[rang].pk, is_active=True).exists():
            self.plateforme.connecter(self.comptes[rang])

    def renommer(self, rang: int) -> None:
        self._changer(rang, nom=f"Nom{rang}-{self.plateforme.maintenant:%H%M%S}")

    def numeroter(self, rang: int, numero: str | None) -> None:
        Compte.objects.filter(identifiant_national=numero, email__isnull=False).update(
            identifiant_national=None
        )
        if not Compte.objects.filter(
            identifiant_national=numero, identifiant_national__isnull=False
        ).exists():
            Compte.objects.filter(pk=self.comptes[rang].pk, anonymise_le=None, email__isnull=False).update(
                identifiant_national=numero
            )

    def adresser(self, rang: int, avec: bool) -> None:
        comptes = Compte.objects.filter(pk=self.comptes[rang].pk, anonymise_le=None)
        if avec:
            comptes.update(email=self._email(rang))
        else:
            comptes.filter(identifiant_national__isnull=False).update(email=None)

    def habiliter(self, rang: int, oui: bool) -> None:
        Habilitation.objects.filter(compte=self.comptes[rang]).delete()
        if oui:
            debut = self.plateforme.maintenant - timedelta(days=1)
            Habilitation.objects.create(compte=self.comptes[rang], role=Role.REGULATEUR, debut_le=debut)

    def echoir(self, rang: int) -> None:
        Habilitation.objects.filter(compte=self.comptes[rang]).update(
            fin_le=self.plateforme.maintenant + timedelta(minutes=1)
        )

    def activer(self, rang: int, oui: bool) -> None:
        self._changer(rang, is_active=oui)

    def anonymiser(self, rang: int) -> None:
        anonymiser(compte=self.comptes[rang], acteur=None, maintenant=self.plateforme.maintenant)

    def ouvrir(self, oui: bool) -> None:
        Editeur.objects.update(est_actif=oui)

    def passer(self, pannes: list[str], dans: timedelta) -> None:
        self.plateforme.vendeur.pannes = list(pannes)
        self.plateforme.passer(dans=dans)

    def finir(self) -> None:
        Editeur.objects.update(est_actif=True)
        self.plateforme.maintenant += timedelta(minutes=2)
        retirer_les_echus(maintenant=self.plateforme.maintenant)
        self.plateforme.tout_passer()

    def de_droit(self) -> dict[str, tuple[str, str]]:
        """Adresse → identifiant et nom que l’éditeur doit connaître pour actifs."""
        vus = [
            voulu(compte, instant=self.plateforme.maintenant)
            for compte in Compte.objects.filter(pk__in=[compte.pk for compte in self.comptes])
        ]
        return {v.personne.email: (v.personne.identifiant, v.personne.nom) for v in vus if v.actif}


@settings(max_examples=60)
@given(st.lists(GESTES, max_size=14))
@example([("connecter", 0), ("passer", [TAIRE], timedelta()), ("anonymiser", 0)])
@example([("connecter", 0), ("passer", [], timedelta()), ("anonymiser", 0)])
@example(
    [
        ("numeroter", 0, NUMEROS[1]),
        ("connecter", 0),
        ("passer", [], timedelta()),
        ("numeroter", 1, NUMEROS[1]),
        ("connecter", 1),
        ("passer", [TAIRE, TAIRE], timedelta()),
        ("numeroter", 0, NUMEROS[1]),
        ("connecter", 0),
    ]
)
@example(
    [
        ("connecter", 0),
        ("passer", [], timedelta()),
        ("numeroter", 0, NUMEROS[1]),
        ("connecter", 0),
        ("passer", [TAIRE], timedelta()),
        ("adresser", 0, False),
    ]
)
def test_l_editeur_finit_toujours_par_savoir(gestes):
    with transaction.atomic():
        scene = Scene()
        for geste in gestes:
            scene.jouer(geste)
        scene.finir()
        vendeur = scene.plateforme.vendeur

        # Sans que personne ne se reconnecte : aucun actif de trop, aucun en double.
        par_adresse = Counter(tenu.email for tenu in vendeur.actifs)
        assert set(par_adresse) <= set(scene.de_droit())
        assert set(par_adresse.values()) <= {1}

        # Chacun se reconnecte : l’éditeur sait exactement ce qu’il doit savoir.
        for rang in PERSONNES:
            scene.connecter(rang)
        scene.plateforme.tout_passer()
        assert {t.email: (t.identifiant, t.nom) for t in vendeur.actifs} == scene.de_droit()

        # Et l’on n’en garde que l’empreinte.
        assert not EnvoiRegulateur.objects.exclude(personne=None).exists()
        for copie in CopieRegulateur.objects.filter(compte__anonymise_le__isnull=False):
            assert copie.identifiant == copie.identifiant_essaye == ""
        for copie in CopieRegulateur.objects.exclude(identifiant=""):
            assert copie.identifiant.startswith((OID_PERSONNE, OID_SAS))
        transaction.set_rollback(True)
