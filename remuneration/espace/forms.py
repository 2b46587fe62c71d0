"""Ce que l’on saisit dans « Ma participation » : le filtre des actes, un message à la caisse."""

from __future__ import annotations

import re
from datetime import date, timedelta

from django import forms
from dsfr.forms import DsfrBaseForm

from sas_platform.socle.jours import JourField

MESSAGE_MAX = 2000
# Treize chiffres, avec ou sans clé : ce qu’un message ne peut porter par mégarde. Un RPPS en a onze.
_NUMERO_DE_SECURITE_SOCIALE = re.compile(
    r"(?<!\d)[1-478](?:[ .\u00a0-]?\d){12}(?:(?:[ .\u00a0-]?\d){2})?(?!\d)"
)


class MessageForm(DsfrBaseForm):
    texte = forms.CharField(
        label="Votre message à la caisse",
        max_length=MESSAGE_MAX,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=f"{MESSAGE_MAX} signes au plus, et rien d’un patient.",
    )

    def clean_texte(self) -> str:
        texte = str(self.cleaned_data["texte"])
        if _NUMERO_DE_SECURITE_SOCIALE.search(texte):
            raise forms.ValidationError(
                "Ce message semble porter un numéro de sécurité sociale\u00a0: retirez-le."
            )
        return texte


class SemaineForm(DsfrBaseForm):
    """La semaine à montrer : n’importe lequel de ses jours la désigne. Une date illisible ne filtre rien."""

    semaine = JourField(
        label="Semaine du",
        required=False,
        help_text="N’importe quel jour de la semaine.",
    )

    def lundi(self) -> date | None:
        jour = self.cleaned_data.get("semaine") if self.is_valid() else None
        return jour - timedelta(days=jour.weekday()) if jour else None
