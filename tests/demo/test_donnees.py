"""Ce que la démonstration ajoute aux données fictives."""

from __future__ import annotations

import pytest

from annuaire.models import Effecteur
from participation.models import Participation
from sas_platform.demo.donnees import _identites, nommer
from sas_platform.demo.personas import creer_comptes
from tests.agenda.factories import DisponibiliteFactory, EditeurFactory
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory
from tests.participation.factories import ParticipationFactory


@pytest.mark.django_db
def test_l_effecteur_que_joue_une_persona_porte_son_nom():
    joue, autre = EffecteurFactory(), EffecteurFactory()
    nom_de_l_autre = str(autre)

    nommer({"effecteur": joue.identifiant_national})

    joue.refresh_from_db()
    autre.refresh_from_db()
    assert str(joue) == "Étienne FAVIER"
    assert Effecteur.objects.filter(nom_recherche="etienne favier").get() == joue
    assert str(autre) == nom_de_l_autre


@pytest.mark.django_db
def test_une_persona_reste_la_meme_personne_quand_elle_change_sa_participation():
    editeur = EditeurFactory()
    joue, autre = (LieuExerciceFactory().effecteur for _ in range(2))
    for effecteur in (joue, autre):
        ParticipationFactory(effecteur=effecteur)
        DisponibiliteFactory(lieu=effecteur.lieux.get())
    creer_comptes({"effecteur": joue.identifiant_national})

    Participation.objects.filter(effecteur=joue).delete()

    assert _identites(editeur)["effecteur"] == joue.identifiant_national


@pytest.mark.django_db
def test_la_persona_effecteur_joue_celui_qui_a_le_plus_de_lieux():
    un, plusieurs = (LieuExerciceFactory().effecteur for _ in range(2))
    LieuExerciceFactory(effecteur=plusieurs)
    for effecteur in (un, plusieurs):
        ParticipationFactory(effecteur=effecteur)
        DisponibiliteFactory(lieu=effecteur.lieux.order_by("pk")[0])

    assert _identites(EditeurFactory())["effecteur"] == plusieurs.identifiant_national
