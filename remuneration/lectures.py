"""Ce que les pages lisent de la rémunération : l’estimation en cours d’un bénéficiaire, par le calcul national."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction

from annuaire.models import Effecteur, LieuExercice, Structure
from remuneration.calcul import sql_actes
from remuneration.calcul.decomptes import Ligne
from remuneration.calcul.perimetre import Perimetre, perimetre_de
from remuneration.calcul.regles import BaremeRefuse, RegleLue, TrancheLue, lues, regles_pour
from remuneration.calcul.releves import decomptes
from remuneration.domaine.baremes import tranche_atteinte, tranche_suivante
from remuneration.domaine.conditions import Verdict
from remuneration.domaine.periodes import annee_de, bornes, trimestre_de
from remuneration.models import Acte, Periode


@dataclass(frozen=True, slots=True)
class Attendu:
    """Ce qu’une prestation vaut à ce jour. `montant` est ce que l’on peut attendre, zéro si une condition manque."""

    regle: RegleLue
    nombre: int
    montant: Decimal
    est_du: bool
    mode: str
    conditions: list[Verdict]
    preuve: dict[str, Any]

    @property
    def tranche(self) -> TrancheLue | None:
        return tranche_atteinte(self.regle.tranches, self.nombre)

    @property
    def suivante(self) -> TrancheLue | None:
        return tranche_suivante(self.regle.tranches, self.nombre)


@dataclass(frozen=True, slots=True)
class Estimation:
    """Trimestre et année en cours. `refus` : ce qui empêche le calcul d’une période, en une phrase montrable."""

    trimestre: Periode
    annee: Periode
    prestations: list[Attendu]
    actes: list[Acte]
    refus: list[str]


def estimer(
    *, effecteur: Effecteur | None = None, structure: Structure | None = None, maintenant: datetime
) -> Estimation:
    """Ce que le calcul national dirait aujourd’hui d’un effecteur ou d’une structure ; n’écrit rien.

    Les périodes et les actes rendus ne sont pas enregistrés. Lève `ValueError` sans bénéficiaire, ou avec deux.
    """
    jour = maintenant.astimezone(ZoneInfo(_fuseau(effecteur, structure))).date()
    trimestre, annee = (_periode(code) for code in (trimestre_de(jour), annee_de(jour)))
    prestations: list[Attendu] = []
    actes: list[Acte] = []
    refus: list[str] = []
    with transaction.atomic():
        with connection.cursor() as curseur:
            curseur.execute("SET LOCAL jit = off")
        perimetre = perimetre_de(effecteur=effecteur, structure=structure, maintenant=maintenant)
        for periode in (trimestre, annee):
            try:
                regles = lues(regles_pour(periode))
            except BaremeRefuse as erreur:
                refus.append(str(erreur))
                continue
            if periode.est_trimestre:
                actes = _actes(regles, periode, maintenant, perimetre)
            lignes = decomptes(regles, periode.debut, periode.fin, arrete_le=maintenant, perimetre=perimetre)
            prestations += [_attendu(ligne) for ligne in lignes]
    return Estimation(trimestre, annee, prestations, actes, refus)


def _fuseau(effecteur: Effecteur | None, structure: Structure | None) -> str:
    siens = {"effecteur": effecteur} if effecteur else {"structure": structure}
    fuseaux = (
        LieuExercice.objects.filter(**siens).order_by("-est_actif", "pk").values_list("fuseau", flat=True)
    )
    return fuseaux.first() or settings.TIME_ZONE


def _periode(code: str) -> Periode:
    debut, fin = bornes(code)
    return Periode(code=code, debut=debut, fin=fin)


def _actes(
    regles: Sequence[RegleLue], periode: Periode, maintenant: datetime, perimetre: Perimetre
) -> list[Acte]:
    """Les actes du trimestre, le plus récent d’abord ; une requête."""
    sql, parametres = sql_actes.instruction(
        regles, periode.debut, periode.fin, arrete_le=maintenant, perimetre=perimetre
    )
    with connection.cursor() as curseur:
        curseur.execute(f"{sql} ORDER BY debut DESC, source, numero", parametres)
        return [Acte(**dict(zip(sql_actes.COLONNES, rangee, strict=True))) for rangee in curseur.fetchall()]


def _attendu(ligne: Ligne) -> Attendu:
    return Attendu(
        ligne.regle, ligne.nombre, ligne.montant, ligne.est_du, ligne.mode, ligne.verdicts, ligne.preuve
    )
