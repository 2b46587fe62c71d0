"""Les cartes qu’une page montre : des numéros de lieux, rien d’une recherche."""

from __future__ import annotations

import re

from django import forms

CARTES_MAX = 50
_LIEU = re.compile(r"l([0-9]{1,18})")


class LieuxForm(forms.Form):
    """`lieux=l12~l15`."""

    lieux = forms.CharField(max_length=CARTES_MAX * 20)

    def clean_lieux(self) -> list[int]:
        lus = [_LIEU.fullmatch(lieu) for lieu in self.cleaned_data["lieux"].split("~")]
        if not all(lus) or len(lus) > CARTES_MAX:
            raise forms.ValidationError("Lieux illisibles.")
        return [int(lu[1]) for lu in lus if lu]
