"""Tenir une place et la confirmer par HTTP, et le temps qu’une première carte met à se voir."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from time import perf_counter
from uuid import uuid4

import msgspec
from django.utils import timezone
from playwright.sync_api import sync_playwright

from agenda.models import Tenue
from comptes.enums import Portee
from comptes.models import Jeton
from orientation.actions import annuler
from orientation.lectures import rechercher
from orientation.models import Orientation
from tests.mesures.agenda import cartes_ouvertes, regulateur
from tests.mesures.echantillon import recherches
from tests.mesures.lignes import Budget, Ligne, centile, duree_ms
from tests.mesures.recherche_http import pages_en_session
from tests.mesures.reglages import Reglages
from tests.mesures.serveur import HOTE, Client, site
from tests.navigateur import CHROMIUM, INSTALLER_CHROMIUM, OPTIONS_CHROMIUM

CHAUFFE = 5
PAGES = 20


def tenue_et_confirmation(reglages: Reglages) -> Iterator[Ligne]:
    """De l’envoi à la réponse, transaction comprise, chaque fois en un autre lieu ; tout est annulé ensuite."""
    maintenant = timezone.now()
    acteur = regulateur()
    _, secret = Jeton.creer(
        compte=acteur, portees=[Portee.ORIENTATION], expire_le=maintenant + timedelta(days=1)
    )
    cartes = cartes_ouvertes(reglages.prises, maintenant)
    durees: dict[str, list[float]] = {"tenues": [], "orientations": []}
    with site() as port:
        client = Client(port, Authorization=f"Bearer {secret}")
        for carte in cartes:
            corps = msgspec.json.encode({"creneau": carte.creneau_id})
            for nom, mesurees in durees.items():
                envoyer = partial(
                    client.post_json, f"/api/v1/{nom}/", corps, attendu=201, cle=f"{nom}-{uuid4().hex}"
                )
                mesurees.append(duree_ms(envoyer))
    for orientation in Orientation.objects.filter(acteur=acteur, annulee_le=None):
        annuler(acteur=acteur, orientation=orientation, maintenant=timezone.now())
    Tenue.objects.filter(compte=acteur).delete()
    for mesure, mesurees in zip(("tenir_http", "confirmer_http"), durees.values(), strict=True):
        utiles = mesurees[CHAUFFE:] or mesurees
        yield Ligne(f"{mesure}_p50", centile(utiles, 50), "ms", n=len(utiles))
        yield Ligne(f"{mesure}_p95", centile(utiles, 95), "ms", n=len(utiles), budget=Budget(max=30))


def premiere_carte_ms(reglages: Reglages) -> Iterator[Ligne]:
    """De la demande de la page de résultats, dans un vrai navigateur, à sa première carte visible."""
    if CHROMIUM is None:
        raise RuntimeError(INSTALLER_CHROMIUM)
    maintenant = timezone.now()
    # Une zone sans offre n’a pas de première carte.
    lot = [r for r in recherches(reglages.recherches) if rechercher(r.criteres, maintenant=maintenant).total]
    pages = pages_en_session(lot[:PAGES])
    durees = []
    with site() as port, sync_playwright() as playwright:
        navigateur = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS_CHROMIUM)
        try:
            for page in pages:
                contexte = navigateur.new_context()  # sans cache : c’est la première visite du poste
                nom, _, valeur = page.cookie.partition("=")
                contexte.add_cookies([{"name": nom, "value": valeur, "url": f"http://{HOTE}:{port}"}])
                onglet = contexte.new_page()
                debut = perf_counter()
                onglet.goto(f"http://{HOTE}:{port}{page.chemin}", wait_until="commit")
                onglet.locator("article.sas-carte").first.wait_for(state="visible")
                durees.append((perf_counter() - debut) * 1000)
                contexte.close()
        finally:
            navigateur.close()
    utiles = durees[1:] or durees  # le premier lancement compile le site
    yield Ligne("premiere_carte_p50", centile(utiles, 50), "ms", n=len(utiles))
    yield Ligne("premiere_carte_p95", centile(utiles, 95), "ms", n=len(utiles), budget=Budget(max=1000))
