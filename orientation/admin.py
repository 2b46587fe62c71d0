"""Administration : logiciels de régulation, outils territoriaux, motifs de refus d’un appel."""

from __future__ import annotations

from django.contrib import admin

from orientation.models import LogicielRegulation, MotifRefus, OutilTerritorial


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


@admin.register(MotifRefus)
class MotifRefusAdmin(admin.ModelAdmin):
    """La liste courte que lit le régulateur pendant l’appel ; un motif déjà donné se retire, il ne s’efface pas."""

    list_display = ("libelle", "rang", "est_actif")
    list_editable = ("rang", "est_actif")
    ordering = ("rang", "pk")
