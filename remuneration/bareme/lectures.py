"""Ce que montrent les pages du barème : la suite des règles d’une prestation, et ce qu’une proposition y change."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from agenda.enums import ModaliteConsultation
from orientation.enums import Issue
from remuneration.bareme.forms import CHAMPS
from remuneration.domaine.ecriture import euros
from remuneration.enums import Condition, EtatRegle, Mode, Prestation
from remuneration.models import Calcul, Decompte, Periode, Regle
from sas_platform.socle.francais import heure

_CHOIX: dict[str, dict[str, str]] = {
    "modes": dict(Mode.choices),
    "conditions": dict(Condition.choices),
    "issues": dict(Issue.choices),
    "modalite": dict(ModaliteConsultation.choices),
}
_SANS = {"plafond_hebdo": "Sans limite", "delai_h": "Sans limite", "issues": "Toutes, sauf annulées"}


@dataclass(frozen=True, slots=True)
class Suite:
    """Les règles d’une prestation, la plus récente d’abord."""

    prestation: Prestation
    a_relire: list[Regle]
    en_vigueur: list[Regle]
    ecartees: list[Regle]


@dataclass(frozen=True, slots=True)
class Ligne:
    """Un champ d’une règle, en toutes lettres ; `avant` est vide si rien ne change, ou s’il n’y avait pas de règle."""

    libelle: str
    valeur: str
    avant: str = ""


def suites() -> list[Suite]:
    toutes = Regle.objects.select_related("auteur", "relecteur").prefetch_related("tranches")
    par_prestation = {
        prestation: list(regles)
        for prestation, regles in groupby(
            toutes.order_by("prestation", "-debut", "-pk"), key=lambda regle: regle.prestation
        )
    }
    return [_suite(prestation, par_prestation.get(prestation.value, [])) for prestation in Prestation]


def _suite(prestation: Prestation, regles: list[Regle]) -> Suite:
    def en(etat: EtatRegle) -> list[Regle]:
        return [regle for regle in regles if regle.etat == etat]

    return Suite(prestation, en(EtatRegle.PROPOSEE), en(EtatRegle.ACTIVE), en(EtatRegle.ECARTEE))


def actives(prestation: str) -> QuerySet[Regle]:
    return Regle.objects.en_vigueur().filter(prestation=prestation).order_by("debut", "pk")


def modele_pour(prestation: str) -> Regle | None:
    """La dernière en vigueur : celle à qui une proposition succède le plus souvent."""
    return actives(prestation).last()


def decrire(regle: Regle, avant: Regle | None) -> list[Ligne]:
    """Les champs que la prestation emploie, et ce qu’ils étaient dans la règle `avant`."""
    noms = [*CHAMPS[Prestation(regle.prestation)], "modes", "conditions"]
    lignes = []
    for nom in noms:
        champ = Regle._meta.get_field(nom)
        dite = dire(nom, getattr(regle, nom))
        ancienne = dire(nom, getattr(avant, nom)) if avant is not None else ""
        libelle = str(getattr(champ, "verbose_name", nom))
        lignes.append(Ligne(libelle[:1].upper() + libelle[1:], dite, ancienne if ancienne != dite else ""))
    return lignes


def dire(nom: str, valeur: Any) -> str:
    if valeur in (None, "", []):
        return _SANS.get(nom) or ("Aucune" if nom == "conditions" else "—")
    if isinstance(valeur, list):
        return ", ".join(str(_CHOIX[nom].get(code, code)) for code in valeur)
    if nom == "montant":
        return euros(valeur)
    if nom in ("heure_debut", "heure_fin"):
        return heure(valeur)
    return _CHOIX.get(nom, {}).get(valeur, str(valeur))


@dataclass(frozen=True, slots=True)
class Total:
    """Ce qu’une prestation vaut au pays dans une version."""

    prestation: Prestation
    beneficiaires: int
    dus: int
    montant: Decimal


@dataclass(frozen=True, slots=True)
class Version:
    calcul: Calcul
    totaux: list[Total]


def versions_de(periode: Periode) -> list[Version]:
    """Les calculs d’une période, le dernier d’abord, et leurs totaux : une requête pour tous."""
    totaux: dict[int, list[Total]] = defaultdict(list)
    groupes = Decompte.objects.filter(calcul__periode=periode).order_by().values("calcul", "prestation")
    comptes = groupes.annotate(
        lignes=Count("pk"), dus=Count("pk", filter=Q(est_du=True)), montant=Sum("montant")
    )
    for g in comptes.order_by("prestation"):
        totaux[g["calcul"]].append(Total(Prestation(g["prestation"]), g["lignes"], g["dus"], g["montant"]))
    calculs = periode.calculs.select_related("clos_par").prefetch_related("regles").order_by("-version")
    return [Version(calcul, totaux[calcul.pk]) for calcul in calculs]


def etat_au(regle: Regle, jour: date) -> str:
    """« passée », « en vigueur » ou « à venir », pour une règle active."""
    if regle.debut > jour:
        return "à venir"
    return "passée" if regle.fin is not None and regle.fin <= jour else "en vigueur"
