"""Enregistrer une participation : une transaction, une version, une trace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from annuaire.models import Effecteur, LieuExercice, Structure
from comptes.actions import tracer
from comptes.models import Compte
from participation.domaine.declaration import (
    Declaration,
    DeclarationStructure,
    Refus,
    pertinente,
    refus,
    refus_structure,
)
from participation.models import Participation, ParticipationStructure, VersionParticipation


class DeclarationRefusee(Exception):
    """Des réponses sont à corriger : `refus` dit lesquelles."""

    def __init__(self, refus: list[Refus]) -> None:
        super().__init__("; ".join(r.message for r in refus))
        self.refus = refus


class DeclarationModifiee(Exception):
    """Quelqu’un d’autre a enregistré depuis l’affichage du formulaire."""

    def __init__(self) -> None:
        super().__init__(
            "Ces réponses ont été modifiées pendant que vous les remplissiez. Vérifiez ce qui a changé, puis enregistrez de nouveau."
        )


@dataclass(frozen=True, slots=True)
class Reponses:
    """Les réponses d’un effecteur, avec les objets qu’elles nomment."""

    participe: bool = False
    modalite: str = ""
    structure: Structure | None = None
    lieux: Sequence[LieuExercice] = ()
    utilise_logiciel: bool | None = None
    logiciels: Sequence[str] = field(default_factory=list)
    declare_deux_heures: bool = False
    refuse_affichage: bool = False
    forfait_reorientation: bool = False

    def declaration(self) -> Declaration:
        return Declaration(
            participe=self.participe,
            modalite=self.modalite,
            type_structure=self.structure.type if self.structure and self.structure.est_active else "",
            lieux_rattaches=len(self.lieux),
            utilise_logiciel=self.utilise_logiciel,
            logiciels=len(self.logiciels),
            declare_deux_heures=self.declare_deux_heures,
            refuse_affichage=self.refuse_affichage,
            forfait_reorientation=self.forfait_reorientation,
        )


@transaction.atomic
def declarer(
    *,
    effecteur: Effecteur,
    reponses: Reponses,
    auteur: Compte,
    maintenant: datetime,
    vue_le: datetime | None = None,
    repercuter: Callable[[], object] | None = None,
) -> Participation:
    """Enregistre les réponses d’un effecteur ; tout ou rien.

    `vue_le` : date de modification affichée par le formulaire, nulle s’il n’y
    avait rien. `repercuter` : ce que d’autres applications en tirent, dans la
    même transaction, avant la trace, qui tient un verrou commun. Lève `DeclarationRefusee`, `DeclarationModifiee`, ou `ValueError`
    si un lieu n’est pas de l’effecteur.
    """
    if any(lieu.effecteur_id != effecteur.pk for lieu in reponses.lieux):
        raise ValueError("un lieu d’un autre effecteur")
    declaration = reponses.declaration()
    if a_corriger := refus(declaration):
        raise DeclarationRefusee(a_corriger)
    gardee = pertinente(declaration)
    Effecteur.objects.select_for_update(of=("self",)).get(pk=effecteur.pk)
    participation = Participation.objects.filter(effecteur=effecteur).first()
    if (participation and participation.modifie_le) != vue_le:
        raise DeclarationModifiee
    avant = valeurs(participation) if participation else None
    participation = participation or Participation(effecteur=effecteur)
    participation.participe = gardee.participe
    participation.modalite = gardee.modalite
    participation.structure = reponses.structure if gardee.type_structure else None
    participation.utilise_logiciel = gardee.utilise_logiciel
    participation.logiciels = sorted(set(reponses.logiciels)) if gardee.logiciels else []
    participation.declare_deux_heures = gardee.declare_deux_heures
    participation.refuse_affichage = gardee.refuse_affichage
    participation.forfait_reorientation = gardee.forfait_reorientation
    participation.save()
    participation.lieux.set(reponses.lieux if gardee.lieux_rattaches else [])
    if repercuter:
        repercuter()
    apres = valeurs(participation)
    if apres != avant:
        VersionParticipation.objects.create(
            effecteur=effecteur, le=maintenant, auteur=auteur, avant=avant, apres=apres
        )
        tracer(
            acteur=auteur,
            verbe="participation.declaree",
            objet=f"effecteur:{effecteur.pk}",
            champs=_changes(avant, apres),
        )
    return participation


@transaction.atomic
def declarer_structure(
    *,
    structure: Structure,
    participe: bool,
    declare_deux_heures: bool,
    nombre_effecteurs: int,
    auteur: Compte,
    maintenant: datetime,
    vue_le: datetime | None = None,
    repercuter: Callable[[], object] | None = None,
) -> ParticipationStructure:
    """Enregistre les réponses d’un centre de santé ou d’une association SOS Médecins ; tout ou rien.

    `repercuter` : comme pour `declarer`. Lève `DeclarationRefusee` ou `DeclarationModifiee`.
    """
    declaration = DeclarationStructure(structure.type, participe, declare_deux_heures, nombre_effecteurs)
    if a_corriger := refus_structure(declaration):
        raise DeclarationRefusee(a_corriger)
    Structure.objects.select_for_update(of=("self",)).get(pk=structure.pk)
    reglages = ParticipationStructure.objects.filter(structure=structure).first()
    if (reglages and reglages.modifie_le) != vue_le:
        raise DeclarationModifiee
    avant = _valeurs_structure(reglages) if reglages else None
    reglages = reglages or ParticipationStructure(structure=structure)
    reglages.participe = participe
    reglages.declare_deux_heures = participe and declare_deux_heures
    reglages.nombre_effecteurs = nombre_effecteurs
    reglages.save()
    if repercuter:
        repercuter()
    apres = _valeurs_structure(reglages)
    if apres != avant:
        VersionParticipation.objects.create(
            structure=structure, le=maintenant, auteur=auteur, avant=avant, apres=apres
        )
        tracer(
            acteur=auteur,
            verbe="participation.declaree",
            objet=f"structure:{structure.pk}",
            champs=_changes(avant, apres),
        )
    return reglages


def valeurs(participation: Participation) -> dict[str, Any]:
    """Ce que l’historique garde d’une participation : des valeurs simples, relisibles sans la base."""
    lieux = list(participation.lieux.order_by("pk").values_list("pk", flat=True)) if participation.pk else []
    reponses = asdict(participation.declaration(lieux_rattaches=len(lieux)))
    return reponses | {
        "structure": participation.structure_id,
        "lieux": lieux,
        "logiciels": list(participation.logiciels),
    }


def _valeurs_structure(reglages: ParticipationStructure) -> dict[str, Any]:
    return asdict(reglages.declaration())


def _changes(avant: dict[str, Any] | None, apres: dict[str, Any]) -> list[str]:
    return sorted(champ for champ, valeur in apres.items() if avant is None or avant.get(champ) != valeur)
