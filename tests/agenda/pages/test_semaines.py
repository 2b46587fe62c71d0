"""Recopier une semaine, garder et rejouer une semaine type."""

import datetime as dt

import pytest

from agenda.models import Disponibilite, SemaineType
from comptes.models import Trace
from tests.agenda.factories import DisponibiliteFactory
from tests.agenda.pages.conftest import MARDI
from tests.annuaire.factories import LieuExerciceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def connecte(client, medecin):
    client.force_login(medecin)
    return client


@pytest.fixture
def semaine_ouverte(lieu):
    DisponibiliteFactory(lieu=lieu, plage=True, premier_jour=MARDI)


def envoi(geste: str, **champs: object) -> dict[str, object]:
    return {"geste": geste} | {f"{geste}-{nom}": str(valeur) for nom, valeur in champs.items()}


def jours(lieu) -> list[str]:
    return [
        str(jour)
        for jour in Disponibilite.objects.filter(lieu=lieu)
        .order_by("premier_jour")
        .values_list("premier_jour", flat=True)
    ]


def test_une_semaine_se_recopie_sur_les_suivantes(connecte, lieu, adresse, semaine_ouverte):
    connecte.post(adresse("semaines"), envoi("copier", source=MARDI, cible="2026-12-01", nombre=2))

    assert jours(lieu) == ["2026-11-24", "2026-12-01", "2026-12-08"]


@pytest.mark.parametrize(
    ("champs", "champ"),
    [
        pytest.param({"source": "2026-12-15"}, "source", id="semaine vide"),
        pytest.param({"cible": "2026-11-02"}, "cible", id="semaine passée"),
        pytest.param({"nombre": 13}, "nombre", id="trop de semaines"),
        pytest.param({"nombre": 0}, "nombre", id="aucune semaine"),
        pytest.param({"cible": "bientôt"}, "cible", id="date illisible"),
        pytest.param({"cible": "2029-01-01"}, "cible", id="dans plus de deux ans"),
    ],
)
def test_une_copie_impossible_se_dit_sur_son_champ(connecte, lieu, adresse, semaine_ouverte, champs, champ):
    bon = {"source": MARDI, "cible": "2026-12-01", "nombre": 1}

    reponse = connecte.post(adresse("semaines"), envoi("copier", **(bon | champs)))

    assert champ in reponse.context["copier"].errors
    assert jours(lieu) == ["2026-11-24"]


def test_une_semaine_type_gardee_ici_se_rejoue_dans_un_autre_de_mes_lieux(
    connecte, lieu, adresse, semaine_ouverte
):
    autre = LieuExerciceFactory(effecteur=lieu.effecteur, adresse="8 rue Neuve")
    connecte.post(adresse("semaines"), envoi("garder", source=MARDI, nom="Hiver"))
    modele = SemaineType.objects.get()

    connecte.post(
        adresse("semaines"), envoi("rejouer", modele=modele.pk, lieu=autre.pk, cible="2026-12-07", nombre=1)
    )

    assert jours(autre) == ["2026-12-08"]
    assert Trace.objects.filter(verbe="agenda.semaine_gardee").exists()


def test_un_lieu_que_l_on_ne_tient_pas_ne_recoit_rien(connecte, lieu, adresse, semaine_ouverte):
    etranger = LieuExerciceFactory()
    connecte.post(adresse("semaines"), envoi("garder", source=MARDI, nom="Hiver"))

    reponse = connecte.post(
        adresse("semaines"),
        envoi("rejouer", modele=SemaineType.objects.get().pk, lieu=etranger.pk, cible="2026-12-07", nombre=1),
    )

    assert "lieu" in reponse.context["rejouer"].errors
    assert jours(etranger) == []


def test_une_semaine_type_se_supprime_sans_toucher_a_l_agenda(connecte, lieu, adresse, semaine_ouverte):
    connecte.post(adresse("semaines"), envoi("garder", source=MARDI, nom="Hiver"))
    modele = SemaineType.objects.get()

    connecte.post(adresse("oublier_semaine", modele_id=modele.pk))

    assert not SemaineType.objects.exists()
    assert jours(lieu) == ["2026-11-24"]
    assert Trace.objects.filter(verbe="agenda.semaine_oubliee").exists()


def test_la_semaine_proposee_est_celle_que_l_on_regardait(connecte, adresse, semaine_ouverte):
    page = connecte.get(adresse("semaines") + "?jour=2026-12-09")

    assert page.context["copier"]["source"].value() == dt.date(2026, 12, 9)
    assert page.context["copier"]["cible"].value() == dt.date(2026, 12, 16)
