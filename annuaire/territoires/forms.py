"""Un territoire se décrit par des départements entiers et des communes nommées, par leurs codes INSEE."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.db import models
from dsfr.forms import DsfrBaseForm

from annuaire.models import Commune, Departement, Territoire
from annuaire.models.territoires import SAMU_DU_HUB
from annuaire.territoires.actions import version_de
from sas_platform.socle.jours import JourField

CODES_MAX = 6_000
NOMMES_MAX = 10
RAYON_MAX_KM = 300
_SEPARATEURS = re.compile(r"[\s,;]+")


class CodesField(forms.CharField):
    """Liste de codes, séparés par des espaces, virgules ou retours à la ligne ; rend les objets."""

    def __init__(self, modele: type[models.Model], *, quoi: str, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}))
        super().__init__(**kwargs)
        self.modele, self.quoi = modele, quoi

    def prepare_value(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else " ".join(objet.pk for objet in value)

    def clean(self, value: Any) -> list[Any]:
        codes = list(dict.fromkeys(filter(None, _SEPARATEURS.split(str(super().clean(value)).upper()))))
        if len(codes) > CODES_MAX:
            raise forms.ValidationError(f"{CODES_MAX} codes au plus.")
        connus = self.modele._default_manager.in_bulk(codes)
        inconnus = [code for code in codes if code not in connus]
        if inconnus:
            premiers = ", ".join(code[:10] for code in inconnus[:NOMMES_MAX])
            suite = f" et {len(inconnus) - NOMMES_MAX} autres" if len(inconnus) > NOMMES_MAX else ""
            raise forms.ValidationError(f"{self.quoi} inconnus : {premiers}{suite}.")
        return [connus[code] for code in codes]


class TerritoireForm(DsfrBaseForm):
    nom = forms.CharField(label="Nom", help_text="Par exemple : SAS-59 Nord", max_length=100)
    departements = CodesField(
        Departement,
        quoi="Codes de département",
        label="Départements entiers",
        help_text="Codes séparés par des espaces : 59 62, 2A 2B, 974",
        required=False,
        widget=forms.TextInput,
    )
    communes = CodesField(
        Commune,
        quoi="Codes INSEE",
        label="Communes, pour une partie de département",
        help_text="Codes INSEE, non codes postaux. Une ville comprend ses arrondissements.",
        required=False,
    )
    ouvert_date = JourField(
        label="SAS ouvert depuis le",
        help_text="Avant cette date, et sans elle, aucune rémunération n’est due.",
        required=False,
    )
    ferme_date = JourField(
        label="SAS fermé le",
        required=False,
    )
    courriel_gestionnaires = forms.EmailField(label="Boîte des gestionnaires de comptes", required=False)
    courriel_referents = forms.EmailField(label="Boîte des référents territoriaux", required=False)
    samu = forms.CharField(
        label="LRM relié au Hub Santé",
        help_text="Identifiant du SAMU au Hub Santé, par exemple fr.health.samu590. "
        "Vide : les orientations des régulateurs ne partent vers aucun LRM.",
        max_length=30,
        required=False,
        validators=[SAMU_DU_HUB],
    )
    fournisseur_identite = forms.CharField(
        label="Fournisseur d’identité de l’hôpital",
        help_text="Paramètre kc_idp_hint de Pro Santé Connect ; vide pour la carte et e-CPS.",
        max_length=100,
        required=False,
    )
    vu_le = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args: Any, territoire: Territoire | None = None, **kwargs: Any) -> None:
        self.territoire = territoire
        if territoire is not None:
            noms = [nom for nom in self.base_fields if hasattr(territoire, nom)]
            initial = {nom: getattr(territoire, nom) for nom in noms}
            initial |= {nom: list(initial[nom].order_by("pk")) for nom in ("departements", "communes")}
            kwargs["initial"] = initial | {"vu_le": version_de(territoire)}
        super().__init__(*args, **kwargs)

    def clean_nom(self) -> str:
        nom: str = self.cleaned_data["nom"]
        homonymes = Territoire.objects.filter(nom__iexact=nom)
        if self.territoire is not None:
            homonymes = homonymes.exclude(pk=self.territoire.pk)
        if homonymes.exists():
            raise forms.ValidationError("Un autre territoire porte ce nom.")
        return nom

    def clean(self) -> dict[str, Any]:
        donnees = super().clean() or self.cleaned_data
        ouvert, ferme = donnees.get("ouvert_date"), donnees.get("ferme_date")
        if ferme and not ouvert:
            self.add_error("ouvert_date", "Un SAS ferme après avoir ouvert : dites quand.")
        elif ferme and ferme <= ouvert:
            self.add_error("ferme_date", "Le SAS ferme avant d’avoir ouvert.")
        vides = not donnees.get("departements") and not donnees.get("communes")
        if vides and not {"departements", "communes"} & set(self.errors):
            self.add_error("departements", "Nommez au moins un département ou une commune.")
        return donnees


class RayonForm(DsfrBaseForm):
    rayon_defaut_km = forms.IntegerField(label="Rayon par défaut (km)", min_value=1, max_value=RAYON_MAX_KM)
    pas_elargissement_km = forms.IntegerField(
        label="Pas d’élargissement (km)", min_value=1, max_value=RAYON_MAX_KM
    )
    rayon_maximal_km = forms.IntegerField(label="Rayon maximal (km)", min_value=1, max_value=RAYON_MAX_KM)

    def clean(self) -> dict[str, Any]:
        donnees = super().clean() or self.cleaned_data
        defaut, maximal = donnees.get("rayon_defaut_km"), donnees.get("rayon_maximal_km")
        if defaut and maximal and maximal < defaut:
            self.add_error("rayon_maximal_km", "Le maximum est d’au moins le rayon par défaut.")
        return donnees

    def rayons(self) -> tuple[int, int, int]:
        lus = self.cleaned_data
        return (lus["rayon_defaut_km"], lus["pas_elargissement_km"], lus["rayon_maximal_km"])
