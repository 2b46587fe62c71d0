"""À qui est ce que l’on regarde : le professionnel pour lui, la responsable pour ses structures ; nul autre."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404

from annuaire.champs import champ
from annuaire.enums import TypeStructure
from annuaire.models import Effecteur, Structure
from comptes.enums import Action
from comptes.models import Compte
from comptes.requetes import RequeteDeCompte
from remuneration.models import Contestation, Succession

MOI = "moi"
# Les deux seules structures à qui une somme est due (références C3).
PAYEES = (TypeStructure.CDS, TypeStructure.SOS)


@dataclass(frozen=True, slots=True)
class Beneficiaire:
    """L’un ou l’autre. `cle` le désigne dans les adresses, sans numéro quand c’est soi."""

    effecteur: Effecteur | None = None
    structure: Structure | None = None

    @property
    def cle(self) -> str:
        return f"structure-{self.structure.pk}" if self.structure else MOI

    @property
    def nom(self) -> str:
        return str(self.structure or self.effecteur)

    @property
    def est_structure(self) -> bool:
        return self.structure is not None

    def criteres(self) -> dict[str, Any]:
        """Ce qui le désigne, pour écrire ou pour calculer."""
        return {"structure": self.structure} if self.structure else {"effecteur": self.effecteur}

    def cles(self) -> list[int]:
        """Les siennes dans les fichiers des caisses : avec celles d’un ancien identifiant national."""
        if self.structure:
            return [-self.structure.pk]
        assert self.effecteur is not None  # l’un ou l’autre
        anciens = Succession.objects.filter(nouveau=self.effecteur).values_list("ancien", flat=True)
        return [self.effecteur.pk, *anciens]

    def ses(self) -> Q:
        """Ses lignes, où que ce soit : avec celles d’un ancien identifiant national."""
        if self.structure:
            return Q(structure=self.structure)
        anciens = Succession.objects.filter(nouveau=self.effecteur).values("ancien")
        return Q(effecteur=self.effecteur) | Q(effecteur__in=anciens)


def beneficiaires_de(compte: Compte, *, maintenant: datetime) -> list[Beneficiaire]:
    """Soi d’abord, puis les structures que l’on gère en propre ; un délégataire n’en a aucun."""
    mien = champ(compte, Action.VOIR_REMUNERATION, instant=maintenant)
    soi = Effecteur.objects.filter(pk=mien.effecteur).select_related("profession") if mien.effecteur else []
    structures = Structure.objects.filter(pk__in=mien.structures, type__in=PAYEES).select_related("commune")
    return [Beneficiaire(effecteur=effecteur) for effecteur in soi] + [
        Beneficiaire(structure=structure) for structure in structures.order_by("nom", "pk")
    ]


def beneficiaire_ou_404(request: RequeteDeCompte, cle: str, *, maintenant: datetime) -> Beneficiaire:
    for beneficiaire in beneficiaires_de(request.user, maintenant=maintenant):
        if beneficiaire.cle == cle:
            return beneficiaire
    raise Http404


def contestations_de(compte: Compte, *, maintenant: datetime) -> QuerySet[Contestation]:
    miens = beneficiaires_de(compte, maintenant=maintenant)
    return Contestation.objects.filter(reduce(or_, (b.ses() for b in miens), Q(pk__in=[])))
