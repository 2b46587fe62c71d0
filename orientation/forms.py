"""Formulaires des pages ; chaque erreur se pose sur le champ à corriger."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core import signing
from dsfr.forms import DsfrBaseForm

from annuaire.lectures import LieuTrouve
from orientation.actions import HORIZON_SURNUMERAIRE, PlaceVue, prochain_quart_d_heure
from orientation.carnet import Recherche
from orientation.medecin_traitant import AvecMedecinTraitant
from orientation.suggestions import (
    Quoi,
    comprendre_lieu,
    comprendre_quoi,
    en_donnees,
    est_une_adresse_perdue,
    lieu_choisi,
    quoi_choisi,
    signer_lieu,
    signer_quoi,
)
from sas_platform.socle.francais import heure as heure_ecrite

SEL_VUE = "orientation.vue"
DUREE_VUE = timedelta(hours=4)
RAYON_MAX_KM = 300
PASSE = "Il n’est pas possible de saisir/sélectionner une date/heure dans le passé."
LOINTAIN = f"Choisissez une date dans les {HORIZON_SURNUMERAIRE.days} jours."
SAUTEE = "Cette heure n’existe pas ce jour-là : on passe à l’heure d’été."
QUARTS_D_HEURE = [*(time(quart // 4, quart % 4 * 15) for quart in range(96)), time(23, 59)]


class RechercheForm(AvecMedecinTraitant, DsfrBaseForm):
    """Quoi, où, jusqu’où, et qui d’abord.

    Un choix de la liste revient signé (`…_choisi`, ou `…_retenu` par un bouton
    « Vouliez-vous dire »). Si le texte a changé depuis, c’est le texte qui compte.
    """

    quoi = forms.CharField(
        label="Spécialité, structure ou nom",
        help_text="Ou un besoin, par exemple : mal de dents",
        max_length=100,
        min_length=2,
        error_messages={"required": "Renseignez une spécialité, une structure ou un nom."},
    )
    quoi_choisi = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)
    quoi_retenu = forms.CharField(required=False, max_length=2000)
    ou = forms.CharField(
        label="Adresse",
        help_text="Adresse, commune, code postal ou département",
        max_length=200,
        error_messages={"required": "Renseignez une adresse, une commune ou un code postal."},
    )
    ou_choisi = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)
    ou_retenu = forms.CharField(required=False, max_length=2000)
    rayon_km = forms.IntegerField(
        label="Rayon (km)",
        help_text="Celui du département par défaut",
        required=False,
        min_value=1,
        max_value=RAYON_MAX_KM,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choix_quoi: list[tuple[str, str]] = []
        self.choix_ou: list[tuple[str, str]] = []
        self.avis: tuple[str, ...] = ()

    @staticmethod
    def reprendre(recherche: Recherche) -> dict[str, Any]:
        """Valeurs initiales d’une recherche déjà faite, choix compris."""
        quoi = Quoi(recherche.quoi, recherche.specialite_ids, recherche.noms)
        return {
            "quoi": recherche.quoi,
            "quoi_choisi": signer_quoi(quoi),
            "ou": recherche.lieu["libelle"],
            "ou_choisi": signer_lieu(recherche.lieu_trouve),
            "rayon_km": round(recherche.rayon_km),
            **AvecMedecinTraitant.reprendre_medecin(recherche.medecin_traitant, recherche.medecin),
        }

    def clean(self) -> dict[str, Any]:
        donnees = super().clean() or self.cleaned_data
        if donnees.get("quoi"):
            donnees["quoi_compris"] = self._comprendre_quoi(donnees)
        if donnees.get("ou"):
            donnees["ou_compris"] = self._comprendre_ou(donnees)
        donnees["medecin_compris"] = self.comprendre_medecin(donnees)
        return donnees

    def recherche(self) -> Recherche:
        quoi, ou = self.cleaned_data["quoi_compris"], self.cleaned_data["ou_compris"]
        return Recherche(
            quoi=quoi.libelle,
            specialite_ids=quoi.specialite_ids,
            noms=quoi.noms,
            lieu=en_donnees(ou),
            rayon_km=self.cleaned_data["rayon_km"] or ou.rayon_defaut_km,
            avis=self.avis,
            **self.donnees_du_medecin(self.cleaned_data["medecin_compris"]),
        )

    def _comprendre_quoi(self, donnees: dict[str, Any]) -> Quoi | None:
        retenu = quoi_choisi(donnees.get("quoi_retenu", ""))
        choisi = retenu or quoi_choisi(donnees.get("quoi_choisi", ""))
        if choisi and (retenu or choisi.libelle == donnees["quoi"]):
            return choisi
        compris = comprendre_quoi(donnees["quoi"])
        if len(compris) == 1:
            return compris[0]
        self.choix_quoi = [(signer_quoi(quoi), quoi.libelle) for quoi in compris]
        self.add_error(
            "quoi",
            "Précisez votre recherche parmi les propositions."
            if compris
            else "Aucune spécialité, structure ni aucun nom ne répond à cette recherche.",
        )
        return None

    def _comprendre_ou(self, donnees: dict[str, Any]) -> LieuTrouve | None:
        retenu = lieu_choisi(donnees.get("ou_retenu", ""))
        choisi = retenu or lieu_choisi(donnees.get("ou_choisi", ""))
        if choisi and (retenu or choisi.libelle == donnees["ou"]):
            return choisi
        compris = comprendre_lieu(donnees["ou"])
        if compris.seul:
            if est_une_adresse_perdue(donnees["ou"], compris.seul):
                centre = compris.seul.libelle
                self.avis = (f"Cette adresse n’a pas été trouvée : la recherche part du centre de {centre}.",)
            return compris.seul
        self.choix_ou = [(signer_lieu(lieu), lieu.libelle) for lieu in compris.lieux]
        if not compris.lieux:
            refus = (
                f"La zone « {donnees['ou']} » n’est pas reconnue. Renseignez une autre adresse, "
                "une commune ou un code postal."
            )
        elif compris.nommes:
            refus = "Plusieurs lieux répondent à ce nom. Choisissez le bon."
        else:
            refus = "Aucun lieu ne porte exactement ce nom. Choisissez le bon, ou corrigez-le."
        self.add_error("ou", refus)
        return None


class PageForm(forms.Form):
    """Seuls paramètres admis dans l’adresse des résultats : la page, le dernier lieu de la précédente, les filtres.

    Un paramètre mal écrit est ignoré.
    """

    page = forms.IntegerField(min_value=1, max_value=100_000, required=False)
    suite = forms.RegexField(r"^l[0-9]{1,18}$", required=False)
    filtres = forms.BooleanField(required=False)

    def numero(self) -> int:
        return self._lu("page") or 1

    def apres(self) -> int | None:
        """Le lieu après lequel reprendre, en passant à la page suivante."""
        suite = self._lu("suite")
        return int(suite[1:]) if suite and self.numero() > 1 else None

    def ouvre_les_filtres(self) -> bool:
        return bool(self._lu("filtres"))

    def _lu(self, champ: str) -> Any:
        return None if champ in self.errors else self.cleaned_data[champ]


class EtapeForm(DsfrBaseForm):
    """Ce que chaque étape transmet à la suivante, sans rien du patient.

    `cle` naît avec la première étape : un double clic, un retour en arrière ou
    un renvoi ne compte qu’une orientation. `vue` est ce que l’écran montrait,
    signé.
    """

    SAISIE, CONFIRMATION = "saisie", "confirmation"

    etape = forms.ChoiceField(choices=[(SAISIE, ""), (CONFIRMATION, "")], widget=forms.HiddenInput)
    cle = forms.UUIDField(widget=forms.HiddenInput)
    recherche = forms.SlugField(required=False, widget=forms.HiddenInput)
    vue = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)

    def clean_vue(self) -> dict[str, Any] | None:
        try:
            lue = signing.loads(self.cleaned_data["vue"], salt=SEL_VUE, max_age=DUREE_VUE)
        except signing.BadSignature:
            return None
        return dict(lue)

    def place_vue(self) -> PlaceVue | None:
        vue = self.cleaned_data["vue"]
        if not vue:
            return None
        return PlaceVue(fin=datetime.fromtimestamp(vue["fin"], UTC), modalites=tuple(vue["modalites"]))


def nouvelle_cle() -> str:
    return str(uuid.uuid4())


def sceller(vue: dict[str, Any]) -> str:
    return signing.dumps(vue, salt=SEL_VUE)


class EnSusForm(EtapeForm):
    """Date et heure d’une orientation hors disponibilité, à l’heure murale du lieu (W-21).

    La page retire de la liste les heures que le jour choisi n’a plus ou n’a pas, et joint les deux `CHOIX`
    à l’appel que l’on note : on y revient avec eux (static/js/en-sus.js).
    """

    CHOIX = ("date", "heure")

    date = forms.DateField(
        label="Date",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Saisissez une date, par exemple 4/11/2026."},
    )
    heure = forms.TimeField(
        label="Heure", widget=forms.Select, error_messages={"required": "Choisissez une heure."}
    )

    def __init__(self, *args: Any, fuseau: str, maintenant: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fuseau = ZoneInfo(fuseau)
        self.maintenant = maintenant
        local = prochain_quart_d_heure(maintenant).astimezone(self.fuseau)
        jour, heure = self.fields["date"], self.fields["heure"]
        jour.initial, heure.initial = local.date(), local.strftime("%H:%M")
        jour.widget.attrs |= {
            "min": local.date().isoformat(),
            "max": (local.date() + HORIZON_SURNUMERAIRE).isoformat(),
            "data-sas-heures-impossibles": json.dumps(self._impossibles()),
        }
        heure.widget.choices = [(f"{quart:%H:%M}", heure_ecrite(quart)) for quart in QUARTS_D_HEURE]

    def clean(self) -> dict[str, Any]:
        donnees = super().clean() or self.cleaned_data
        jour, heure = donnees.get("date"), donnees.get("heure")
        if jour is None or heure is None:
            return donnees
        murale = datetime.combine(jour, heure)
        if refus := self._refus(murale):
            self.add_error(*refus)
        else:
            donnees["debut"] = self._instant(murale)
        return donnees

    def _refus(self, murale: datetime) -> tuple[str, str] | None:
        """Le champ à corriger, et pourquoi ; rien si cette heure du lieu se peut."""
        ecart = murale.date() - self.maintenant.astimezone(self.fuseau).date()
        # Avant tout calcul d’instant : l’an 1 et l’an 9999 débordent en passant à l’heure universelle.
        if not timedelta(0) <= ecart <= HORIZON_SURNUMERAIRE:
            return "date", LOINTAIN if ecart > timedelta(0) else PASSE
        debut = self._instant(murale)
        if debut.astimezone(self.fuseau).replace(tzinfo=None) != murale:
            return "heure", SAUTEE
        if debut < self.maintenant:
            return "heure", PASSE
        return ("date", LOINTAIN) if debut > self.maintenant + HORIZON_SURNUMERAIRE else None

    def _instant(self, murale: datetime) -> datetime:
        """L’heure qui revient au passage à l’heure d’hiver est la première puis, celle-ci passée, la seconde."""
        premiere, seconde = (murale.replace(tzinfo=self.fuseau, fold=fold).astimezone(UTC) for fold in (0, 1))
        return premiere if premiere >= self.maintenant else seconde

    def _impossibles(self) -> dict[str, list[str]]:
        """Par jour, les heures que `clean` refuse : le premier jour, le dernier, et ceux où l’heure change."""
        minuit = datetime.combine(self.maintenant.astimezone(self.fuseau), time.min)
        jours = [minuit + timedelta(days=n) for n in range(HORIZON_SURNUMERAIRE.days + 1)]
        decalages = [jour.replace(tzinfo=self.fuseau).utcoffset() for jour in jours]
        changent = [jours[n] for n, (ici, demain) in enumerate(pairwise(decalages)) if ici != demain]
        return {
            f"{jour:%Y-%m-%d}": [
                f"{quart:%H:%M}" for quart in QUARTS_D_HEURE if self._refus(datetime.combine(jour, quart))
            ]
            for jour in sorted({jours[0], *changent, jours[-1]})
        }
