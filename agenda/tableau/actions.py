"""Ce qui s’enregistre depuis le tableau de bord, et paraît aussitôt dans la recherche."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from agenda.offre import rafraichir, verrouiller
from annuaire.models import Effecteur, LieuExercice, Structure
from comptes.actions import tracer
from comptes.models import Compte
from participation.actions import Reponses, declarer, declarer_structure
from participation.domaine.declaration import DeclarationStructure
from participation.models import Participation, ParticipationStructure, Sollicitation

# Ce qu’un lieu dit de lui à la régulation, en texte et en cases.
INFORMATIONS = ("informations_complementaires", "accueil", "langues")


class ModifieEntreTemps(Exception):
    """Une autre fenêtre, ou une autre personne, a enregistré depuis l’affichage."""

    def __init__(self) -> None:
        super().__init__(
            "Quelqu’un a modifié ces informations pendant que vous les remplissiez. Relisez ce qui est enregistré, "
            "puis enregistrez de nouveau : rien de ce que vous avez tapé n’est perdu."
        )


@transaction.atomic
def enregistrer_participation(
    *,
    effecteur: Effecteur,
    reponses: Reponses,
    auteur: Compte,
    maintenant: datetime,
    vue_le: datetime | None,
) -> Participation:
    """Déclare, et recalcule l’offre dans la même transaction : un refus d’affichage cache à l’instant.

    Les lieux de l’effecteur, et ceux de la maison de santé qu’il quitte ou
    rejoint, sont tenus d’abord, dans l’ordre de tous. Lève ce que lève `declarer`.
    """
    quittee = Participation.objects.filter(effecteur=effecteur).values("structure")
    maisons = (
        Q(structure__in=quittee) | Q(structure=reponses.structure)
        if reponses.structure
        else Q(structure__in=quittee)
    )
    lieux = LieuExercice.objects.filter(Q(effecteur=effecteur) | Q(effecteur=None) & maisons)
    touches = list(lieux.values_list("pk", flat=True))
    verrouiller(touches)
    return declarer(
        effecteur=effecteur,
        reponses=reponses,
        auteur=auteur,
        maintenant=maintenant,
        vue_le=vue_le,
        repercuter=lambda: rafraichir(touches, maintenant),
    )


@transaction.atomic
def enregistrer_participation_structure(
    *,
    structure: Structure,
    declaration: DeclarationStructure,
    auteur: Compte,
    maintenant: datetime,
    vue_le: datetime | None,
) -> ParticipationStructure:
    """Comme `enregistrer_participation`, pour un centre de santé ou une association SOS Médecins."""
    lieux = LieuExercice.objects.filter(structure=structure, effecteur=None)
    touches = list(lieux.values_list("pk", flat=True))
    verrouiller(touches)
    return declarer_structure(
        structure=structure,
        participe=declaration.participe,
        declare_deux_heures=declaration.declare_deux_heures,
        nombre_effecteurs=declaration.nombre_effecteurs,
        auteur=auteur,
        maintenant=maintenant,
        vue_le=vue_le,
        repercuter=lambda: rafraichir(touches, maintenant),
    )


@transaction.atomic
def changer_informations(
    *, lieu: LieuExercice, informations: Mapping[str, Any], vu: str, auteur: Compte, maintenant: datetime
) -> None:
    """`informations` : ceux des champs `INFORMATIONS` ; la carte les dit dans la même transaction. Lève `ModifieEntreTemps`."""
    verrouiller([lieu.pk])
    actuel = LieuExercice.objects.get(pk=lieu.pk)
    if empreinte(actuel) != vu:
        raise ModifieEntreTemps
    changes = [champ for champ, valeur in informations.items() if getattr(actuel, champ) != valeur]
    LieuExercice.objects.filter(pk=lieu.pk).update(**informations)
    rafraichir([lieu.pk], maintenant)
    _tracer(lieu, auteur, sorted(changes))


@transaction.atomic
def regler_sollicitation(
    *, lieu: LieuExercice, consignes: Mapping[str, Any], auteur: Compte, vue_le: datetime | None
) -> Sollicitation:
    """Téléphone privé, heures, limites, pause ; la recherche les lit à chaque fois. Lève `ModifieEntreTemps`."""
    verrouiller([lieu.pk])
    sollicitation = Sollicitation.objects.filter(lieu=lieu).first()
    if (sollicitation and sollicitation.modifie_le) != vue_le:
        raise ModifieEntreTemps
    sollicitation = sollicitation or Sollicitation(lieu=lieu)
    changes = [champ for champ, valeur in consignes.items() if getattr(sollicitation, champ) != valeur]
    for champ in changes:
        setattr(sollicitation, champ, consignes[champ])
    sollicitation.save()
    _tracer(lieu, auteur, sorted(changes))
    return sollicitation


def empreinte(lieu: LieuExercice) -> str:
    """Version de ce que le lieu dit de lui, pour savoir si cela a changé pendant qu’on le modifiait."""
    dit = repr([getattr(lieu, champ) for champ in INFORMATIONS])
    return hashlib.sha256(dit.encode()).hexdigest()[:32]


def _tracer(lieu: LieuExercice, auteur: Compte, champs: list[str]) -> None:
    if champs:
        tracer(acteur=auteur, verbe="lieu.modifie", objet=f"lieu:{lieu.pk}", champs=champs)
