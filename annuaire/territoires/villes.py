"""Choisir une commune d’après son nom ou son code postal, sans JavaScript ; choisir des lieux d’exercice."""

from __future__ import annotations

from typing import Any

from django import forms
from dsfr.forms import DsfrBaseForm

from annuaire.lectures import localiser
from annuaire.models import Commune, LieuExercice
from sas_platform.socle.textes import normaliser


def communes_nommees(texte: str) -> list[Commune]:
    """Communes qui répondent à ce texte, la plus ressemblante d’abord ; vide pour un département.

    Seule à porter exactement ce nom, une commune l’emporte : « Lille » n’est pas Lillers.
    """
    codes = [lieu.code_insee for lieu in localiser(texte[:100]) if lieu.code_insee]
    connues = Commune.objects.select_related("departement").in_bulk(codes)
    homonymes = [commune for commune in connues.values() if commune.nom_recherche == normaliser(texte)]
    return homonymes if len(homonymes) == 1 else [connues[code] for code in dict.fromkeys(codes)]


class VilleForm(DsfrBaseForm):
    """Si plusieurs communes répondent, le formulaire revient avec leur liste.

    `cleaned_data["commune"]` est la commune retenue.
    """

    ville = forms.CharField(
        label="Ville d’exercice",
        help_text="Nom de la commune ou code postal",
        max_length=100,
        error_messages={"required": "Sélectionnez votre ville."},
    )
    commune = forms.ChoiceField(label="Laquelle de ces communes ?", required=False, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        texte = self.data.get(self.add_prefix("ville"), "") if self.is_bound else ""
        self.communes = {commune.pk: commune for commune in communes_nommees(texte)} if texte else {}
        if len(self.communes) > 1:
            choix = [
                (commune.pk, f"{commune.nom} ({commune.departement.nom})")
                for commune in self.communes.values()
            ]
            self.fields["commune"].choices = choix
        else:
            del self.fields["commune"]

    def clean(self) -> dict[str, Any]:
        donnees = super().clean() or self.cleaned_data
        if len(self.communes) == 1:
            (donnees["commune"],) = self.communes.values()
            return donnees
        retenue = self.communes.get(donnees.get("commune") or "")
        donnees["commune"] = retenue
        if retenue is None and "ville" not in self.errors:
            self.add_error(
                "ville",
                "Sélectionnez votre ville." if self.communes else "Aucune commune ne répond à ce nom.",
            )
        return donnees


class LieuxField(forms.ModelMultipleChoiceField):
    """Cases à cocher, une par adresse ; le formulaire donne `queryset`, communes chargées."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=LieuExercice.objects.none(), widget=forms.CheckboxSelectMultiple, **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.adresse_complete)
