"""Chercher la structure par laquelle on participe ; relire l’histoire des déclarations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from annuaire.models import Effecteur, LieuExercice, Structure
from participation.domaine.recit import Changement, Noms, raconter
from participation.models import Participation, VersionParticipation
from sas_platform.socle.textes import normaliser

SUGGESTIONS_MAX = 10
TEXTE_MAX = 100
_IDENTIFIANT = re.compile(r"([0-9][0-9AB][0-9]{7}|[0-9]{14})\)?\s*$")


@dataclass(frozen=True, slots=True)
class VersionLue:
    le: datetime
    auteur: str
    changements: list[Changement]


def intitule(structure: Structure) -> str:
    """« Nom (identifiant) » : ce que montre une suggestion, et ce que le formulaire sait relire (P-06)."""
    return f"{structure.nom} ({structure.finess or structure.siret})"


def chercher_structures(texte: str, type_structure: str) -> list[Structure]:
    """Structures en activité dont le nom contient ces mots, ou dont c’est le début du FINESS ou du SIRET."""
    mots = normaliser(texte[:TEXTE_MAX]).split()
    if not mots:
        return []
    par_nom = Q()
    for mot in mots:
        par_nom &= Q(nom_recherche__contains=mot)
    numero = "".join(texte[:TEXTE_MAX].split()).upper()
    trouvees = _ouvertes(type_structure).filter(
        par_nom | Q(finess__startswith=numero) | Q(siret__startswith=numero)
    )
    return list(trouvees.order_by("nom", "pk")[:SUGGESTIONS_MAX])


def structure_designee(texte: str, type_structure: str) -> Structure | None:
    """La structure dont ce texte donne l’identifiant, seul ou à la fin d’un intitulé ; un nom seul n’en désigne aucune."""
    trouve = _IDENTIFIANT.search(" ".join(texte.upper().split()))
    if trouve is None:
        return None
    numero = trouve[1]
    designees = _ouvertes(type_structure).filter(Q(finess=numero) | Q(siret=numero))
    return designees.order_by("pk").first()


def _ouvertes(type_structure: str) -> QuerySet[Structure]:
    return Structure.objects.filter(type=type_structure, est_active=True)


def participation_de(effecteur: Effecteur) -> Participation | None:
    return Participation.objects.filter(effecteur=effecteur).select_related("structure").first()


def relire(versions: Iterable[VersionParticipation], logiciels: Mapping[str, str]) -> list[VersionLue]:
    """Ces versions en français ; `logiciels` : nom de chaque code. Deux requêtes, quel que soit leur nombre."""
    lues = list(versions)
    etats = [etat for version in lues for etat in (version.avant, version.apres) if etat]
    structures = Structure.objects.filter(pk__in={etat.get("structure") for etat in etats} - {None})
    cites = {lieu for etat in etats for lieu in etat.get("lieux", ())}
    lieux = LieuExercice.objects.filter(pk__in=cites).select_related("commune")
    noms = Noms(
        structures={structure.pk: structure.nom for structure in structures},
        lieux={lieu.pk: lieu.adresse_complete for lieu in lieux},
        logiciels=logiciels,
    )
    return [
        VersionLue(
            le=version.le,
            auteur=str(version.auteur) if version.auteur else "La plateforme",
            changements=raconter(version.avant, version.apres, noms),
        )
        for version in lues
    ]
