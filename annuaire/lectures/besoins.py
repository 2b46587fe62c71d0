"""Un besoin dit en mots courants, et les spécialités qui peuvent y répondre."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Prefetch

from annuaire.domaine.proximite import proximite_du_debut
from annuaire.models import Besoin, Specialite
from sas_platform.socle.textes import normaliser

LONGUEUR_MIN = 3
LIMITE = 4
CONTENU = 1.5  # « mon fils a une otite » : la formulation entière est dans ce qui est tapé


@dataclass(frozen=True, slots=True)
class BesoinTrouve:
    """`est_exact` : le texte est une de ses formulations, mot pour mot."""

    libelle: str
    specialites: tuple[Specialite, ...]
    est_exact: bool


def chercher_besoins(texte: str, limite: int = LIMITE) -> list[BesoinTrouve]:
    """Par libellé ou formulation, à une faute près, ou contenu dans une phrase ; le plus ressemblant d’abord.

    Le texte n’est ni gardé ni journalisé : il dit parfois de quoi souffre quelqu’un.
    """
    tape = normaliser(texte[:100])
    if len(tape) < LONGUEUR_MIN:
        return []
    trouves = []
    for besoin in _proposes():
        noms = [normaliser(nom) for nom in (besoin.libelle, *besoin.formulations)]
        proche = max(_proximite(tape, nom) for nom in noms)
        if proche:
            trouves.append((proche, _trouve(besoin, est_exact=tape in noms)))
    trouves.sort(key=lambda paire: -paire[0])
    if trouves and trouves[0][0] >= 1:  # ce qui se lit tel quel dispense des fautes de frappe
        trouves = [paire for paire in trouves if paire[0] >= 1]
    return [besoin for _, besoin in trouves[:limite]]


def besoins_suggeres() -> list[BesoinTrouve]:
    """Ceux que l’on montre avant d’avoir rien tapé (S-06)."""
    return [_trouve(besoin, est_exact=False) for besoin in _proposes() if besoin.est_suggere]


def _proposes() -> list[Besoin]:
    """Sans ceux qui ne mènent à personne ; les spécialités dans l’ordre où elles ont été livrées."""
    specialites = Prefetch("specialites", Specialite.objects.order_by("pk"))
    besoins = Besoin.objects.filter(est_actif=True).prefetch_related(specialites).order_by("libelle", "pk")
    return [besoin for besoin in besoins if besoin.specialites.all()]


def _trouve(besoin: Besoin, *, est_exact: bool) -> BesoinTrouve:
    return BesoinTrouve(besoin.libelle, tuple(besoin.specialites.all()), est_exact)


def _proximite(tape: str, nom: str) -> float:
    if nom and nom != tape and f" {nom} " in f" {tape} ":
        return CONTENU
    return proximite_du_debut(tape, nom)
