"""Ce qu’un message dit d’un rendez-vous, lu des objets qui le portent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from annuaire.enums import TypeStructure
from annuaire.models import Effecteur, LieuExercice
from comptes.models import Compte
from orientation.domaine.message_hub import (
    FUSEAU_DES_ENVELOPPES,
    Organisation,
    Praticien,
    Regulateur,
    RendezVousPublie,
    organisation,
    praticien,
)
from orientation.enums import CategorieHub, OrigineHub, StatutHub
from orientation.models import Orientation, RendezVous

_CATEGORIES = {
    TypeStructure.SOS: CategorieHub.SOS,
    TypeStructure.CPTS: CategorieHub.CPTS,
    TypeStructure.MSP: CategorieHub.MSP,
    TypeStructure.CDS: CategorieHub.CDS,
}


@dataclass(frozen=True, slots=True)
class Source:
    """`publier` fabrique le rendez-vous d’après son régulateur, qui n’est lu que s’il y a quelqu’un à qui l’envoyer."""

    origine: OrigineHub
    uuid: UUID
    statut: StatutHub
    acteur: Compte | None
    lieu: LieuExercice | None
    publier: Callable[[Regulateur], RendezVousPublie]


def regulateur(compte: Compte) -> Regulateur:
    return Regulateur(
        nom=compte.nom,
        prenom=compte.prenom,
        email=compte.email or "",
        identifiant=compte.identifiant_national or "",
    )


def depuis_orientation(orientation: Orientation) -> Source:
    lieu = orientation.lieu
    statut = StatutHub.ANNULE if orientation.annulee_le else StatutHub.PRIS
    return Source(
        origine=OrigineHub.ORIENTATION,
        uuid=orientation.uuid,
        statut=statut,
        acteur=orientation.acteur,
        lieu=lieu,
        publier=lambda qui: RendezVousPublie(
            identifiant=orientation.uuid,
            pris_le=orientation.prise_le,
            debut=orientation.debut,
            fin=orientation.fin,
            fuseau=lieu.fuseau,
            statut=statut,
            regulateur=qui,
            categorie=categorie_de(lieu),
            praticien=praticien_de(lieu.effecteur),
            organisation=organisation_de(lieu),
        ),
    )


def depuis_rendez_vous(rendez_vous: RendezVous) -> Source:
    """Pris chez un éditeur. Le lieu manque quand rien ne le dit : le professionnel, lui, est souvent connu."""
    lieu = rendez_vous.lieu
    effecteur = rendez_vous.effecteur or (lieu.effecteur if lieu is not None else None)
    statut = StatutHub(rendez_vous.statut)
    return Source(
        origine=OrigineHub.RENDEZ_VOUS,
        uuid=rendez_vous.uuid,
        statut=statut,
        acteur=rendez_vous.regulateur,
        lieu=lieu,
        publier=lambda qui: RendezVousPublie(
            identifiant=rendez_vous.uuid,
            pris_le=rendez_vous.pris_le,
            debut=rendez_vous.debut,
            fin=rendez_vous.fin,
            fuseau=fuseau_de(lieu),
            statut=statut,
            regulateur=qui,
            categorie=_categorie(rendez_vous, effecteur),
            praticien=praticien_de(effecteur),
            organisation=organisation_de(lieu),
        ),
    )


def _categorie(rendez_vous: RendezVous, effecteur: Effecteur | None) -> CategorieHub | None:
    if rendez_vous.est_sos:
        return CategorieHub.SOS
    return CategorieHub.PS if effecteur is not None else categorie_de(rendez_vous.lieu)


def categorie_de(lieu: LieuExercice | None) -> CategorieHub | None:
    """Celle de la structure quand c’est elle qui reçoit ; un effecteur reste un professionnel, où qu’il exerce."""
    if lieu is None:
        return None
    if lieu.effecteur_id is not None or lieu.structure is None:
        return CategorieHub.PS
    return _CATEGORIES.get(TypeStructure(lieu.structure.type))


def praticien_de(effecteur: Effecteur | None) -> Praticien | None:
    if effecteur is None:
        return None
    return praticien(
        identifiant=effecteur.identifiant_national,
        nom=effecteur.nom,
        prenom=effecteur.prenom,
        savoir_faire=effecteur.savoir_faire,
        profession=effecteur.profession.code,
    )


def organisation_de(lieu: LieuExercice | None) -> Organisation | None:
    """La structure du lieu ; à défaut, le site où l’on consulte."""
    if lieu is None:
        return None
    if lieu.structure is not None:
        structure = lieu.structure
        return organisation(finess=structure.finess or "", siret=structure.siret, nom=structure.nom)
    return organisation(finess=lieu.finess, siret=lieu.siret, nom=lieu.nom)


def fuseau_de(lieu: LieuExercice | None) -> str:
    return lieu.fuseau if lieu is not None else FUSEAU_DES_ENVELOPPES
