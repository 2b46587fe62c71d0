"""Les colonnes des fichiers des caisses : le format national n’est pas public, il se règle ici."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from comptes.actions import tracer
from comptes.models import Compte
from remuneration.caisse.catalogue import CATALOGUE
from remuneration.models import Colonne


class ColonneForm(forms.ModelForm):
    champ = forms.ChoiceField(
        label="valeur",
        choices=[
            (champ, f"{champ}\u00a0: {sens}")
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
            raise ValidationError({"champ": f"Ce fichier n’a pas cette valeur. Il a\u00a0: {admises}."})
        return donnees


@admin.register(Colonne)
class ColonneAdmin(admin.ModelAdmin):
    """Un fichier déjà produit garde ses colonnes : son contenu est gardé octet pour octet."""

    form = ColonneForm
    list_display = ["entete", "nature", "rang", "champ"]
    list_filter = ["nature"]
    ordering = ["nature", "rang"]

    def save_model(self, request: HttpRequest, obj: Colonne, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self._tracer(request, obj, "colonne.reglee")

    def delete_model(self, request: HttpRequest, obj: Colonne) -> None:
        self._tracer(request, obj, "colonne.retiree")
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Colonne]) -> None:
        for colonne in queryset:
            self.delete_model(request, colonne)

    @staticmethod
    def _tracer(request: HttpRequest, colonne: Colonne, verbe: str) -> None:
        assert isinstance(request.user, Compte)
        tracer(
            acteur=request.user,
            verbe=verbe,
            objet=f"colonne:{colonne.pk}",
            nature=colonne.nature,
            rang=colonne.rang,
            entete=colonne.entete,
            champ=colonne.champ,
        )
