"""Les indisponibilités : par lieu ou pour tous, jours entiers ou heures, et retour."""

import datetime as dt

import pytest

from agenda.models import Indisponibilite
from tests.agenda.factories import DisponibiliteFactory, ReservationFactory
from tests.agenda.pages.conftest import MAINTENANT, MARDI
from tests.annuaire.factories import LieuExerciceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def connecte(client, medecin):
    client.force_login(medecin)
    return client


def periodes(lieu) -> list[tuple[str, str]]:
    """Bornes en UTC."""
    lues = Indisponibilite.objects.filter(lieu=lieu).order_by("periode").values_list("periode", flat=True)
    return [(f"{p.lower:%d %H:%M}", f"{p.upper:%d %H:%M}" if p.upper else "") for p in lues]


def test_des_jours_entiers_a_l_heure_de_chaque_lieu(connecte, lieu, adresse):
    reunion = LieuExerciceFactory(effecteur=lieu.effecteur, reunion=True)

    connecte.post(
        adresse("indisponibilites"),
        {"lieux": [lieu.pk, reunion.pk], "du_1": "2026-11-24", "au_1": "2026-11-25"},
    )

    assert periodes(lieu) == [("23 23:00", "25 23:00")]
    assert periodes(reunion) == [("23 20:00", "25 20:00")]


def test_plusieurs_periodes_d_un_envoi_dont_une_a_des_heures(connecte, lieu, adresse):
    heures = {"du_2": "2026-11-26", "de_2": "14:00", "au_2": "2026-11-26", "a_2": "18:00"}

    connecte.post(
        adresse("indisponibilites"),
        {"lieux": [lieu.pk], "du_1": "2026-11-24", "au_1": "2026-11-24"} | heures,
    )

    assert periodes(lieu) == [("23 23:00", "24 23:00"), ("26 13:00", "26 17:00")]


def test_deux_periodes_qui_se_recouvrent_n_en_font_qu_une(connecte, lieu, adresse):
    for du, au in (("2026-11-24", "2026-11-26"), ("2026-11-25", "2026-11-28")):
        connecte.post(adresse("indisponibilites"), {"lieux": [lieu.pk], "du_1": du, "au_1": au})

    assert periodes(lieu) == [("23 23:00", "28 23:00")]


def test_plus_de_trois_periodes_en_plusieurs_envois(connecte, lieu, adresse):
    for n in range(5):
        jour = f"2026-12-{1 + 2 * n:02}"
        connecte.post(adresse("indisponibilites"), {"lieux": [lieu.pk], "du_1": jour, "au_1": jour})

    assert len(periodes(lieu)) == 5


def test_des_maintenant_pour_une_duree_indeterminee_puis_le_retour(connecte, lieu, adresse, plus_tard):
    connecte.post(adresse("indisponibilites"), {"lieux": [lieu.pk], "indeterminee": "on"})
    assert periodes(lieu) == [("23 07:00", "")]
    page = connecte.get(adresse("indisponibilites")).content.decode()
    assert "actuellement active" in page

    plus_tard(dt.timedelta(hours=2))
    connecte.post(adresse("rouvrir", indisponibilite_id=Indisponibilite.objects.get().pk))

    assert periodes(lieu) == [("23 07:00", "23 09:00")]


def test_une_periode_a_venir_se_supprime(connecte, lieu, adresse):
    connecte.post(
        adresse("indisponibilites"), {"lieux": [lieu.pk], "du_1": "2026-12-01", "au_1": "2026-12-02"}
    )

    connecte.post(adresse("rouvrir", indisponibilite_id=Indisponibilite.objects.get().pk))

    assert periodes(lieu) == []


