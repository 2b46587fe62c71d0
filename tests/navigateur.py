"""Un vrai navigateur pour les tests : Chromium du système, piloté par Playwright.

Un test ne lit jamais la page à l’instant où il passe : il attend ce qu’elle
doit montrer. Un geste qui change de page se fait par `suivre` (un clic) ou dans
`page_suivante` (le reste) ; ce que la page montre s’affirme par `expect`. Une
page qui change hors de là fait échouer le test, même sur une machine rapide.
"""

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urlsplit

import pytest
from django.conf import settings
from django.test import Client

CAPTURES = Path(settings.RACINE) / "var" / "captures"
INSTALLER_CHROMIUM = "Chromium est absent ; en root : apt-get install chromium-headless-shell libatomic1"
TAILLES = {"bureau": {"width": 1280, "height": 900}, "telephone": {"width": 390, "height": 844}}
TELEPHONE_ETROIT = {"width": 375, "height": 812}
# Une machine d’intégration chargée met dix fois le temps d’un poste : attendre n’y coûte que si le test échoue.
DELAI_MS = 20_000
SEUL = "PYTEST_XDIST_WORKER" not in os.environ
REGLES_AXE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Celui qui n’a pas d’interface d’abord : les autres dessinent une fenêtre à chaque page, cinq fois plus cher.
CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
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
    for nom in (os.environ.get("SAS_CHROMIUM", ""), *CHROMIUMS):
        if nom and (chemin := shutil.which(nom)):
            return chemin
    return None


CHROMIUM = _trouver_chromium()


@pytest.fixture(scope="session")
def navigateur() -> Iterator[object]:
    """Un Chromium par processus de test."""
    if CHROMIUM is None:
        pytest.fail(INSTALLER_CHROMIUM)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=DELAI_MS)
    # Playwright synchrone tient une boucle asyncio dans ce fil : Django y verrait du code asynchrone.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS_CHROMIUM)
        yield chromium
        chromium.close()


class RequetesEnCours:
    """Compte ce que le serveur de test est en train de faire, flux d’événements compris."""

    def __init__(self, application: Callable) -> None:
        self.application = application
        self._nombre = 0
        self._change = threading.Condition()

    def __call__(self, environ: dict, start_response: Callable) -> object:
        self._compter(1)
        try:
            return _Reponse(self.application(environ, start_response), self._finir)
        except BaseException:
            self._finir()
            raise

    def _finir(self) -> None:
        self._compter(-1)

    def _compter(self, ecart: int) -> None:
        with self._change:
            self._nombre += ecart
            self._change.notify_all()

    def attendre_la_fin(self) -> bool:
        with self._change:
            return self._change.wait_for(lambda: self._nombre == 0, timeout=DELAI_MS / 1000)


class _Reponse:
    """Une réponse est en cours jusqu’à ce que le serveur la ferme."""

    def __init__(self, corps: Any, fermee: Callable[[], None]) -> None:
        self._corps = corps
        self._fermee = fermee

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._corps)

    def close(self) -> None:
        try:
            self._corps.close()
        finally:
            self._fermee()


@pytest.fixture
def serveur(live_server) -> Iterator[str]:
    """Adresse d’un serveur local, fichiers statiques compris, branché sur la base du test.

    Le test ne rend la main qu’une fois le serveur au repos : une requête de la
    page qu’il quitte écrirait sinon dans la base du suivant.
    """
    httpd = live_server.thread.httpd
    application = httpd.get_app()
    requetes = RequetesEnCours(application)
    httpd.set_app(requetes)
    yield str(live_server.url)
    au_repos = requetes.attendre_la_fin()
    httpd.set_app(application)
    assert au_repos, "le serveur de test n’a pas fini de répondre"


def _options(serveur: str) -> dict[str, object]:
    return {
        "base_url": serveur,
        "locale": "fr-FR",
        "timezone_id": "Europe/Paris",
        "viewport": TAILLES["bureau"],
    }


