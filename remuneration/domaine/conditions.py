"""Les conditions du forfait annuel, jugées une à une sur des faits déjà lus.

La phrase s’adresse au professionnel ; d’une structure, elle se lit à la troisième personne.

Conditions de l’indicateur 8 de l’avenant 9, puis du forfait SAS de 2026 : guide de
l’effecteur § 2.1, FAQ du 30/01/2023, fiche repères 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from remuneration.domaine.ecriture import accorder

SAS_OUVERT, PARTICIPE, MONTRE, INTERFACE, INSCRIT = (
    "sas_ouvert",
    "participe",
    "montre",
    "interface",
    "inscrit",
)


@dataclass(frozen=True, slots=True)
class SemaineCourte:
    """Une semaine sous le seuil. `minutes` nul : la plateforme n’a pas de relevé de cette semaine-là."""

    lundi: date
    minutes: int | None
    seuil_min: int


@dataclass(frozen=True, slots=True)
class Situation:
    """Les faits au `jour` où l’on juge : le dernier de la période, ou le dernier où l’on a participé.

    `territoire` : celui dont le SAS fonctionne ce jour-là, vide s’il n’y en a pas.
    `par_organisation` : la CPTS ou la MSP, ou la structure elle-même, montre ses créneaux par sa solution interfacée.
    `semaines` : combien devaient être montrées à la main ; `courtes` : celles qui ne l’ont pas été.
    """

    jour: date
    participe: bool
    est_structure: bool = False
    mode: str = ""
    territoire: str = ""
    par_logiciel: bool = False
    par_organisation: bool = False
    declare_deux_heures: bool = False
    inscrit: bool = False
    semaines: int = 0
    courtes: Sequence[SemaineCourte] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Verdict:
    code: str
    remplie: bool
    phrase: str
    preuve: dict[str, Any]


def juger(
    codes: Iterable[str], situation: Situation, *, semaines_manquantes_max: int | None = None
) -> list[Verdict]:
    """Un verdict par condition demandée, dans l’ordre demandé. Lève `KeyError` pour une condition inconnue."""
    return [_JUGES[code](situation, semaines_manquantes_max or 0) for code in codes]


def forfait(montant: Decimal, verdicts: Iterable[Verdict], *, medecins: int = 1) -> Decimal:
    """Euros dus : le montant par médecin si toutes les conditions sont remplies, sinon zéro."""
    return montant * medecins if all(v.remplie for v in verdicts) else Decimal(0)


def _sas_ouvert(s: Situation, _: int) -> Verdict:
    ou = "de la structure" if s.est_structure else "de votre lieu d’exercice"
    if s.territoire:
        phrase = f"Un SAS fonctionne sur le territoire {ou} ({s.territoire})."
    else:
        phrase = f"Aucun SAS ne fonctionne sur le territoire {ou}\u00a0: rien n’y est dû."
    return Verdict(SAS_OUVERT, bool(s.territoire), phrase, {"territoire": s.territoire, "jour": _iso(s.jour)})


def _participe(s: Situation, _: int) -> Verdict:
    if s.est_structure:
        accepte = "accepte" if s.participe else "n’accepte pas"
        phrase = f"La structure {accepte} d’être sollicitée en sus de ses disponibilités."
    else:
        accepte = "acceptez" if s.participe else "n’acceptez pas"
        phrase = f"Vous {accepte} d’être sollicité en sus de vos disponibilités."
    return Verdict(PARTICIPE, s.participe, phrase, {"mode": s.mode, "jour": _iso(s.jour)})


def _montre(s: Situation, manquantes_max: int) -> Verdict:
    preuve = {
        "semaines": s.semaines,
        "courtes": [
            {"semaine": _iso(c.lundi), "minutes": c.minutes, "seuil_min": c.seuil_min} for c in s.courtes
        ],
    }
    if s.par_logiciel or s.par_organisation:
        a_qui = "Les créneaux de la structure" if s.est_structure else "Vos créneaux"
        return Verdict(MONTRE, True, f"{a_qui} sont montrés par {_solution(s)}.", preuve)
    if not s.declare_deux_heures:
        qui = "La structure ne montre" if s.est_structure else "Vous ne montrez"
        phrase = f"{qui} pas de créneaux\u00a0: ni logiciel interfacé, ni heures déclarées chaque semaine."
        return Verdict(MONTRE, False, phrase, preuve)
    courtes = len(s.courtes)
    if not s.semaines:
        phrase = "Aucune semaine entière n’est encore à prouver depuis la déclaration."
    elif not courtes:
        relevees = accorder(s.semaines, "semaine relevée", "semaines relevées")
        phrase = f"Le temps de consultation demandé est montré chaque semaine ({relevees})."
    else:
        phrase = f"{accorder(courtes, 'semaine')} sur {s.semaines} sous le temps de consultation demandé"
        phrase += f"\u00a0; la règle en admet {manquantes_max}." if manquantes_max else "."
    return Verdict(MONTRE, courtes <= manquantes_max, phrase, preuve)


def _interface(s: Situation, _: int) -> Verdict:
    preuve = {"logiciel": s.par_logiciel, "organisation": s.par_organisation}
    if s.par_logiciel or s.par_organisation:
        qui = "La structure participe" if s.est_structure else "Vous participez"
        return Verdict(INTERFACE, True, f"{qui} par {_solution(s)}.", preuve)
    laquelle = "et la structure n’en a pas" if s.est_structure else "la vôtre ou celle de votre organisation"
    phrase = f"Depuis 2026, la participation passe par une solution interfacée, {laquelle}."
    return Verdict(INTERFACE, False, phrase, preuve)


def _inscrit(s: Situation, _: int) -> Verdict:
    if s.est_structure:
        phrase = "La structure est inscrite sur la plateforme nationale."
    elif s.inscrit:
        phrase = "Vous êtes inscrit sur la plateforme nationale."
    else:
        phrase = "Aucun compte nominatif à votre nom sur la plateforme nationale."
    return Verdict(INSCRIT, s.inscrit, phrase, {})


def _solution(s: Situation) -> str:
    if s.par_logiciel:
        return "votre logiciel interfacé"
    return "sa solution interfacée" if s.est_structure else "la solution interfacée de votre organisation"


def _iso(jour: date) -> str:
    return jour.isoformat()


_JUGES = {
    SAS_OUVERT: _sas_ouvert,
    PARTICIPE: _participe,
    MONTRE: _montre,
    INTERFACE: _interface,
    INSCRIT: _inscrit,
}
