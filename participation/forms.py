"""Le formulaire « Vos paramètres » : mêmes mots que le guide, chaque refus sur la question à corriger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from dsfr.forms import DsfrBaseForm

from annuaire.models import LieuExercice, Structure
from participation.actions import Reponses
from participation.domaine.declaration import (
    CDS,
    HEURES_PAR_SEMAINE,
    SOS,
    DeclarationStructure,
    refus,
    refus_structure,
)
from participation.enums import Modalite
from participation.lectures import TEXTE_MAX, chercher_structures, intitule, structure_designee
from participation.models import Participation, ParticipationStructure

PAR_STRUCTURE = (Modalite.CPTS, Modalite.MSP, Modalite.SOS)
DECLARE = (
    f"Je déclare sur l’honneur mettre en visibilité à minima {HEURES_PAR_SEMAINE}\u00a0heures de disponibilité "
    "par semaine sur mon agenda de la plateforme numérique SAS"
)
EFFECTEURS_MAX = 1_000


class VersionField(forms.CharField):
    """Date de la version affichée, cachée dans le formulaire ; vide s’il n’y en avait pas."""

    widget = forms.HiddenInput

    def prepare_value(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, datetime) else value

    def clean(self, value: Any) -> datetime | None:
        texte = super().clean(value)
        try:
            return datetime.fromisoformat(texte) if texte else None
        except ValueError:
            raise forms.ValidationError("Rouvrez ce formulaire : il est incomplet.") from None


class CaseOuiNon(forms.TypedChoiceField):
    def __init__(self, *, oui: str, non: str, **kwargs: Any) -> None:
        super().__init__(
            choices=[("non", non), ("oui", oui)],
            coerce=lambda valeur: valeur == "oui",
            empty_value=None,
            required=False,
            widget=forms.RadioSelect,
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        return {True: "oui", False: "non"}.get(value, value) if isinstance(value, bool) else value


def _nom_de_structure(modalite: Modalite, libelle: str) -> forms.CharField:
    return forms.CharField(
        label=libelle,
        help_text="Par son nom, son FINESS ou son SIRET, puis choisissez dans les suggestions.",
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-sas-structure": str(modalite)}),
    )


class QuestionsConditionnelles(DsfrBaseForm):
    """Des questions dont les réponses données disent lesquelles se posent.

    Aucune n’est exigée par son champ (`refus` s’en charge), mais la mention
    « optionnel », que le DSFR met à ce qui n’est pas exigé, y serait fausse.
    """

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._exiger(True)

    def full_clean(self) -> None:
        self._exiger(False)
        super().full_clean()
        self._exiger(True)

    def _exiger(self, oui: bool) -> None:
        for champ in self.fields.values():
            champ.required = oui


class ParticipationForm(QuestionsConditionnelles):
    """`editeurs` : (code, nom) des logiciels interfacés ; `lieux` : ceux de l’effecteur."""

    participe = forms.BooleanField(
        label="Je participe au SAS",
        help_text="J’accepte d’être directement contacté par la régulation afin d’être sollicité pour prendre des "
        "patients en sus de mes disponibilités.",
        required=False,
    )
    modalite = forms.ChoiceField(
        label="Comment participez-vous\u00a0?",
        choices=Modalite.choices,
        required=False,
        widget=forms.RadioSelect,
    )
    structure_cpts = _nom_de_structure(Modalite.CPTS, "Indiquez le nom de votre CPTS")
    structure_msp = _nom_de_structure(Modalite.MSP, "Indiquez le nom de votre MSP")
    structure_sos = _nom_de_structure(Modalite.SOS, "Indiquez le nom de votre association SOS Médecins")
    lieux = forms.ModelMultipleChoiceField(
        label="Quel(s) lieu(x) d’activité est/sont rattaché(s) à votre CPTS\u00a0?",
        queryset=LieuExercice.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    utilise_logiciel = CaseOuiNon(
        label="Utilisez-vous une solution de prise de rendez-vous\u00a0?",
        oui="Oui, je déclare sur l’honneur utiliser un (ou plusieurs) logiciel de prise de rendez-vous interfacé "
        "avec la plateforme",
        non="Non",
    )
    logiciels = forms.MultipleChoiceField(
        label="Indiquez votre/vos logiciel(s) de gestion de rendez-vous",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    declare_deux_heures = forms.BooleanField(label=DECLARE, required=False)
    refuse_affichage = forms.BooleanField(
        label="Je refuse d’afficher mes créneaux «\u00a0grand public\u00a0» et/ou «\u00a0professionnel\u00a0» "
        "disponibles dans la plateforme numérique SAS",
        required=False,
    )
    forfait_reorientation = forms.BooleanField(
        label="Je participe au forfait de réorientation des urgences",
        help_text="Vaut pour l’ensemble de vos lieux d’exercice.",
        required=False,
    )
    vue_le = VersionField(required=False)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        participation: Participation | None,
        lieux: QuerySet[LieuExercice],
        editeurs: Sequence[tuple[str, str]],
    ) -> None:
        super().__init__(_avec_suggestion_retenue(data), initial=_initiales(participation))
        self.suggestions: dict[str, list[str]] = {}
        self.structure: Structure | None = None
        champ_lieux: Any = self.fields["lieux"]
        champ_lieux.queryset = lieux
        champ_lieux.label_from_instance = lambda lieu: lieu.adresse_complete
        deja = [(code, code) for code in (participation.logiciels if participation else ())]
        connus = {code for code, _ in editeurs}
        choix: Any = self.fields["logiciels"]
        choix.choices = [*editeurs, *((code, nom) for code, nom in deja if code not in connus)]

    def clean(self) -> dict[str, Any]:
        donnees: dict[str, Any] = super().clean()
        modalite = donnees.get("modalite", "")
        if donnees.get("participe") and modalite in PAR_STRUCTURE:
            texte = donnees.get(f"structure_{modalite}", "")
            self.structure = structure_designee(texte, modalite)
            if self.structure is None:
                proches = chercher_structures(texte[:TEXTE_MAX], modalite)
                self.suggestions[f"structure_{modalite}"] = [intitule(proche) for proche in proches]
        for refuse in refus(self.reponses().declaration()):
            champ = f"structure_{modalite}" if refuse.champ == "structure" else refuse.champ
            if champ not in self.errors:
                self.add_error(champ, refuse.message)
        return donnees

    def reponses(self) -> Reponses:
        donnees = self.cleaned_data
        return Reponses(
            participe=donnees.get("participe", False),
            modalite=donnees.get("modalite", ""),
            structure=self.structure,
            lieux=tuple(donnees.get("lieux", ())),
            utilise_logiciel=donnees.get("utilise_logiciel"),
            logiciels=tuple(donnees.get("logiciels", ())),
            declare_deux_heures=donnees.get("declare_deux_heures", False),
            refuse_affichage=donnees.get("refuse_affichage", False),
            forfait_reorientation=donnees.get("forfait_reorientation", False),
        )


def _declare_pour(nom: str) -> str:
    return (
        f"Je déclare sur l’honneur mettre en visibilité à minima {HEURES_PAR_SEMAINE}\u00a0heures de disponibilité par "
        f"semaine pour chaque médecin généraliste de {nom} sur mon agenda de la plateforme numérique SAS"
    )


class ParticipationSosForm(QuestionsConditionnelles):
    """Celui d’une association SOS Médecins (P-23)."""

    type_structure = SOS
    participe = forms.BooleanField(
        label="Je participe au SAS en tant qu’association SOS Médecins", required=False
    )
    declare_deux_heures = forms.BooleanField(
        label=_declare_pour("mon association SOS Médecins"), required=False
    )
    vue_le = VersionField(required=False)

    def __init__(self, data: QueryDict | None = None, *, reglages: ParticipationStructure | None) -> None:
        super().__init__(data, initial=_valeurs(reglages, self.base_fields) if reglages else None)

    def clean(self) -> dict[str, Any]:
        donnees: dict[str, Any] = super().clean()
        donnees["nombre_effecteurs"] = donnees.get("nombre_effecteurs") or 0
        for refuse in refus_structure(self.declaration()):
            if refuse.champ not in self.errors:
                self.add_error(refuse.champ, refuse.message)
        return donnees

    def declaration(self) -> DeclarationStructure:
        donnees = self.cleaned_data
        return DeclarationStructure(
            self.type_structure,
            donnees.get("participe", False),
            donnees.get("declare_deux_heures", False),
            donnees.get("nombre_effecteurs", 0),
        )


class ParticipationCentreForm(ParticipationSosForm):
    """Celui d’un centre de santé (P-22)."""

    type_structure = CDS
    participe = forms.BooleanField(
        label="Je participe au SAS en tant que Centre de Santé",
        help_text="J’accepte d’être directement contacté par la régulation afin que le Centre soit sollicité pour prendre "
        "des patients en sus de ses disponibilités.",
        required=False,
    )
    nombre_effecteurs = forms.IntegerField(
        label="Nombre de professionnels de santé du Centre de santé participant au SAS",
        min_value=0,
        max_value=EFFECTEURS_MAX,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    declare_deux_heures = forms.BooleanField(label=_declare_pour("mon centre de santé"), required=False)

    field_order = ("participe", "nombre_effecteurs", "declare_deux_heures", "vue_le")


def _avec_suggestion_retenue(data: QueryDict | None) -> QueryDict | None:
    """Un bouton « Vouliez-vous dire » envoie `retenue_<champ>` : c’est la réponse à ce champ."""
    if data is None:
        return None
    copie = data.copy()
    for modalite in PAR_STRUCTURE:
        if retenue := data.get(f"retenue_structure_{modalite}"):
            copie[f"structure_{modalite}"] = retenue
    return copie


def _initiales(participation: Participation | None) -> dict[str, Any]:
    if participation is None:
        return {}
    valeurs = _valeurs(participation, ParticipationForm.base_fields)
    valeurs["lieux"] = list(participation.lieux.values_list("pk", flat=True))
    if participation.structure is not None:
        valeurs[f"structure_{participation.modalite}"] = intitule(participation.structure)
    return valeurs


def _valeurs(reglages: Participation | ParticipationStructure, champs: Any) -> dict[str, Any]:
    valeurs = {nom: getattr(reglages, nom) for nom in champs if nom != "lieux" and hasattr(reglages, nom)}
    return valeurs | {"vue_le": reglages.modifie_le}
