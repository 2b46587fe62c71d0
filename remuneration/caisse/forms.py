from __future__ import annotations

from django import forms
from dsfr.forms import DsfrBaseForm

TEXTE_MAX = 2_000
_AIDE = "Pas de nom de patient, ni rien qui permette d’en reconnaître un."


class ReponseForm(DsfrBaseForm):
    texte = forms.CharField(
        label="Votre réponse",
        max_length=TEXTE_MAX,
        help_text=_AIDE,
        widget=forms.Textarea(attrs={"rows": 6}),
    )


class ClotureForm(DsfrBaseForm):
    """Le dernier mot est demandé : une contestation ne se clôt pas sans que le bénéficiaire sache pourquoi."""

    texte = forms.CharField(
        label="Ce que la caisse décide",
        max_length=TEXTE_MAX,
        help_text=_AIDE,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
