"""Champs propres à la saisie d’un compte : adresse sans sosie, nom lisible, choix qui viennent d’une recherche."""

from __future__ import annotations

import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from annuaire.domaine.homoglyphes import nommer, signe_etranger, signe_inhabituel
from annuaire.gestion import messages


class SansMention:
    """Partie d’un formulaire dont des champs, vides permis ou exigés selon le reste, ne se disent pas « optionnels »."""

    use_required_attribute = False
    fields: dict[str, Any]

    def full_clean(self) -> None:
        super().full_clean()  # type: ignore[misc]
        for nom, champ in self.fields.items():
            champ.required = champ.required or not self.est_facultatif(nom)

    def est_facultatif(self, nom: str) -> bool:
        return False


class AdresseField(forms.EmailField):
    """En minuscules, et de l’ASCII seulement : « раul@… » en cyrillique n’est pas « paul@… »."""

    def to_python(self, value: Any) -> str:
        adresse = str(super().to_python(value) or "").lower()
        if signe := signe_inhabituel(adresse):
            raise ValidationError(messages.SIGNE_DANS_L_ADRESSE.format(nommer(signe)))
        return adresse


class NomField(forms.CharField):
    def to_python(self, value: Any) -> str:
        nom = " ".join(unicodedata.normalize("NFC", str(super().to_python(value) or "")).split())
        if signe := signe_etranger(nom):
            raise ValidationError(messages.SIGNE_DANS_LE_NOM.format(nommer(signe)))
        return nom


class ClesField(forms.TypedMultipleChoiceField):
    """Cases dont la liste suit ce qui a été cherché : la base, non la liste affichée, dit ce qui est admis."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=int, required=False, widget=forms.CheckboxSelectMultiple, **kwargs)

    def valid_value(self, value: Any) -> bool:
        return str(value).isascii() and str(value).isdecimal() and len(str(value)) < 19
