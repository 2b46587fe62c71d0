"""Restreindre le calcul national à un bénéficiaire : ce que ses index retrouvent, et rien d’autre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db import connection

from annuaire.models import Effecteur, Structure

# Les anciens identifiants d’un effecteur comptent avec lui.
_EFFECTEUR = """
    WITH sien AS (
        SELECT %(pk)s::bigint AS id
        UNION SELECT ancien_id FROM remuneration_succession WHERE nouveau_id = %(pk)s
    ), lieu AS (SELECT l.id FROM annuaire_lieuexercice l JOIN sien ON sien.id = l.effecteur_id),
    orientation AS (
        SELECT o.id, o.lieu_id FROM orientation_orientation o JOIN sien ON sien.id = o.effecteur_id
    ), rendez_vous AS (
        SELECT r.id, r.lieu_id, r.redirection_id FROM orientation_rendezvous r JOIN sien ON sien.id = r.effecteur_id
        UNION SELECT r.id, r.lieu_id, r.redirection_id FROM orientation_rendezvous r JOIN lieu ON lieu.id = r.lieu_id
        UNION SELECT r.id, r.lieu_id, d.id FROM orientation_redirection d
        JOIN lieu ON lieu.id = d.lieu_id JOIN orientation_rendezvous r ON r.redirection_id = d.id
    )
    SELECT
        ARRAY(SELECT id FROM lieu UNION SELECT lieu_id FROM orientation
            UNION SELECT coalesce(r.lieu_id, d.lieu_id) FROM rendez_vous r
            JOIN orientation_redirection d ON d.id = r.redirection_id WHERE coalesce(r.lieu_id, d.lieu_id) IS NOT NULL),
        ARRAY(SELECT id FROM orientation),
        ARRAY(SELECT id FROM rendez_vous),
        ARRAY(SELECT x.id FROM orientation_orientationexterne x JOIN sien ON sien.id = x.effecteur_id),
        ARRAY(SELECT v.id FROM participation_versionparticipation v JOIN sien ON sien.id = v.effecteur_id),
        ARRAY(SELECT id FROM sien)"""
_STRUCTURE = """
    WITH lieu AS (SELECT id FROM annuaire_lieuexercice WHERE structure_id = %(pk)s),
    orientation AS (
        SELECT id, lieu_id FROM orientation_orientation WHERE structure_id = %(pk)s
        UNION SELECT o.id, o.lieu_id FROM orientation_orientation o JOIN lieu ON lieu.id = o.lieu_id
    ), membre AS (
        SELECT DISTINCT effecteur_id FROM participation_versionparticipation
        WHERE apres->>'structure' = %(pk)s::text AND effecteur_id IS NOT NULL
    )
    SELECT
        ARRAY(SELECT id FROM lieu UNION SELECT lieu_id FROM orientation UNION
            SELECT l.id FROM annuaire_lieuexercice l JOIN membre ON membre.effecteur_id = l.effecteur_id),
        ARRAY(SELECT id FROM orientation),
        ARRAY(SELECT r.id FROM orientation_rendezvous r JOIN lieu ON lieu.id = r.lieu_id
            UNION SELECT r.id FROM orientation_redirection d
            JOIN lieu ON lieu.id = d.lieu_id JOIN orientation_rendezvous r ON r.redirection_id = d.id),
        ARRAY(SELECT id FROM orientation_orientationexterne WHERE structure_id = %(pk)s),
        ARRAY(SELECT id FROM participation_versionparticipation WHERE structure_id = %(pk)s
            OR effecteur_id IN (SELECT effecteur_id FROM membre)),
        '{}'::bigint[]"""
_COMMUNES = """
    SELECT ARRAY(
        SELECT commune_id FROM annuaire_lieuexercice WHERE id = ANY(%(lieux)s)
        UNION SELECT commune_id FROM annuaire_structure WHERE id = ANY(%(structures)s) AND commune_id IS NOT NULL
    )"""


@dataclass(frozen=True, slots=True)
class Perimetre:
    """Les numéros, dans chaque source, de ce que les instructions peuvent lire ; une source omise ne se lit pas."""

    lieux: Sequence[int]
    structures: Sequence[int]
    communes: Sequence[str]
    declarations: Sequence[int]
    effecteurs: Sequence[int]
    cles: Sequence[int] = ()
    orientations: Sequence[int] = ()
    rendez_vous: Sequence[int] = ()
    externes: Sequence[int] = ()

    @property
    def parametres(self) -> dict[str, Any]:
        return {source.name: list(getattr(self, source.name)) for source in fields(self)}


def perimetre_de(
    *, effecteur: Effecteur | None = None, structure: Structure | None = None, maintenant: datetime
) -> Perimetre:
    """Celui d’un effecteur ou d’une structure. Lève `ValueError` sans l’un des deux, ou avec les deux."""
    if (effecteur is None) == (structure is None):
        raise ValueError("un effecteur ou une structure, et un seul")
    titulaire = effecteur or structure
    assert titulaire is not None
    cle = titulaire.pk if effecteur else -titulaire.pk
    with connection.cursor() as curseur:
        curseur.execute(_EFFECTEUR if effecteur else _STRUCTURE, {"pk": titulaire.pk})
        (rangee,) = curseur.fetchall()
        lieux, orientations, rendez_vous, externes, declarations, effecteurs = rangee
        structures = [structure.pk] if structure else []
        curseur.execute(_COMMUNES, {"lieux": lieux, "structures": structures})
        ((communes,),) = curseur.fetchall()
    return Perimetre(
        cles=[cle],
        lieux=lieux,
        structures=structures,
        communes=communes,
        declarations=declarations,
        effecteurs=effecteurs,
        orientations=orientations,
        rendez_vous=rendez_vous,
        externes=externes,
    )