@pytest.fixture(scope="session")
def contexte_commun(live_server, navigateur) -> object:
    """Le contexte où s’ouvre la page de chaque test ; un onglet vide y garde sa fenêtre ouverte.

    En ouvrir un par test coûtait une fenêtre, et de relire les feuilles de style.
    """
    contexte = navigateur.new_context(**_options(live_server.url))
    contexte.new_page()
    return contexte


@pytest.fixture
def _contexte_neuf(serveur: str, contexte_commun, _fautes: list[str]) -> Iterator[object]:
    """Le contexte commun, où il ne reste rien d’un test au suivant : onglets, cookies, droits, stockage."""
    yield contexte_commun
    garde, *ouvertes = contexte_commun.pages
    for page in ouvertes:
        page.close()
    contexte_commun.clear_cookies()
    contexte_commun.clear_permissions()
    commandes = contexte_commun.new_cdp_session(garde)
    commandes.send("Storage.clearDataForOrigin", {"origin": serveur, "storageTypes": "all"})
    commandes.detach()


@pytest.fixture
def _fautes() -> Iterator[list[str]]:
    """Une exception JavaScript, un refus de la politique de sécurité (CSP), une requête vers
    l’extérieur ou un changement de page que rien n’attendait font échouer le test à sa fin.
    """
    fautes: list[str] = []
    yield fautes
    assert not fautes, "\n".join(fautes)


@pytest.fixture
def ouvrir_page(serveur: str, navigateur, _fautes: list[str]) -> Iterator[Callable[..., object]]:
    """`ouvrir_page(java_script_enabled=False)` : une page d’un autre navigateur, avec ses propres cookies."""
    contextes = []

    def ouvrir(**options: object) -> object:
        contextes.append(navigateur.new_context(**_options(serveur) | options))
        return _ouvrir(contextes[-1], _fautes)

    yield ouvrir
    for contexte in contextes:
        contexte.close()


@pytest.fixture
def page(_contexte_neuf, _fautes: list[str]) -> object:
    """Page vierge dont `goto("/chemin/")` part du serveur de test."""
    return _ouvrir(_contexte_neuf, _fautes)


def _ouvrir(contexte: object, fautes: list[str]) -> object:
    contexte.set_default_timeout(DELAI_MS)
    page = contexte.new_page()
    page.on("pageerror", lambda erreur: fautes.append(f"exception JavaScript : {erreur}"))
    page.on("console", lambda message: _noter_refus_csp(fautes, message.text))
    page.on("request", lambda requete: _noter_sortie(fautes, requete.url))
    _surveiller_les_changements(page, fautes)
    return page


def _surveiller_les_changements(page: object, fautes: list[str]) -> None:
    aller = page.goto
    page.change_attendu, page.quittee = False, page.url

    def aller_en_l_annoncant(*arguments: object, **options: object) -> object:
        with _annoncer_un_changement(page):
            return aller(*arguments, **options)

    def noter(cadre: object) -> None:
        if cadre != page.main_frame:
            return
        (page_d_avant, _), page.quittee = urldefrag(page.quittee), cadre.url
        ancre_de_la_meme_page = "#" in cadre.url and urldefrag(cadre.url)[0] == page_d_avant
        if not page.change_attendu and not ancre_de_la_meme_page:
            fautes.append(f"la page est devenue {cadre.url} hors de « suivre » et de « page_suivante »")

    page.goto = aller_en_l_annoncant
    page.on("framenavigated", noter)


@contextmanager
def _annoncer_un_changement(page: object) -> Iterator[None]:
    page.change_attendu = True
    try:
        yield
    finally:
        page.change_attendu = False


@contextmanager
def page_suivante(page: object) -> Iterator[None]:
    """Le geste fait dans ce bloc change de page : on en sort quand la nouvelle est là, entière.

    L’ancienne est marquée, et la marque doit avoir disparu : rien de ce qu’elle
    montrait ne peut passer pour la réponse. Le serveur a alors fini d’écrire.
    """
    with _annoncer_un_changement(page):
        page.evaluate("document.documentElement.setAttribute('data-quittee', '')")
        yield
        page.wait_for_selector("html:not([data-quittee])", state="attached")
        page.wait_for_load_state("load")


