"""Proposer une règle : les champs que sa prestation emploie, et ses tranches en tableau."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from dsfr.forms import DsfrBaseForm

from agenda.enums import ModaliteConsultation
from orientation.enums import Issue
from remuneration.bareme.actions import place_de
from remuneration.domaine.baremes import refus_des_tranches
from remuneration.domaine.periodes import bornes
from remuneration.enums import Condition, Mode, Prestation
from remuneration.models import Regle, Tranche
from sas_platform.socle.jours import JourField

LIGNES_TRANCHES = 12
_COMMUNS = ("debut", "fin", "modes", "conditions")
_A_L_ACTE = ("montant", "issues", "plafond_hebdo", "delai_h")
CHAMPS: dict[Prestation, tuple[str, ...]] = {
    Prestation.PILOTE: ("issues",),
    Prestation.PARTICIPATION: ("montant", "minutes_hebdo", "semaines_manquantes_max"),
    Prestation.ACTIVITE: ("issues",),
    Prestation.MAJORATION_SNP: _A_L_ACTE,
    Prestation.MAJORATION_SOIREE: (*_A_L_ACTE, "heure_debut", "heure_fin"),
    Prestation.MAJORATION_VISITE: (*_A_L_ACTE, "modalite"),
}


class CasesField(forms.MultipleChoiceField):
    widget = forms.CheckboxSelectMultiple


class MontantField(forms.DecimalField):
    """Des euros, avec une virgule ou un point."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal"})
        super().__init__(min_value=0, max_digits=8, decimal_places=2, localize=True, widget=widget, **kwargs)


def _entier(label: str, maximum: int, **kwargs: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=maximum, **kwargs)


