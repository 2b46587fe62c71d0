"""Verser les orientations de l’outil d’un territoire : reconnaître les doublons, admettre les corrections.

La clé est celle de l’outil, la version aussi : un envoi rejoué, ou arrivé après
un plus récent, ne change rien. Ces faits comptent dans les indicateurs ; ils ne
prennent aucune place et n’avertissent personne.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from comptes.actions import tracer
from comptes.models import Compte
from orientation.models import OrientationExterne, OutilTerritorial


class EtatVersement(enum.StrEnum):
    CREEE = "creee"
    CORRIGEE = "corrigee"
    DEJA_RECUE = "deja_recue"
    REFUSEE = "refusee"


AUTRE_CONTENU = "Cette version est déjà reçue, avec un autre contenu\u00a0: augmentez-la."


@dataclass(frozen=True, slots=True)
class Fait:
    """Une orientation lue et vérifiée. `empreinte_cle`, `pseudonyme` : voir `OrientationExterne`."""

    empreinte_cle: str
    version: int
    effecteur_id: int | None
    structure_id: int | None
    orientee_le: datetime
    rendez_vous_le: datetime | None
    nature: str
    issue: str
    pseudonyme: str
    est_annulee: bool


@dataclass(frozen=True, slots=True)
class Versement:
    etat: EtatVersement
    orientation: OrientationExterne


@transaction.atomic
def verser(
    *, acteur: Compte, outil: OutilTerritorial, faits: Sequence[Fait], maintenant: datetime
) -> list[Versement]:
    """Un résultat par fait, dans leur ordre ; un fait refusé n’empêche pas les autres.

    Une version plus haute corrige ; la même, ou une plus ancienne, ne change
    rien ; la même avec un autre contenu est refusée. Les envois d’un même outil
    passent l’un après l’autre.
    """
    # La ligne de l’outil sert de verrou : deux lots simultanés ne créent pas deux fois la même clé.
    OutilTerritorial.objects.select_for_update(no_key=True).get(pk=outil.pk)
    cles = {fait.empreinte_cle for fait in faits}
    connues = {
        o.empreinte_cle: o for o in OrientationExterne.objects.filter(outil=outil, empreinte_cle__in=cles)
    }
    versements = []
    for fait in faits:
        connue = connues.get(fait.empreinte_cle)
        if connue is None:
            connue = OrientationExterne(outil=outil, territoire_id=outil.territoire_id, **asdict(fait))
            connues[fait.empreinte_cle] = connue
            etat = EtatVersement.CREEE
        else:
            etat = _corriger(connue, fait, maintenant)
        versements.append(Versement(etat, connue))
    _ecrire(list(connues.values()), versements)
    nombres = Counter(versement.etat for versement in versements)
    if nombres[EtatVersement.CREEE] or nombres[EtatVersement.CORRIGEE]:
        tracer(
            acteur=acteur,
            verbe="orientations_externes.versees",
            objet=f"outil:{outil.pk}",
            creees=nombres[EtatVersement.CREEE],
            corrigees=nombres[EtatVersement.CORRIGEE],
        )
    return versements


def _corriger(connue: OrientationExterne, fait: Fait, maintenant: datetime) -> EtatVersement:
    contenu = asdict(fait)
    if fait.version < connue.version:
        return EtatVersement.DEJA_RECUE
    if fait.version == connue.version:
        # Le pseudonyme s’efface au terme de sa conservation : son absence ne fait pas un autre contenu.
        compare = {nom: valeur for nom, valeur in contenu.items() if nom != "pseudonyme" or connue.pseudonyme}
        meme = all(getattr(connue, nom) == valeur for nom, valeur in compare.items())
        return EtatVersement.DEJA_RECUE if meme else EtatVersement.REFUSEE
    for nom, valeur in contenu.items():
        setattr(connue, nom, valeur)
    connue.modifie_le = maintenant
    return EtatVersement.CORRIGEE


def _ecrire(orientations: list[OrientationExterne], versements: list[Versement]) -> None:
    """Deux instructions pour tout le lot."""
    touchees = {
        id(versement.orientation)
        for versement in versements
        if versement.etat in (EtatVersement.CREEE, EtatVersement.CORRIGEE)
    }
    nouvelles = [o for o in orientations if o.pk is None]
    corrigees = [o for o in orientations if o.pk is not None and id(o) in touchees]
    OrientationExterne.objects.bulk_create(nouvelles)
    champs: list[Any] = [*(nom for nom in Fait.__slots__ if nom != "empreinte_cle"), "modifie_le"]
    OrientationExterne.objects.bulk_update(corrigees, champs)
