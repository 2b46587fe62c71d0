"""Les sommes et les quantités telles que les pages et les preuves les écrivent."""

from __future__ import annotations

from decimal import Decimal


def euros(montant: Decimal | int) -> str:
    """« 1 400 € », « 12,50 € », « −140 € » ; espaces insécables, pas de centimes s’il n’y en a pas."""
    entiers, centimes = divmod(abs(Decimal(montant)).quantize(Decimal("0.01")), 1)
    groupes = f"{int(entiers):,}".replace(",", "\u00a0")
    decimales = f",{int(centimes * 100):02}" if centimes else ""
    signe = "−" if montant < 0 else ""
    return f"{signe}{groupes}{decimales}\u00a0€"


def accorder(nombre: int, singulier: str, pluriel: str = "") -> str:
    """« 0 acte », « 1 acte », « 12 actes »."""
    return f"{nombre}\u00a0{(pluriel or singulier + 's') if nombre > 1 else singulier}"
