"""La fin de session dans un vrai navigateur : prévenir à temps, prolonger, se reconnecter sans rien perdre."""

from __future__ import annotations

import pytest

from comptes import sessions
from comptes.models import SessionOuverte
from sas_platform.demo.personas import creer_comptes

pytestmark = pytest.mark.django_db(transaction=True)

INACTIVE, ABSOLUE, FINIE = (f"[data-sas-session-{nom}]" for nom in ("inactive", "absolue", "finie"))
PAGE = "/mentions-legales/"


@pytest.fixture
def osnp(page, psc, serveur, settings):
    """Une OSNP connectée, dont l’alerte vient aussitôt : les minuteries comptent pour de vrai."""
    psc.redirections = [f"{serveur}/oidc/callback/"]
    creer_comptes()
    page.goto("/oidc/depart/")
    page.click('[data-persona="osnp"]')
    page.wait_for_url("**/")
    return page


def test_rien_ne_s_affiche_tant_que_la_fin_est_loin(osnp):
    osnp.goto(PAGE)

    for panneau in (INACTIVE, ABSOLUE, FINIE):
        assert not osnp.is_visible(panneau)


def test_sans_activite_on_est_prevenu_et_l_on_reste_connecte_d_un_bouton(osnp, settings, axe, capture):
    settings.SESSION_ALERTE_S = settings.SESSION_INACTIVITE_S - 1
    osnp.goto(PAGE)
    osnp.wait_for_selector(INACTIVE, state="visible")
    assert osnp.inner_text(f"{INACTIVE} [data-sas-session-heure]")
    axe(osnp)
    capture(osnp, "session-inactive")

    with osnp.expect_response("**/session/prolonger/") as reponse:
        osnp.click("text=Rester connecté")

    assert reponse.value.json()["inactivite_s"] >= settings.SESSION_INACTIVITE_S - 1
    assert osnp.url.endswith(PAGE)


def test_a_la_fin_du_poste_on_se_reconnecte_dans_un_autre_onglet(osnp, settings, axe, capture):
    settings.SESSION_ABSOLUE_REGULATION_S, settings.SESSION_ALERTE_S = 600, 599
    osnp.goto(PAGE)
    osnp.wait_for_selector(ABSOLUE, state="visible")
    axe(osnp)
    capture(osnp, "session-absolue")
    avant = SessionOuverte.objects.get()

    with osnp.context.expect_page() as onglet:
        osnp.click("text=S’identifier de nouveau")
    onglet.value.click('[data-persona="osnp"]')
    onglet.value.wait_for_url("**/session/prolongee/")

    assert onglet.value.inner_text("h1") == "Votre session est prolongée"
    axe(onglet.value)
    assert SessionOuverte.objects.get().ouverte_le > avant.ouverte_le
    assert osnp.url.endswith(PAGE)


def test_une_session_fermee_ailleurs_se_dit_sans_vider_la_page(osnp, settings, axe, capture):
    settings.SESSION_ALERTE_S = settings.SESSION_INACTIVITE_S - 1
    osnp.goto(PAGE)
    osnp.wait_for_selector(INACTIVE, state="visible")
    ouverte = SessionOuverte.objects.get()
    sessions.fermer(ouverte.sid, ouverte.sub)

    osnp.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    osnp.wait_for_selector(FINIE, state="visible")

    assert osnp.inner_text("h1") == "Mentions légales"
    axe(osnp)
    capture(osnp, "session-finie")


def test_un_autre_onglet_qui_travaille_fait_taire_l_alerte(osnp, settings):
    settings.SESSION_ALERTE_S = settings.SESSION_INACTIVITE_S - 1
    osnp.goto(PAGE)
    osnp.wait_for_selector(INACTIVE, state="visible")
    settings.SESSION_INACTIVITE_S += 3600

    osnp.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    osnp.wait_for_selector(INACTIVE, state="hidden")
