"""Un vrai navigateur pour les tests : Chromium du système, piloté par Playwright."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client

CAPTURES = Path(settings.RACINE) / "var" / "captures"
INSTALLER_CHROMIUM = "Chromium est absent ; en root : apt-get install chromium libatomic1"
TAILLES = {"bureau": {"width": 1280, "height": 900}, "telephone": {"width": 390, "height": 844}}
REGLES_AXE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS_CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Une page qui va chercher quoi que ce soit hors de la machine échoue.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


def _trouver_chromium() -> str | None:
    for nom in (os.environ.get("SAS_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"):
        if nom and (chemin := shutil.which(nom)):
            return chemin
    return None


CHROMIUM = _trouver_chromium()


@pytest.fixture(scope="session")
def navigateur() -> Iterator[object]:
    """Un Chromium par processus de test."""
    if CHROMIUM is None:
        pytest.fail(INSTALLER_CHROMIUM)
    from playwright.sync_api import sync_playwright

    # Playwright synchrone tient une boucle asyncio dans ce fil : Django y verrait du code asynchrone.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS_CHROMIUM)
        yield chromium
        chromium.close()


@pytest.fixture
def serveur(live_server) -> str:
    """Adresse d’un serveur local, fichiers statiques compris, branché sur la base du test."""
    return str(live_server.url)


@pytest.fixture
def page(serveur: str, navigateur) -> Iterator[object]:
    """Page vierge dont `goto("/chemin/")` part du serveur de test.

    À la fin du test, une exception JavaScript, un refus de la politique de
    sécurité (CSP) ou une requête vers l’extérieur le fait échouer.
    """
    contexte = navigateur.new_context(
        base_url=serveur, locale="fr-FR", timezone_id="Europe/Paris", viewport=TAILLES["bureau"]
    )
    contexte.set_default_timeout(10_000)
    page = contexte.new_page()
    fautes: list[str] = []
    page.on("pageerror", lambda erreur: fautes.append(f"exception JavaScript : {erreur}"))
    page.on("console", lambda message: _noter_refus_csp(fautes, message.text))
    page.on("request", lambda requete: _noter_sortie(fautes, requete.url))
    yield page
    contexte.close()
    assert not fautes, "\n".join(fautes)


def _noter_refus_csp(fautes: list[str], texte: str) -> None:
    if "Content Security Policy" in texte or "integrity" in texte:
        fautes.append(f"refus du navigateur : {texte}")


def _noter_sortie(fautes: list[str], url: str) -> None:
    adresse = urlsplit(url)
    if adresse.scheme.startswith(("http", "ws")) and adresse.hostname not in ("127.0.0.1", "localhost"):
        fautes.append(f"requête vers l’extérieur : {adresse.hostname}")


@pytest.fixture
def connecter(page, serveur: str) -> Callable[[object], None]:
    """Ouvre dans le navigateur la session d’un compte, sans passer par le fournisseur d’identité."""

    def connecter_le(compte: object) -> None:
        client = Client()
        client.force_login(compte)
        nom = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": nom, "value": client.cookies[nom].value, "url": serveur}])

    return connecter_le


@pytest.fixture
def axe() -> Callable[[object], None]:
    """Passe les règles d’accessibilité sur la page ; chaque infraction est nommée avec ses éléments."""
    from axe_playwright_python.sync_playwright import Axe

    analyseur = Axe()

    def verifier(page: object) -> None:
        # Le DSFR donne son rôle au menu, ou lui retire son nom, une fois chargé : avant, la page n’est pas finie.
        page.wait_for_selector("div.fr-modal[aria-labelledby]:not([role])", state="detached")
        options = {"runOnly": {"type": "tag", "values": REGLES_AXE}, "resultTypes": ["violations"]}
        infractions = analyseur.run(page, options=options).response["violations"]
        assert not infractions, f"{page.url}\n" + "\n".join(_decrire(i) for i in infractions)

    return verifier


def _decrire(infraction: dict) -> str:
    elements = [
        f"    {n['html'][:200]}\n      {n.get('failureSummary', '')}" for n in infraction["nodes"][:5]
    ]
    entete = (
        f"  [{infraction['impact']}] {infraction['id']} : {infraction['help']} ({len(infraction['nodes'])})"
    )
    return "\n".join([entete, *elements])


@pytest.fixture
def capture() -> Callable[[object, str], list[Path]]:
    """Enregistre la page dans var/captures, au bureau puis au téléphone.

    Refuse une page plus large que le téléphone : le défilement horizontal y
    rend la lecture impossible.
    """

    def capturer(page: object, nom: str) -> list[Path]:
        CAPTURES.mkdir(parents=True, exist_ok=True)
        fichiers = []
        for taille, fenetre in TAILLES.items():
            page.set_viewport_size(fenetre)
            fichiers.append(CAPTURES / f"{nom}-{taille}.png")
            page.screenshot(path=fichiers[-1], full_page=True)
            debord = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert debord <= 0, f"{page.url} déborde de {debord} px en largeur ({taille})"
        page.set_viewport_size(TAILLES["bureau"])
        return fichiers

    return capturer
