"""Saisies d’un gestionnaire de structure ; identifiants vérifiés jusqu’à leur clé (W-41)."""

from __future__ import annotations

from typing import Any

from django import forms
from dsfr.forms import DsfrBaseForm

from annuaire.domaine.identifiants import cle_finess_juste, cle_siret_juste, est_finess, est_siret
from annuaire.domaine.telephones import ecrire_telephone, normaliser_telephone
from annuaire.enums import TypeStructure
from annuaire.models import Commune, Departement, LieuExercice, Structure
from annuaire.structures.lectures import empreinte, version_de_la_zone
from annuaire.territoires.forms import CodesField
from annuaire.territoires.villes import LieuxField, VilleForm

INFORMATIONS_MAX = 1_000


class AdresseForm(VilleForm):
    """Adresse et téléphone ; `ville` et `commune` viennent de `VilleForm`."""

    nom = forms.CharField(label="Nom", max_length=200)
    adresse = forms.CharField(label="Numéro et voie", max_length=200)
    code_postal = forms.RegexField(
        r"^[0-9]{5}$",
        label="Code postal",
        error_messages={"invalid": "Un code postal a cinq chiffres."},
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    telephone = forms.CharField(
        label="Téléphone", max_length=30, required=False, widget=forms.TextInput(attrs={"type": "tel"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ville"].label = "Ville"
        self.fields["ville"].help_text = ""
        self.initial["telephone"] = ecrire_telephone(self.initial.get("telephone", ""))[0]

    def clean(self) -> dict[str, Any]:
        donnees = super().clean()
        commune: Commune | None = donnees.get("commune")
        code_postal = donnees.get("code_postal")
        if commune and code_postal and commune.codes_postaux and code_postal not in commune.codes_postaux:
            self.add_error("code_postal", f"Ce code postal n’est pas de {commune.nom}.")
        if donnees.get("telephone"):
            numero = normaliser_telephone(donnees["telephone"], commune.departement_id if commune else "")
            donnees["telephone"] = numero
            if not numero:
                self.add_error("telephone", "Ce numéro de téléphone n’est pas valable.")
        return donnees


class PointFixeForm(AdresseForm):
    field_order = ("nom", "adresse", "code_postal", "ville", "commune", "telephone")

    def __init__(self, *args: Any, lieu: LieuExercice | None = None, **kwargs: Any) -> None:
        if lieu is not None:
            noms = ("nom", "adresse", "code_postal", "telephone")
            kwargs["initial"] = {nom: getattr(lieu, nom) for nom in noms} | {"ville": lieu.commune.nom}
        super().__init__(*args, **kwargs)


class StructureForm(AdresseForm):
    type = forms.ChoiceField(
        label="Type", choices=[choix for choix in TypeStructure.choices if choix[0] != TypeStructure.AUTRE]
    )
    finess = forms.CharField(
        label="FINESS", help_text="Neuf signes", max_length=12, required=False, empty_value=""
    )
    siret = forms.CharField(
        label="SIRET", help_text="Quatorze chiffres", max_length=20, required=False, empty_value=""
    )

    field_order = (
        "type",
        "nom",
        "finess",
        "siret",
        "adresse",
        "code_postal",
        "ville",
        "commune",
        "telephone",
    )

    def clean_finess(self) -> str:
        numero = "".join(self.cleaned_data["finess"].split()).upper()
        if numero and not est_finess(numero):
            raise forms.ValidationError("Un FINESS a neuf signes.")
        if numero and not cle_finess_juste(numero):
            raise forms.ValidationError("La clé de ce FINESS est fausse : vérifiez chaque chiffre.")
        return numero

    def clean_siret(self) -> str:
        numero = "".join(self.cleaned_data["siret"].split())
        if numero and not est_siret(numero):
            raise forms.ValidationError("Un SIRET a quatorze chiffres.")
        if numero and not cle_siret_juste(numero):
            raise forms.ValidationError("La clé de ce SIRET est fausse : vérifiez chaque chiffre.")
        return numero

    def clean(self) -> dict[str, Any]:
        donnees = super().clean()
        if {"finess", "siret"} & set(self.errors):
            return donnees
        if not donnees.get("finess") and not donnees.get("siret"):
            self.add_error("finess", "Renseignez un FINESS ou un SIRET.")
        elif donnees.get("type") == TypeStructure.SOS and not donnees.get("siret"):
            self.add_error("siret", "Une association SOS Médecins se reconnaît à son SIRET.")
        elif donnees.get("type") == TypeStructure.CPTS and not donnees.get("finess"):
            self.add_error("finess", "Une CPTS se reconnaît à son FINESS.")
        return donnees


class ZoneForm(DsfrBaseForm):
    communes = CodesField(
        Commune,
        quoi="Codes INSEE",
        label="Communes de la zone",
        help_text="Codes INSEE. Retirez ou ajoutez des codes ; une ville comprend ses arrondissements.",
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )
    departements = CodesField(
        Departement,
        quoi="Codes de département",
        label="Ajouter toutes les communes de ces départements",
        help_text="Codes séparés par des espaces",
        required=False,
        widget=forms.TextInput,
    )
    vu = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, zone: list[Commune], **kwargs: Any) -> None:
        super().__init__(*args, initial={"communes": zone, "vu": version_de_la_zone(zone)}, **kwargs)

    def zone(self) -> list[Commune]:
        """Communes nommées, et celles des départements ajoutés, sans les arrondissements."""
        de_departements = Commune.objects.filter(
            departement__in=self.cleaned_data["departements"], commune_parente=None
        )
        toutes = {commune.pk: commune for commune in (*self.cleaned_data["communes"], *de_departements)}
        return list(toutes.values())


class InformationsForm(DsfrBaseForm):
    texte = forms.CharField(
        label="Informations complémentaires à destination de la régulation",
        help_text="1 000 caractères au plus. Aucune donnée de patient.",
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "maxlength": INFORMATIONS_MAX}),
    )
    vu = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, structure: Structure, **kwargs: Any) -> None:
        texte = structure.informations_complementaires
        super().__init__(*args, initial={"texte": texte, "vu": empreinte(texte)}, **kwargs)

    def clean_texte(self) -> str:
        # Le navigateur compte un retour à la ligne pour un signe et l’envoie sur deux.
        texte = str(self.cleaned_data["texte"]).replace("\r\n", "\n")
        if len(texte) > INFORMATIONS_MAX:
            raise forms.ValidationError(f"1\u00a0000 caractères au plus : il y en a {len(texte)}.")
        return texte


class TexteForm(DsfrBaseForm):
    q = forms.CharField(max_length=100, required=False, label="Nom, FINESS ou SIRET")


class EffecteurCherche(DsfrBaseForm):
    q = forms.CharField(
        label="Nom et prénom, ou RPPS",
        max_length=100,
        min_length=3,
        error_messages={"required": "Tapez un nom ou un numéro RPPS."},
    )


class MembresForm(DsfrBaseForm):
    lieux = LieuxField(
        label="Lieux d’exercice à rattacher",
        error_messages={"required": "Choisissez au moins un lieu d’exercice."},
    )

    def __init__(self, *args: Any, lieux: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lieux"].queryset = lieux
