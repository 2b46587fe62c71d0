"""Un jour saisi, et l’instant où il finit."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

# Celles qu’une saisie peut porter : l’an 26 est une faute de frappe, et le 31/12/9999 n’a pas de lendemain.
ANNEES = range(2000, 2101)


def fin_du_jour(jour: date, fuseau: ZoneInfo) -> datetime:
    """Minuit qui suit : ce qui vaut « jusqu’au 31 mars » vaut jusqu’au soir."""
    return datetime.combine(jour + timedelta(days=1), time.min, tzinfo=fuseau)


def dernier_jour(fin_le: datetime, fuseau: ZoneInfo) -> date:
    """Le dernier jour entamé avant cet instant : c’est lui qui s’écrit, non le lendemain à 0 h."""
    return (fin_le.astimezone(fuseau) - timedelta(microseconds=1)).date()


class JourField(forms.DateField):
    """Comme l’envoie le calendrier du navigateur, ou « 4/11/2026 » comme on l’écrit à la main."""

    def __init__(self, **kwargs: Any) -> None:
        erreurs = {
            "required": "Une date valide est obligatoire.",
            "invalid": "Saisissez une date, par exemple 4/11/2026.",
            "annee": f"Choisissez une année de {ANNEES[0]} à {ANNEES[-1]}.",
        }
        super().__init__(
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            error_messages=erreurs | kwargs.pop("error_messages", {}),
            **kwargs,
        )

    def to_python(self, value: Any) -> date | None:
        jour = super().to_python(value)
        if jour is not None and jour.year not in ANNEES:
            raise forms.ValidationError(self.error_messages["annee"], code="annee")
        return jour
