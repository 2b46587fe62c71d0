"""Un processus qui interroge des lots, ou ne fait que lire et décoder les mêmes réponses.

`python -m tests.mesures.interrogation` ; une ligne JSON par ordre sur l’entrée, une par compte rendu
sur la sortie. Il fait ce que font les tâches : un interrogateur ouvert, des groupes de lots d’un éditeur.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import django

ENSEMBLE = 40  # réponses lues ensemble, par la lecture seule


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sas_platform.settings")
    django.setup()
    logging.disable(logging.CRITICAL)
    from agenda.editeurs.ordonnanceur import ouvrir_interrogateur

    os.nice(10)  # la part de worker-fond (docker-compose.yml)
    with ouvrir_interrogateur() as interrogateur:
        for ligne in sys.stdin:
            ordre = json.loads(ligne)
            lots = {int(editeur): numeros for editeur, numeros in ordre["lots"].items()}
            if ordre["quoi"] == "cycle":
                rendu = _cycle(interrogateur, lots)
            else:
                rendu = asyncio.run(_plancher(_adresses(lots)))
            sys.stdout.write(json.dumps(rendu) + "\n")
            sys.stdout.flush()


def _cycle(interrogateur: Any, lots: dict[int, list[int]]) -> dict[str, Any]:
    from django.db import connection
    from django.utils import timezone

    from agenda.editeurs.ordonnanceur import LOTS_PAR_GROUPE
    from agenda.editeurs.stockage import Bilan
    from agenda.models import Editeur
    from sas_platform.socle.iterables import par_lots

    debut, processeur = time.perf_counter(), time.process_time()
    bilan = Bilan()
    for editeur in Editeur.objects.filter(pk__in=lots).order_by("pk"):
        for groupe in par_lots(lots[editeur.pk], LOTS_PAR_GROUPE):
            bilan += interrogateur.interroger(editeur, groupe, timezone.now())
    duree_s, processeur_s = time.perf_counter() - debut, time.process_time() - processeur
    with connection.cursor() as curseur:  # les compteurs d’écritures se lisent d’un autre processus
        curseur.execute("SELECT pg_stat_force_next_flush()")
    return {
        "duree_s": duree_s,
        "processeur_ms": round(processeur_s * 1000),
        "memoire_ko": _memoire_ko(),
        "lots": dict(bilan.lots),
        "reportes": dict(bilan.reportes),
        "creneaux": dict(bilan.creneaux),
        "lus": bilan.agendas_lus,
        "changes": bilan.agendas_changes,
        "crees": bilan.lieux_crees,
    }


def _memoire_ko() -> int:
    """Mémoire que ce processus occupe maintenant."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


def _adresses(lots: dict[int, list[int]]) -> list[tuple[int, list[str]]]:
    """(appels simultanés, adresses) de chaque éditeur : ce qu’un cycle demanderait."""
    from django.utils import timezone

    from agenda.editeurs.client import url_creneaux
    from agenda.editeurs.memoire import demandes_par_lot
    from agenda.editeurs.verdicts import fenetre_interrogee
    from agenda.models import Editeur

    fenetre = fenetre_interrogee(timezone.now())
    return [
        (
            editeur.concurrence_max,
            [
                url_creneaux(editeur.url_base, demande.memoires, fenetre, demande.cas)
                for demande in demandes_par_lot(lots[editeur.pk]).values()
            ],
        )
        for editeur in Editeur.objects.filter(pk__in=lots).order_by("pk")
    ]


async def _plancher(adresses: Sequence[tuple[int, Sequence[str]]]) -> dict[str, Any]:
    """Demande et décode, sans juger, comparer ni écrire."""
    from agenda.editeurs.client import interroger, ouvrir_session
    from agenda.editeurs.fhir import lire_entree, lire_enveloppe
    from agenda.enums import EtatLot
    from sas_platform.socle.iterables import par_lots

    octets = entrees = 0
    async with ouvrir_session() as session:
        debut, processeur = time.perf_counter(), time.process_time()
        for simultanes, urls in adresses:
            places = asyncio.Semaphore(simultanes)

            async def lire(url: str, places: asyncio.Semaphore = places) -> list[bytes]:
                async with places:
                    reponse = await interroger(session, url, http_admis=True)
                if reponse.etat != EtatLot.REUSSI:
                    raise RuntimeError(reponse.detail)
                return reponse.pages

            for groupe in par_lots(urls, ENSEMBLE):
                for pages in await asyncio.gather(*map(lire, groupe)):
                    for page in pages:
                        octets += len(page)
                        brutes = lire_enveloppe(page).entry or []
                        entrees += len([lire_entree(brute) for brute in brutes])
    return {
        "duree_s": time.perf_counter() - debut,
        "processeur_ms": round((time.process_time() - processeur) * 1000),
        "octets": octets,
        "entrees": entrees,
    }


if __name__ == "__main__":
    main()
