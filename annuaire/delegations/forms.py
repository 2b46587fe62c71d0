"""Demander, refuser, accorder une délégation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from dsfr.forms import DsfrBaseForm

from annuaire.champs import Champ, structures_du
from annuaire.domaine.identifiants import est_adeli, est_finess, est_rpps, est_siret
from annuaire.enums import TypeStructure
from annuaire.models import Effecteur, LieuExercice, Structure
from annuaire.territoires.villes import LieuxField, VilleForm
from sas_platform.socle.jours import JourField

EMAIL_INVALIDE = "ATTENTION : Adresse email invalide"


class CourrielField(forms.EmailField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(error_messages={"invalid": EMAIL_INVALIDE}, **kwargs)

    def clean(self, value: Any) -> str:
        return str(super().clean(value)).lower()


class DemandeForm(VilleForm):
    """U-22. `titulaire` : l’effecteur lui-même, ou une de ses structures."""

    titulaire = forms.ChoiceField(label="Cette personne agira au nom de")
    nom = forms.CharField(label="Nom", max_length=100)
    prenom = forms.CharField(label="Prénom", max_length=100)
    email = CourrielField(label="E-mail du délégataire")
    lieux = LieuxField(
        label="Lieux concernés",
        help_text="Tous vos lieux d’exercice si vous n’en cochez aucun.",
        required=False,
    )
    fin_date = JourField(label="Jusqu’au", help_text="Sans date de fin si vous laissez vide.", required=False)

    field_order = ("titulaire", "nom", "prenom", "ville", "commune", "email", "lieux", "fin_date")

    def __init__(self, *args: Any, champ: Champ, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.titulaires: dict[str, Effecteur | Structure] = {}
        if champ.effecteur:
            effecteur = Effecteur.objects.get(pk=champ.effecteur)
            self.titulaires["moi"] = effecteur
            lieux = effecteur.lieux.filter(est_actif=True).select_related("commune").order_by("pk")
            self.fields["lieux"].queryset = lieux
        else:
            del self.fields["lieux"]
        for structure in structures_du(champ).order_by("nom", "pk"):
            self.titulaires[str(structure.pk)] = structure
        choix = [(cle, "vous-même" if cle == "moi" else str(qui)) for cle, qui in self.titulaires.items()]
        if len(choix) == 1:
            del self.fields["titulaire"]
        else:
            self.fields["titulaire"].choices = choix

    def clean(self) -> dict[str, Any]:
        donnees = super().clean()
        seul = next(iter(self.titulaires), "")
        titulaire = self.titulaires.get(donnees.get("titulaire") or seul)
        donnees["effecteur"] = titulaire if isinstance(titulaire, Effecteur) else None
        donnees["structure"] = titulaire if isinstance(titulaire, Structure) else None
        if donnees["structure"] and donnees.get("lieux"):
            self.add_error("lieux", "Une délégation de structure vaut pour toute la structure.")
        return donnees

    def demande(self) -> dict[str, Any]:
        """Ce qu’attend `actions.demander`."""
        noms = ("effecteur", "structure", "nom", "prenom", "email", "commune", "fin_date")
        lieux: Sequence[LieuExercice] = list(self.cleaned_data.get("lieux") or ())
        return {nom: self.cleaned_data[nom] for nom in noms} | {"lieux": lieux}


class RefusForm(DsfrBaseForm):
    motif = forms.CharField(
        label="Motif du refus",
        help_text="Le demandeur le lira.",
        max_length=300,
        error_messages={"required": "Dites pourquoi : le demandeur lira ce motif."},
    )


class AccordForm(DsfrBaseForm):
    """Délégation qu’un gestionnaire de comptes crée sans demande."""

    numero = forms.CharField(
        label="Au nom de",
        help_text="RPPS ou ADELI de l’effecteur, FINESS ou SIRET de la structure",
        max_length=20,
    )
    nom = forms.CharField(label="Nom du délégataire", max_length=100)
    prenom = forms.CharField(label="Prénom du délégataire", max_length=100)
    email = CourrielField(label="E-mail du délégataire")
    fin_date = JourField(label="Jusqu’au", help_text="Sans date de fin si vous laissez vide.", required=False)

    def __init__(self, *args: Any, aujourd_hui: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.aujourd_hui = aujourd_hui
        self.effecteur: Effecteur | None = None
        self.structure: Structure | None = None

    def clean_numero(self) -> str:
        numero = "".join(self.cleaned_data["numero"].split()).upper()
        candidats = [f"8{numero}"] if est_rpps(numero) else [f"0{numero}"] if est_adeli(numero) else []
        self.effecteur = Effecteur.objects.filter(identifiant_national__in=candidats).first()
        if self.effecteur is None and est_finess(numero):
            self.structure = Structure.objects.filter(finess=numero).first()
        elif self.effecteur is None and est_siret(numero):
            associations = Structure.objects.filter(siret=numero).order_by("pk")
            self.structure = associations.filter(type=TypeStructure.SOS).first() or associations.first()
        if self.effecteur is None and self.structure is None:
            raise forms.ValidationError("Ni effecteur ni structure de l’annuaire ne porte ce numéro.")
        return numero

    def clean_fin_date(self) -> date | None:
        jour: date | None = self.cleaned_data["fin_date"]
        if jour is not None and jour < self.aujourd_hui:
            raise forms.ValidationError("Cette date est passée.")
        return jour
