import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from agenda.actions import PlaceIndisponible, liberer_place, prendre_place
from agenda.domaine.offre import en_minutes, identifiant_sas
from agenda.lectures import creneau_sas
from agenda.models import Reservation
from agenda.offre import rafraichir
from tests.agenda.factories import DisponibiliteFactory, IndisponibiliteFactory, ReservationFactory
from tests.annuaire.factories import SpecialiteFactory

MATIN = datetime(2026, 11, 2, 7, tzinfo=UTC)  # lundi, 8 h à Paris
NEUF_HEURES = datetime(2026, 11, 2, 8, tzinfo=UTC)


def ouvrir(**champs):
    SpecialiteFactory()
    disponibilite = DisponibiliteFactory(**champs)
    rafraichir([disponibilite.lieu_id], MATIN)
    return disponibilite, identifiant_sas(disponibilite.pk, en_minutes(NEUF_HEURES))


def refus(creneau_id: str, maintenant=MATIN) -> str:
    with pytest.raises(PlaceIndisponible) as capture, transaction.atomic():
        prendre_place(creneau_id=creneau_id, maintenant=maintenant)
    return capture.value.code


@pytest.mark.django_db
def test_prendre_un_creneau_le_retire_de_l_offre_et_le_rendre_l_y_remet():
    _, creneau = ouvrir()

    tenue = prendre_place(creneau_id=creneau, maintenant=MATIN)

    assert (tenue.debut, tenue.prises, tenue.reservation.rang) == (NEUF_HEURES, 1, 1)
    assert creneau_sas(creneau, MATIN) is None
    assert refus(creneau) == "place_prise"
    assert liberer_place(reservation=tenue.reservation, maintenant=MATIN)
    assert creneau_sas(creneau, MATIN) is not None
    assert not liberer_place(reservation=tenue.reservation, maintenant=MATIN)


@pytest.mark.django_db
def test_une_plage_se_prend_place_par_place():
    _, creneau = ouvrir(plage=True, capacite=2)

    premiere = prendre_place(creneau_id=creneau, maintenant=MATIN)
    assert creneau_sas(creneau, MATIN).prises == 1
    seconde = prendre_place(creneau_id=creneau, maintenant=MATIN)

    assert (premiere.reservation.rang, seconde.reservation.rang) == (1, 2)
    assert refus(creneau) == "place_prise"
    liberer_place(reservation=premiere.reservation, maintenant=MATIN)
    assert prendre_place(creneau_id=creneau, maintenant=MATIN).reservation.rang == 1


@pytest.mark.django_db
def test_la_carte_ecrite_en_prenant_une_place_est_celle_que_donneraient_les_sources():
    disponibilite, creneau = ouvrir(plage=True, capacite=2)

    prendre_place(creneau_id=creneau, maintenant=MATIN)
    prendre_place(creneau_id=creneau, maintenant=MATIN)

    assert rafraichir([disponibilite.lieu_id], MATIN) == 0


@pytest.mark.django_db
def test_prendre_une_place_ne_lit_les_sources_qu_une_fois(django_assert_max_num_queries):
    _, creneau = ouvrir()

    with django_assert_max_num_queries(12):
        prendre_place(creneau_id=creneau, maintenant=MATIN)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "identifiant", ["", "d0-1", "d12", "e3-abcdefabcdef", "d" + "9" * 40 + "-1", "d1-999999999", "'; DROP"]
)
def test_un_identifiant_fantaisiste_est_inconnu(identifiant):
    assert refus(identifiant) == "inconnue"


@pytest.mark.django_db
def test_un_creneau_passe_exclu_ou_ferme_est_perime():
    disponibilite, creneau = ouvrir()

    assert refus(creneau, maintenant=NEUF_HEURES) == "perimee"
    assert refus(identifiant_sas(disponibilite.pk, en_minutes(NEUF_HEURES) + 5)) == "perimee"
    IndisponibiliteFactory(lieu=disponibilite.lieu)
    assert refus(creneau) == "perimee"


