"""Purge du début de la trace, et les archives qui permettent de la vérifier encore."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from comptes.models import AncreTrace, Trace
from sas_platform.socle.verrous import prendre_verrou

# Une relecture et une purge en même temps se fausseraient l’une l’autre.
VERROU = "comptes.purge_de_la_trace"

# Tout en texte, tel que la base l’a scellé : l’empreinte se recalcule sans elle.
_LIGNES = """
    SELECT id, to_char(le AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        extract(epoch FROM le)::text, acteur_id, verbe, objet, details::text, precedente, empreinte
    FROM comptes_trace WHERE id <= %s ORDER BY id
"""
_COLONNES = ("id", "le", "epoque", "acteur", "verbe", "objet", "details", "precedente", "empreinte")
_SCELLEES = ("precedente", "id", "epoque", "acteur", "verbe", "objet", "details")


class TraceRompue(Exception):
    """Une trace altérée ne se purge pas : la preuve partirait avec elle."""


class PurgeEnCours(Exception):
    """Une autre purge, ou une relecture, tient la trace."""


def trace_a_purger(avant: datetime) -> QuerySet[Trace]:
    """Le début de la trace : toutes les lignes d’avant la première qui date de `avant` ou d’après."""
    gardee = Trace.objects.filter(le__gte=avant).order_by("pk").values_list("pk", flat=True).first()
    return Trace.objects.all() if gardee is None else Trace.objects.filter(pk__lt=gardee)


@transaction.atomic
def purger_la_trace(
    *, avant: datetime, maintenant: datetime, lot: int, dossier: Path | None = None
) -> AncreTrace | None:
    """Retire les `lot` plus anciennes lignes d’avant `avant` ; les archive d’abord si `dossier` est donné.

    Rend l’ancre posée, ou rien s’il n’y a rien à purger. Lève `TraceRompue` si
    ces lignes ne s’enchaînent pas, `PurgeEnCours` si une autre purge est en
    cours. La base refuse elle-même de toucher aux six derniers mois.
    """
    if not prendre_verrou(VERROU):
        raise PurgeEnCours("Une purge ou une vérification de la trace est déjà en cours.")
    numeros = list(trace_a_purger(avant).order_by("pk").values_list("pk", flat=True)[:lot])
    if not numeros:
        return None
    with connection.cursor() as curseur:
        curseur.execute(_LIGNES, [numeros[-1]])
        lignes = [dict(zip(_COLONNES, ligne, strict=True)) for ligne in curseur.fetchall()]
    precedente = AncreTrace.objects.order_by("-derniere_id").values_list("empreinte", flat=True).first()
    fautive = premiere_rupture(lignes, precedente or "")
    if fautive is not None:
        raise TraceRompue(f"La trace est rompue à la ligne {fautive} : elle n’a pas été purgée.")
    archive = _archiver(lignes, dossier) if dossier else ""
    ancre = AncreTrace.objects.create(derniere_id=numeros[-1], archive=archive, le=maintenant)
    ancre.refresh_from_db()  # la base a rempli le reste
    return ancre


def premiere_rupture(lignes: Iterable[dict[str, Any]], precedente: str) -> int | None:
    """Numéro de la première ligne qui ne scelle pas celle d’avant, ou dont le contenu n’a pas cette empreinte."""
    for ligne in lignes:
        scelle = "|".join(str(ligne[nom]) for nom in _SCELLEES if ligne[nom] is not None)
        if ligne["precedente"] != precedente or ligne["empreinte"] != _sha256(scelle.encode()):
            return int(ligne["id"])
        precedente = ligne["empreinte"]
    return None


def fautes_des_archives(dossier: Path) -> list[str]:
    """Ce qui, dans `dossier`, ne correspond plus aux ancres : fichier absent, modifié, ou chaîne rompue."""
    fautes, precedente = [], ""
    for ancre in AncreTrace.objects.order_by("derniere_id"):
        if ancre.archive:
            chemin = dossier / _nom(ancre.premiere_id, ancre.derniere_id)
            faute = _faute(chemin, ancre, precedente)
            fautes += [f"{chemin.name} : {faute}"] if faute else []
        precedente = ancre.empreinte
    return fautes


def _faute(chemin: Path, ancre: AncreTrace, precedente: str) -> str | None:
    if not chemin.is_file():
        return "archive absente"
    contenu = chemin.read_bytes()
    if _sha256(contenu) != ancre.archive:
        return "archive modifiée"
    lignes = [json.loads(ligne) for ligne in contenu.splitlines()]
    if premiere_rupture(lignes, precedente) or lignes[-1]["empreinte"] != ancre.empreinte:
        return "chaîne rompue"
    return None


def _archiver(lignes: Sequence[dict[str, Any]], dossier: Path) -> str:
    """Écrit le fichier, entier ou pas du tout, et rend son empreinte. Rejouée, elle le remplace par lui-même."""
    contenu = "".join(json.dumps(ligne, ensure_ascii=False) + "\n" for ligne in lignes).encode()
    chemin = dossier / _nom(lignes[0]["id"], lignes[-1]["id"])
    provisoire = chemin.with_suffix(".partiel")
    with open(os.open(provisoire, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as flux:
        flux.write(contenu)
        flux.flush()
        os.fsync(flux.fileno())
    provisoire.replace(chemin)
    return _sha256(contenu)


def _nom(premiere_id: int, derniere_id: int) -> str:
    return f"trace-{premiere_id:012d}-{derniere_id:012d}.jsonl"


def _sha256(contenu: bytes) -> str:
    return hashlib.sha256(contenu).hexdigest()
