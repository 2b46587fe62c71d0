"""Ce que l’on choisit de regarder ; seuls les mois mesurés et ses propres territoires y sont."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms
from django.http import QueryDict
from dsfr.forms import DsfrBaseForm

from remuneration.domaine.mois import Mois
from remuneration.pilotage.lectures import FRANCE, MoisLu, finis_d_abord

EN_FRANCE = "france"


def cle_de(territoire: int | None) -> str:
    return EN_FRANCE if territoire is FRANCE else str(territoire)


class MoisForm(DsfrBaseForm):
    mois = forms.ChoiceField(label="Mois")

    def __init__(self, donnees: QueryDict, *, mois: list[MoisLu], **defauts: str) -> None:
        """Sans mois demandé : le dernier qui est fini, ou à défaut celui qui court. Le formulaire le montre choisi."""
        fini = finis_d_abord(mois)[0]
        dites = {nom: valeur for nom, valeur in donnees.items() if valeur}
        super().__init__({"mois": str(fini.mois)} | defauts | dites)
        self.fields["mois"].choices = [(str(lu.mois), lu.libelle) for lu in mois]

    def mois_choisi(self) -> Mois:
        return Mois.lire(self.cleaned_data["mois"])


class PilotageForm(MoisForm):
    territoire = forms.ChoiceField(label="Territoire")
    avec = forms.ChoiceField(label="Comparer avec", required=False)
    field_order = ("territoire", "mois", "avec")

    def __init__(self, donnees: QueryDict, *, mois: list[MoisLu], noms: Mapping[int | None, str]) -> None:
        """Chacun peut se comparer à la France, dont il lit déjà les chiffres clés."""
        choix = [(cle_de(territoire), nom) for territoire, nom in noms.items()]
        super().__init__(donnees, mois=mois, territoire=choix[0][0])
        self.comparables = {FRANCE: "France", **noms}
        self.fields["territoire"].choices = choix
        self.fields["avec"].choices = [
            ("", "Aucun"),
            *((cle_de(territoire), nom) for territoire, nom in self.comparables.items()),
        ]
        self.numeros = {cle_de(territoire): territoire for territoire in self.comparables}

    def territoire_choisi(self) -> int | None:
        return self.numeros[self.cleaned_data["territoire"]]

    def compares(self) -> list[int | None]:
        """Le territoire choisi, puis celui de comparaison s’il y en a un."""
        avec = self.cleaned_data["avec"]
        return [self.territoire_choisi(), *([self.numeros[avec]] if avec else [])]
