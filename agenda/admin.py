"""Administration des agendas ; chaque écriture remet l’offre du lieu à jour."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet, URLField
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from agenda.models import (
    AgendaEditeur,
    Disponibilite,
    Editeur,
    Indisponibilite,
    Lot,
    QualiteEditeur,
    Raccordement,
    Reservation,
)
from agenda.offre import rafraichir


class AgendaSaisiAdmin(admin.ModelAdmin):
    """Écrit, puis recalcule l’offre des lieux touchés dans la même transaction."""

    raw_id_fields = ("lieu",)
    list_select_related = ("lieu__commune",)
    search_fields = ("lieu__effecteur__nom_recherche", "lieu__code_postal")

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        lieux = {obj.lieu_id, form.initial.get("lieu", obj.lieu_id)}
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            rafraichir(lieux, timezone.now())

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            super().delete_model(request, obj)
            rafraichir([obj.lieu_id], timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            lieux = set(queryset.values_list("lieu", flat=True))
            super().delete_queryset(request, queryset)
            rafraichir(lieux, timezone.now())


@admin.register(Disponibilite)
class DisponibiliteAdmin(AgendaSaisiAdmin):
    list_display = ("__str__", "lieu", "premier_jour", "dernier_jour", "jours", "capacite")
    list_filter = ("genre",)


@admin.register(Indisponibilite)
class IndisponibiliteAdmin(AgendaSaisiAdmin):
    list_display = ("__str__", "lieu")


@admin.register(Editeur)
class EditeurAdmin(admin.ModelAdmin):
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    list_display = ("nom", "environnement", "url_base", "flux", "est_actif")
    # Arrêter et reprendre demandent un motif : `agenda.qualite`.
    readonly_fields = ("est_actif", "motif_arret", "arrete_le", "arrete_par")


class LectureSeuleAdmin(admin.ModelAdmin):
    """Ce que les machines écrivent se regarde, et ne se retouche pas."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Lot)
class LotAdmin(LectureSeuleAdmin):
    list_display = ("__str__", "etat", "lu_le", "interroge_le", "duree_ms")
    list_filter = ("editeur", "etat")


@admin.register(QualiteEditeur)
class QualiteEditeurAdmin(LectureSeuleAdmin):
    list_display = ("jour", "editeur", "motif", "nombre")
    list_filter = ("editeur", "motif")
    date_hierarchy = "jour"


@admin.register(Raccordement)
class RaccordementAdmin(LectureSeuleAdmin):
    list_display = ("__str__", "effecteur", "structure", "editeur", "lot")
    list_select_related = ("effecteur", "structure", "editeur", "lot")
    search_fields = (
        "effecteur__nom_recherche",
        "effecteur__identifiant_national",
        "structure__nom_recherche",
        "structure__siret",
    )


@admin.register(AgendaEditeur)
class AgendaEditeurAdmin(LectureSeuleAdmin):
    list_display = ("raccordement", "lieu")
    list_select_related = ("raccordement", "lieu__commune")


@admin.register(Reservation)
class ReservationAdmin(LectureSeuleAdmin):
    list_display = ("disponibilite", "debut", "rang", "prise_le", "annulee_le")
    date_hierarchy = "debut"
