"""Compter ce que l’on demande à un éditeur et ce qu’il répond : une instruction par table et par groupe de lots.

À jouer en dernier dans une transaction : ces lignes sont communes à tous les processus.
Chaque instruction les prend dans le même ordre, et chaque appelant les tables dans
celui de `noter` : deux processus s’attendent, ils ne se bloquent pas.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

import msgspec
from django.db import connection

from agenda.domaine.latences import classe
from agenda.editeurs.client import Reponse
from agenda.editeurs.valeurs import borner
from agenda.editeurs.verdicts import Echantillon
from agenda.enums import EtatLot

ECHANTILLONS_PAR_RAISON = 5
# Un échantillon n’est pas remplacé plus souvent : un éditeur fautif n’écrit pas plus qu’un autre.
ENTRE_DEUX_ECHANTILLONS_S = 600

Appel = tuple[EtatLot, Reponse]


def noter(
    editeur_id: int,
    appels: Sequence[Appel],
    motifs: Mapping[str, int],
    echantillons: Iterable[Echantillon],
    maintenant: datetime,
) -> None:
    compter(editeur_id, motifs, maintenant)
    noter_appels(editeur_id, appels, maintenant)
    _noter_echantillons(editeur_id, echantillons, maintenant)


def compter(editeur_id: int, motifs: Mapping[str, int], maintenant: datetime) -> None:
    """Ajoute aux compteurs du jour (UTC)."""
    _jouer(
        """
        INSERT INTO agenda_qualiteediteur AS q (editeur_id, jour, motif, nombre)
        SELECT %(editeur)s, %(jour)s, motif, nombre
        FROM json_to_recordset(%(lignes)s::json) AS n (motif text, nombre bigint) ORDER BY motif
        ON CONFLICT (editeur_id, jour, motif) DO UPDATE SET nombre = q.nombre + excluded.nombre
        """,
        [{"motif": motif, "nombre": nombre} for motif, nombre in motifs.items() if nombre],
        editeur=editeur_id,
        jour=maintenant.astimezone(UTC).date(),
    )


def noter_appels(editeur_id: int, appels: Iterable[Appel], maintenant: datetime) -> None:
    """Compte ces appels par heure (UTC), issue et classe de durée ; garde le dernier échec de chaque sorte."""
    nombres: Counter[tuple[str, int]] = Counter()
    erreurs: dict[tuple[str, int], dict[str, Any]] = {}
    for etat, reponse in appels:
        nombres[etat.value, classe(reponse.duree_ms)] += 1
        if etat == EtatLot.REUSSI:
            continue
        sorte = etat.value, reponse.code_http
        erreurs[sorte] = {
            "etat": etat.value,
            "code_http": reponse.code_http,
            "detail": borner(reponse.detail, 200),
            "nombre": erreurs[sorte]["nombre"] + 1 if sorte in erreurs else 1,
        }
    _jouer(
        """
        INSERT INTO agenda_appelsediteur AS a (editeur_id, heure, etat, classe, nombre)
        SELECT %(editeur)s, %(heure)s, etat, classe, nombre
        FROM json_to_recordset(%(lignes)s::json) AS n (etat text, classe smallint, nombre int)
        ORDER BY etat, classe
        ON CONFLICT (editeur_id, heure, etat, classe) DO UPDATE SET nombre = a.nombre + excluded.nombre
        """,
        [{"etat": etat, "classe": rang, "nombre": nombre} for (etat, rang), nombre in nombres.items()],
        editeur=editeur_id,
        heure=maintenant.astimezone(UTC).replace(minute=0, second=0, microsecond=0),
    )
    _jouer(
        """
        INSERT INTO agenda_erreurediteur AS e (editeur_id, etat, code_http, detail, le, nombre)
        SELECT %(editeur)s, etat, code_http, detail, %(le)s, nombre
        FROM json_to_recordset(%(lignes)s::json) AS n (etat text, code_http smallint, detail text, nombre int)
        ORDER BY etat, code_http
        ON CONFLICT (editeur_id, etat, code_http) DO UPDATE
        SET detail = excluded.detail, le = excluded.le, nombre = e.nombre + excluded.nombre
        """,
        list(erreurs.values()),
        editeur=editeur_id,
        le=maintenant,
    )


def _noter_echantillons(editeur_id: int, echantillons: Iterable[Echantillon], maintenant: datetime) -> None:
    """Le rang suit l’id : un créneau rejeté à chaque lecture n’occupe qu’une ligne, d’autres ont les leurs."""
    lignes = {(un.raison, crc32(un.slot.encode()) % ECHANTILLONS_PAR_RAISON): un for un in echantillons}
    _jouer(
        """
        INSERT INTO agenda_echantillonrejet AS e (editeur_id, raison, rang, slot, fragment, le)
        SELECT %(editeur)s, raison, rang, slot, fragment, %(le)s
        FROM json_to_recordset(%(lignes)s::json) AS n (raison text, rang smallint, slot text, fragment text)
        ORDER BY raison, rang
        ON CONFLICT (editeur_id, raison, rang) DO UPDATE
        SET slot = excluded.slot, fragment = excluded.fragment, le = excluded.le
        WHERE e.le < excluded.le - make_interval(secs => %(ecart)s)
        """,
        [
            {"raison": raison, "rang": rang, "slot": un.slot, "fragment": un.fragment}
            for (raison, rang), un in lignes.items()
        ],
        editeur=editeur_id,
        le=maintenant,
        ecart=ENTRE_DEUX_ECHANTILLONS_S,
    )


def _jouer(instruction: str, lignes: Sequence[Mapping[str, Any]], **valeurs: Any) -> None:
    if not lignes:
        return
    with connection.cursor() as curseur:
        curseur.execute(instruction, {"lignes": msgspec.json.encode(lignes).decode(), **valeurs})
