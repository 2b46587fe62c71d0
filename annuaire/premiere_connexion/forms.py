"""Formulaires de la première connexion."""

from __future__ import annotations

from django import forms
from dsfr.forms import DsfrBaseForm


class AdresseForm(DsfrBaseForm):
    """Le prénom et le nom, venus de Pro Santé Connect, se lisent à côté : ils ne se changent pas ici."""

    email = forms.EmailField(
        label="Adresse électronique",
        help_text="Celle de votre compte si vous en avez un ; sinon, votre adresse professionnelle",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": "Renseignez votre adresse électronique.",
            "invalid": "Cette adresse n’est pas valable ; par exemple : prenom.nom@exemple.fr",
        },
    )

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class CodeForm(DsfrBaseForm):
    code = forms.CharField(
        label="Code à six chiffres",
        help_text="Reçu dans le même courriel que le lien",
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
        error_messages={"required": "Recopiez le code reçu par courriel."},
    )
