"""Les colonnes des fichiers des caisses : le format national n’est pas public, il se règle ici."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError

from remuneration.caisse.catalogue import CATALOGUE
from remuneration.models import Colonne


class ColonneForm(forms.ModelForm):
    champ = forms.ChoiceField(
        label="valeur",
        choices=[
            (champ, f"{champ} : {sens}")
            for champ, sens in dict(
                paire for champs in CATALOGUE.values() for paire in champs.items()
            ).items()
        ],
    )

    class Meta:
        model = Colonne
        fields = ("nature", "rang", "entete", "champ")

    def clean(self) -> dict[str, Any]:
        donnees = super().clean() or self.cleaned_data
        nature, champ = donnees.get("nature"), donnees.get("champ")
        if nature and champ and champ not in CATALOGUE[nature]:
            admises = ", ".join(CATALOGUE[nature])
            raise ValidationError({"champ": f"Ce fichier n’a pas cette valeur. Il a : {admises}."})
        return donnees


@admin.register(Colonne)
class ColonneAdmin(admin.ModelAdmin):
    """Un fichier déjà produit garde ses colonnes : son contenu est gardé octet pour octet."""

    form = ColonneForm
    list_display = ["entete", "nature", "rang", "champ"]
    list_filter = ["nature"]
    ordering = ["nature", "rang"]
