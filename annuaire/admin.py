"""Administration de l’annuaire : chercher et corriger. Les listes longues passent par l’autocomplétion."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from annuaire.models import (
    Besoin,
    Commune,
    Delegation,
    Departement,
    Effecteur,
    LieuExercice,
    Perimetre,
    Profession,
    Specialite,
    Structure,
)
from comptes.admin import LectureSeule


class SansEffacement(admin.ModelAdmin):
    """Se ferme, ne s’efface pas : une délégation limitée à un lieu effacé vaudrait pour tous les autres."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Departement)
class DepartementAdmin(admin.ModelAdmin):
    list_display = (
        "code",
        "nom",
        "rayon_defaut_km",
        "pas_elargissement_km",
        "rayon_departement_km",
        "fuseau",
    )
    search_fields = ("code", "nom")
    ordering = ("code",)


@admin.register(Commune)
class CommuneAdmin(admin.ModelAdmin):
    list_display = ("code_insee", "nom", "departement", "population")
    list_select_related = ("departement",)
    search_fields = ("nom_recherche", "code_insee")
    autocomplete_fields = ("commune_parente", "departement")
    ordering = ("code_insee",)
    show_full_result_count = False


@admin.register(Profession)
class ProfessionAdmin(admin.ModelAdmin):
    list_display = ("code", "libelle")
    search_fields = ("code", "libelle")
    ordering = ("code",)


@admin.register(Specialite)
class SpecialiteAdmin(admin.ModelAdmin):
    list_display = ("code", "libelle", "profession", "type_structure")
    list_select_related = ("profession",)
    search_fields = ("code", "libelle")
    autocomplete_fields = ("profession",)
    ordering = ("code",)


@admin.register(Besoin)
class BesoinAdmin(admin.ModelAdmin):
    """Les mots de tous les jours que comprend la recherche, et vers qui ils mènent."""

    list_display = ("libelle", "formulations", "est_actif", "est_suggere")
    list_filter = ("est_actif", "est_suggere")
    search_fields = ("libelle", "formulations")
    autocomplete_fields = ("specialites",)
    prepopulated_fields = {"code": ("libelle",)}
    ordering = ("libelle", "pk")


@admin.register(Structure)
class StructureAdmin(SansEffacement):
    list_display = ("nom", "type", "finess", "siret", "code_postal", "est_active")
    list_filter = ("type", "est_active")
    search_fields = ("nom_recherche", "finess", "siret")
    autocomplete_fields = ("commune",)
    ordering = ("nom", "pk")
    show_full_result_count = False


@admin.register(Effecteur)
class EffecteurAdmin(SansEffacement):
    list_display = ("nom", "prenom", "identifiant_national", "profession", "est_actif")
    list_select_related = ("profession",)
    list_filter = ("profession", "est_actif")
    search_fields = ("nom_recherche", "identifiant_national")
    autocomplete_fields = ("profession",)
    ordering = ("nom", "prenom", "pk")
    show_full_result_count = False


@admin.register(LieuExercice)
class LieuExerciceAdmin(SansEffacement):
    list_display = ("effecteur", "structure", "adresse", "code_postal", "commune", "est_actif")
    list_select_related = ("effecteur", "structure", "commune")
    list_filter = ("source", "est_actif")
    search_fields = ("effecteur__nom_recherche", "structure__nom_recherche", "code_postal", "finess")
    autocomplete_fields = ("effecteur", "structure", "commune")
    ordering = ("pk",)
    show_full_result_count = False


@admin.register(Perimetre)
class PerimetreAdmin(LectureSeule):
    """Se lit ici ; se change sur la page du compte, qui vérifie et trace."""

    list_display = ("habilitation", "compte", "territoire", "structure", "debut_le", "fin_le")
    list_select_related = ("habilitation__compte", "territoire", "structure")
    list_filter = ("habilitation__role", "territoire")
    ordering = ("-pk",)
    show_full_result_count = False

    @admin.display(description="compte")
    def compte(self, perimetre: Perimetre) -> str:
        return str(perimetre.habilitation.compte)


@admin.register(Delegation)
class DelegationAdmin(LectureSeule):
    """Se lit ici ; s’accorde, se consent et se révoque sur ses pages."""

    list_display = (
        "delegataire",
        "effecteur",
        "structure",
        "debut_le",
        "consentie_le",
        "revoquee_le",
        "fin_le",
    )
    list_select_related = ("delegataire", "effecteur", "structure")
    ordering = ("-pk",)
    show_full_result_count = False