@pytest.mark.parametrize(
    ("champs", "champ", "message"),
    [
        pytest.param(
            {}, "du_1", "Une date de début est requise pour la période d’indisponibilité 1", id="vide"
        ),
        pytest.param(
            {"du_1": "2026-12-01"},
            "au_1",
            "Une date de fin est requise pour la période d’indisponibilité 1",
            id="sans fin",
        ),
        pytest.param(
            {"du_1": "2026-12-01", "au_1": "9999-12-31"}, "au_1", "Choisissez une année", id="an 9999"
        ),
        pytest.param({"du_1": "0001-01-01", "au_1": "2026-12-01"}, "du_1", "Choisissez une année", id="an 1"),
        pytest.param(
            {"du_1": "2026-12-01", "au_1": "2026-11-30"},
            "au_1",
            "ne peut pas être antérieure à la date de début pour la période d’indisponibilité 1",
            id="fin avant début",
        ),
        pytest.param(
            {"du_1": "2026-12-01", "au_1": "2026-12-01", "du_2": "2026-12-05"},
            "au_2",
            "Une date de fin est requise pour la période d’indisponibilité 2",
            id="deuxième à moitié",
        ),
        pytest.param(
            {"du_1": "2026-12-01", "de_1": "18:00", "au_1": "2026-12-01", "a_1": "9:00"},
            "au_1",
            "antérieure",
            id="heures à l’envers",
        ),
        pytest.param({"du_1": "2026-11-01", "au_1": "2026-11-02"}, "__all__", "déjà finie", id="passée"),
        pytest.param({"du_1": "2026-12-01", "au_1": "2036-12-01"}, "__all__", "deux ans", id="dix ans"),
        pytest.param({"lieux": [], "indeterminee": "on"}, "lieux", "au moins un lieu", id="aucun lieu"),
    ],
)
def test_une_mauvaise_periode_se_dit_et_rien_n_est_ferme(connecte, lieu, adresse, champs, champ, message):
    reponse = connecte.post(adresse("indisponibilites"), {"lieux": [lieu.pk]} | champs)

    assert message in " ".join(reponse.context["form"].errors[champ])
    assert not Indisponibilite.objects.exists()


def test_si_une_periode_est_refusee_aucune_n_est_posee(connecte, lieu, adresse):
    bonne = {"lieux": [lieu.pk], "du_1": "2026-12-01", "au_1": "2026-12-02"}

    connecte.post(adresse("indisponibilites"), bonne | {"du_2": "2026-11-01", "au_2": "2026-11-02"})

    assert not Indisponibilite.objects.exists()


def test_les_patients_deja_orientes_retiennent_jusqu_a_confirmation(connecte, lieu, adresse):
    ligne = DisponibiliteFactory(lieu=lieu, plage=True, premier_jour=MARDI)
    debut = dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)
    ReservationFactory(disponibilite=ligne, debut=debut, fin=debut + dt.timedelta(hours=3))
    saisie = {"lieux": [lieu.pk], "du_1": "2026-11-24", "au_1": "2026-11-24"}

    retenue = connecte.post(adresse("indisponibilites"), saisie).content.decode()

    assert "1 patient est déjà orienté" in retenue
    assert "mardi 24 novembre 2026, 9\u00a0h" in retenue
    assert "Cochez cette case" not in retenue
    sans_cocher = connecte.post(adresse("indisponibilites"), saisie | {"deja_averti": "1"}).content.decode()
    assert "Cochez cette case pour confirmer\u00a0: rien n’est encore enregistré." in sans_cocher
    assert not Indisponibilite.objects.exists()
    connecte.post(adresse("indisponibilites"), saisie | {"deja_averti": "1", "confirmee": "on"})
    assert periodes(lieu) == [("23 23:00", "24 23:00")]


def test_on_ne_ferme_pas_le_lieu_d_un_autre(connecte, lieu, adresse):
    etranger = LieuExerciceFactory()

    reponse = connecte.post(adresse("indisponibilites"), {"lieux": [etranger.pk], "indeterminee": "on"})

    assert "lieux" in reponse.context["form"].errors
    assert not Indisponibilite.objects.exists()


def test_la_secretaire_ne_ferme_que_les_lieux_de_sa_delegation(client, secretaire, lieu, adresse):
    LieuExerciceFactory(effecteur=lieu.effecteur, adresse="8 rue Neuve")
    client.force_login(secretaire)

    form = client.get(adresse("indisponibilites")).context["form"]

    assert [choisi.pk for choisi in form.fields["lieux"].queryset] == [lieu.pk]


def test_une_periode_finie_n_est_plus_dans_la_liste(connecte, lieu, adresse):
    Indisponibilite.objects.create(
        lieu=lieu, periode=(MAINTENANT - dt.timedelta(days=3), MAINTENANT - dt.timedelta(days=2))
    )

    assert connecte.get(adresse("indisponibilites")).context["periodes"] == []
