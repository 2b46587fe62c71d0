"""La fin de session dans un vrai navigateur : prévenir à temps, prolonger, se reconnecter sans rien perdre."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from comptes import sessions
from comptes.models import SessionOuverte
from sas_platform.demo.personas import creer_comptes
from tests.navigateur import suivre

pytestmark = pytest.mark.django_db(transaction=True)

INACTIVE, ABSOLUE, FINIE = (f"[data-sas-session-{nom}]" for nom in ("inactive", "absolue", "finie"))
PAGE = "/mentions-legales/"


@pytest.fixture
def osnp(page, psc, serveur, settings):
    """Une OSNP connectée, dont l’alerte vient aussitôt : les minuteries comptent pour de vrai."""
    psc.redirections = [f"{serveur}/oidc/callback/"]
    creer_comptes()
    page.goto("/oidc/depart/")
    suivre(page.locator('[data-persona="osnp"]'))
    expect(page.get_by_role("button", name="Se déconnecter")).to_be_visible()
    return page


def test_rien_ne_s_affiche_tant_que_la_fin_est_loin(osnp):
    osnp.goto(PAGE)

    expect(osnp.locator("h1")).to_have_text("Mentions légales")
    for panneau in (INACTIVE, ABSOLUE, FINIE):
        expect(osnp.locator(panneau)).to_be_hidden()


def test_sans_activite_on_est_prevenu_et_l_on_reste_connecte_d_un_bouton(osnp, settings, axe, capture):
    settings.SESSION_ALERTE_S = settings.SESSION_INACTIVITE_S - 1
    osnp.goto(PAGE)
    expect(osnp.locator(INACTIVE)).to_be_visible()
    expect(osnp.locator(f"{INACTIVE} [data-sas-session-heure]")).to_have_text(
        re.compile(r"^\d{1,2}\sh(\s\d\d)?$")
    )
    axe(osnp)
    capture(osnp, "session-inactive")

    with osnp.expect_response("**/session/prolonger/") as reponse:
        osnp.click("text=Rester connecté")

    assert reponse.value.json()["inactivite_s"] >= settings.SESSION_INACTIVITE_S - 1
    expect(osnp).to_have_url(re.compile(f"{PAGE}$"))


def test_a_la_fin_du_poste_on_se_reconnecte_dans_un_autre_onglet(osnp, settings, axe, capture):
    settings.SESSION_ABSOLUE_REGULATION_S, settings.SESSION_ALERTE_S = 600, 599
    osnp.goto(PAGE)
    expect(osnp.locator(ABSOLUE)).to_be_visible()
    axe(osnp)
    capture(osnp, "session-absolue")
    avant = SessionOuverte.objects.get()

    with osnp.context.expect_page() as onglet:
        osnp.click("text=S’identifier de nouveau")
    suivre(onglet.value.locator('[data-persona="osnp"]'))

    expect(onglet.value.locator("h1")).to_have_text("Votre session est prolongée")
    axe(onglet.value)
    assert SessionOuverte.objects.get().ouverte_le > avant.ouverte_le
    expect(osnp).to_have_url(re.compile(f"{PAGE}$"))


def test_une_session_fermee_ailleurs_se_dit_sans_vider_la_page(osnp, settings, axe, capture):
    settings.SESSION_ALERTE_S = settings.SESSION_INACTIVITE_S - 1
    osnp.goto(PAGE)
    expect(osnp.locator(INACTIVE)).to_be_visible()
    ouverte = SessionOuverte.objects.get()
    sessions.fermer(ouverte.sid, ouverte.sub)

    osnp.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(osnp.locator(FINIE)).to_be_visible()

    expect(osnp.locator("h1")).to_have_text("Mentions légales")
    axe(osnp)
    capture(osnp, "session-finie")


def test_un_autre_onglet_qui_travaille_fait_taire_l_alerte(osnp, settings):
    settings.SESSION_ALERTE_S = settings.SESSION_INACTIVITE_S - 1
    osnp.goto(PAGE)
    expect(osnp.locator(INACTIVE)).to_be_visible()
    settings.SESSION_INACTIVITE_S += 3600

    osnp.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(osnp.locator(INACTIVE)).to_be_hidden()
