"""Ce qu’une page ouverte dit montrer : ses cartes, dans l’ordre, et la version de chacune."""

from __future__ import annotations

import re
from typing import Any

from django import forms

CARTES_MAX = 50
_CARTE = re.compile(r"l([0-9]{1,18})\.([0-9a-f]{8})")


class VuForm(forms.Form):
    """`vu=l12.0a1b2c3d~l15.99887766` : des numéros de lieux et des sommes, rien d’une recherche."""

    vu = forms.CharField(max_length=CARTES_MAX * 30)
    page = forms.IntegerField(min_value=1, max_value=10_000, required=False)

    def clean_vu(self) -> dict[int, str]:
        cartes = [_CARTE.fullmatch(carte) for carte in self.cleaned_data["vu"].split("~")]
        lues = {int(carte[1]): carte[2] for carte in cartes if carte}
        if len(lues) != len(cartes) or len(lues) > CARTES_MAX:
            raise forms.ValidationError("Cartes illisibles.")
        return lues

    def clean_page(self) -> Any:
        return self.cleaned_data["page"] or 1
