from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from dsfr.forms import DsfrBaseForm

from agenda.echanges.fichiers import LIGNES_MAX, TAILLE_MAX, lire
from agenda.echanges.telechargement import TAILLE_MAX as CALENDRIER_MAX
from annuaire.gestion.fichiers import FichierIllisible
from annuaire.models import LieuExercice


class PlanningForm(DsfrBaseForm):
    fichier = forms.FileField(
        label="Planning, en CSV ou en ODS",
        help_text=f"{LIGNES_MAX // 1000}\u00a0000 lignes et {TAILLE_MAX // 1_000_000} Mo au plus. Rien n’est enregistré avant que vous "
        "ne confirmiez.",
        error_messages={"required": "Choisissez un fichier.", "empty": "Le fichier est vide."},
        widget=forms.FileInput(attrs={"accept": ".csv,.ods", "class": "fr-upload"}),
    )

    def clean(self) -> dict[str, Any]:
        lues = super().clean() or {}
        fichier = lues.get("fichier")
        if fichier is not None:
            try:
                # Un octet de trop suffit à refuser : le reste n’est pas lu.
                self.lignes = lire(fichier.read(TAILLE_MAX + 1))
            except FichierIllisible as refus:
                raise ValidationError({"fichier": str(refus)}) from None
        return lues


class LienForm(DsfrBaseForm):
    lieu = forms.TypedChoiceField(
        label="Agenda à publier",
        required=False,
        empty_value=None,
        error_messages={"invalid_choice": "Choisissez l’un de vos lieux."},
        widget=forms.Select(attrs={"class": "fr-select"}),
    )

    def __init__(self, *args: Any, lieux: Sequence[LieuExercice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        champ = self.fields["lieu"]
        assert isinstance(champ, forms.TypedChoiceField)
        par_numero = {str(lieu.pk): lieu for lieu in lieux}
        champ.choices = [
            ("", "Tous mes lieux"),
            *(
                (cle, f"{lieu.effecteur or lieu.structure}, {lieu.adresse_complete}")
                for cle, lieu in par_numero.items()
            ),
        ]
        champ.coerce = par_numero.__getitem__


class CalendrierForm(DsfrBaseForm):
    """Une adresse, ou un fichier ; la lecture elle-même peut encore les refuser."""

    url = forms.CharField(
        label="Adresse du calendrier",
        required=False,
        max_length=500,
        help_text="Donnée par votre logiciel, en https:// ou webcal://. Le calendrier se relit de lui-même.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "url"}),
    )
    fichier = forms.FileField(
        label="Ou un fichier .ics",
        required=False,
        help_text="1 Mo au plus. Un fichier se lit une fois, pour l’année qui vient.",
        error_messages={"empty": "Le fichier est vide."},
        widget=forms.FileInput(attrs={"accept": ".ics,text/calendar", "class": "fr-upload"}),
    )

    contenu: bytes | None = None

    def clean(self) -> dict[str, Any]:
        lues = super().clean() or {}
        if self.errors:
            return lues
        if bool(lues.get("url")) == bool(lues.get("fichier")):
            raise ValidationError({"url": "Donnez une adresse, ou un fichier."})
        if fichier := lues.get("fichier"):
            self.contenu = fichier.read(CALENDRIER_MAX + 1)
        return lues
