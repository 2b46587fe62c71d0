from django.contrib import admin

from comptes.admin import LectureSeule
from participation.models import Participation, ParticipationStructure, VersionParticipation


@admin.register(Participation)
class ParticipationAdmin(admin.ModelAdmin):
    list_display = ("effecteur", "participe", "modalite", "refuse_affichage", "modifie_le")
    list_filter = ("participe", "modalite", "refuse_affichage")
    raw_id_fields = ("effecteur", "structure", "lieux")
    search_fields = ("effecteur__nom_recherche", "effecteur__identifiant_national")


@admin.register(ParticipationStructure)
class ParticipationStructureAdmin(admin.ModelAdmin):
    list_display = ("structure", "participe", "modifie_le")
    raw_id_fields = ("structure",)


@admin.register(VersionParticipation)
class VersionParticipationAdmin(LectureSeule):
    list_display = ("le", "effecteur", "structure", "auteur")
    list_select_related = ("effecteur", "structure", "auteur")
    ordering = ("-pk",)
    fields = ("le", "effecteur", "structure", "auteur", "avant", "apres")
