"""Où chercher : des communes tirées selon leur population, toujours les mêmes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from psycopg.pq import Format

from agenda.domaine.offre import en_minutes, fin_de_fenetre
from annuaire.domaine.fuseaux import FUSEAUX
from annuaire.lectures import LieuTrouve, par_commune
from annuaire.models import Commune, LieuExercice, Specialite
from orientation.lectures import Criteres, instruction, parametres_de

GRAINE = 2026
MEDECINE_GENERALE = "SM54"


@dataclass(frozen=True, slots=True)
class Recherche:
    """De la médecine générale autour d’une commune, dans le rayon de son département."""

    commune: str
    lieu: LieuTrouve
    criteres: Criteres


def recherches(nombre: int) -> list[Recherche]:
    """Tirées dans les départements où l’échelle a mis des lieux ; une grande ville revient plusieurs fois."""
    (specialite,) = Specialite.objects.filter(code=MEDECINE_GENERALE).values_list("pk", flat=True)
    departements = LieuExercice.objects.values("commune__departement").distinct()
    communes = (
        Commune.objects.filter(departement__in=departements, population__gt=0, lat__isnull=False)
        .exclude(pk__in=Commune.objects.exclude(commune_parente=None).values("commune_parente"))
        .order_by("pk")
        .values_list("pk", "population")
    )
    codes, populations = zip(*communes, strict=True)
    tires = Random(GRAINE).choices(codes, populations, k=nombre)
    situes = {code: par_commune(code) for code in sorted(set(tires))}
    return [
        Recherche(
            commune=code,
            lieu=situes[code],
            criteres=Criteres(
                lat=situes[code].lat,
                lon=situes[code].lon,
                rayon_km=situes[code].rayon_defaut_km,
                specialite_ids=(specialite,),
            ),
        )
        for code in tires
    ]


def requete(
    criteres: Criteres, maintenant: datetime, *, par_page: int, facettes: bool = False
) -> tuple[str, dict[str, Any]]:
    """L’instruction de la recherche et ses paramètres, pour la première page."""
    fenetres = [en_minutes(fin_de_fenetre(maintenant, ZoneInfo(nom))) for nom in FUSEAUX]
    parametres = parametres_de(criteres, maintenant, fenetres) | {"par_page": par_page, "saut": 0}
    return instruction(criteres, facettes=facettes), parametres


def jouer_sql(sql: str, parametres: Mapping[str, Any]) -> Iterable[Any]:
    """Lue en binaire, comme le site la lit (docs/adr/0008)."""
    with connection.cursor() as curseur:
        curseur.cursor.format = Format.BINARY
        curseur.execute(sql, parametres)
        return curseur.fetchall()
