"""Fusionne FINESS dans l’annuaire : les structures, et le lieu où chacune reçoit elle-même."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from annuaire.actions.imports import (
    BilanImport,
    Rejets,
    Signaler,
    compter,
    copier,
    executer,
    seance,
    verifier_retenue,
)
from annuaire.actions.situer import Situeur
from annuaire.connecteurs.finess import EtablissementLu, PositionLue, lire
from annuaire.connecteurs.rpps import Rejet
from annuaire.domaine.identifiants import cle_finess_juste, cle_siret_juste
from annuaire.domaine.telephones import normaliser_telephone
from sas_platform.socle.textes import normaliser

TABLES = ("import_finess", "import_structure", "import_lieu_structure")
_COLONNES = {
    "rang": "integer",
    "finess": "text",
    "type": "text",
    "nom": "text",
    "nom_recherche": "text",
    "siret": "text",
    "categorie": "text",
    "adresse": "text",
    "code_postal": "text",
    "commune": "text",
    "lat": "double precision",
    "lon": "double precision",
    "telephone": "text",
    "est_ouvert": "boolean",
    "lat_commune": "double precision",
    "lon_commune": "double precision",
    "precision_commune": "text",
    "fuseau": "text",
}


def importer_finess(
    chemin: Path,
    *,
    ecrire: bool,
    confirmer: bool,
    rejets: Path | None,
    lot: int,
    signaler: Signaler,
) -> BilanImport:
    """Met les structures à l’image du fichier ; rien n’est écrit si `ecrire` est faux. Rejouable.

    Une structure disparue ou fermée devient inactive, son lieu aussi. Lève
    `FichierInattenduError`, `ImportRetenuError`, `ImportEnCoursError`.
    """
    bilan = BilanImport()
    situeur = Situeur()  # avant COPY : la connexion ne sert alors à rien d’autre
    ecartees = Rejets(bilan, chemin.name, rejets)
    try:
        with seance("import_finess", TABLES, ecrire=ecrire):
            colonnes = ", ".join(f"{nom} {type_}" for nom, type_ in _COLONNES.items())
            executer(f"CREATE TEMP TABLE import_finess ({colonnes})")
            copier(
                "import_finess", tuple(_COLONNES), _lignes(chemin, situeur, bilan, ecartees, lot, signaler)
            )
            executer("ANALYZE import_finess")  # sans quoi la jointure des positions se fait ligne à ligne
            signaler(f"{bilan.lues:>9} lignes lues, fusion…")
            _fusionner_structures(bilan, confirmer=confirmer)
            _fusionner_lieux(bilan)
    finally:
        ecartees.fermer()
    return bilan


def _lignes(
    chemin: Path, situeur: Situeur, bilan: BilanImport, ecartees: Rejets, lot: int, signaler: Signaler
) -> Iterator[Sequence[Any]]:
    for lue in lire(chemin):
        bilan.lues += 1
        if bilan.lues % lot == 0:
            signaler(f"{bilan.lues:>9} lignes lues")
        if isinstance(lue, Rejet):
            ecartees.noter(lue.numero, lue.motif)
        elif isinstance(lue, PositionLue):
            position = dict.fromkeys(_COLONNES) | {
                "rang": lue.numero,
                "finess": lue.finess,
                "lat": lue.lat,
                "lon": lue.lon,
            }
            yield tuple(position.values())
        else:
            ligne = _ligne(lue, situeur, bilan)
            if ligne is None:
                ecartees.noter(lue.numero, "commune introuvable")
            else:
                yield ligne


def _ligne(lu: EtablissementLu, situeur: Situeur, bilan: BilanImport) -> Sequence[Any] | None:
    place = situeur.situer(lu.commune, lu.code_postal, lu.nom_commune)
    if place is None:
        return None
    if not cle_finess_juste(lu.finess):
        bilan.signalees["clé du FINESS inattendue"] += 1
    if lu.siret and not cle_siret_juste(lu.siret):
        bilan.signalees["clé du SIRET inattendue"] += 1
    return (
        lu.numero,
        lu.finess,
        lu.type,
        lu.nom,
        normaliser(lu.nom)[:200],
        lu.siret,
        lu.categorie,
        lu.adresse,
        lu.code_postal,
        place.commune,
        lu.lat,
        lu.lon,
        normaliser_telephone(lu.telephone, place.departement),
        lu.est_ouvert,
        place.lat,
        place.lon,
        place.precision,
        place.fuseau,
    )


_CHAMPS = {
    "type": "type",
    "nom": "nom",
    "nom_recherche": "nom_recherche",
    "siret": "siret",
    "categorie": "categorie",
    "adresse": "adresse",
    "code_postal": "code_postal",
    "commune_id": "commune",
    "lat": "lat",
    "lon": "lon",
    "telephone": "telephone",
    "est_active": "est_ouvert",
}
_DIFFERE = (
    f"({', '.join(f's.{champ}' for champ in _CHAMPS)}) "
    f"IS DISTINCT FROM ({', '.join(f'i.{champ}' for champ in _CHAMPS.values())})"
)
# Les structures fictives de la démonstration ne sont pas dans FINESS : elles n’en disparaissent pas.
_EN_PLACE = """
    annuaire_structure s WHERE s.finess IS NOT NULL AND s.est_active AND NOT EXISTS (
        SELECT FROM annuaire_lieuexercice f WHERE f.structure_id = s.id AND f.source = 'fictive')