class RegleForm(DsfrBaseForm):
    """Les champs que la prestation n’emploie pas sont ôtés ; ceux d’une règle proposée restent donc vides."""

    debut = JourField(label="À partir du")
    fin = JourField(
        label="Jusqu’au (ce jour-là exclu)", help_text="Vide\u00a0: jusqu’à nouvel ordre.", required=False
    )
    montant = MontantField(label="Montant (€)")
    modes = CasesField(label="Modes de participation admis", choices=Mode.choices)
    conditions = CasesField(label="Conditions exigées", choices=Condition.choices, required=False)
    issues = CasesField(
        label="Issues comptées",
        help_text="Aucune cochée\u00a0: toute orientation, sauf annulée.",
        choices=Issue.choices,
        required=False,
    )
    minutes_hebdo = _entier("Minutes à montrer par semaine et par médecin", 2_400)
    semaines_manquantes_max = _entier("Semaines sous ce seuil, au plus", 53)
    plafond_hebdo = _entier(
        "Actes majorés par semaine, au plus", 500, required=False, help_text="Vide\u00a0: sans limite."
    )
    delai_h = _entier("Heures entre l’orientation et la consultation, au plus", 720, required=False)
    heure_debut = forms.TimeField(
        label="Consultation à partir de", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    heure_fin = forms.TimeField(
        label="Consultation avant", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    modalite = forms.ChoiceField(label="Modalité de consultation", choices=ModaliteConsultation.choices)
    source = forms.CharField(
        label="Texte dont elle vient", max_length=300, help_text="Titre, article, date de publication."
    )
    remarque = forms.CharField(
        label="Remarque",
        max_length=500,
        required=False,
        help_text="Ce que le texte ne dit pas, ce qui reste à vérifier.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(
        self, *args: Any, prestation: Prestation, modele: Regle | None, en_vigueur: list[Regle], **kwargs: Any
    ) -> None:
        self.prestation, self.en_vigueur = prestation, en_vigueur
        employes = {*_COMMUNS, *CHAMPS[prestation], "source", "remarque"}
        if modele is not None:
            repris = employes - {"debut", "fin", "source", "remarque"}
            kwargs["initial"] = {nom: getattr(modele, nom) for nom in repris}
        super().__init__(*args, **kwargs)
        for nom in set(self.fields) - employes:
            del self.fields[nom]

    def clean(self) -> dict[str, Any]:
        donnees = super().clean() or self.cleaned_data
        debut, fin = donnees.get("debut"), donnees.get("fin")
        if debut and fin and fin <= debut:
            self.add_error("fin", "La règle finit avant d’avoir commencé.")
        elif debut and "fin" in donnees:
            for refus in place_de(self.en_vigueur, self.prestation, debut, fin).refus:
                self.add_error(refus.champ, refus.phrase)
        heure_debut, heure_fin = donnees.get("heure_debut"), donnees.get("heure_fin")
        if heure_debut and heure_fin and heure_fin <= heure_debut:
            self.add_error("heure_fin", "L’heure de fin suit celle de début.")
        return donnees


class TrancheForm(DsfrBaseForm):
    """Une ligne du tableau ; entièrement vide, elle est ignorée."""

    de = forms.IntegerField(min_value=1, max_value=100_000, required=False)
    a = forms.IntegerField(min_value=1, max_value=100_000, required=False)
    montant = MontantField(required=False)

    LABELS = {"de": "à partir de", "a": "jusqu’à", "montant": "montant en euros"}

    def nommer(self, rang: int) -> None:
        for nom, libelle in self.LABELS.items():
            widget = self.fields[nom].widget
            if not isinstance(self.fields[nom], MontantField):
                self.fields[nom].widget = widget = forms.TextInput(attrs={"inputmode": "numeric"})
            widget.attrs |= {"aria-label": f"Tranche {rang}, {libelle}", "class": "fr-input"}

    def clean(self) -> dict[str, Any]:
        donnees = super().clean() or self.cleaned_data
        if any(donnees.get(nom) is not None for nom in self.LABELS):
            for nom, absent in (("de", "Dites à partir de combien d’actes."), ("montant", "Dites combien.")):
                if donnees.get(nom) is None and nom not in self.errors:
                    self.add_error(nom, absent)
        return donnees

    @property
    def est_remplie(self) -> bool:
        return any(self.cleaned_data.get(nom) is not None for nom in self.LABELS)


class TableauDesTranches(BaseFormSet):
    """Les tranches dans l’ordre où elles se lisent ; ce qui cloche se dit sur la case à corriger."""

    def add_fields(self, form: TrancheForm, index: int | None) -> None:
        super().add_fields(form, index)
        form.nommer((index or 0) + 1)

    def clean(self) -> None:
        if any(form.errors for form in self.forms):
            return
        remplies = [form for form in self.forms if form.est_remplie]
        if not remplies:
            raise forms.ValidationError("Le barème n’a aucune tranche.")
        for form in remplies:
            self._verifier_les_bornes(form, est_derniere=form is remplies[-1])
        for basse, haute in pairwise(remplies):
            self._verifier_la_suite(basse, haute)
        # Le dernier mot est au domaine : ce qu’aucune case n’explique se dit au-dessus du tableau.
        if not any(form.errors for form in self.forms):
            refus = refus_des_tranches([Tranche(**tranche) for tranche in self.tranches()])
            if refus:
                raise forms.ValidationError(refus)

    def is_valid(self) -> bool:
        # `clean` a pu ajouter une faute à une ligne que Django tenait déjà pour bonne.
        return super().is_valid() and not any(form.errors for form in self.forms)

    @staticmethod
    def _verifier_les_bornes(form: TrancheForm, *, est_derniere: bool) -> None:
        de, a = form.cleaned_data["de"], form.cleaned_data["a"]
        if a is not None and a < de:
            form.add_error("a", "La tranche finit avant d’avoir commencé.")
        elif est_derniere and a is not None:
            form.add_error("a", f"Rien n’est prévu au-delà de {a} actes\u00a0: laissez cette case vide.")
        elif not est_derniere and a is None:
            form.add_error("a", "Seule la dernière tranche est sans fin.")

    @staticmethod
    def _verifier_la_suite(basse: TrancheForm, haute: TrancheForm) -> None:
        avant, apres = basse.cleaned_data, haute.cleaned_data
        if apres.get("de") is not None and avant.get("de") is not None and apres["de"] <= avant["de"]:
            haute.add_error("de", "Les tranches se suivent de la plus basse à la plus haute.")
        elif avant.get("a") is not None and apres.get("de") is not None:
            if apres["de"] <= avant["a"]:
                haute.add_error("de", f"Cette tranche chevauche la précédente, qui va jusqu’à {avant['a']}.")
            elif apres["de"] > avant["a"] + 1:
                haute.add_error("de", f"Rien n’est prévu de {avant['a'] + 1} à {apres['de'] - 1} actes.")
        if apres.get("montant") is not None and apres["montant"] < avant["montant"]:
            haute.add_error("montant", "Le montant baisse d’une tranche à la suivante.")

    def tranches(self) -> list[dict[str, Any]]:
        return [
            {nom: form.cleaned_data[nom] for nom in TrancheForm.LABELS}
            for form in self.forms
            if form.est_remplie
        ]


TranchesFormSet = formset_factory(
    TrancheForm, formset=TableauDesTranches, extra=0, max_num=LIGNES_TRANCHES, absolute_max=LIGNES_TRANCHES
)


def tableau_des_tranches(donnees: Mapping[str, Any] | None, modele: Regle | None) -> TableauDesTranches:
    """Prérempli de la règle qu’il s’agit de remplacer, puis des lignes vides pour en ajouter."""
    reprises = modele.tranches.order_by("de") if modele else ()
    connues: list[dict[str, Any]] = [{"de": t.de, "a": t.a, "montant": t.montant} for t in reprises]
    vides: list[dict[str, Any]] = [{} for _ in range(LIGNES_TRANCHES - len(connues))]
    tableau: Any = TranchesFormSet
    rempli: TableauDesTranches = tableau(donnees, initial=[*connues, *vides], prefix="tranches")
    return rempli


class PeriodeForm(DsfrBaseForm):
    code = forms.CharField(
        label="Trimestre ou année",
        max_length=6,
        help_text="Par exemple 2026T3, ou 2026 pour le forfait annuel.",
    )

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"]).strip().upper()
        try:
            bornes(code)
        except ValueError:
            raise forms.ValidationError("Écrivez un trimestre (2026T3) ou une année (2026).") from None
        return code


class ConfirmationForm(DsfrBaseForm):
    confirme = forms.BooleanField(
        label="J’arrête les comptes de cette version : elle ne changera plus, et ne se rouvre pas."
    )


class MotifForm(DsfrBaseForm):
    motif = forms.CharField(
        label="Motif du rectificatif",
        max_length=300,
        help_text="Il se lira dans l’historique de la période et dans les fichiers des caisses.",
    )
