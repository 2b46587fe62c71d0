"""Informations à la régulation et consignes de sollicitation d’un lieu."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from dsfr.forms import DsfrBaseForm

from agenda.tableau.actions import empreinte
from annuaire.domaine.telephones import ecrire_telephone, normaliser_telephone
from annuaire.enums import Accueil, Langue
from annuaire.models import LieuExercice
from participation.forms import VersionField
from participation.models import Sollicitation
from sas_platform.socle.jours import JourField

INFORMATIONS_MAX = 1_000
PATIENTS_MAX = 200
PAUSE_MAX = timedelta(days=365)


class RechercheForm(forms.Form):
    q = forms.CharField(required=False, max_length=100)

    def texte(self) -> str:
        return self.cleaned_data["q"] if self.is_valid() else ""


class InformationsForm(DsfrBaseForm):
    texte = forms.CharField(
        label="Informations complémentaires à destination de la régulation médicale",
        help_text="1\u00a0000 caractères au plus. Laissez vide pour les effacer. Aucune donnée de patient.",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "maxlength": INFORMATIONS_MAX}),
    )
    accueil = forms.MultipleChoiceField(
        label="Accueil",
        help_text="Ce que vous ne cochez pas n’est pas dit à la régulation\u00a0: la recherche ne dit jamais «\u00a0non\u00a0» à votre place.",
        choices=Accueil.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    langues = forms.MultipleChoiceField(
        label="Langues parlées, en plus du français",
        choices=Langue.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    vu = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, lieu: LieuExercice) -> None:
        initial = {
            "texte": lieu.informations_complementaires,
            "accueil": lieu.accueil,
            "langues": lieu.langues,
            "vu": empreinte(lieu),
        }
        super().__init__(data, initial=initial)

    def clean_texte(self) -> str:
        brut = self.cleaned_data["texte"].replace("\r\n", "\n")
        texte = brut.strip()
        if brut and not texte:
            raise forms.ValidationError("Le texte doit contenir au moins un caractère.")
        if "\x00" in texte or len(texte) > INFORMATIONS_MAX:
            raise forms.ValidationError("Les informations complémentaires tiennent en 1\u00a0000 caractères.")
        return texte


class SollicitationForm(DsfrBaseForm):
    telephone_prive = forms.CharField(
        label="Téléphone réservé à la régulation",
        help_text="Numéro français. Montré à ceux qui orientent les patients, jamais au public.",
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    heures_d_appel = forms.CharField(
        label="Meilleures heures pour appeler",
        help_text="Par exemple\u00a0: entre 12h et 14h, sauf le mercredi.",
        max_length=200,
        required=False,
    )
    max_par_jour = forms.IntegerField(
        label="Patients en sus par jour, au plus",
        help_text="Comptés du jour où la régulation les adresse. Vide\u00a0: aucune limite.",
        min_value=1,
        max_value=PATIENTS_MAX,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    max_par_semaine = forms.IntegerField(
        label="Patients en sus par semaine, au plus",
        help_text="Du lundi au dimanche. Vide\u00a0: aucune limite.",
        min_value=1,
        max_value=PATIENTS_MAX,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    pause_jusqu_au = JourField(
        label="Ne pas me solliciter avant le",
        help_text="Jusqu’à la veille au soir, personne ne vous est adressé en sus. Vide\u00a0: pas de pause.",
        required=False,
    )
    vue_le = VersionField(required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        lieu: LieuExercice,
        sollicitation: Sollicitation | None,
        maintenant: datetime,
    ) -> None:
        self.fuseau = ZoneInfo(lieu.fuseau)
        self.aujourd_hui = maintenant.astimezone(self.fuseau).date()
        self.departement = lieu.commune.departement_id
        super().__init__(data, initial=self._initiales(sollicitation, maintenant))

    def _initiales(self, sollicitation: Sollicitation | None, maintenant: datetime) -> dict[str, Any]:
        if sollicitation is None:
            return {}
        noms = ("heures_d_appel", "max_par_jour", "max_par_semaine")
        pause = sollicitation.pause_jusqu_au
        en_pause = pause is not None and pause > maintenant
        return {nom: getattr(sollicitation, nom) for nom in noms} | {
            "telephone_prive": ecrire_telephone(sollicitation.telephone_prive)[0],
            "pause_jusqu_au": pause.astimezone(self.fuseau).date() if pause and en_pause else None,
            "vue_le": sollicitation.modifie_le,
        }

    def clean_telephone_prive(self) -> str:
        tape = self.cleaned_data["telephone_prive"]
        numero = normaliser_telephone(tape, self.departement) if tape else ""
        if tape and not numero:
            raise forms.ValidationError("Ce numéro de téléphone n’est pas un numéro français.")
        return numero

    def clean_pause_jusqu_au(self) -> datetime | None:
        """Minuit de ce jour, à l’heure du lieu."""
        jour = self.cleaned_data["pause_jusqu_au"]
        if jour is None:
            return None
        if jour <= self.aujourd_hui:
            raise forms.ValidationError("Choisissez un jour à venir.")
        if jour > self.aujourd_hui + PAUSE_MAX:
            raise forms.ValidationError("Une pause dure un an au plus.")
        return datetime.combine(jour, datetime.min.time(), tzinfo=self.fuseau)

    def clean(self) -> dict[str, Any]:
        donnees: dict[str, Any] = super().clean()
        par_jour, par_semaine = donnees.get("max_par_jour"), donnees.get("max_par_semaine")
        if par_jour and par_semaine and par_semaine < par_jour:
            self.add_error("max_par_semaine", "La limite de la semaine est d’au moins celle d’un jour.")
        return donnees

    def consignes(self) -> dict[str, Any]:
        return {nom: valeur for nom, valeur in self.cleaned_data.items() if nom != "vue_le"}