"""
# Pour la retenue : ce qui fait l’identité d’un établissement, et non son adresse ou son téléphone.
_IDENTITE = "(s.type, s.nom, s.siret, s.categorie, s.est_active) IS DISTINCT FROM (i.type, i.nom, i.siret, i.categorie, i.est_ouvert)"


def _fusionner_structures(bilan: BilanImport, *, confirmer: bool) -> None:
    """La dernière ligne d’un FINESS l’emporte ; sa position peut venir d’une ligne à part."""
    executer(
        """
        CREATE TEMP TABLE import_structure AS
        SELECT DISTINCT ON (e.finess) e.finess, e.type, e.nom, e.nom_recherche, e.siret, e.categorie, e.adresse,
            e.code_postal, e.commune, coalesce(e.lat, p.lat) AS lat, coalesce(e.lon, p.lon) AS lon, e.telephone,
            e.est_ouvert, e.lat_commune, e.lon_commune, e.precision_commune, e.fuseau
        FROM import_finess e LEFT JOIN import_finess p ON p.finess = e.finess AND p.type IS NULL
        WHERE e.type IS NOT NULL ORDER BY e.finess, e.rang DESC, p.rang DESC
        """
    )
    executer("CREATE UNIQUE INDEX ON import_structure (finess)")
    executer("ANALYZE import_structure")
    en_place, changees, disparues = compter(
        f"""
        SELECT count(*), count(*) FILTER (WHERE i.finess IS NOT NULL AND {_IDENTITE}),
            count(*) FILTER (WHERE i.finess IS NULL)
        FROM (SELECT s.* FROM {_EN_PLACE}) s LEFT JOIN import_structure i ON i.finess = s.finess
        """  # noqa: S608 : des constantes
    )
    verifier_retenue(
        "identités", en_place=en_place, changees=changees, disparues=disparues, confirmer=confirmer
    )
    modifiees = executer(
        f"""
        UPDATE annuaire_structure s SET {", ".join(f"{notre} = i.{leur}" for notre, leur in _CHAMPS.items())}
        FROM import_structure i WHERE i.finess = s.finess AND {_DIFFERE}
        """  # noqa: S608 : des constantes
    )
    creees = executer(
        f"""
        INSERT INTO annuaire_structure (finess, {", ".join(_CHAMPS)})
        SELECT i.finess, {", ".join(f"i.{champ}" for champ in _CHAMPS.values())} FROM import_structure i
        WHERE NOT EXISTS (SELECT FROM annuaire_structure s WHERE s.finess = i.finess)
        """  # noqa: S608 : des constantes
    )
    desactivees = executer(
        f"""
        UPDATE annuaire_structure SET est_active = false WHERE id IN (
            SELECT s.id FROM {_EN_PLACE} AND NOT EXISTS (
                SELECT FROM import_structure i WHERE i.finess = s.finess))
        """  # noqa: S608 : des constantes
    )
    bilan.changements |= {
        "structures créées": creees,
        "modifiées": modifiees,
        "devenues inactives": desactivees,
    }


_CHAMPS_LIEU = {
    "nom": "s.nom",
    "adresse": "s.adresse",
    "code_postal": "s.code_postal",
    "commune_id": "s.commune_id",
    "lat": "coalesce(s.lat, i.lat_commune)",
    "lon": "coalesce(s.lon, i.lon_commune)",
    "precision_geo": "CASE WHEN s.lat IS NULL THEN i.precision_commune ELSE 'numero' END",
    "fuseau": "i.fuseau",
    "telephone": "s.telephone",
    "finess": "s.finess",
    "siret": "s.siret",
}
_STRUCTURES_QUI_RECOIVENT = """
    annuaire_structure s JOIN import_structure i ON i.finess = s.finess
    WHERE s.type <> 'autre' AND s.est_active
