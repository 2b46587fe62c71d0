"""Trimestres et années civils, semaines ISO : les bornes, sans horloge."""

from __future__ import annotations

from datetime import date, timedelta

SEMAINE = timedelta(days=7)


def bornes(code: str) -> tuple[date, date]:
    """[premier jour, lendemain du dernier[ de « 2026T3 » ou de « 2026 ». Lève `ValueError` sur un autre texte."""
    annee, separateur, trimestre = code.partition("T")
    if len(annee) != 4 or not annee.isdecimal() or not annee.isascii():
        raise ValueError(f"«\u00a0{code}\u00a0» n’est ni un trimestre (2026T3) ni une année (2026)")
    if not separateur:
        return date(int(annee), 1, 1), date(int(annee) + 1, 1, 1)
    if trimestre not in ("1", "2", "3", "4"):
        raise ValueError(f"«\u00a0{code}\u00a0» n’est ni un trimestre (2026T3) ni une année (2026)")
    debut = date(int(annee), 3 * int(trimestre) - 2, 1)
    suivant = date(debut.year + (debut.month == 10), (debut.month + 2) % 12 + 1, 1)
    return debut, suivant


def trimestre_de(jour: date) -> str:
    return f"{jour.year}T{(jour.month + 2) // 3}"


def annee_de(jour: date) -> str:
    return str(jour.year)


def lundi_de(jour: date) -> date:
    return jour - timedelta(days=jour.weekday())


def semaines_de(debut: date, fin: date) -> list[date]:
    """Lundis des semaines ISO de [debut, fin[ : une semaine est à la période de son jeudi."""
    jeudi = debut + timedelta(days=(3 - debut.weekday()) % 7)
    lundis = []
    while jeudi < fin:
        lundis.append(jeudi - timedelta(days=3))
        jeudi += SEMAINE
    return lundis
