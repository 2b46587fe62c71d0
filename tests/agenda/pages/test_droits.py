"""Qui tient l’agenda d’un lieu, et ce qui reste invisible aux autres."""

import datetime as dt

import pytest
from django.test import Client

from agenda.models import Disponibilite, GesteAgenda
from annuaire.models import Delegation
from comptes.enums import Role
from comptes.models import Trace
from participation.models import Participation
from tests.agenda.factories import DisponibiliteFactory, EditeurFactory, IndisponibiliteFactory
from tests.agenda.pages.conftest import MAINTENANT, MARDI
from tests.agenda.pages.test_saisie import PLAGE
from tests.annuaire.factories import LieuExerciceFactory, StructureFactory, habiliter
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db

LECTURES = ("semaine", "imprimer", "ouvrir", "semaines", "indisponibilites")
GESTES = ("fermer_aujourd_hui", "ce_soir")


def codes(compte, adresse) -> set[int]:
    client = Client()
    if compte:
        client.force_login(compte)
    return {client.get(adresse(nom)).status_code for nom in LECTURES} | {
        client.post(adresse(nom)).status_code for nom in GESTES
    }


def test_le_medecin_et_sa_secretaire_tiennent_l_agenda(medecin, secretaire, adresse):
    assert codes(medecin, adresse) == {200, 302}
    assert codes(secretaire, adresse) == {200, 302}


def test_le_gestionnaire_tient_l_agenda_des_medecins_de_sa_structure(lieu, adresse):
    structure = StructureFactory()
    lieu.structure = structure
    lieu.save()
    gestionnaire = CompteFactory()
    habiliter(gestionnaire, Role.GESTIONNAIRE_STRUCTURE, structure=structure)
    etranger = CompteFactory()
    habiliter(etranger, Role.GESTIONNAIRE_STRUCTURE, structure=StructureFactory())

    assert codes(gestionnaire, adresse) == {200, 302}
    assert codes(etranger, adresse) == {404}


def test_un_autre_medecin_et_une_deleguee_d_un_autre_lieu_ne_voient_rien(lieu, secretaire, adresse):
    autre_lieu = LieuExerciceFactory(effecteur=lieu.effecteur)
    Delegation.objects.get(delegataire=secretaire).lieux.set([autre_lieu])

    assert codes(CompteFactory(effecteur=True), adresse) == {404}
    assert codes(secretaire, adresse) == {404}
    assert codes(CompteFactory(osnp=True), adresse) == {404}


def test_l_anonyme_va_se_connecter(client, lieu, adresse):
    reponse = client.get(adresse("semaine"))

    assert reponse.headers["Location"].startswith("/connexion/")


def test_une_delegation_revoquee_pendant_la_saisie_n_ecrit_rien(client, secretaire, lieu, adresse):
    client.force_login(secretaire)
    assert client.get(adresse("ouvrir")).status_code == 200
    Delegation.objects.update(revoquee_le=MAINTENANT - dt.timedelta(seconds=1))

    refus = client.post(adresse("ouvrir"), PLAGE)

    assert refus.status_code == 404
    assert "Ce que vous veniez d’envoyer n’est pas enregistré." in refus.content.decode()
    assert "n’est pas enregistré" not in client.get(adresse("ouvrir")).content.decode()
    assert not Disponibilite.objects.exists()


def test_ce_que_fait_la_secretaire_porte_son_nom(client, secretaire, lieu, adresse):
    client.force_login(secretaire)

    client.post(adresse("ouvrir"), PLAGE)

    assert GesteAgenda.objects.get().auteur == secretaire
    assert Trace.objects.get(verbe="agenda.change").acteur_id == secretaire.pk


def test_on_ne_touche_pas_aux_lignes_d_un_autre_lieu_par_le_sien(client, medecin, lieu, adresse):
    client.force_login(medecin)
    ailleurs = DisponibiliteFactory(plage=True, premier_jour=MARDI)
    fermee = IndisponibiliteFactory()
    geste = GesteAgenda.objects.create(
        lieu=ailleurs.lieu, auteur=medecin, le=MAINTENANT, libelle="Ailleurs", creees=[]
    )
    etranger = {"disponibilite_id": ailleurs.pk, "jour": MARDI}

    assert client.get(adresse("modifier", **etranger)).status_code == 404
    client.post(adresse("retirer", **etranger), {"vue_le": ailleurs.modifie_le.isoformat()})
    assert client.post(adresse("rouvrir", indisponibilite_id=fermee.pk)).status_code == 404
    assert client.post(adresse("annuler", geste_id=geste.pk)).status_code == 404
    assert Disponibilite.objects.filter(pk=ailleurs.pk).exists()


@pytest.fixture
def agenda_ferme(lieu):
    """Le médecin montre les créneaux de son logiciel : il ne saisit pas d’agenda (A-06)."""
    Participation.objects.create(
        effecteur=lieu.effecteur,
        participe=True,
        modalite="individuel",
        utilise_logiciel=True,
        logiciels=[EditeurFactory().code],
    )


def test_un_agenda_ferme_se_lit_dit_pourquoi_et_ne_s_ecrit_pas(client, medecin, lieu, adresse, agenda_ferme):
    ligne = DisponibiliteFactory(lieu=lieu, plage=True, premier_jour=MARDI)
    client.force_login(medecin)
    sienne = {"disponibilite_id": ligne.pk, "jour": MARDI}

    page = client.get(adresse("semaine")).content.decode()
    refus = [
        client.post(adresse("ouvrir"), PLAGE),
        client.post(adresse("ce_soir")),
        client.post(adresse("deplacer", **sienne), {}),
        client.post(adresse("modifier", **sienne), {}),
        client.post(adresse("retirer", **sienne), {"vue_le": ligne.modifie_le.isoformat()}),
        client.get(adresse("semaines")),
    ]

    assert "Cet agenda est fermé à la saisie" in page
    assert "de 9\u00a0h à 12\u00a0h" in page
    assert adresse("ouvrir") not in page
    assert {r.headers["Location"] for r in refus} == {adresse("semaine")}
    assert list(Disponibilite.objects.values_list("pk", flat=True)) == [ligne.pk]


def test_un_agenda_ferme_se_declare_quand_meme_indisponible(client, medecin, adresse, agenda_ferme):
    client.force_login(medecin)

    assert client.get(adresse("indisponibilites")).status_code == 200
    assert client.post(adresse("fermer_aujourd_hui")).status_code == 302
