"""Chercher et filtrer les comptes ; tout en GET, pour que la page se garde et s’exporte."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from dsfr.forms import DsfrBaseForm

from annuaire.champs import Champ, territoires_du
from annuaire.gestion.forms.champs import SansMention
from annuaire.gestion.lectures import REVOIR, avec_raisons
from annuaire.gestion.portee import comptes_du
from annuaire.gestion.recherches import identifiant_saisi, numero_compact
from comptes.enums import Role
from comptes.models import Compte

ETATS = (("", "Tous"), ("actif", "Actifs"), ("jamais_active", "Jamais activés"), ("desactive", "Désactivés"))


class FiltreForm(SansMention, DsfrBaseForm):
    q = forms.CharField(
        label="Nom, adresse électronique ou identifiant national", required=False, max_length=100
    )
    role = forms.ChoiceField(label="Rôle", required=False, choices=[("", "Tous"), *Role.choices])
    territoire = forms.ChoiceField(label="Territoire", required=False)
    etat = forms.ChoiceField(label="État", required=False, choices=ETATS)
    revoir = forms.ChoiceField(label="À revoir", required=False, choices=[("", "—"), *REVOIR.items()])

    def __init__(self, *args: Any, vise: Champ, instant: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instant = instant
        territoires = territoires_du(vise).order_by("nom", "pk").values_list("pk", "nom")
        self.territoires = [(str(pk), nom) for pk, nom in territoires]
        self.fields["territoire"].choices = [("", "Tous"), *self.territoires]

    def appliquer(self, comptes: QuerySet[Compte]) -> QuerySet[Compte]:
        """Un filtre illisible ne montre rien plutôt que tout."""
        if not self.is_valid():
            return comptes.none()
        lus = self.cleaned_data
        if lus["revoir"]:
            comptes = avec_raisons(comptes, instant=self.instant).filter(**{lus["revoir"]: True})
        if lus["territoire"]:
            vise = Champ(territoires=frozenset({int(lus["territoire"])}))
            comptes = comptes.filter(pk__in=comptes_du(vise, instant=self.instant).values("pk"))
        if lus["role"]:
            comptes = comptes.filter(
                pk__in=Compte.objects.filter(
                    Q(habilitations__role=lus["role"])
                    & (Q(habilitations__fin_le=None) | Q(habilitations__fin_le__gt=self.instant))
                ).values("pk")
            )
        if lus["etat"]:
            comptes = comptes.filter(is_active=lus["etat"] != "desactive")
            if lus["etat"] == "jamais_active":
                comptes = comptes.filter(last_login=None)
        return self._chercher(comptes, lus["q"])

    @staticmethod
    def _chercher(comptes: QuerySet[Compte], texte: str) -> QuerySet[Compte]:
        numero = identifiant_saisi(texte)
        if numero:
            return comptes.filter(identifiant_national__in=[numero, numero_compact(texte)])
        for mot in texte.split()[:6]:
            comptes = comptes.filter(
                Q(nom__unaccent__icontains=mot)
                | Q(prenom__unaccent__icontains=mot)
                | Q(email__icontains=mot)
                | Q(identifiant_national__icontains=mot)
            )
        return comptes
