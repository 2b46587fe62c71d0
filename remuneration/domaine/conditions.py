"""Les conditions du forfait annuel, jugées une à une sur des faits déjà lus ; la phrase s’adresse au professionnel.

Conditions de l’indicateur 8 de l’avenant 9, puis du forfait SAS de 2026 : guide de
l’effecteur § 2.1, FAQ du 30/01/2023, fiche repères 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

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
    `par_organisation` : la CPTS ou la MSP montre ses créneaux par sa solution interfacée.
    `semaines` : combien devaient être montrées à la main ; `courtes` : celles qui ne l’ont pas été.
    """

    jour: date
    participe: bool
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
    if s.territoire:
        phrase = f"Un SAS fonctionne sur le territoire de votre lieu d’exercice ({s.territoire})."
    else:
        phrase = "Aucun SAS ne fonctionne sur le territoire de vos lieux d’exercice\u00a0: rien n’y est dû."
    return Verdict(SAS_OUVERT, bool(s.territoire), phrase, {"territoire": s.territoire, "jour": _iso(s.jour)})


def _participe(s: Situation, _: int) -> Verdict:
    phrase = (
        "Vous acceptez d’être sollicité en sus de vos disponibilités."
        if s.participe
        else "Vous n’acceptez pas d’être sollicité en sus de vos disponibilités."
    )
    return Verdict(PARTICIPE, s.participe, phrase, {"mode": s.mode, "jour": _iso(s.jour)})


def _montre(s: Situation, manquantes_max: int) -> Verdict:
    preuve = {
        "semaines": s.semaines,
        "courtes": [
            {"semaine": _iso(c.lundi), "minutes": c.minutes, "seuil_min": c.seuil_min} for c in s.courtes
        ],
    }
    if s.par_logiciel or s.par_organisation:
        qui = "votre logiciel interfacé" if s.par_logiciel else "la solution interfacée de votre organisation"
        return Verdict(MONTRE, True, f"Vos créneaux sont montrés par {qui}.", preuve)
    if not s.declare_deux_heures:
        phrase = "Vous ne montrez pas de créneaux\u00a0: ni logiciel interfacé, ni heures déclarées chaque semaine."
        return Verdict(MONTRE, False, phrase, preuve)
    courtes = len(s.courtes)
    if courtes > manquantes_max:
        pluriel = "s" if courtes > 1 else ""
        phrase = f"{courtes} semaine{pluriel} sur {s.semaines} sous le temps de consultation demandé."
    elif courtes:
        phrase = f"{courtes} semaine(s) sur {s.semaines} sous le temps demandé, {manquantes_max} admise(s)."
    else:
        phrase = f"Le temps de consultation demandé est montré chaque semaine ({s.semaines} relevées)."
    return Verdict(MONTRE, courtes <= manquantes_max, phrase, preuve)


def _interface(s: Situation, _: int) -> Verdict:
    preuve = {"logiciel": s.par_logiciel, "organisation": s.par_organisation}
    if s.par_logiciel:
        return Verdict(INTERFACE, True, "Vous participez par votre logiciel interfacé.", preuve)
    if s.par_organisation:
        phrase = "Vous participez par la solution interfacée de votre organisation."
        return Verdict(INTERFACE, True, phrase, preuve)
    phrase = "Depuis 2026, la participation passe par une solution interfacée, la vôtre ou celle de votre organisation."
    return Verdict(INTERFACE, False, phrase, preuve)


def _inscrit(s: Situation, _: int) -> Verdict:
    phrase = (
        "Vous êtes inscrit sur la plateforme nationale."
        if s.inscrit
        else "Aucun compte nominatif à votre nom sur la plateforme nationale."
    )
    return Verdict(INSCRIT, s.inscrit, phrase, {})


def _iso(jour: date) -> str:
    return jour.isoformat()


_JUGES = {
    SAS_OUVERT: _sas_ouvert,
    PARTICIPE: _participe,
    MONTRE: _montre,
    INTERFACE: _interface,
    INSCRIT: _inscrit,
}
