"""Administration des liaisons : logiciels de régulation, outils territoriaux."""

from __future__ import annotations

from django.contrib import admin

from orientation.models import LogicielRegulation, OutilTerritorial


@admin.register(LogicielRegulation)
class LogicielRegulationAdmin(admin.ModelAdmin):
    list_display = ("nom", "code", "territoire", "sso_psc", "est_actif")
    list_filter = ("est_actif",)
    list_select_related = ("territoire",)
    search_fields = ("nom", "code")


@admin.register(OutilTerritorial)
class OutilTerritorialAdmin(admin.ModelAdmin):
    list_display = ("nom", "code", "territoire", "est_actif")
    list_filter = ("est_actif",)
    list_select_related = ("territoire",)
    search_fields = ("nom", "code")
