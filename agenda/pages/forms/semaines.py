"""Recopier une semaine, la garder, la rejouer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from dsfr.forms import DsfrBaseForm

from agenda.models import SemaineType
from agenda.saisie.semaines import SEMAINES_MAX
from annuaire.models import LieuExercice
from sas_platform.socle.jours import JourField


class NombreField(forms.IntegerField):
    def __init__(self) -> None:
        message = f"Choisissez de 1 à {SEMAINES_MAX}\u00a0semaines."
        super().__init__(
            label="Nombre de semaines",
            initial=1,
            min_value=1,
            max_value=SEMAINES_MAX,
            error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), message),
        )


class SemaineField(JourField):
    def __init__(self, label: str) -> None:
        super().__init__(label=label, help_text="N’importe quel jour de cette semaine.")


class CopieForm(DsfrBaseForm):
    source = SemaineField("Semaine à recopier")
    cible = SemaineField("Première semaine où la poser")
    nombre = NombreField()


class GardeForm(DsfrBaseForm):
    source = SemaineField("Semaine à garder")
    nom = forms.CharField(
        label="Nom de la semaine type",
        help_text="Le même nom remplace la précédente.",
        max_length=60,
        error_messages={"required": "Donnez un nom à cette semaine."},
    )


class ReprisePour(forms.ModelChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(empty_label="Choisissez", **kwargs)

    def label_from_instance(self, objet: Any) -> str:
        return objet.nom if isinstance(objet, SemaineType) else objet.adresse_complete


class RejeuForm(DsfrBaseForm):
    modele = ReprisePour(
        label="Semaine type",
        queryset=SemaineType.objects.none(),
        error_messages={"required": "Choisissez une semaine type."},
    )
    lieu = ReprisePour(
        label="Dans l’agenda de",
        queryset=LieuExercice.objects.none(),
        error_messages={"required": "Choisissez un lieu d’exercice."},
    )
    cible = SemaineField("Première semaine où la poser")
    nombre = NombreField()

    def __init__(
        self,
        *args: Any,
        modeles: Sequence[SemaineType],
        lieux: Sequence[LieuExercice],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        siens = SemaineType.objects.filter(pk__in=[modele.pk for modele in modeles])
        ouverts = LieuExercice.objects.filter(pk__in=[lieu.pk for lieu in lieux]).select_related("commune")
        self.fields["modele"].queryset = siens.order_by("nom", "pk")
        self.fields["lieu"].queryset = ouverts.order_by("adresse", "pk")
