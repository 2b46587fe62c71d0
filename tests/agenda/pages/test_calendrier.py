"""La page de l’agenda : périodes, gestes d’un seul appui, retour en arrière, impression, nombre de requêtes."""

import datetime as dt
import json
import re

import pytest

from agenda.models import Disponibilite, Indisponibilite
from agenda.offre import rafraichir
from annuaire.models import Specialite
from orientation.lectures import Criteres, rechercher
from tests.agenda.factories import DisponibiliteFactory, IndisponibiliteFactory, ReservationFactory
from tests.agenda.pages.conftest import LUNDI, MAINTENANT, MARDI
from tests.agenda.pages.test_saisie import PLAGE
from tests.annuaire.factories import LieuExerciceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def connecte(client, medecin):
    client.force_login(medecin)
    return client


def jours(reponse) -> list[str]:
    return [str(jour.jour) for jour in reponse.context["jours"]]


@pytest.mark.parametrize(
    ("instant", "lundi"),
    [
        pytest.param(dt.datetime(2026, 11, 29, 11, tzinfo=dt.UTC), "2026-11-23", id="dimanche midi"),
        pytest.param(dt.datetime(2026, 11, 29, 23, 30, tzinfo=dt.UTC), "2026-11-30", id="lundi à peine"),
    ],
)
def test_l_agenda_s_ouvre_sur_la_semaine_en_cours_le_dimanche_aussi(
    connecte, adresse, plus_tard, instant, lundi
):
    plus_tard(instant)

    ouverte = connecte.get(adresse("semaine"))

    assert jours(ouverte)[0] == lundi
    assert len(jours(ouverte)) == 7


def test_la_vue_d_un_jour_et_un_jour_illisible(connecte, adresse):
    assert jours(connecte.get(adresse("semaine") + "?vue=jour&jour=2026-12-25")) == ["2026-12-25"]
    assert jours(connecte.get(adresse("semaine") + "?vue=mois&jour=hier"))[0] == "2026-11-23"
    assert connecte.get(adresse("semaine") + "?jour=0001-01-01").status_code == 200
    assert connecte.get(adresse("semaine") + "?jour=9999-12-31").status_code == 200


def test_la_liste_dit_tout_de_chaque_occurrence(connecte, lieu, adresse):
    ligne = DisponibiliteFactory(lieu=lieu, plage=True, premier_jour=LUNDI, jours=[1, 2])
    DisponibiliteFactory(lieu=lieu, premier_jour=MARDI, heure_debut=dt.time(11), heure_fin=dt.time(11, 20))
    IndisponibiliteFactory(lieu=lieu, periode=(_paris(26, 12), _paris(27)))
    debut = dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)
    ReservationFactory(disponibilite=ligne, debut=debut, fin=debut + dt.timedelta(hours=3))

    lus = {jour.jour: jour for jour in connecte.get(adresse("semaine")).context["jours"]}

    plage, creneau = lus[MARDI].occurrences
    assert (plage.horaire, plage.places, plage.prises) == (
        "de 9\u00a0h à 12\u00a0h",
        "plage pour 4\u00a0patients",
        1,
    )
    assert plage.repetition == "chaque lundi et mardi"
    assert plage.chevauche
    assert creneau.chevauche
    assert not plage.est_fermee
    assert [f.horaire for f in lus[dt.date(2026, 11, 26)].fermetures] == ["de 12\u00a0h à minuit"]


@pytest.mark.parametrize(
    ("genre", "ferme", "etat"),
    [
        pytest.param("plage", (11, 19), (False, True), id="plage rognée"),
        pytest.param("plage", (8, 19), (True, False), id="plage couverte"),
        pytest.param("plage", (10, 11), (False, False), id="plage percée : ses bords restent"),
        pytest.param("creneau", (9, 10), (True, False), id="créneau touché"),
    ],
)
def test_une_fermeture_se_lit_comme_la_regulation_la_voit(connecte, lieu, adresse, genre, ferme, etat):
    DisponibiliteFactory(lieu=lieu, plage=genre == "plage", premier_jour=MARDI)
    IndisponibiliteFactory(lieu=lieu, periode=(_paris(24, ferme[0]), _paris(24, ferme[1])))

    (lue,) = connecte.get(adresse("semaine") + "?vue=jour&jour=2026-11-24").context["jours"][0].occurrences

    assert (lue.est_fermee, lue.est_rognee) == etat


def _paris(jour: int, heure: int = 0) -> dt.datetime:
    return dt.datetime(2026, 11, jour, heure, tzinfo=dt.timezone(dt.timedelta(hours=1)))


def test_le_calendrier_recoit_l_heure_du_lieu_sans_decalage(connecte, lieu, adresse, medecin):
    reunion = LieuExerciceFactory(effecteur=lieu.effecteur, reunion=True)
    DisponibiliteFactory(lieu=reunion, plage=True, premier_jour=MARDI)

    page = connecte.get(adresse("semaine").replace(str(lieu.pk), str(reunion.pk))).content.decode()

    donnees = re.search(r'id="donnees-calendrier" type="application/json">(.*?)</script>', page)
    calendrier = json.loads(donnees[1])
    assert [(e["start"], e["end"]) for e in calendrier["evenements"]] == [
        ("2026-11-24T09:00:00", "2026-11-24T12:00:00")
    ]
    assert calendrier["maintenant"] == "2026-11-23T11:00:00"
    assert "Toutes les heures sont celles du lieu (Saint-Denis)" in page


