"""De vrais processus pour les essais de concurrence, nés d’un serveur de processus sans fil.

Un `fork` depuis la série hériterait des verrous que tiennent ses fils (navigateur, serveur
d’essai, pytest-xdist) et que personne ne rendrait : l’enfant s’y figerait. Ici un serveur
prépare Django une fois, seul, puis se dédouble à la demande.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

import django
from django.apps import apps
from django.db import connections

PATIENCE_S = 120

if not apps.ready:  # dans le serveur de processus
    django.setup()

_contexte = multiprocessing.get_context("forkserver")
_contexte.set_forkserver_preload([__name__, "orientation.actions", "agenda.tenues"])


def lancer(*travaux: tuple[Callable[..., Any], dict[str, Any]]) -> tuple[list[Any], list[int | None]]:
    """Chaque (fonction, arguments) dans son processus, tous au même départ.

    La fonction est au premier niveau d’un module ; elle reçoit aussi `depart`, qu’elle appelle
    une fois prête. Rend ce que disent celles qui finissent, et les codes de sortie : -9 pour un
    processus tué, ou figé au bout de `PATIENCE_S`.
    """
    base = connections["default"].settings_dict["NAME"]
    connections.close_all()
    depart = _contexte.Barrier(len(travaux))
    processus, lecteurs = [], []
    for fonction, arguments in travaux:
        lecteur, ecrivain = _contexte.Pipe(duplex=False)
        un = _contexte.Process(target=_jouer, args=(base, depart, ecrivain, fonction, arguments))
        un.start()
        ecrivain.close()
        processus.append(un)
        lecteurs.append(lecteur)
    terme = monotonic() + PATIENCE_S
    dites = [dite for lecteur in lecteurs for dite in _lire(lecteur, terme)]
    for un in processus:
        un.join(max(0.0, terme - monotonic()))
        un.kill()
        un.join()
    return dites, [un.exitcode for un in processus]


def _lire(lecteur: Any, terme: float) -> Iterable[Any]:
    """Ce qu’a dit un processus ; rien de celui qu’on a tué."""
    try:
        if lecteur.poll(max(0.0, terme - monotonic())):
            yield lecteur.recv()
    except EOFError:
        return
    finally:
        lecteur.close()


def _jouer(base: str, depart: Any, ecrivain: Any, fonction: Callable[..., Any], arguments: Any) -> None:
    connections["default"].settings_dict["NAME"] = base
    ecrivain.send(fonction(depart=lambda: depart.wait(PATIENCE_S), **arguments))
