"""Lire actes et décomptes, pour tout le pays ou pour un bénéficiaire : les mêmes instructions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import chain
from typing import Any

from django.db import connection

from remuneration.calcul import sql_actes, sql_decomptes
from remuneration.calcul.decomptes import Ligne, d_activite, de_majoration, de_participation
from remuneration.calcul.perimetre import Perimetre
from remuneration.calcul.regles import RegleLue
from remuneration.enums import ANNUELLES, MAJORATIONS, PAR_TRANCHES

_DU_CALCUL = "SELECT * FROM remuneration_acte WHERE calcul_id = %(calcul)s"


def decomptes(
    regles: Sequence[RegleLue],
    debut: date,
    fin: date,
    *,
    arrete_le: datetime,
    calcul: int | None = None,
    perimetre: Perimetre | None = None,
) -> Iterator[Ligne]:
    """Les décomptes de [debut, fin[ : d’après les actes de `calcul`, ou d’après leurs sources pour un bénéficiaire."""
    par_numero = {regle.pk: regle for regle in regles}
    parametres: dict[str, Any] = {
        "arrete_le": arrete_le,
        "premier": debut,
        "lendemain": fin,
        "regles": list(par_numero),
        "calcul": calcul,
        "par_tranches": list(PAR_TRANCHES),
    }
    actes = _DU_CALCUL
    if perimetre is not None:
        parametres |= perimetre.parametres
        releve, de_releve = sql_actes.instruction(
            regles, debut, fin, arrete_le=arrete_le, perimetre=perimetre
        )
        parametres |= de_releve
        actes = releve
    contexte = sql_actes.contexte(perimetre)
    prestations = {regle.prestation for regle in regles}
    lots: list[Iterator[Ligne]] = []
    if prestations.intersection(PAR_TRANCHES):
        lots.append(d_activite(_lire(sql_decomptes.par_tranches(contexte, actes), parametres), par_numero))
    if prestations.intersection(MAJORATIONS):
        lots.append(de_majoration(_lire(sql_decomptes.majorations(contexte, actes), parametres), par_numero))
    if prestations.intersection(ANNUELLES):
        sql = sql_decomptes.participation(contexte, restreint=perimetre is not None)
        lots.append(de_participation(_lire(sql, parametres), par_numero))
    return chain.from_iterable(lots)


def _lire(sql: str, parametres: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Tout d’un coup : la connexion doit être libre quand les décomptes s’écrivent."""
    with connection.cursor() as curseur:
        curseur.execute(sql, parametres)
        return list(curseur.fetchall())
