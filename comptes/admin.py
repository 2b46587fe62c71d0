"""Administration des comptes, pour l’administrateur national."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils import timezone

from comptes.actions import tracer
from comptes.models import (
    AcceptationCGU,
    Compte,
    Courriel,
    Habilitation,
    Jeton,
    OuvertureSecours,
    Trace,
    VersionCGU,
)


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

    def save_model(self, request: HttpRequest, obj: Compte, form: Any, change: bool) -> None:
        """La date de désactivation fait courir la durée de conservation."""
        if "is_active" in form.changed_data:
            obj.desactive_le = None if obj.is_active else timezone.now()
        super().save_model(request, obj, form, change)

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


@admin.register(VersionCGU)
class VersionCGUAdmin(admin.ModelAdmin):
    """Une version publiée ne change plus : des personnes l’ont acceptée telle quelle."""

    list_display = ["numero", "publiee_le"]
    ordering = ["-publiee_le", "-pk"]

    def has_change_permission(self, request: HttpRequest, obj: VersionCGU | None = None) -> bool:
        return super().has_change_permission(request, obj) and not _est_publiee(obj)

    def has_delete_permission(self, request: HttpRequest, obj: VersionCGU | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not _est_publiee(obj)

    def save_model(self, request: HttpRequest, obj: VersionCGU, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        tracer(acteur=_acteur(request), verbe="cgu.version_ecrite", objet=f"version_cgu:{obj.pk}")


def _est_publiee(version: VersionCGU | None) -> bool:
    return version is not None and version.publiee_le is not None and version.publiee_le <= timezone.now()


@admin.register(AcceptationCGU)
class AcceptationCGUAdmin(LectureSeule):
    list_display = ["pk", "compte", "version", "le"]
    list_select_related = ["compte", "version"]
    ordering = ["-pk"]
    show_full_result_count = False


@admin.register(OuvertureSecours)
class OuvertureSecoursAdmin(admin.ModelAdmin):
    """Ouvrir la connexion de secours (docs/adr/0012) ; pour la refermer plus tôt, avancer sa fin."""

    list_display = ["debut_le", "fin_le", "motif", "ouverte_par"]
    list_select_related = ["ouverte_par"]
    ordering = ["-debut_le", "-pk"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["debut_le", "motif"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: OuvertureSecours, form: Any, change: bool) -> None:
        if not change:
            obj.ouverte_par = _acteur(request)
        super().save_model(request, obj, form, change)
        tracer(
            acteur=_acteur(request),
            verbe="secours.ferme" if change else "secours.ouvert",
            objet=f"ouverture_secours:{obj.pk}",
            fin_le=obj.fin_le.isoformat(),
        )


@admin.register(Courriel)
class CourrielAdmin(LectureSeule):
    """Ce qui est parti, ce qui attend, ce qui a été refusé ; jamais le contenu, qui porte des liens secrets."""

    list_display = ["cree_le", "gabarit", "destinataire", "etat", "essais", "erreur"]
    list_filter = ["etat", "gabarit"]
    search_fields = ["destinataire"]
    ordering = ["-pk"]
    exclude = ["corps_texte", "corps_html"]
    show_full_result_count = False


# Les droits viennent des habilitations ; les groupes de Django ne servent pas.
admin.site.unregister(Group)
# L’adresse d’un compte et son second facteur se changent par leurs pages, qui le tracent ; pas ici.
admin.site.unregister(EmailAddress)
admin.site.unregister(Authenticator)
