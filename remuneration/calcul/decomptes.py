"""De la ligne lue au décompte : un montant par une fonction pure, les conditions et la preuve à côté."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Any

from remuneration.calcul.regles import RegleLue
from remuneration.calcul.sql_decomptes import MOTIFS
from remuneration.domaine.actes import montant_des_majorations
from remuneration.domaine.baremes import montant, tranche_atteinte, tranche_suivante
from remuneration.domaine.conditions import SemaineCourte, Situation, Verdict, forfait, juger
from remuneration.enums import Condition, Mode, MotifActe

# Ce qui écarte des actes quand la condition n’est pas remplie à leur date.
_ECARTE = {Condition.SAS_OUVERT: MotifActe.SAS_FERME, Condition.PARTICIPE: MotifActe.NON_PARTICIPANT}


@dataclass(frozen=True, slots=True)
class Ligne:
    """Un décompte à écrire. `cle` : l’effecteur, ou moins la structure."""

    regle: RegleLue
    cle: int
    departement: str
    territoire: int | None
    mode: str
    nombre: int
    montant: Decimal
    est_du: bool
    verdicts: list[Verdict]
    preuve: dict[str, Any]

    @property
    def conditions(self) -> dict[str, list[Any]]:
        return {verdict.code: [verdict.remplie, verdict.phrase] for verdict in self.verdicts}


def d_activite(rangees: Iterable[Sequence[Any]], regles: Mapping[int, RegleLue]) -> Iterator[Ligne]:
    """Forfaits par tranches, d’après les actes comptés par motif."""
    for regle_id, cle, departement, territoire, mode, comptes in rangees:
        regle = regles[regle_id]
        motifs = {motif: nombre for motif, nombre in zip(MOTIFS, comptes, strict=True) if nombre}
        nombre = motifs.get(MotifActe.COMPTE, 0)
        verdicts = [_selon_les_actes(code, nombre, motifs) for code in regle.conditions]
        verdicts += _selon_le_mode(regle, mode)
        euros = montant(regle.tranches, nombre) if _mode_admis(regle, mode) else Decimal(0)
        atteinte, suivante = (
            tranche_atteinte(regle.tranches, nombre),
            tranche_suivante(regle.tranches, nombre),
        )
        preuve = {
            "actes": sum(motifs.values()),
            "motifs": motifs,
            "tranche": {"de": atteinte.de, "a": atteinte.a} if atteinte else None,
            "suivante": {"de": suivante.de, "montant": str(suivante.montant)} if suivante else None,
        }
        yield Ligne(
            regle, cle, departement, territoire, mode or "", nombre, euros, euros > 0, verdicts, preuve
        )


def de_majoration(rangees: Iterable[Sequence[Any]], regles: Mapping[int, RegleLue]) -> Iterator[Ligne]:
    """Majorations réclamables ; le médecin les cote acte par acte, la somme est ce qu’il peut en attendre."""
    for (
        regle_id,
        cle,
        departement,
        territoire,
        mode,
        medecins,
        permises,
        reclamables,
        plafonnees,
    ) in rangees:
        regle = regles[regle_id]
        nombre = reclamables if _mode_admis(regle, mode) else 0
        preuve = {
            "permises": permises,
            "plafond_hebdo": regle.plafond_hebdo,
            "medecins": medecins,
            "semaines_plafonnees": [_iso(semaine) for semaine in plafonnees],
        }
        euros = montant_des_majorations(nombre, regle.montant)
        verdicts = _selon_le_mode(regle, mode)
        yield Ligne(
            regle, cle, departement, territoire, mode or "", nombre, euros, nombre > 0, verdicts, preuve
        )


def de_participation(rangees: Iterable[Sequence[Any]], regles: Mapping[int, RegleLue]) -> Iterator[Ligne]:
    """Forfaits annuels, d’après les faits de chaque condition."""
    for rangee in rangees:
        (
            regle_id, cle, departement, territoire, mode, medecins, jour, nom, par_logiciel, par_organisation,
            declare, inscrit, semaines, relevees, mini, moyenne, courtes, minutes, seuil, manquantes, declarations,
        ) = rangee  # fmt: skip
        regle = regles[regle_id]
        sous_le_seuil = [
            SemaineCourte(lundi, lues, seuil)
            for lundi, lues in chain(zip(courtes, minutes, strict=True), ((m, None) for m in manquantes))
        ]
        sous_le_seuil.sort(key=lambda semaine: semaine.lundi)
        situation = Situation(
            jour=jour,
            participe=True,
            est_structure=cle < 0,
            mode=mode,
            territoire=nom,
            par_logiciel=par_logiciel,
            par_organisation=par_organisation,
            declare_deux_heures=declare,
            inscrit=inscrit,
            semaines=semaines,
            courtes=sous_le_seuil,
        )
        verdicts = juger(
            regle.conditions, situation, semaines_manquantes_max=regle.semaines_manquantes_max
        ) + _selon_le_mode(regle, mode)
        euros = forfait(regle.montant, verdicts, medecins=medecins)
        preuve = {
            "jour": _iso(jour),
            "declarations": json.loads(declarations or "[]"),
            "semaines": semaines,
            "relevees": relevees,
            "minutes_min": mini,
            "minutes_moyenne": None if moyenne is None else int(moyenne),
            "seuil_min": seuil,
            "courtes": [{"semaine": _iso(s.lundi), "minutes": s.minutes} for s in sous_le_seuil],
            "logiciel": par_logiciel,
            "organisation": par_organisation,
            "medecins": medecins,
        }
        nombre = relevees if cle > 0 else medecins
        du = all(verdict.remplie for verdict in verdicts)
        yield Ligne(regle, cle, departement, territoire, mode or "", nombre, euros, du, verdicts, preuve)


def _selon_les_actes(code: str, nombre: int, motifs: Mapping[str, int]) -> Verdict:
    """Ces conditions se jugent acte par acte : remplie, sauf si tout ce qui aurait compté a été écarté pour elle."""
    ecartes = motifs.get(_ECARTE[Condition(code)], 0)
    if not ecartes:
        return Verdict(code, True, f"{Condition(code).label}\u00a0: à la date de chaque acte.", {})
    pluriel = "s" if ecartes > 1 else ""
    phrase = f"{Condition(code).label}\u00a0: {ecartes} acte{pluriel} écarté{pluriel}, ce n’était pas le cas à leur date."
    return Verdict(code, nombre > 0, phrase, {})


def _mode_admis(regle: RegleLue, mode: str | None) -> bool:
    return not mode or mode in regle.modes


def _selon_le_mode(regle: RegleLue, mode: str | None) -> list[Verdict]:
    if _mode_admis(regle, mode):
        return []
    nom = Mode(mode).label if mode in Mode.values else mode
    return [Verdict("mode", False, f"La règle ne prévoit rien pour ce mode de participation ({nom}).", {})]


def _iso(jour: date) -> str:
    return jour.isoformat()
