"""Ce que les règles datées deviennent dans l’instruction des actes : le motif de chacun, les majorations qu’il permet.

Chaque fonction rend du SQL sur l’alias `j` (un acte et ses faits), et ajoute à `parametres` ce qu’il lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from remuneration.calcul.regles import RegleLue
from remuneration.enums import Condition, MotifActe


def motif(regles: Sequence[RegleLue], parametres: dict[str, Any]) -> str:
    """Le premier motif qui s’applique ; sans règle d’activité ce jour-là, celles de l’indicateur 9."""
    cas = "".join(
        f" WHEN {_vaut_le_jour(regle, parametres)} THEN {_motif_selon(regle, parametres)}"
        for regle in regles
        if regle.est_par_tranches
    )
    selon = _motif_selon(None, parametres)
    return (
        f"CASE WHEN j.annulee THEN '{MotifActe.ANNULEE}' WHEN j.type = '3' THEN '{MotifActe.REORIENTATION}'"
        f" WHEN j.est_doublon THEN '{MotifActe.DOUBLON}' {cas} ELSE {selon} END"
    )


def _motif_selon(regle: RegleLue | None, parametres: dict[str, Any]) -> str:
    conditions = {Condition.SAS_OUVERT, Condition.PARTICIPE} if regle is None else set(regle.conditions)
    issues = ["venu"] if regle is None else regle.issues
    cas = []
    if Condition.SAS_OUVERT in conditions:
        cas.append(f"WHEN NOT j.ouvert THEN '{MotifActe.SAS_FERME}'")
    if regle is not None and regle.delai_h is not None:
        cas.append(f"WHEN NOT {_dans_le_delai(regle, parametres)} THEN '{MotifActe.HORS_DELAI}'")
    if Condition.PARTICIPE in conditions:
        cas.append(f"WHEN NOT j.participait THEN '{MotifActe.NON_PARTICIPANT}'")
    cas.append(f"WHEN j.issue = 'pas_venu' THEN '{MotifActe.PAS_VENU}'")
    if issues:
        nom = f"issues_{regle.pk if regle else 0}"
        parametres[nom] = list(issues)
        cas.append(f"WHEN j.issue <> ALL(%({nom})s) THEN '{MotifActe.ISSUE_INCONNUE}'")
    return f"CASE {' '.join(cas)} ELSE '{MotifActe.COMPTE}' END"


def majorations(regles: Sequence[RegleLue], parametres: dict[str, Any]) -> str:
    cas = [
        f"CASE WHEN {_ouvre_droit(regle, parametres)} THEN '{regle.prestation}' END"
        for regle in regles
        if regle.est_majoration
    ]
    if not cas:
        return "'{}'::varchar[]"
    return f"array_remove(ARRAY[{', '.join(cas)}]::varchar[], NULL)"


def _ouvre_droit(regle: RegleLue, parametres: dict[str, Any]) -> str:
    exigences = ["j.vivant", "NOT j.est_doublon", _vaut_le_jour(regle, parametres)]
    if Condition.SAS_OUVERT in regle.conditions:
        exigences.append("j.ouvert")
    if Condition.PARTICIPE in regle.conditions:
        exigences.append("j.participait")
    if regle.issues:
        parametres[f"issues_{regle.pk}"] = list(regle.issues)
        exigences.append(f"j.issue = ANY(%(issues_{regle.pk})s)")
    else:
        exigences.append("j.issue <> 'pas_venu'")
    if regle.delai_h is not None:
        exigences.append(_dans_le_delai(regle, parametres))
    if regle.heure_debut is not None:
        parametres |= {f"heure_debut_{regle.pk}": regle.heure_debut, f"heure_fin_{regle.pk}": regle.heure_fin}
        exigences.append(
            f"j.a_une_heure AND j.heure >= %(heure_debut_{regle.pk})s AND j.heure < %(heure_fin_{regle.pk})s"
        )
    if regle.modalite:
        parametres[f"modalite_{regle.pk}"] = [regle.modalite]
        exigences.append(f"j.modalites = %(modalite_{regle.pk})s::varchar[]")
    return " AND ".join(exigences)


def _vaut_le_jour(regle: RegleLue, parametres: dict[str, Any]) -> str:
    parametres |= {f"debut_{regle.pk}": regle.debut, f"fin_{regle.pk}": regle.fin or date.max}
    return f"j.jour >= %(debut_{regle.pk})s AND j.jour < %(fin_{regle.pk})s"


def _dans_le_delai(regle: RegleLue, parametres: dict[str, Any]) -> str:
    parametres[f"delai_{regle.pk}"] = timedelta(hours=regle.delai_h or 0)
    return f"j.debut <= j.orientee_le + %(delai_{regle.pk})s"
