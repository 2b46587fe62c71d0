"""Administration des comptes, pour l’administrateur national."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from comptes.actions import tracer
from comptes.models import Compte, Habilitation, Jeton, Trace


def _acteur(request: HttpRequest) -> Compte:
    assert isinstance(request.user, Compte)  # le site d’administration ne s’ouvre qu’à un compte
    return request.user


class LectureSeule(admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class HabilitationEnLigne(admin.TabularInline):
    model = Habilitation
    extra = 0


@admin.register(Compte)
class CompteAdmin(admin.ModelAdmin):
    list_display = ["nom", "prenom", "email", "identifiant_national", "is_active"]
    list_filter = ["is_active", "habilitations__role"]
    search_fields = ["nom", "prenom", "email", "identifiant_national"]
    ordering = ["nom", "prenom", "pk"]
    fields = ["prenom", "nom", "email", "identifiant_national", "is_active"]
    inlines = [HabilitationEnLigne]

    def log_addition(self, request: HttpRequest, obj: Compte, message: Any) -> Any:
        tracer(acteur=_acteur(request), verbe="compte.cree", objet=f"compte:{obj.pk}", changements=message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Compte, message: Any) -> Any:
        """Un rôle donné ou retiré se trace comme le reste : noms des champs, jamais leurs valeurs."""
        tracer(acteur=_acteur(request), verbe="compte.modifie", objet=f"compte:{obj.pk}", changements=message)
        return super().log_change(request, obj, message)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """La trace garde ses acteurs : un compte se désactive, il ne s’efface pas."""
        return False


@admin.register(Jeton)
class JetonAdmin(LectureSeule):
    list_display = ["pk", "compte", "portees", "cree_le", "expire_le", "revoque_le"]
    list_select_related = ["compte"]
    ordering = ["-pk"]
    fields = ["compte", "portees", "cree_le", "expire_le", "revoque_le"]


@admin.register(Trace)
class TraceAdmin(LectureSeule):
    list_display = ["pk", "le", "acteur", "verbe", "objet"]
    list_select_related = ["acteur"]
    list_filter = ["verbe"]
    search_fields = ["objet"]
    ordering = ["-pk"]
    # Compter des millions de lignes à chaque page ralentirait la consultation.
    show_full_result_count = False


# Les droits viennent des habilitations ; les groupes de Django ne servent pas.
admin.site.unregister(Group)
