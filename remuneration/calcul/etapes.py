"""Un calcul, étape par étape : chacune est une transaction, gardée par l’étape atteinte ; on la rejoue sans dommage.

Une étape interrompue n’a rien écrit ; la suivante reprend là où la précédente s’est
arrêtée, sur les faits connus au même instant. Deux processus sur le même calcul :
le second est refusé (verrou), ou trouve l’étape déjà faite.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from annuaire.actions.imports import copier
from remuneration.calcul import sql_actes
from remuneration.calcul.decomptes import Ligne
from remuneration.calcul.identifiants import rapprocher
from remuneration.calcul.regles import lues, regles_pour
from remuneration.calcul.releves import decomptes
from remuneration.enums import PAR_TRANCHES, Etape
from remuneration.models import Calcul, Decompte
from sas_platform.socle.verrous import prendre_verrou

REPRISE = timedelta(days=1)  # au-delà, un calcul interrompu recommence sur les faits du jour
_COLONNES = (
    "calcul_id", "prestation", "regle_id", "effecteur_id", "structure_id", "departement_id", "territoire_id",
    "mode", "nombre", "est_du", "montant", "conditions", "preuve",
)  # fmt: skip

Signaler = Callable[[str], object]


class CalculEnCours(Exception):
    """Un autre processus tient ce calcul."""

    def __init__(self) -> None:
        super().__init__("Un calcul de cette période est déjà en cours.")


class CalculClos(Exception):
    def __init__(self) -> None:
        super().__init__("Ce calcul est clos\u00a0: une correction est un rectificatif.")


class CalculIncoherent(Exception):
    """Les décomptes ne portent pas tous les actes comptés : rien n’est rendu."""


def avancer(calcul_id: int, maintenant: datetime, *, signaler: Signaler = lambda _: None) -> Calcul:
    """Fait l’étape suivante ; un calcul déjà fait recommence. Lève `CalculEnCours`, `CalculClos`, `BaremeRefuse`."""
    with transaction.atomic():
        calcul = tenir(calcul_id)
        if calcul.etape == Etape.CLOS:
            raise CalculClos
        if calcul.etape in (Etape.A_FAIRE, Etape.FAIT) or _est_perime(calcul, maintenant):
            _commencer(calcul, maintenant)
            _relever_les_actes(calcul)
            calcul.etape = Etape.ACTES
        elif calcul.etape == Etape.ACTES:
            _etablir_les_decomptes(calcul)
            calcul.etape = Etape.DECOMPTES
        else:
            _verifier(calcul)
            calcul.etape, calcul.fait_le = Etape.FAIT, maintenant
        calcul.save(update_fields=["etape", "arrete_le", "fait_le"])
    signaler(f"{calcul}\u00a0: {calcul.get_etape_display().lower()}")
    return calcul


def tenir(calcul_id: int) -> Calcul:
    """Le calcul, à soi seul jusqu’à la fin de la transaction. Lève `CalculEnCours`."""
    if not prendre_verrou(f"remuneration.calcul:{calcul_id}"):
        raise CalculEnCours
    with connection.cursor() as curseur:
        curseur.execute("SET LOCAL work_mem = '192MB'; SET LOCAL jit = off; SET LOCAL enable_mergejoin = off")
    return (
        Calcul.objects.select_for_update(of=("self",), no_key=True)
        .select_related("periode")
        .get(pk=calcul_id)
    )


def _est_perime(calcul: Calcul, maintenant: datetime) -> bool:
    return calcul.arrete_le is None or calcul.arrete_le < maintenant - REPRISE


def _commencer(calcul: Calcul, maintenant: datetime) -> None:
    """Fixe l’instant des faits et les règles ; un rectificatif garde celles de la première version."""
    rapprocher(maintenant)
    calcul.arrete_le, calcul.fait_le = maintenant, None
    if calcul.version == 1:
        calcul.regles.set(regles_pour(calcul.periode))
    else:
        premiere = Calcul.objects.get(periode=calcul.periode, version=1)
        calcul.regles.set(premiere.regles.all())


def _relever_les_actes(calcul: Calcul) -> None:
    """N’écrit que ce qui diffère du relevé précédent : d’une nuit à l’autre, presque rien ne change."""
    if not calcul.periode.est_trimestre:
        return
    assert calcul.arrete_le is not None
    regles = lues(calcul.regles.prefetch_related("tranches"))
    sql, parametres = sql_actes.instruction(
        regles, calcul.periode.debut, calcul.periode.fin, arrete_le=calcul.arrete_le
    )
    parametres["calcul"] = calcul.pk
    with connection.cursor() as curseur:
        if not calcul.actes.exists():
            curseur.execute(sql_actes.ajouter(sql), parametres)
            return
        curseur.execute("DROP TABLE IF EXISTS remuneration_releve")
        curseur.execute(f"CREATE TEMP TABLE remuneration_releve ON COMMIT DROP AS {sql}", parametres)
        curseur.execute("ANALYZE remuneration_releve (source, numero)")
        curseur.execute(sql_actes.ECARTER, parametres)
        curseur.execute(
            sql_actes.ajouter("SELECT * FROM remuneration_releve") + sql_actes.SAUF_CEUX_QUI_Y_SONT,
            parametres,
        )
        curseur.execute("DROP TABLE remuneration_releve")


def _etablir_les_decomptes(calcul: Calcul) -> None:
    assert calcul.arrete_le is not None
    regles = lues(calcul.regles.prefetch_related("tranches"))
    Decompte.objects.filter(calcul=calcul).delete()
    lignes = decomptes(
        regles, calcul.periode.debut, calcul.periode.fin, arrete_le=calcul.arrete_le, calcul=calcul.pk
    )
    copier("remuneration_decompte", _COLONNES, _rangees(calcul.pk, lignes))


def _rangees(calcul_id: int, lignes: Iterator[Ligne]) -> Iterator[tuple[Any, ...]]:
    for ligne in lignes:
        yield (
            calcul_id,
            ligne.regle.prestation,
            ligne.regle.pk,
            ligne.cle if ligne.cle > 0 else None,
            -ligne.cle if ligne.cle < 0 else None,
            ligne.departement,
            ligne.territoire,
            ligne.mode,
            ligne.nombre,
            ligne.est_du,
            ligne.montant,
            json.dumps(ligne.conditions, ensure_ascii=False),
            json.dumps(ligne.preuve, ensure_ascii=False),
        )


def _verifier(calcul: Calcul) -> None:
    """Chaque acte compté est dans un décompte, une fois. Lève `CalculIncoherent`."""
    with connection.cursor() as curseur:
        curseur.execute(
            """
            SELECT (
                SELECT count(*) FROM remuneration_acte a
                JOIN remuneration_regle r ON r.prestation = ANY(%(prestations)s)
                    AND a.jour >= r.debut AND (r.fin IS NULL OR a.jour < r.fin)
                JOIN remuneration_calcul_regles cr ON cr.regle_id = r.id AND cr.calcul_id = a.calcul_id
                WHERE a.calcul_id = %(calcul)s AND a.motif = 'compte'
            ), (
                SELECT coalesce(sum(nombre), 0) FROM remuneration_decompte
                WHERE calcul_id = %(calcul)s AND prestation = ANY(%(prestations)s)
            )
            """,
            {"calcul": calcul.pk, "prestations": list(PAR_TRANCHES)},
        )
        comptes, portes = curseur.fetchone() or (0, 0)
    if comptes != portes:
        raise CalculIncoherent(
            f"{calcul}\u00a0: {comptes} actes comptés, {portes} dans les décomptes. Un bénéficiaire n’a sans doute plus "
            "aucun lieu d’exercice dans l’annuaire."
        )
