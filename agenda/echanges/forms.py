from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from dsfr.forms import DsfrBaseForm

from agenda.echanges.fichiers import LIGNES_MAX, TAILLE_MAX, lire
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
