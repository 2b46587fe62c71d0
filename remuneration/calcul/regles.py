"""Les règles d’une période, lues une fois, et ce qui les rend inutilisables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal

from remuneration.domaine.baremes import Jours, chevauchements, refus_des_tranches, trous
from remuneration.enums import ANNUELLES, MAJORATIONS, PAR_TRANCHES, Prestation
from remuneration.models import Periode, Regle, Tranche


class BaremeRefuse(Exception):
    """Il manque des règles à la période, ou elles se contredisent ; le message est montrable."""


@dataclass(frozen=True, slots=True)
class TrancheLue:
    de: int
    a: int | None
    montant: Decimal


@dataclass(frozen=True, slots=True)
class RegleLue:
    """Une règle et ses tranches, sans la base : ce que les instructions et les montants en lisent."""

    pk: int
    prestation: str
    debut: date
    fin: date | None
    montant: Decimal
    modes: tuple[str, ...]
    conditions: tuple[str, ...]
    issues: tuple[str, ...]
    minutes_hebdo: int
    semaines_manquantes_max: int
    plafond_hebdo: int | None
    delai_h: int | None
    heure_debut: time | None
    heure_fin: time | None
    modalite: str
    tranches: tuple[TrancheLue, ...]

    @property
    def est_par_tranches(self) -> bool:
        return self.prestation in PAR_TRANCHES

    @property
    def est_majoration(self) -> bool:
        return self.prestation in MAJORATIONS


def regles_pour(periode: Periode) -> list[Regle]:
    """Règles en vigueur qui touchent la période, dans l’ordre. Lève `BaremeRefuse`."""
    prestations = PAR_TRANCHES + MAJORATIONS if periode.est_trimestre else ANNUELLES
    toutes = list(Regle.objects.en_vigueur().filter(prestation__in=prestations).prefetch_related("tranches"))
    refus = refus_du_bareme(toutes, periode.debut, periode.fin)
    touchent = [r for r in toutes if r.debut < periode.fin and (r.fin is None or r.fin > periode.debut)]
    if not touchent:
        refus.append("aucune règle n’y est en vigueur.")
    for regle in touchent:
        refus += [f"{regle}\u00a0: {phrase}" for phrase in _refus_de_la_regle(regle)]
    if refus:
        raise BaremeRefuse(
            f"Le barème de la période «\u00a0{periode}\u00a0» ne permet pas de calcul\u00a0: {' '.join(refus)}"
        )
    return sorted(touchent, key=lambda r: (r.prestation, r.debut))


def refus_du_bareme(regles: Iterable[Regle], debut: date, fin: date) -> list[str]:
    """Jours oubliés entre deux règles d’une même prestation, ou réglés deux fois ; une phrase chacun."""
    par_prestation: dict[str, list[Regle]] = defaultdict(list)
    for regle in regles:
        par_prestation[regle.prestation].append(regle)
    phrases = []
    for prestation, siennes in sorted(par_prestation.items()):
        nom = Prestation(prestation).label
        phrases += [
            f"«\u00a0{nom}\u00a0» n’a pas de règle {_du_au(jours)}." for jours in trous(siennes, debut, fin)
        ]
        phrases += [
            f"«\u00a0{nom}\u00a0» a deux règles {_du_au(jours)}."
            for jours in chevauchements(siennes, debut, fin)
        ]
    return phrases


def _refus_de_la_regle(regle: Regle) -> list[str]:
    tranches: Sequence[Tranche] = list(regle.tranches.all())
    if regle.prestation in PAR_TRANCHES:
        return refus_des_tranches(tranches)
    return [] if regle.montant is not None else ["le montant manque."]


def _du_au(jours: Jours) -> str:
    dernier = date.fromordinal(jours[1].toordinal() - 1)
    return f"du {jours[0]:%d/%m/%Y} au {dernier:%d/%m/%Y}"


def lues(regles: Iterable[Regle]) -> list[RegleLue]:
    return [
        RegleLue(
            pk=regle.pk,
            prestation=regle.prestation,
            debut=regle.debut,
            fin=regle.fin,
            montant=regle.montant or Decimal(0),
            modes=tuple(regle.modes),
            conditions=tuple(regle.conditions),
            issues=tuple(regle.issues),
            minutes_hebdo=regle.minutes_hebdo or 0,
            semaines_manquantes_max=regle.semaines_manquantes_max or 0,
            plafond_hebdo=regle.plafond_hebdo,
            delai_h=regle.delai_h,
            heure_debut=regle.heure_debut,
            heure_fin=regle.heure_fin,
            modalite=regle.modalite,
            tranches=tuple(TrancheLue(t.de, t.a, t.montant) for t in regle.tranches.all()),
        )
        for regle in regles
    ]
