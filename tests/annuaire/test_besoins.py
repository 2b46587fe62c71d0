"""Un besoin dit en mots courants mène à qui peut y répondre, sans jamais être un diagnostic."""

import pytest
from django.core.management import call_command
from django.urls import reverse

from annuaire.connecteurs.referentiels import lire_csv
from annuaire.lectures import besoins_suggeres, chercher_besoins
from annuaire.models import Besoin, Specialite
from sas_platform.socle.textes import normaliser
from tests.annuaire.factories import BesoinFactory, SpecialiteFactory
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def oreille():
    return BesoinFactory(
        specialites=[SpecialiteFactory(), SpecialiteFactory(pediatrie=True)],
    )


@pytest.mark.parametrize(
    ("tape", "est_exact"),
    [
        pytest.param("otite", True, id="mot pour mot"),
        pytest.param("OTITE", True, id="majuscules"),
        pytest.param("mal doreille", False, id="apostrophe oubliée"),
        pytest.param("ottite", False, id="faute de frappe"),
        pytest.param("otit", False, id="pas encore fini"),
        pytest.param("ma fille a une otite", False, id="dans une phrase"),
    ],
)
def test_un_besoin_se_retrouve_comme_on_le_tape(oreille, tape, est_exact):
    (trouve,) = chercher_besoins(tape)

    assert trouve.libelle == "Mal d’oreille"
    assert {specialite.code for specialite in trouve.specialites} == {"SM54", "SM40"}
    assert trouve.est_exact is est_exact


@pytest.mark.parametrize("tape", ["", "ot", "cardiologie", "Saint-Otto"])
def test_ce_qui_n_a_rien_a_voir_ne_propose_rien(oreille, tape):
    assert chercher_besoins(tape) == []


def test_un_besoin_retire_ou_sans_destination_n_est_plus_propose(oreille):
    BesoinFactory(code="vide", libelle="Otite sans suite", formulations=["otites"], specialites=[])
    Besoin.objects.filter(pk=oreille.pk).update(est_actif=False)

    assert chercher_besoins("otite") == []


def test_seuls_les_besoins_retenus_sont_suggeres_d_emblee(oreille):
    assert besoins_suggeres() == []

    Besoin.objects.filter(pk=oreille.pk).update(est_suggere=True)
    (suggere,) = besoins_suggeres()

    assert suggere.libelle == "Mal d’oreille"
    assert [specialite.code for specialite in suggere.specialites] == ["SM54", "SM40"]


def test_une_consultation_de_medecine_generale_mene_aussi_aux_structures():
    call_command("importer_communes", "--ecrire")

    (trouve, *_) = chercher_besoins("consultation de médecine générale")

    assert trouve.est_exact
    assert {specialite.code for specialite in trouve.specialites} == {"SM54", "SOS", "CDS", "MSP"}


def test_le_nombre_de_requetes_ne_depend_pas_du_nombre_de_besoins(oreille, compter_requetes):
    avec_un = compter_requetes(lambda: chercher_besoins("otite"))
    for rang in range(5):
        BesoinFactory(code=f"autre-{rang}", specialites=[SpecialiteFactory()])

    assert compter_requetes(lambda: chercher_besoins("otite")) == avec_un


def test_le_contenu_livre_mene_partout_quelque_part_et_ne_se_contredit_pas():
    specialites = {ligne["code"] for ligne in lire_csv("specialites.csv")}
    formulations = []
    for ligne in lire_csv("besoins.csv"):
        assert set(ligne["specialites"].split("|")) <= specialites, ligne["code"]
        assert len(ligne["libelle"]) <= 80
        formulations += {normaliser(f) for f in (ligne["libelle"], *ligne["formulations"].split("|"))}
    doubles = {f for f in formulations if formulations.count(f) > 1}

    assert not doubles
    assert {"otite", "certificat", "renouvellement", "mal de dent", "grossesse", "vaccin"} <= set(
        formulations
    )


def test_recharger_ne_reecrit_pas_ce_qu_un_administrateur_a_change():
    call_command("importer_communes", "--ecrire")
    dents = Besoin.objects.get(code="dents")
    dents.formulations = ["quenotte"]
    dents.save()
    Besoin.objects.get(code="vue").delete()

    call_command("importer_communes", "--ecrire")

    dents.refresh_from_db()
    assert dents.formulations == ["quenotte"]
    assert Besoin.objects.filter(code="vue").exists()
    assert Specialite.objects.get(code="P40") in dents.specialites.all()


def test_l_administrateur_change_les_mots_d_un_besoin(client, oreille):
    client.force_login(CompteFactory(role="administrateur"))
    donnees = {
        "code": oreille.code,
        "libelle": "Oreille",
        "formulations": "otite,tympan",
        "specialites": [str(s.pk) for s in oreille.specialites.all()],
        "est_actif": "on",
    }

    client.post(reverse("admin:annuaire_besoin_change", args=[oreille.pk]), donnees)

    assert [b.libelle for b in chercher_besoins("tympan")] == ["Oreille"]
