"""Un besoin dit en mots courants, et les spécialités qui peuvent y répondre."""

from __future__ import annotations

from dataclasses import dataclass

from annuaire.domaine.proximite import proximite
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
    for besoin in (
        Besoin.objects.filter(est_actif=True).prefetch_related("specialites").order_by("libelle", "pk")
    ):
        noms = [normaliser(nom) for nom in (besoin.libelle, *besoin.formulations)]
        proche = max(_proximite(tape, nom) for nom in noms)
        specialites = tuple(besoin.specialites.all())
        if proche and specialites:
            trouves.append((proche, BesoinTrouve(besoin.libelle, specialites, tape in noms)))
    trouves.sort(key=lambda paire: -paire[0])
    if trouves and trouves[0][0] >= 1:  # ce qui se lit tel quel dispense des fautes de frappe
        trouves = [paire for paire in trouves if paire[0] >= 1]
    return [besoin for _, besoin in trouves[:limite]]


def _proximite(tape: str, nom: str) -> float:
    if nom and nom != tape and f" {nom} " in f" {tape} ":
        return CONTENU
    return proximite(tape, nom)
