"""Pourquoi les créneaux d’un éditeur sont montrés en ce lieu, en phrases pour le support (docs/adr/0016)."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from django.db.models import Q, QuerySet

from agenda.editeurs.appariement import Appariement
from agenda.enums import RegleAppariement
from agenda.models import AgendaEditeur, Editeur
from annuaire.models import LieuExercice


@dataclass(frozen=True, slots=True)
class AppariementExplique:
    """Un lieu décrit par un éditeur, le lieu de l’annuaire où ses créneaux sont montrés, et la raison."""

    editeur: Editeur
    lieu: LieuExercice
    regle: RegleAppariement
    phrase: str
    id_interne: str
    creneaux: int


def appariements(
    *, effecteur_id: int | None = None, structure_id: int | None = None, editeur_id: int | None = None
) -> list[AppariementExplique]:
    """Ceux d’un effecteur, d’une association ou d’un éditeur ; à borner par l’appelant."""
    filtres = {
        "raccordement__effecteur": effecteur_id,
        "raccordement__structure": structure_id,
        "raccordement__editeur": editeur_id,
    }
    voulus = Q(**{champ: valeur for champ, valeur in filtres.items() if valeur is not None})
    if not voulus:
        return []
    return expliquer(AgendaEditeur.objects.filter(voulus))


def expliquer(agendas: QuerySet[AgendaEditeur]) -> list[AppariementExplique]:
    """En une requête, une entrée par lieu décrit."""
    agendas = agendas.select_related(
        "raccordement__editeur", "lieu__commune", "lieu__effecteur", "lieu__structure"
    )
    return [
        AppariementExplique(
            editeur=agenda.raccordement.editeur,
            lieu=agenda.lieu,
            regle=RegleAppariement(decision.regle),
            phrase=_phrase(decision),
            id_interne=decision.id_interne,
            creneaux=len(agenda.creneaux),
        )
        for agenda in agendas.order_by("raccordement__editeur__nom", "lieu", "pk")
        for decision in msgspec.convert(agenda.appariement, list[Appariement])
    ]


def _phrase(decision: Appariement) -> str:
    match decision.regle:
        case RegleAppariement.IDENTIFIANT:
            phrase = f"L’éditeur donne l’identifiant {decision.editeur}, qui est celui de ce lieu."
        case RegleAppariement.COORDONNEES:
            ecart = f"{decision.ecart_m or 0:.1f}".replace(".", ",")
            phrase = (
                f"L’éditeur le situe en {decision.editeur}, à {ecart} m de la position de l’annuaire "
                f"({decision.annuaire})."
            )
        case RegleAppariement.ADRESSE:
            phrase = f"L’éditeur écrit «\u00a0{decision.editeur}\u00a0», l’annuaire «\u00a0{decision.annuaire}\u00a0»."
        case RegleAppariement.SANS_VOIE:
            phrase = (
                f"L’éditeur écrit «\u00a0{decision.editeur}\u00a0»\u00a0; l’annuaire ne connaît dans cette commune "
                "que ce lieu, sans sa voie."
            )
        case _:
            phrase = (
                f"L’éditeur écrit «\u00a0{decision.editeur}\u00a0»\u00a0: ni identifiant, ni position, ni adresse "
                "n’est celle d’un lieu de l’annuaire. Cette fiche en est née."
            )
    if decision.candidats > 1:
        phrase += f" {decision.candidats} lieux répondaient, le plus précis a été retenu."
    return phrase
