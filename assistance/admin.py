"""Contenus de l’aide, de la formation et des bannières. Les demandes se traitent sur leurs pages, tracées."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet, URLField
from django.forms import ModelForm
from django.http import HttpRequest

from assistance.lectures import oublier_bannieres
from assistance.models import Banniere, PageFormation, Question, Ressource, Theme


class QuestionEnLigne(admin.StackedInline):
    model = Question
    extra = 0
    ordering = ["ordre", "pk"]


@admin.register(Theme)
class ThemeAdmin(admin.ModelAdmin):
    list_display = ["libelle", "profil", "destination", "ordre"]
    list_filter = ["profil", "destination"]
    search_fields = ["libelle"]
    ordering = ["profil", "ordre", "pk"]
    inlines = [QuestionEnLigne]

    def has_delete_permission(self, request: HttpRequest, obj: Theme | None = None) -> bool:
        """Un thème que portent des demandes ne s’efface pas : elles le citent."""
        return super().has_delete_permission(request, obj) and not (obj and obj.tickets.exists())


@admin.register(Question)
class QuestionAdmin(admin.ModelAdmin):
    list_display = ["question", "theme", "ordre", "est_publiee"]
    list_select_related = ["theme"]
    list_filter = ["est_publiee", "theme__profil"]
    search_fields = ["question", "reponse"]
    autocomplete_fields = ["theme"]
    ordering = ["theme__profil", "theme__ordre", "ordre", "pk"]


class RessourceEnLigne(admin.StackedInline):
    model = Ressource
    extra = 0
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    ordering = ["ordre", "pk"]


@admin.register(PageFormation)
class PageFormationAdmin(admin.ModelAdmin):
    list_display = ["titre", "rubrique", "profil", "ordre", "est_publiee"]
    list_filter = ["profil", "est_publiee"]
    search_fields = ["titre", "rubrique", "contenu"]
    ordering = ["profil", "ordre", "pk"]
    inlines = [RessourceEnLigne]


@admin.register(Banniere)
class BanniereAdmin(admin.ModelAdmin):
    list_display = ["texte", "niveau", "public", "debut_le", "fin_le"]
    list_filter = ["niveau", "public"]
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    ordering = ["-debut_le", "-pk"]

    def save_model(
        self, request: HttpRequest, obj: Banniere, form: ModelForm[Banniere], change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        oublier_bannieres()

    def delete_model(self, request: HttpRequest, obj: Banniere) -> None:
        super().delete_model(request, obj)
        oublier_bannieres()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        super().delete_queryset(request, queryset)
        oublier_bannieres()
