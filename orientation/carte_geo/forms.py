"""Le point d’où relancer la recherche, tel que la carte le montre."""

from __future__ import annotations

from typing import Any

from django import forms

from annuaire.lectures import LieuIntrouvableError, par_position
from annuaire.lectures.lieux import RAYON_MAXIMAL_KM


class RelanceForm(forms.Form):
    """Centre et rayon de la carte. Le lieu est retrouvé par l’index local : rien ne sort d’ici."""

    lat = forms.FloatField(min_value=-90, max_value=90)
    lon = forms.FloatField(min_value=-180, max_value=180)
    rayon_km = forms.FloatField(min_value=0.1, max_value=20_000)

    def clean_rayon_km(self) -> int:
        """Au kilomètre : les formulaires et les filtres ne connaissent que lui."""
        return min(RAYON_MAXIMAL_KM, max(1, round(self.cleaned_data["rayon_km"])))

    def clean(self) -> dict[str, Any]:
        donnees = super().clean() or self.cleaned_data
        if "lat" in donnees and "lon" in donnees:
            try:
                donnees["lieu"] = par_position(round(donnees["lat"], 5), round(donnees["lon"], 5))
            except LieuIntrouvableError as erreur:
                self.add_error(None, str(erreur))
        return donnees
