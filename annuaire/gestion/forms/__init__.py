"""Formulaires de la gestion des comptes ; chaque erreur se pose sur le champ à corriger."""

from annuaire.gestion.forms.compte import Cadre, CompteForm, en_initial
from annuaire.gestion.forms.imports import ConfirmationForm, FichierForm
from annuaire.gestion.forms.liste import FiltreForm

__all__ = ["Cadre", "CompteForm", "ConfirmationForm", "FichierForm", "FiltreForm", "en_initial"]
