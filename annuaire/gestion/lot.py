"""Relire un fichier de comptes : chaque ligne passe par le formulaire d’un compte, avec ses mêmes refus."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.datastructures import MultiValueDict

from annuaire.gestion import messages
from annuaire.gestion.actions import CompteRefuse
from annuaire.gestion.forms.compte import Cadre, CompteForm
from annuaire.gestion.recherches import est_un_numero, identifiant_saisi
from annuaire.gestion.saisie import TERRITORIAUX, Saisie
from comptes.enums import Role
from sas_platform.socle.textes import normaliser

_SEPARATEURS = re.compile(r"[|,;/]")
_NUMEROS = {
    "structures": "structures_cherche",
    "professionnels_lies": "professionnels_cherche",
    "structures_liees": "structures_liees_cherche",
}
_COLONNE_DU_CHAMP = {champ: colonne for colonne, champ in _NUMEROS.items()} | {"identifiant": "rpps_adeli"}
_ROLES = {
    **{normaliser(role.label): role for role in Role},
    **{normaliser(role.value.replace("_", " ")): role for role in Role},
}


@dataclass(slots=True)
class LigneRelue:
    """Une ligne du fichier, et ce qui l’empêche d’être créée : colonne → messages."""

    numero: int
    donnees: dict[str, str]
    erreurs: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    saisie: Saisie | None = None

    def refuser(self, refus: CompteRefuse) -> None:
        """La base a refusé ce que la relecture admettait."""
        self.erreurs[_colonne(refus.champ or "email")].append(refus.message)
        self.saisie = None

    @property
    def refus(self) -> list[tuple[str, str]]:
        return [(colonne, message) for colonne, tous in self.erreurs.items() for message in tous]


def relire(lignes: Sequence[tuple[int, dict[str, str]]], cadre: Cadre) -> list[LigneRelue]:
    relues = [_relire_une(numero, ligne, cadre) for numero, ligne in lignes]
    for colonne in ("email", "rpps_adeli"):
        _refuser_les_doubles(relues, colonne)
    return relues


def _relire_une(numero: int, ligne: dict[str, str], cadre: Cadre) -> LigneRelue:
    relue = LigneRelue(numero, ligne)
    roles = _roles(relue, cadre)
    donnees: MultiValueDict[str, str] = MultiValueDict(
        {nom: [ligne.get(nom, "")] for nom in ("email", "nom", "prenom", "numero_cpx")}
    )
    donnees.setlist("roles", [str(role) for role in roles])
    territoires = _territoires(relue, cadre)
    for role in roles:
        donnees[f"fin_{role}"] = ligne.get("dernier_jour", "")
        if role in TERRITORIAUX:
            donnees.setlist(f"territoires_{role}", territoires)
    numero_national = ligne.get("rpps_adeli", "")
    if numero_national and not identifiant_saisi(numero_national):
        relue.erreurs["rpps_adeli"].append(messages.NUMERO_INVALIDE)
    donnees["identifiant"] = numero_national
    for colonne, champ in _NUMEROS.items():
        valeurs = _valeurs(ligne.get(colonne, ""))
        if not all(map(est_un_numero, valeurs)):
            relue.erreurs[colonne].append(messages.STRUCTURE_INTROUVABLE)
        donnees[champ] = ",".join(valeurs)
    form = CompteForm(donnees, cadre=cadre, signaler_homonymes=False)
    if form.is_valid() and not relue.erreurs:
        relue.saisie = form.saisie()
    for champ, erreurs in form.errors.items():
        colonne = _colonne(champ)
        if not relue.erreurs.get(colonne):
            relue.erreurs[colonne] = [str(erreur) for erreur in erreurs]
    return relue


def _valeurs(cellule: str) -> list[str]:
    return [valeur.strip() for valeur in _SEPARATEURS.split(cellule) if valeur.strip()]


def _roles(relue: LigneRelue, cadre: Cadre) -> list[Role]:
    roles = []
    for nom in _valeurs(relue.donnees.get("roles", "")):
        role = _ROLES.get(normaliser(nom))
        if role is None:
            relue.erreurs["roles"].append(f"Rôle inconnu : « {nom[:60]} ».")
        elif role not in cadre.accordables:
            relue.erreurs["roles"].append(f"Vous ne pouvez pas accorder ce rôle : {role.label}.")
        else:
            roles.append(role)
    return roles


def _territoires(relue: LigneRelue, cadre: Cadre) -> list[str]:
    siens = {normaliser(nom): pk for pk, nom in cadre.territoires}
    cles = []
    # Un nom de territoire porte parfois une barre (« SAS 58 / 21 ») : seul « | » et « ; » en séparent deux.
    for nom in re.split(r"[|;]", relue.donnees.get("territoires", "")):
        if not nom.strip():
            continue
        if normaliser(nom) in siens:
            cles.append(str(siens[normaliser(nom)]))
        else:
            relue.erreurs["territoires"].append(
                f"Territoire inconnu, ou hors des vôtres : « {nom.strip()[:80]} »."
            )
    return cles


def _colonne(champ: str) -> str:
    if champ.startswith("territoires_"):
        return "territoires"
    if champ.startswith("fin_"):
        return "dernier_jour"
    return _COLONNE_DU_CHAMP.get(champ, champ)


def _refuser_les_doubles(relues: Sequence[LigneRelue], colonne: str) -> None:
    vues: dict[str, int] = {}
    for relue in relues:
        valeur = relue.donnees.get(colonne, "").lower()
        cle = (identifiant_saisi(valeur) or valeur) if colonne == "rpps_adeli" else valeur
        if not cle:
            continue
        if cle in vues:
            message = messages.IDENTIQUES.format(colonne)
            relue.erreurs[colonne].append(f"{message} Voir la ligne {vues[cle]}.")
            relue.saisie = None
        vues.setdefault(cle, relue.numero)
