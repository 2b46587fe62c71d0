from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from orientation.enums import EtatMessageHub
from orientation.hub.lectures import A_REGARDER
from orientation.models import MessageHub
from sas_platform.socle.jours import JourField

A_REGARDER_CHOIX = "a_regarder"


class FiltreForm(DsfrBaseForm):
    """Filtres de la liste ; une valeur inconnue ne filtre rien, et se dit."""

    etat = forms.ChoiceField(
        label="État",
        required=False,
        choices=[("", "Tous"), (A_REGARDER_CHOIX, "À regarder"), *EtatMessageHub.choices],
    )
    du = JourField(label="Du", required=False)
    au = JourField(label="Au", required=False)

    def clean(self) -> dict[str, Any]:
        donnees = super().clean() or self.cleaned_data
        du, au = donnees.get("du"), donnees.get("au")
        if du and au and au < du:
            self.add_error("au", "Le dernier jour ne peut pas précéder le premier.")
        return donnees

    def appliquer(self, messages: QuerySet[MessageHub]) -> QuerySet[MessageHub]:
        self.is_valid()
        lus = self.cleaned_data
        if lus.get("etat") == A_REGARDER_CHOIX:
            messages = messages.filter(etat__in=A_REGARDER)
        elif lus.get("etat"):
            messages = messages.filter(etat=lus["etat"])
        if lus.get("du"):
            messages = messages.filter(cree_le__gte=_minuit(lus["du"]))
        if lus.get("au"):
            messages = messages.filter(
                cree_le__lte=timezone.make_aware(datetime.combine(lus["au"], time.max))
            )
        return messages


def _minuit(jour: Any) -> datetime:
    return timezone.make_aware(datetime.combine(jour, time.min))
