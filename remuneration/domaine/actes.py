"""Ce qu’un acte permet de réclamer, une fois le plafond de la semaine appliqué."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal


def reclamables(
    majorations: Iterable[str], rang: int | None, plafonds: Mapping[str, int | None]
) -> list[str]:
    """Celles des `majorations` d’un acte que son `rang` dans la semaine laisse réclamer.

    `plafonds` : prestation → actes par semaine, au plus ; nul, sans limite. Pour
    une structure, le plafond est celui d’un médecin fois leur nombre : l’appelant le multiplie.
    """
    if rang is None:
        return []
    return [m for m in majorations if (plafond := plafonds.get(m)) is None or rang <= plafond]


def restant(majores: int, plafond: int | None) -> int | None:
    """Majorations qui restent à réclamer cette semaine après `majores` ; nul, sans limite."""
    return None if plafond is None else max(0, plafond - majores)


def montant_des_majorations(nombre: int, montant: Decimal) -> Decimal:
    """Euros pour `nombre` majorations réclamables. Lève `ValueError` si `nombre` est négatif."""
    if nombre < 0:
        raise ValueError("nombre de majorations négatif")
    return nombre * montant
