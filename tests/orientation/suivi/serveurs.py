"""Ce que joue un processus du serveur pendant les essais de concurrence."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from agenda.actions import PlaceIndisponible
from comptes.models import Compte
from orientation import actions

ATTENTE_MS = 60_000  # sur une machine d’essais chargée, mieux vaut attendre son tour que répondre 503


def demander(acteur_id, cle, creneau_id, maintenant):
    acteur = Compte.objects.get(pk=acteur_id)
    try:
        actions.orienter(acteur=acteur, cle=cle, creneau_id=creneau_id, maintenant=maintenant)
    except PlaceIndisponible as refus:
        return refus.code
    return "prise"


def servir(*, depart, acteurs, appels, creneau_id, maintenant, prefixe):
    """Un fil par acteur, qui enchaîne ses demandes ; rend leurs issues."""
    actions.ATTENTE_MAX_MS = ATTENTE_MS

    def enchainer(fil):
        try:
            cles = [f"{prefixe}-{fil}-{n}" for n in range(appels)]
            return [demander(acteurs[fil], cle, creneau_id, maintenant) for cle in cles]
        finally:
            connection.close()

    depart()
    with ThreadPoolExecutor(len(acteurs)) as fils:
        return [dite for dites in fils.map(enchainer, range(len(acteurs))) for dite in dites]


def mourir(*, depart, acteur, creneau_id, maintenant):
    """Tué net au dernier pas de sa transaction, la place déjà écrite ; sinon, rend son refus."""
    actions.ATTENTE_MAX_MS = ATTENTE_MS
    actions._tracer = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)
    depart()
    return [demander(acteur, "victime", creneau_id, maintenant)]