def test_le_nombre_de_requetes_ne_depend_ni_des_regles_ni_des_lieux(
    connecte, lieu, adresse, compter_requetes
):
    DisponibiliteFactory(lieu=lieu, plage=True, premier_jour=LUNDI, jours=[1])
    connecte.get(adresse("semaine"))
    avec_une = compter_requetes(lambda: connecte.get(adresse("semaine")))

    for n in range(40):
        ligne = DisponibiliteFactory(lieu=lieu, plage=True, premier_jour=LUNDI, jours=[n % 7 + 1])
        debut = dt.datetime(2026, 11, 23 + n % 7, 8, tzinfo=dt.UTC)
        ReservationFactory(disponibilite=ligne, debut=debut, fin=debut + dt.timedelta(hours=3))
    LieuExerciceFactory.create_batch(4, effecteur=lieu.effecteur)

    assert compter_requetes(lambda: connecte.get(adresse("semaine"))) == avec_une
    assert avec_une <= 12


def test_plus_disponible_aujourd_hui_cache_et_rappelle_les_patients_attendus(connecte, lieu, adresse):
    ligne = DisponibiliteFactory(lieu=lieu, plage=True, premier_jour=LUNDI)
    debut = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
    ReservationFactory(disponibilite=ligne, debut=debut, fin=debut + dt.timedelta(hours=3))

    page = connecte.post(adresse("fermer_aujourd_hui"), follow=True).content.decode()

    assert "1 patient reste attendu" in page
    assert "Annuler ce changement" in page
    (fermee,) = Indisponibilite.objects.all()
    assert (fermee.periode.lower, fermee.periode.upper) == (MAINTENANT, _paris(24))


def test_une_place_de_plus_ce_soir_d_un_appui(connecte, lieu, adresse):
    page = connecte.post(adresse("ce_soir"), follow=True).content.decode()

    assert "Une place de plus ce soir" in page
    connecte.post(adresse("ce_soir"))
    assert Disponibilite.objects.get(lieu=lieu).capacite == 2


def test_trop_tard_pour_une_place_ce_soir(connecte, adresse, plus_tard):
    plus_tard(_paris(23, 21))

    page = connecte.post(adresse("ce_soir"), follow=True).content.decode()

    assert "Il est trop tard" in page
    assert not Disponibilite.objects.exists()


def test_le_dernier_changement_s_annule_pendant_une_heure(connecte, lieu, adresse, plus_tard):
    connecte.post(adresse("ouvrir"), PLAGE)
    geste = connecte.get(adresse("semaine")).context["geste"]

    annulee = connecte.post(adresse("annuler", geste_id=geste.pk), {"jour": "2026-11-24"}, follow=True)

    assert "est annulé" in annulee.content.decode()
    assert not Disponibilite.objects.exists()
    connecte.post(adresse("ouvrir"), PLAGE)
    plus_tard(dt.timedelta(hours=1, minutes=1))
    assert connecte.get(adresse("semaine")).context["geste"] is None


def test_un_changement_trop_ancien_ne_s_annule_plus(connecte, lieu, adresse, plus_tard):
    connecte.post(adresse("ouvrir"), PLAGE)
    geste = connecte.get(adresse("semaine")).context["geste"]
    plus_tard(dt.timedelta(hours=2))

    page = connecte.post(adresse("annuler", geste_id=geste.pk), {"jour": "?"}, follow=True).content.decode()

    assert "plus d’une heure" in page
    assert Disponibilite.objects.count() == 1


def test_la_page_imprimee_n_a_ni_menu_ni_formulaire(connecte, lieu, adresse):
    DisponibiliteFactory(lieu=lieu, plage=True, premier_jour=MARDI)

    page = connecte.get(adresse("imprimer") + "?vue=jour&jour=2026-11-24").content.decode()

    assert "de 9\u00a0h à 12\u00a0h" in page
    assert "<nav" not in page
    assert "<form" not in page


def test_ce_que_l_on_ouvre_est_aussitot_dans_la_recherche(connecte, lieu, adresse):
    rafraichir([lieu.pk], MAINTENANT)
    generaliste = Specialite.objects.get(code="SM54").pk
    criteres = Criteres(lat=lieu.lat, lon=lieu.lon, rayon_km=10, specialite_ids=(generaliste,))

    connecte.post(adresse("ouvrir"), PLAGE)

    (offre,) = rechercher(criteres, maintenant=MAINTENANT).offres
    assert [creneau.capacite for creneau in offre.creneaux] == [4]


def test_le_style_du_calendrier_n_ouvre_pas_la_politique_de_securite(connecte, adresse):
    reponse = connecte.get(adresse("semaine"))

    regles = dict(regle.strip().split(" ", 1) for regle in reponse["Content-Security-Policy"].split(";"))
    nonce = re.search(r'nonce="([^"]+)"', reponse.content.decode())[1]
    assert regles["style-src"] == f"'self' 'nonce-{nonce}'"
    assert regles["script-src"] == f"'self' 'nonce-{nonce}'"
