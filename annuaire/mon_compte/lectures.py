"""Ce que la page « Mon compte » dit d’une personne (U-20)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from annuaire.models import Effecteur, Perimetre
from comptes.enums import Role
from comptes.models import Compte, Habilitation


@dataclass(frozen=True, slots=True)
class RoleTenu:
    libelle: str
    dernier_jour: date | None
    sur: list[str] = field(default_factory=list)


def roles_de(compte: Compte, *, instant: datetime) -> list[RoleTenu]:
    """Rôles en cours et ce sur quoi ils portent ; deux requêtes."""
    habilitations = Habilitation.objects.filter(compte=compte).en_cours(instant).order_by("role", "pk")
    sur: dict[int, list[str]] = {}
    perimetres = Perimetre.objects.en_cours(instant).filter(habilitation__in=habilitations)
    for perimetre in perimetres.select_related("territoire", "structure").order_by("pk"):
        sur.setdefault(perimetre.habilitation_id, []).append(str(perimetre.territoire or perimetre.structure))
    return [RoleTenu(Role(h.role).label, h.dernier_jour, sorted(sur.get(h.pk, []))) for h in habilitations]


def effecteur_de(compte: Compte) -> Effecteur | None:
    """La fiche de l’annuaire qui porte l’identité nationale de ce compte, s’il est effecteur."""
    if Role.EFFECTEUR not in compte.roles or not compte.identifiant_national:
        return None
    fiches = Effecteur.objects.select_related("profession")
    return fiches.filter(identifiant_national=compte.identifiant_national).first()