"""


def _fusionner_lieux(bilan: BilanImport) -> None:
    """Un lieu par structure que l’on cherche (centre, maison, CPTS, SOS) ; il suit son activité."""
    valeurs = ", ".join(f"{valeur} AS {champ}" for champ, valeur in _CHAMPS_LIEU.items())
    executer(
        f"CREATE TEMP TABLE import_lieu_structure AS SELECT s.id AS structure_id, {valeurs} FROM {_STRUCTURES_QUI_RECOIVENT}"  # noqa: S608 : des constantes
    )
    executer("CREATE UNIQUE INDEX ON import_lieu_structure (structure_id)")
    executer("ANALYZE import_lieu_structure")
    champs = ", ".join(_CHAMPS_LIEU)
    leurs_champs = ", ".join(f"i.{champ}" for champ in _CHAMPS_LIEU)
    modifies = executer(
        f"""
        UPDATE annuaire_lieuexercice l SET est_actif = true, {", ".join(f"{c} = i.{c}" for c in _CHAMPS_LIEU)}
        FROM import_lieu_structure i
        WHERE l.structure_id = i.structure_id AND l.effecteur_id IS NULL AND l.source = 'finess'
            AND ({", ".join(f"l.{champ}" for champ in _CHAMPS_LIEU)}, l.est_actif) IS DISTINCT FROM ({leurs_champs}, true)
        """  # noqa: S608 : des constantes
    )
    crees = executer(
        f"""
        INSERT INTO annuaire_lieuexercice (structure_id, source, cle, mode_exercice, secteur_activite,
            informations_complementaires, est_actif, {champs})
        SELECT i.structure_id, 'finess', i.finess, '', '', '', true, {leurs_champs} FROM import_lieu_structure i
        WHERE NOT EXISTS (
            SELECT FROM annuaire_lieuexercice l WHERE l.structure_id = i.structure_id AND l.effecteur_id IS NULL)
        """  # noqa: S608 : des constantes
    )
    desactives = executer(
        """
        UPDATE annuaire_lieuexercice l SET est_actif = false
        WHERE l.source = 'finess' AND l.est_actif
            AND NOT EXISTS (SELECT FROM import_lieu_structure i WHERE i.structure_id = l.structure_id)
        """
    )
    bilan.changements |= {
        "lieux créés": crees,
        "lieux modifiés": modifies,
        "lieux devenus inactifs": desactives,
    }
