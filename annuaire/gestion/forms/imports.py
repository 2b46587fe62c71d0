"""Créer des comptes par un fichier : l’envoyer, le relire, le confirmer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from dsfr.forms import DsfrBaseForm

from annuaire.gestion.fichiers import LIGNES_MAX, TAILLE_MAX, FichierIllisible, decoder, lire


class FichierForm(DsfrBaseForm):
    fichier = forms.FileField(
        label="Fichier CSV",
        help_text=f"Séparé par des points-virgules ou des virgules, {LIGNES_MAX} lignes au plus.",
        error_messages={"required": "Choisissez un fichier.", "empty": "Le fichier est vide."},
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv", "class": "fr-upload"}),
    )

    def clean(self) -> dict[str, Any]:
        lues = super().clean() or {}
        fichier = lues.get("fichier")
        if fichier is not None:
            try:
                # Un octet de trop suffit à refuser : le reste n’est pas lu.
                self.texte = decoder(fichier.read(TAILLE_MAX + 1))
                self.lignes = lire(self.texte)
            except FichierIllisible as refus:
                raise ValidationError({"fichier": str(refus)}) from None
        return lues


class ConfirmationForm(forms.Form):
    """Le fichier déjà relu revient avec la confirmation, et se relit : rien n’est gardé entre les deux."""

    contenu = forms.CharField(widget=forms.HiddenInput, strip=False, max_length=TAILLE_MAX)

    def clean_contenu(self) -> str:
        texte = str(self.cleaned_data["contenu"])
        try:
            self.lignes = lire(texte)
        except FichierIllisible as refus:
            raise ValidationError(str(refus)) from None
        return texte