def suivre(cible: object) -> None:
    """Clique ce lien ou ce bouton, et attend la page où il mène."""
    cible.wait_for()  # un onglet neuf est d’abord vide : c’est la page du bouton qu’il faut marquer
    with page_suivante(cible.page):
        cible.click()


def texte(cible: object) -> str:
    """Ce qu’on lit dans cet élément, une fois qu’il est visible ; pour s’en servir, non pour l’affirmer."""
    cible.wait_for()
    return cible.inner_text()


def examiner(page: object, axe: Callable, capture: Callable, nom: str) -> None:
    """Au bureau, puis rouverte à 375 px, où le menu est un autre : ni débordement, ni infraction."""
    axe(page)
    capture(page, nom)
    page.set_viewport_size(TELEPHONE_ETROIT)
    page.goto(page.url)
    verifier_la_largeur(page)
    axe(page)
    page.set_viewport_size(TAILLES["bureau"])
    page.goto(page.url)


def adresse(page: object, motif: str) -> re.Match[str]:
    """Attend une adresse de cette forme, et rend ce que le motif y trouve."""
    page.wait_for_url(re.compile(motif))
    return re.search(motif, page.url)


def _noter_refus_csp(fautes: list[str], texte: str) -> None:
    if "Content Security Policy" in texte or "integrity" in texte:
        fautes.append(f"refus du navigateur : {texte}")


def _noter_sortie(fautes: list[str], url: str) -> None:
    adresse = urlsplit(url)
    if adresse.scheme.startswith(("http", "ws")) and adresse.hostname not in ("127.0.0.1", "localhost"):
        fautes.append(f"requête vers l’extérieur : {adresse.hostname}")


@pytest.fixture
def connecter(page, serveur: str) -> Callable[..., None]:
    """Ouvre dans le navigateur la session d’un compte, sans passer par le fournisseur d’identité."""

    def connecter_le(compte: object, dans: object = page) -> None:
        client = Client()
        client.force_login(compte)
        nom = settings.SESSION_COOKIE_NAME
        dans.context.add_cookies([{"name": nom, "value": client.cookies[nom].value, "url": serveur}])

    return connecter_le


@pytest.fixture
def axe() -> Callable[[object], None]:
    """Passe les règles d’accessibilité sur la page ; chaque infraction est nommée avec ses éléments."""
    from axe_playwright_python.sync_playwright import Axe

    analyseur = Axe()

    def verifier(page: object) -> None:
        # Le DSFR donne son rôle au menu, ou lui retire son nom, une fois chargé : avant, la page n’est pas finie.
        # Au téléphone le menu est fermé, et n’a de rôle qu’une fois ouvert.
        page.wait_for_selector("div.fr-modal[aria-labelledby]:not([role]):visible", state="detached")
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


def verifier_la_largeur(page: object) -> None:
    debord = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    fenetre = page.viewport_size["width"]
    assert debord <= 0, f"{page.url} déborde de {debord} px en largeur (fenêtre de {fenetre} px)"


@pytest.fixture
def capture() -> Callable[[object, str], list[Path]]:
    """Enregistre la page dans var/captures, au bureau puis au téléphone.

    Refuse une page plus large que le téléphone : le défilement horizontal y
    rend la lecture impossible. Répartie sur plusieurs processus, la série
    entière s’en tient à ce refus : personne ne regarderait ses 270 images.
    """

    def capturer(page: object, nom: str) -> list[Path]:
        CAPTURES.mkdir(parents=True, exist_ok=True)
        fichiers = []
        for taille, fenetre in TAILLES.items():
            page.set_viewport_size(fenetre)
            fichiers.append(CAPTURES / f"{nom}-{taille}.png")
            if SEUL:
                page.screenshot(path=fichiers[-1], full_page=True)
            verifier_la_largeur(page)
        page.set_viewport_size(TAILLES["bureau"])
        return fichiers

    return capturer