@pytest.mark.django_db
def test_un_creneau_d_apres_la_fenetre_montree_ne_se_prend_pas_encore():
    disponibilite, _ = ouvrir(premier_jour=date(2026, 11, 5))
    jeudi = identifiant_sas(disponibilite.pk, en_minutes(NEUF_HEURES + timedelta(days=3)))

    assert refus(jeudi) == "perimee"
    assert prendre_place(creneau_id=jeudi, maintenant=MATIN + timedelta(days=1)).prises == 1


@pytest.mark.django_db
def test_une_place_prise_sur_une_plage_rognee_compte_encore_quand_le_lieu_rouvre():
    disponibilite, creneau = ouvrir(plage=True, capacite=1)
    dix_heures = DateTimeTZRange(NEUF_HEURES + timedelta(hours=1), NEUF_HEURES + timedelta(hours=4))
    fermeture = IndisponibiliteFactory(lieu=disponibilite.lieu, periode=dix_heures)
    tenue = prendre_place(creneau_id=creneau, maintenant=MATIN)
    fermeture.delete()

    rafraichir([disponibilite.lieu_id], tenue.fin + timedelta(minutes=30))

    assert creneau_sas(creneau, tenue.fin + timedelta(minutes=30)) is None


@pytest.mark.django_db
def test_une_disponibilite_modifiee_depuis_l_affichage_n_est_plus_prise():
    disponibilite, creneau = ouvrir(hebdomadaire=True)
    disponibilite.sauf = [disponibilite.premier_jour]
    disponibilite.save()  # la projection n’en sait rien encore

    assert refus(creneau) == "perimee"


@pytest.mark.django_db
def test_la_base_refuse_deux_fois_la_meme_place_et_accepte_la_place_rendue():
    disponibilite = DisponibiliteFactory()
    ReservationFactory(disponibilite=disponibilite, annulee=True)
    ReservationFactory(disponibilite=disponibilite)

    with pytest.raises(IntegrityError, match="reservation_une_place_une_fois"):
        ReservationFactory(disponibilite=disponibilite)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("champs", "places"), [({}, 1), ({"plage": True, "capacite": 3}, 3)])
def test_la_derniere_place_n_est_donnee_qu_une_fois(champs, places):
    _, creneau = ouvrir(**champs)
    depart = threading.Barrier(6)

    def tenter(_: int) -> str:
        depart.wait()
        try:
            with transaction.atomic():
                prendre_place(creneau_id=creneau, maintenant=MATIN)
        except PlaceIndisponible as refusee:
            return refusee.code
        finally:
            connection.close()
        return "prise"

    with ThreadPoolExecutor(6) as executeur:
        issues = sorted(executeur.map(tenter, range(6)))

    assert issues == ["place_prise"] * (6 - places) + ["prise"] * places
    assert Reservation.objects.filter(annulee_le=None).count() == places
    assert creneau_sas(creneau, MATIN) is None


@pytest.mark.django_db(transaction=True)
def test_deux_lieux_changes_en_meme_temps_ne_s_oublient_pas():
    """Deux places d’une même plage, prises dans deux transactions qui se croisent : la carte les compte toutes deux."""
    _, creneau = ouvrir(plage=True, capacite=4)
    premiere_tenue, peut_finir = threading.Event(), threading.Event()

    def premiere() -> None:
        with transaction.atomic():
            prendre_place(creneau_id=creneau, maintenant=MATIN)
            premiere_tenue.set()
            peut_finir.wait(5)
        connection.close()

    def seconde() -> None:
        premiere_tenue.wait(5)
        threading.Timer(0.05, peut_finir.set).start()
        with transaction.atomic():
            prendre_place(creneau_id=creneau, maintenant=MATIN)
        connection.close()

    with ThreadPoolExecutor(2) as executeur:
        for futur in [executeur.submit(premiere), executeur.submit(seconde)]:
            futur.result()

    assert creneau_sas(creneau, MATIN + timedelta(minutes=1)).prises == 2
