"""Le médecin traitant d’après un identifiant national ou un nom, près de l’adresse cherchée d’abord.

Le nom d’un médecin traitant dit quelque chose du patient : rien ici ne le
garde ni ne le journalise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django import forms
from django.contrib.postgres.search import TrigramSimilarity
from django.core import signing
from django.db.models import QuerySet

from annuaire.domaine.civilites import sans_civilite
from annuaire.domaine.identifiants import est_adeli, est_rpps
from annuaire.domaine.proximite import proximite
from annuaire.domaine.territoire import KM_PAR_DEGRE
from annuaire.lectures import LieuTrouve
from annuaire.models import Effecteur, LieuExercice
from orientation.suggestions import DUREE_D_UN_CHOIX
from sas_platform.socle.textes import normaliser

MEDECIN = "10"
# On a son médecin traitant près de chez soi : au-delà, un homonyme n’est pas un candidat de même rang.
PRES_KM = 50
NOMBRE = 6
MOTS_MAX = 6
LETTRES_MIN = 2
_SEL = "orientation.medecin_traitant"


@dataclass(frozen=True, slots=True)
class MedecinTrouve:
    id: int
    libelle: str
    detail: str = ""


# --- Retrouver ----------------------------------------------------------------


def trouver(texte: str, ou: LieuTrouve | None) -> list[MedecinTrouve]:
    """Un seul élément si le texte est sans équivoque, plusieurs s’il faut demander, aucun s’il ne dit rien.

    `texte` : identifiant national (avec ou sans préfixe), RPPS, ADELI, ou nom à
    une faute près. Un nom porté près de `ou` l’emporte sur ses homonymes d’ailleurs.
    """
    numero = texte.replace(" ", "").upper()
    if identifiants := [i for i in (numero, f"8{numero}", f"0{numero}") if _est_national(i)]:
        actifs = Effecteur.objects.filter(est_actif=True, identifiant_national__in=identifiants)
        return _presenter(actifs.order_by("pk"))
    tape = sans_civilite(normaliser(texte[:100]))
    if len(tape) < LETTRES_MIN:
        return []
    partout = Effecteur.objects.filter(est_actif=True, profession=MEDECIN)
    zones = [partout.filter(pk__in=_pres_de(ou)), partout] if ou else [partout]
    for chercher in (_qui_ont_ces_mots, _a_une_faute_pres):
        for zone in zones:
            if trouves := chercher(zone, tape):
                return _presenter(trouves)
    return []


def _est_national(numero: str) -> bool:
    return (numero[:1] == "8" and est_rpps(numero[1:])) or (numero[:1] == "0" and est_adeli(numero[1:]))


def _pres_de(ou: LieuTrouve) -> QuerySet[LieuExercice, int | None]:
    marge = PRES_KM / KM_PAR_DEGRE
    marge_lon = marge / max(0.1, math.cos(math.radians(ou.lat)))
    pres = LieuExercice.objects.filter(
        est_actif=True,
        lat__range=(ou.lat - marge, ou.lat + marge),
        lon__range=(ou.lon - marge_lon, ou.lon + marge_lon),
    )
    return pres.values_list("effecteur", flat=True)


def _qui_ont_ces_mots(medecins: QuerySet[Effecteur], tape: str) -> Sequence[Effecteur]:
    """Tous les mots, entiers (« martin » n’est pas « martinez »), à défaut des débuts de mots ; dans n’importe quel ordre."""
    mots = tape.split()[:MOTS_MAX]
    for mot in [mot for mot in mots if len(mot) > LETTRES_MIN] or mots:
        medecins = medecins.filter(nom_recherche__contains=mot)
    candidats = list(medecins.order_by("nom_recherche", "pk")[: 20 * NOMBRE])
    entiers = [m for m in candidats if set(mots) <= set(m.nom_recherche.split())]
    debuts = [m for m in candidats if all(f" {mot}" in f" {m.nom_recherche}" for mot in mots)]
    return (entiers or debuts)[:NOMBRE]


def _a_une_faute_pres(medecins: QuerySet[Effecteur], tape: str) -> Sequence[Effecteur]:
    ressemblants = medecins.filter(nom_recherche__trigram_similar=tape).annotate(
        ressemblance=TrigramSimilarity("nom_recherche", tape)
    )
    candidats = ressemblants.order_by("-ressemblance", "pk")[: 2 * NOMBRE]
    tries = " ".join(sorted(tape.split()))
    return [m for m in candidats if proximite(tries, " ".join(sorted(m.nom_recherche.split())))][:NOMBRE]


def _presenter(medecins: QuerySet[Effecteur] | Sequence[Effecteur]) -> list[MedecinTrouve]:
    trouves = list(medecins)
    lieux = LieuExercice.objects.filter(effecteur__in=trouves, est_actif=True).order_by("effecteur", "pk")
    villes: dict[int | None, str] = dict(
        lieux.distinct("effecteur").values_list(
            "effecteur", "commune__nom"
        )  # une ville suffit à les distinguer
    )
    return [MedecinTrouve(m.pk, str(m), villes.get(m.pk, "")) for m in trouves]


# --- Choix signés ---------------------------------------------------------------


def signer_medecin(medecin: MedecinTrouve) -> str:
    return signing.dumps(asdict(medecin), salt=_SEL, compress=True)


def medecin_choisi(valeur: str) -> MedecinTrouve | None:
    """Le médecin signé ; rien si la signature est fausse ou trop vieille."""
    try:
        return MedecinTrouve(**signing.loads(valeur, salt=_SEL, max_age=DUREE_D_UN_CHOIX))
    except signing.BadSignature:
        return None


class AvecMedecinTraitant(forms.Form):
    """Le champ, facultatif, d’un formulaire de recherche ; un choix revient signé, comme ceux de `quoi` et `ou`."""

    medecin = forms.CharField(
        label="Médecin traitant",
        help_text="Nom ou numéro RPPS ; ses lieux seront en tête des résultats",
        max_length=100,
        required=False,
    )
    medecin_choisi = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)
    medecin_retenu = forms.CharField(required=False, max_length=2000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choix_medecin: list[tuple[str, str]] = []

    def comprendre_medecin(self, donnees: dict[str, Any]) -> MedecinTrouve | None:
        """Le médecin compris, près de `donnees["ou_compris"]` ; pose l’erreur, et les choix, s’il faut demander."""
        tape = donnees.get("medecin", "")
        retenu = medecin_choisi(donnees.get("medecin_retenu", ""))
        choisi = retenu or medecin_choisi(donnees.get("medecin_choisi", ""))
        if choisi and (retenu or choisi.libelle == tape):
            return choisi
        if not tape:
            return None
        trouves = trouver(tape, donnees.get("ou_compris"))
        if len(trouves) == 1:
            return trouves[0]
        self.choix_medecin = [
            (signer_medecin(m), f"{m.libelle}, {m.detail}" if m.detail else m.libelle) for m in trouves
        ]
        self.add_error(
            "medecin",
            "Plusieurs médecins répondent à ce nom. Choisissez le bon, ou videz ce champ."
            if trouves
            else "Aucun médecin de l’annuaire ne répond à ce nom ou à ce numéro. Corrigez-le, ou videz ce champ.",
        )
        return None

    @staticmethod
    def donnees_du_medecin(medecin: MedecinTrouve | None) -> dict[str, Any]:
        """Ce que la recherche en garde."""
        if medecin is None:
            return {}
        return {"medecin_traitant": (medecin.id,), "medecin": medecin.libelle}

    @staticmethod
    def reprendre_medecin(medecin_traitant: tuple[int, ...], libelle: str) -> dict[str, str]:
        if not medecin_traitant:
            return {"medecin": libelle}
        return {
            "medecin": libelle,
            "medecin_choisi": signer_medecin(MedecinTrouve(medecin_traitant[0], libelle)),
        }
