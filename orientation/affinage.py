"""Resserrer ou élargir une recherche depuis ses résultats, en gardant la position et les filtres."""

from __future__ import annotations

from typing import Any

from django import forms
from dsfr.forms import DsfrBaseForm

from orientation import carnet, echelle, facettes
from orientation.carnet import Recherche
from orientation.forms import RAYON_MAX_KM
from orientation.lectures import DISPONIBILITES


class AffinageForm(DsfrBaseForm):
    """Un champ absent ne change rien ; `filtrer` dit que les cases à cocher sont toutes là.

    `retirer` : un filtre, « delais:0-4 ». `elargir` : une marche de l’échelle. `cpts` : la page de cette CPTS.
    """

    disponibilite = forms.ChoiceField(choices=[(nom, nom) for nom in DISPONIBILITES], required=False)
    rayon_km = forms.IntegerField(min_value=1, max_value=RAYON_MAX_KM, required=False)
    filtrer = forms.BooleanField(required=False)
    natures = forms.MultipleChoiceField(required=False)
    delais = forms.MultipleChoiceField(required=False)
    modalites = forms.MultipleChoiceField(required=False)
    secteurs = forms.MultipleChoiceField(required=False)
    vitale = forms.MultipleChoiceField(required=False)
    fauteuil = forms.MultipleChoiceField(required=False)
    langues = forms.MultipleChoiceField(required=False)
    retirer = forms.CharField(max_length=40, required=False)
    reinitialiser = forms.BooleanField(required=False)
    elargir = forms.CharField(max_length=40, required=False)
    cpts = forms.IntegerField(min_value=1, required=False)

    def __init__(self, *args: Any, demande: Recherche, jeton: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.demande = demande
        self.jeton = jeton
        for nom in facettes.CATEGORIES:
            self.fields[nom].choices = [(valeur, valeur) for valeur in facettes.valeurs(nom)]

    def affinee(self) -> Recherche:
        """La recherche changée ; la même si rien ne change."""
        lus, demande = self.cleaned_data, self.demande
        if lus["elargir"]:
            return echelle.suivre(demande, lus["elargir"], jeton=self.jeton)
        if lus["cpts"]:
            return carnet.chez_la_cpts(demande, lus["cpts"], jeton=self.jeton)
        changements: dict[str, Any] = {
            champ: lus[champ] for champ in ("disponibilite", "rayon_km") if lus[champ]
        }
        if lus["filtrer"]:
            changements |= {
                nom: tuple(valeur for valeur in facettes.valeurs(nom) if valeur in lus[nom])
                for nom in self._categories_montrees(lus)
            }
        if lus["reinitialiser"]:
            changements |= dict.fromkeys(facettes.CATEGORIES, ())
        if lus["retirer"]:
            nom, _, valeur = lus["retirer"].partition(":")
            if nom in facettes.CATEGORIES:
                changements[nom] = tuple(v for v in getattr(demande, nom) if v != valeur)
        return demande.avec(**changements)

    def _categories_montrees(self, lus: dict[str, Any]) -> list[str]:
        """Là où l’on ne cherche pas de créneau, les cases des créneaux n’étaient pas à l’écran : on les garde."""
        if self.demande.criteres().demande_un_creneau:
            return list(facettes.CATEGORIES)
        return [nom for nom in facettes.CATEGORIES if nom not in facettes.DE_CRENEAUX]
