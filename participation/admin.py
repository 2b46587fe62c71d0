from django.contrib import admin

from participation.models import Participation, ParticipationStructure


@admin.register(Participation)
class ParticipationAdmin(admin.ModelAdmin):
    list_display = ("effecteur", "participe", "modalite", "refuse_affichage", "modifie_le")
    list_filter = ("participe", "modalite", "refuse_affichage")
    raw_id_fields = ("effecteur",)
    search_fields = ("effecteur__nom_recherche", "effecteur__identifiant_national")


@admin.register(ParticipationStructure)
class ParticipationStructureAdmin(admin.ModelAdmin):
    list_display = ("structure", "participe", "modifie_le")
    raw_id_fields = ("structure",)
