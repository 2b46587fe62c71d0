"""Chercher pendant qu’un éditeur est mort, qu’un autre traîne et qu’un troisième ment, budgets tenus."""

from __future__ import annotations

import json
import subprocess
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from django.utils import timezone

from agenda.editeurs.raccordements import raccorder
from agenda.models import Editeur, Lot, Raccordement
from annuaire.models import Effecteur
from tests.mesures.charge import CONNEXIONS, chercher, serie
from tests.mesures.cycle import lance
from tests.mesures.echantillon import recherches
from tests.mesures.lignes import Budget, Ligne, centile, dire, duree_ms
from tests.mesures.recherche_http import client_api, corps_json
from tests.mesures.reglages import Reglages
from tests.mesures.serveur import HOTE, port_libre, site

REQUETES_PAR_HEURE = 1200
EFFECTEURS = 100  # quatre lots par éditeur
NOMS = ("mort", "lent", "menteur")


def endurance(reglages: Reglages) -> Iterator[Ligne]:
    """Le plancher est la médiane au repos, dans la même série ; chaque éditeur reçoit au plus son budget."""
    corps = [corps_json(recherche) for recherche in recherches(reglages.recherches)]
    with ExitStack() as pile:
        port_editeurs = port_libre()
        pile.enter_context(lance("tests.mesures.editeurs_en_peine", str(port_editeurs)))
        pile.callback(_retirer)
        lots = _declarer(port_editeurs)
        ouvriers = [pile.enter_context(lance("tests.mesures.interrogation")) for _ in NOMS]
        port = pile.enter_context(site())
        clients = [client_api(port) for _ in range(CONNEXIONS)]
        for rang, contenu in enumerate(corps):
            chercher(clients[rang % CONNEXIONS], contenu)
        au_repos = [duree_ms(chercher, clients[0], contenu) for contenu in corps]
        debut = time.monotonic()
        fin = debut + reglages.charge_s
        fils = [
            threading.Thread(target=_interroger, args=(ouvrier, editeur, siens, fin))
            for ouvrier, (editeur, siens) in zip(ouvriers, lots.items(), strict=True)
        ]
        for fil in fils:
            fil.start()
        with ThreadPoolExecutor(CONNEXIONS) as chercheurs:
            series = list(
                chercheurs.map(lambda rang: serie(clients[rang], rang, corps, fin), range(CONNEXIONS))
            )
        for fil in fils:
            fil.join()
        ecoule_s, appels = time.monotonic() - debut, _comptes(port_editeurs)
    dire(f"appels reçus : {appels}")
    durees = [duree for une in series for duree in une]
    yield Ligne(
        "endurance_p95",
        centile(durees, 95),
        "ms",
        n=len(durees),
        plancher=centile(au_repos, 50),
        budget=Budget(ratio_max=4.0),
    )
    admis = REQUETES_PAR_HEURE / 60 + ecoule_s * REQUETES_PAR_HEURE / 3600
    yield Ligne("endurance_appels", max(appels.values(), default=0), "appels", n=2, budget=Budget(max=admis))


def _retirer() -> None:
    """Les effecteurs qu’ils ont en double fausseraient le compte d’un cycle d’interrogation."""
    editeurs = Editeur.objects.filter(code__in=[f"endurance-{nom}" for nom in NOMS])
    Raccordement.objects.filter(editeur__in=editeurs).delete()
    editeurs.delete()


def _declarer(port: int) -> dict[int, list[int]]:
    """Trois éditeurs d’une centaine d’effecteurs chacun ; rend leurs lots."""
    adresses = {"mort": f"http://{HOTE}:{port_libre()}"} | {
        nom: f"http://{HOTE}:{port}/{nom}" for nom in ("lent", "menteur")
    }
    libres = Effecteur.objects.filter(est_actif=True).exclude(
        pk__in=Raccordement.objects.filter(editeur__code__startswith="endurance-").values("effecteur_id")
    )
    lots = {}
    for nom in NOMS:
        editeur, neuf = Editeur.objects.update_or_create(
            code=f"endurance-{nom}",
            defaults={
                "nom": f"Éditeur {nom}",
                "url_base": adresses[nom],
                "requetes_par_heure": REQUETES_PAR_HEURE,
                "est_actif": True,
            },
        )
        if neuf:
            raccorder(
                editeur, libres.order_by("pk").values_list("pk", flat=True)[:EFFECTEURS], timezone.now()
            )
        lots[editeur.pk] = list(Lot.objects.filter(editeur=editeur).values_list("pk", flat=True))
    return lots


def _interroger(ouvrier: subprocess.Popen[str], editeur: int, lots: list[int], fin: float) -> None:
    """Sans relâche : c’est le budget, et lui seul, qui retient les appels."""
    assert ouvrier.stdin is not None
    assert ouvrier.stdout is not None
    while time.monotonic() < fin:
        ouvrier.stdin.write(json.dumps({"quoi": "cycle", "lots": {editeur: lots}}) + "\n")
        ouvrier.stdin.flush()
        json.loads(ouvrier.stdout.readline())
        time.sleep(0.2)


def _comptes(port: int) -> Counter[str]:
    with urllib.request.urlopen(f"http://{HOTE}:{port}/comptes", timeout=30) as reponse:
        return Counter(json.load(reponse))
