"""Écrire une valeur en français, selon son unité."""

from __future__ import annotations

from remuneration.domaine.indicateurs import Unite

ABSENTE = "n. d."
_FINE = "\u202f"
_INSECABLE = "\u00a0"


def ecrire(valeur: float | None, unite: Unite = Unite.NOMBRE) -> str:
    """« 46 540 », « 45,4 % », « 2 h 05 », « 12,5 h » ; « n. d. » pour ce que le mois ne permet pas de dire."""
    if valeur is None:
        return ABSENTE
    if unite is Unite.PART:
        return f"{decimales(100 * valeur)}{_INSECABLE}%"
    if unite is Unite.MINUTES:
        heures, minutes = divmod(round(valeur), 60)
        return f"{heures}{_INSECABLE}h{_INSECABLE}{minutes:02d}" if heures else f"{minutes}{_INSECABLE}min"
    if unite is Unite.HEURES:
        return f"{decimales(valeur)}{_INSECABLE}h"
    if unite is Unite.RAPPORT:
        return decimales(valeur, 2)
    if unite is Unite.MILLISECONDES:
        return f"{entier(valeur)}{_INSECABLE}ms"
    return entier(valeur)


def ecart(difference: float | None, unite: Unite) -> str:
    """Ce qui change d’un mois à l’autre : en points pour une part, dans l’unité pour le reste ; signe compris."""
    if difference is None:
        return ABSENTE
    if unite is Unite.PART:
        points = abs(round(100 * difference, 1))
        ecrite = f"{decimales(points)}{_INSECABLE}pt{'s' if points >= 2 else ''}"
    else:
        ecrite = ecrire(abs(difference), unite)
    if not any(chiffre in ecrite for chiffre in "123456789"):
        return ecrite
    return f"{'+' if difference > 0 else '−'}{ecrite}"


def entier(valeur: float) -> str:
    return f"{round(valeur):,}".replace(",", _FINE)


def decimales(valeur: float, chiffres: int = 1) -> str:
    return f"{valeur:,.{chiffres}f}".replace(",", _FINE).replace(".", ",")
