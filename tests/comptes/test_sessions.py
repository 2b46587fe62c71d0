"""Durée des sessions, prolongation, et ce que Pro Santé Connect en suit."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from comptes.connecteurs import psc as connecteur
from comptes.enums import Role
from comptes.models import Compte, Habilitation, Session, SessionOuverte, Trace
from comptes.tasks import effacer_sessions_expirees, prolonger_session_psc
from sas_platform.demo.personas import creer_comptes
from tests.comptes.factories import DEBUT as HABILITES_LE
from tests.comptes.factories import CompteFactory, HabilitationFactory

pytestmark = pytest.mark.django_db

DEBUT = "2026-03-17T08:00Z"
PAGE = "/mentions-legales/"


@pytest.fixture
def comptes() -> dict[str, Compte]:
    """Les personas, habilitées depuis assez longtemps pour l’horloge de ces tests."""
    personas = creer_comptes()
    Habilitation.objects.update(debut_le=HABILITES_LE)
    return personas


def est_connecte(client: Client) -> bool:
    return "Se déconnecter" in client.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("persona", "pas_min", "nombre", "reste"),
    [
        pytest.param("osnp", 29, 1, True, id="régulation : 29 min sans activité"),
        pytest.param("osnp", 30, 1, False, id="régulation : 30 min sans activité"),
        pytest.param("osnp", 20, 23, True, id="OSNP : 7 h 40"),
        pytest.param("osnp", 20, 24, False, id="OSNP : 8 h"),
        pytest.param("regulateur", 20, 23, True, id="régulateur : 7 h 40"),
        pytest.param("ioa", 20, 11, True, id="IOA : 3 h 40"),
        pytest.param("ioa", 20, 12, False, id="IOA : 4 h"),
        pytest.param("cpam", 30, 1, False, id="CPAM : 30 min sans activité"),
    ],
)
def test_la_session_dure_selon_le_role(parcours, comptes, persona, pas_min, nombre, reste):
    with time_machine.travel(DEBUT, tick=False) as horloge:
        parcours.complet(persona)
        for _ in range(nombre):
            horloge.shift(timedelta(minutes=pas_min))
            connecte = est_connecte(parcours.client)

    assert connecte is reste
    fermees = Trace.objects.filter(verbe="deconnexion", details__motif="session expirée")
    assert fermees.exists() is not reste
    assert SessionOuverte.objects.exists() is reste


def test_les_durees_sont_des_reglages(parcours, comptes, settings):
    settings.SESSION_INACTIVITE_S = 60
    with time_machine.travel(DEBUT, tick=False) as horloge:
        parcours.complet("osnp")
        horloge.shift(60)

        assert not est_connecte(parcours.client)


def test_un_role_retire_pendant_la_session_la_raccourcit_aussitot(parcours, comptes):
    with time_machine.travel(DEBUT, tick=False) as horloge:
        parcours.complet("osnp")
        for _ in range(13):
            horloge.shift(timedelta(minutes=20))
            assert est_connecte(parcours.client)
        comptes["osnp"].habilitations.all().delete()

        assert not est_connecte(parcours.client)


def test_demander_ce_qui_reste_ne_prolonge_pas(parcours, comptes):
    with time_machine.travel(DEBUT, tick=False) as horloge:
        parcours.complet("cpam")
        horloge.shift(timedelta(minutes=20))
        restes = [parcours.client.get("/session/etat/").json() for _ in range(2)]
        horloge.shift(timedelta(minutes=10))

        assert not est_connecte(parcours.client)
    assert restes == [{"inactivite_s": 600, "absolue_s": 13_200}] * 2


def test_rester_connecte_repousse_l_inactivite_mais_pas_la_fin(parcours, comptes):
    with time_machine.travel(DEBUT, tick=False) as horloge:
        parcours.complet("cpam")
        horloge.shift(timedelta(minutes=29, seconds=30))

        reponse = parcours.client.post("/session/prolonger/")

    assert reponse.json() == {"inactivite_s": 1800, "absolue_s": 4 * 3600 - 1770}


@pytest.mark.parametrize(("methode", "etat"), [("get", 405), ("put", 405)])
def test_on_ne_prolonge_pas_par_un_simple_lien(parcours, comptes, methode, etat):
    parcours.complet("cpam")

    assert getattr(parcours.client, methode)("/session/prolonger/").status_code == etat


def test_prolonger_demande_le_jeton_du_formulaire(comptes):
    client = Client(enforce_csrf_checks=True)
    client.force_login(comptes["cpam"])

    assert client.post("/session/prolonger/").status_code == 403


def test_une_session_finie_ne_se_demande_pas_en_json(parcours, comptes):
    with time_machine.travel(DEBUT, tick=False) as horloge:
        parcours.complet("cpam")
        horloge.shift(timedelta(minutes=31))

        reponse = parcours.client.get("/session/etat/")

    assert reponse.status_code == 302
    assert reponse.headers["Location"].startswith("/connexion/")


def test_s_identifier_de_nouveau_garde_la_session_et_les_formulaires_ouverts(parcours, comptes):
    with time_machine.travel(DEBUT, tick=False) as horloge:
        parcours.complet("osnp")
        session = parcours.client.session
        session["recherches"] = {"jeton": "recherche en cours"}
        session.save()
        ancienne, csrf = session.session_key, parcours.client.get(PAGE).cookies.get("csrftoken")
        horloge.shift(timedelta(minutes=25))

        reponse = parcours.complet("osnp", suite="/session/prolongee/")

        apres = parcours.client.session
        assert reponse.headers["Location"] == "/session/prolongee/"
        assert apres["recherches"] == {"jeton": "recherche en cours"}
        assert apres.session_key != ancienne
        assert "csrftoken" not in reponse.cookies, csrf
        assert parcours.client.get("/session/etat/").json()["absolue_s"] == 8 * 3600
        assert list(SessionOuverte.objects.values_list("cle_session", flat=True)) == [apres.session_key]


# --- Suivre Pro Santé Connect --------------------------------------------------


def avancer(horloge, client: Client, minutes: int, django_capture) -> str:
    """Une page toutes les cinq minutes ; rend la dernière."""
    page = ""
    for _ in range(minutes // 5):
        horloge.shift(timedelta(minutes=5))
        with django_capture(execute=True):
            page = client.get(PAGE).content.decode()
    return page


def test_le_jeton_de_qui_regule_se_renouvelle_sans_qu_il_le_voie(
    parcours, psc, comptes, django_capture_on_commit_callbacks
):
    with time_machine.travel(DEBUT, tick=False) as horloge:
        parcours.complet("osnp")
        premier = SessionOuverte.objects.get().rafraichissement

        page = avancer(horloge, parcours.client, 60, django_capture_on_commit_callbacks)

        ouverte = SessionOuverte.objects.get()
    assert "Se déconnecter" in page
    assert "n’a pas prolongé" not in page
    assert ouverte.rafraichissement in psc._rafraichissements
    assert ouverte.rafraichissement != premier
    assert ouverte.refus_le is None


def test_un_refus_de_renouveler_se_dit_une_fois_et_ne_ferme_rien(
    parcours, psc, comptes, django_capture_on_commit_callbacks
):
    with time_machine.travel(DEBUT, tick=False) as horloge:
        parcours.complet("osnp")
        psc._rafraichissements.clear()

        pages = [avancer(horloge, parcours.client, 5, django_capture_on_commit_callbacks) for _ in range(6)]

    assert sum("n’a pas prolongé" in page for page in pages) == 1
    assert "Se déconnecter" in pages[-1]
    assert SessionOuverte.objects.get().rafraichissement == ""


def test_une_panne_n_est_pas_un_refus(parcours, psc, comptes, settings, django_capture_on_commit_callbacks):
    with time_machine.travel(DEBUT, tick=False) as horloge:
        parcours.complet("osnp")
        hotes, settings.PSC_HOTES_ADMIS = settings.PSC_HOTES_ADMIS, []
        connecteur.oublier_decouverte()
        page = avancer(horloge, parcours.client, 15, django_capture_on_commit_callbacks)
        assert "n’a pas prolongé" not in page
        settings.PSC_HOTES_ADMIS = hotes

        avancer(horloge, parcours.client, 5, django_capture_on_commit_callbacks)

    ouverte = SessionOuverte.objects.get()
    assert ouverte.refus_le is None
    assert ouverte.rafraichi_le.hour == 8
    assert ouverte.rafraichi_le.minute == 20


def test_qui_ne_regule_pas_n_est_pas_suivi(parcours, psc, comptes, django_capture_on_commit_callbacks):
    with time_machine.travel(DEBUT, tick=False) as horloge:
        parcours.complet("cpam")
        premier = SessionOuverte.objects.get().rafraichissement

        avancer(horloge, parcours.client, 60, django_capture_on_commit_callbacks)

    assert SessionOuverte.objects.get().rafraichissement == premier


def test_renouveler_ne_se_rejoue_pas(parcours, psc, comptes):
    with time_machine.travel(DEBUT, tick=False) as horloge:
        parcours.complet("osnp")
        numero = SessionOuverte.objects.get().pk
        horloge.shift(timedelta(minutes=11))

        assert prolonger_session_psc(session_id=numero) is True
        assert prolonger_session_psc(session_id=numero) is False
        assert prolonger_session_psc(session_id=numero + 1) is False


def test_aucun_jeton_de_rafraichissement_n_est_dans_la_session_ouverte(parcours, comptes):
    parcours.complet("osnp")

    assert parcours.client.session["psc"]["rafraichissement"] == ""


def test_les_sessions_mortes_ne_restent_pas_en_base(parcours, comptes):
    parcours.complet("osnp")
    vivante = SessionOuverte.objects.get()
    SessionOuverte.objects.create(compte=comptes["ioa"], cle_session="morte", sub="x")

    effacer_sessions_expirees()

    assert list(SessionOuverte.objects.all()) == [vivante]
    assert Session.objects.filter(pk=vivante.cle_session).exists()


def test_une_session_ouverte_autrement_suit_les_memes_durees(client):
    compte = CompteFactory()
    HabilitationFactory(compte=compte, role=Role.OSNP)
    with time_machine.travel(DEBUT, tick=False):
        client.force_login(compte)

        assert client.get("/session/etat/").json() == {"inactivite_s": 1800, "absolue_s": 28_800}
