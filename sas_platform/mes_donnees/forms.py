"""Filtre de l’historique."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from comptes.models import Compte, Trace
from comptes.verbes import libelle_du_verbe
from sas_platform.socle.jours import JourField

TOUS, AUTRES, SOI = "", "autres", "soi"


class FiltreHistoriqueForm(DsfrBaseForm):
    du = JourField(label="Du", required=False)
    au = JourField(label="Au", required=False)
    verbe = forms.ChoiceField(label="Action", required=False)
    qui = forms.ChoiceField(
        label="Qui",
        required=False,
        choices=[(TOUS, "Tout le monde"), (AUTRES, "Les autres et la plateforme"), (SOI, "Moi")],
    )

    def __init__(self, *args: Any, lignes: QuerySet[Trace], compte: Compte, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lignes, self.compte = lignes, compte
        verbes = lignes.order_by().values_list("verbe", flat=True).distinct()
        choix = sorted((_majuscule(libelle_du_verbe(verbe)), verbe) for verbe in verbes)
        champ = self.fields["verbe"]
        assert isinstance(champ, forms.ChoiceField)
        champ.choices = [("", "Toutes"), *((verbe, libelle) for libelle, verbe in choix)]

    def clean(self) -> dict[str, Any]:
        donnees: dict[str, Any] = super().clean() or {}
        du, au = donnees.get("du"), donnees.get("au")
        if du and au and au < du:
            self.add_error("au", "La période finit avant d’avoir commencé.")
        return donnees

    def filtrees(self) -> QuerySet[Trace]:
        """Lignes du filtre ; toutes si le filtre est fautif, la page disant en quoi."""
        donnees = self.cleaned_data if self.is_valid() else {}
        lignes = self.lignes
        if du := donnees.get("du"):
            lignes = lignes.filter(le__gte=_minuit(du))
        if au := donnees.get("au"):
            lignes = lignes.filter(le__lt=_minuit(au + timedelta(days=1)))
        if verbe := donnees.get("verbe"):
            lignes = lignes.filter(verbe=verbe)
        if donnees.get("qui") == SOI:
            lignes = lignes.filter(acteur=self.compte)
        elif donnees.get("qui") == AUTRES:
            lignes = lignes.filter(~Q(acteur=self.compte) | Q(acteur=None))
        return lignes


def _minuit(jour: Any) -> datetime:
    return timezone.make_aware(datetime.combine(jour, time.min))


def _majuscule(texte: str) -> str:
    return texte[:1].upper() + texte[1:]
