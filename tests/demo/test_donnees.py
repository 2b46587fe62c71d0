"""Ce que la démonstration ajoute aux données fictives."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from agenda.editeurs.client import url_creneaux
from agenda.editeurs.normaliseur import normaliser
from agenda.editeurs.raccordements import raccorder, raccorder_associations
from agenda.editeurs.verdicts import Cas, CreneauLu, Demande, fenetre_interrogee
from agenda.models import Disponibilite
from annuaire.models import Commune, Effecteur, Structure
from participation.models import Participation
from sas_platform.demo.clients import clients
from sas_platform.demo.donnees import _identites, confier_les_associations, nommer
from sas_platform.demo.editeur_simule.application import EditeurSimule
from sas_platform.demo.editeur_simule.titulaires import Annuaire
from sas_platform.demo.personas import creer_comptes
from tests.agenda.factories import DisponibiliteFactory, EditeurFactory, ReservationFactory
from tests.annuaire.factories import CommuneFactory, EffecteurFactory, LieuExerciceFactory, StructureFactory
from tests.kit.client import demander
from tests.participation.factories import ParticipationFactory, ParticipationStructureFactory

LUNDI = datetime(2026, 11, 2, 8, tzinfo=UTC)


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


# --- Ce que chaque éditeur sert -------------------------------------------------------


def _association(commune: Commune) -> Structure:
    """Une association qui participe, avec un point fixe et une disponibilité saisie ici."""
    association = StructureFactory(sos=True, commune=commune)
    ParticipationStructureFactory(structure=association)
    point = LieuExerciceFactory(effecteur=None, structure=association, commune=commune, nom="Point fixe")
    DisponibiliteFactory(lieu=point)
    return association


@pytest.mark.django_db
def test_la_premiere_association_d_un_departement_garde_son_agenda_les_autres_le_confient():
    commune = CommuneFactory()
    gardee, confiee = (_association(commune) for _ in range(2))

    assert confier_les_associations() == [confiee.pk]
    assert list(Disponibilite.objects.values_list("lieu__structure", flat=True)) == [gardee.pk]


@pytest.mark.django_db
def test_l_agenda_d_une_association_deja_reserve_n_est_pas_efface():
    commune = CommuneFactory()
    _association(commune)
    confiee = _association(commune)
    saisie = Disponibilite.objects.get(lieu__structure=confiee)
    ReservationFactory(disponibilite=saisie)

    confier_les_associations()

    assert Disponibilite.objects.filter(pk=saisie.pk).exists()


@pytest.mark.django_db
def test_chaque_editeur_sert_ceux_qui_lui_sont_raccordes_avec_leurs_cpts():
    """Ce qu’émet l’éditeur à partir du fichier est lu, en entier, comme celui des raccordés."""
    editeur = EditeurFactory(flux=["ps", "cpts", "sos"])
    membre = LieuExerciceFactory().effecteur
    cpts = ParticipationFactory(effecteur=membre, via_cpts=True).structure
    LieuExerciceFactory()  # chez personne
    association = _association(CommuneFactory())
    raccorder(editeur, [membre.pk], LUNDI)
    raccorder_associations(editeur, [association.pk], LUNDI)

    annuaire = msgspec.convert(clients(editeur, LUNDI), type=Annuaire)
    lus = {cas: _lire(annuaire, cas, titulaire) for cas, titulaire in _demandes(membre, association)}

    assert {c.proprietaire for c in lus["cpts"]} == {membre.identifiant_national}
    assert {c.cpts for c in lus["cpts"] if "CPTS" in c.visibilites} == {(f"1{cpts.finess}",)}
    assert {c.proprietaire for c in lus["sos"]} == {f"3{association.siret}"}
    assert {c.lieu.nom for c in lus["sos"]} == {"Point fixe"}
    assert len(annuaire.titulaires()) == 2


def _demandes(membre: Effecteur, association: Structure) -> list[tuple[Cas, str]]:
    return [("cpts", membre.identifiant_national), ("sos", f"3{association.siret}")]


def _lire(annuaire: Annuaire, cas: Cas, identifiant: str) -> list[CreneauLu]:
    fenetre = fenetre_interrogee(LUNDI)
    simule = EditeurSimule(annuaire, horloge=lambda: LUNDI)
    corps = demander(simule, url_creneaux("/fhir", [identifiant], fenetre, cas)).corps
    demande = Demande(cas, frozenset({identifiant}), fenetre, frozenset({"127.0.0.1"}), http_local=True)
    lecture = normaliser([corps], demande)
    assert lecture.comptes().keys() == {"garde"}
    return lecture.gardes()
