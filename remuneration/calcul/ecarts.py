"""Ce qu’un rectificatif change à la version d’avant."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from remuneration.domaine.ecriture import euros
from remuneration.models import Calcul, Decompte


@dataclass(frozen=True, slots=True)
class Ecart:
    """Un décompte qui change : `avant` ou `apres` est nul s’il n’existait pas, ou n’existe plus."""

    avant: Decompte | None
    apres: Decompte | None

    @property
    def decompte(self) -> Decompte:
        """Celui qui dit le bénéficiaire et la prestation."""
        present = self.apres or self.avant
        assert present is not None
        return present

    @property
    def montant(self) -> Decimal:
        """Euros de plus, ou de moins."""
        avant = self.avant.montant if self.avant else Decimal(0)
        return (self.apres.montant if self.apres else Decimal(0)) - avant

    @property
    def nombre(self) -> int:
        return (self.apres.nombre if self.apres else 0) - (self.avant.nombre if self.avant else 0)

    @property
    def phrase(self) -> str:
        d = self.decompte
        if self.avant is None:
            return f"{d.get_prestation_display()}\u00a0: {d.nombre}, {euros(d.montant)}, n’y était pas."
        if self.apres is None:
            return f"{d.get_prestation_display()}\u00a0: {d.nombre}, {euros(d.montant)}, n’y est plus."
        return (
            f"{d.get_prestation_display()}\u00a0: {self.avant.nombre} → {d.nombre}, "
            f"{euros(self.avant.montant)} → {euros(d.montant)}."
        )


def differences(calcul: Calcul) -> list[Ecart]:
    """Décomptes dont le nombre, le montant ou le droit n’est plus celui de la version précédente ; vide pour la première."""
    precedent = Calcul.objects.filter(periode=calcul.periode_id, version=calcul.version - 1).first()
    if precedent is None:
        return []
    avant = {_de(d): d for d in _lus(precedent)}
    trouves = []
    for decompte in _lus(calcul):
        ancien = avant.pop(_de(decompte), None)
        if ancien is None or _valeur(ancien) != _valeur(decompte):
            trouves.append(Ecart(ancien, decompte))
    return trouves + [Ecart(reste, None) for reste in avant.values()]


def _lus(calcul: Calcul) -> QuerySet[Decompte]:
    beneficiaires = ("effecteur", "structure", "regle", "departement")
    lus = Decompte.objects.filter(calcul=calcul).select_related(*beneficiaires)
    return lus.defer("preuve").order_by("prestation", "effecteur", "structure", "pk")


def _de(decompte: Decompte) -> tuple[str, int, int | None, int | None]:
    return decompte.prestation, decompte.regle_id, decompte.effecteur_id, decompte.structure_id


def _valeur(decompte: Decompte) -> tuple[int, bool, Decimal]:
    return decompte.nombre, decompte.est_du, decompte.montant
