"""La recherche pendant que tous les agendas se relisent et que trente autres recherches partent chaque seconde."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.mesures.cycle import Atelier, atelier
from tests.mesures.echantillon import recherches
from tests.mesures.lignes import Budget, Ligne, centile, dire, duree_ms
from tests.mesures.recherche_http import client_api, corps_json
from tests.mesures.reglages import Reglages
from tests.mesures.serveur import Client, site

RECHERCHES_PAR_S = 30
CONNEXIONS = 6


def recherche_sous_charge(reglages: Reglages) -> Iterator[Ligne]:
    """Le plancher est la médiane au repos, dans la même série."""
    corps = [corps_json(recherche) for recherche in recherches(reglages.recherches)]
    with atelier() as un, site() as port:
        un.cycle()
        clients = [client_api(port) for _ in range(CONNEXIONS)]
        for rang, contenu in enumerate(corps):
            chercher(clients[rang % CONNEXIONS], contenu)
        au_repos = [duree_ms(chercher, clients[0], contenu) for contenu in corps]
        fin = time.monotonic() + reglages.charge_s
        cycles = threading.Thread(target=_relire, args=(un, fin))
        cycles.start()
        with ThreadPoolExecutor(CONNEXIONS) as fils:
            series = list(fils.map(lambda rang: serie(clients[rang], rang, corps, fin), range(CONNEXIONS)))
        cycles.join()
    durees = [duree for serie in series for duree in serie]
    dire(f"{len(durees)} recherches en {reglages.charge_s:.0f} s")
    repos = centile(au_repos, 50)
    yield Ligne("recherche_sous_charge_p50", centile(durees, 50), "ms", n=len(durees), plancher=repos)
    yield Ligne(
        "recherche_sous_charge_p95",
        centile(durees, 95),
        "ms",
        n=len(durees),
        plancher=repos,
        budget=Budget(ratio_max=4.0),
    )


def serie(client: Client, rang: int, corps: Sequence[bytes], fin: float) -> list[float]:
    """Une connexion envoie sa part des recherches à cadence fixe, sans attendre les autres."""
    pas = CONNEXIONS / RECHERCHES_PAR_S
    prochaine = time.monotonic() + rang / RECHERCHES_PAR_S
    durees: list[float] = []
    while prochaine < fin:
        time.sleep(max(0.0, prochaine - time.monotonic()))
        contenu = corps[(len(durees) * CONNEXIONS + rang) % len(corps)]
        durees.append(duree_ms(chercher, client, contenu))
        prochaine += pas
    return durees


def _relire(un: Atelier, fin: float) -> None:
    rang = 0
    while time.monotonic() < fin:
        un.changer(rang)
        un.cycle()
        rang += 1
    dire(f"{rang} cycles d’interrogation pendant la charge")


def chercher(client: Client, contenu: bytes) -> None:
    client.post_json("/api/v1/recherches/", contenu)
