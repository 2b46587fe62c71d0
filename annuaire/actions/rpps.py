"""Fusionne l’extraction RPPS dans l’annuaire : une table temporaire, puis des instructions d’ensemble."""

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
from annuaire.connecteurs.rpps import LigneRpps, Rejet, lire
from annuaire.domaine.activite import ETUDIANT, est_de_ville
from annuaire.domaine.telephones import normaliser_telephone
from annuaire.models import Profession
from sas_platform.socle.textes import normaliser

TABLES = ("import_rpps", "import_effecteur", "import_lieu")
_COLONNES = {
    "ligne": "integer",
    "identifiant": "text",
    "civilite": "text",
    "nom": "text",
    "prenom": "text",
    "nom_recherche": "text",
    "profession": "text",
    "savoir_faire": "text",
    "cle": "text",
    "enseigne": "text",
    "adresse": "text",
    "code_postal": "text",
    "commune": "text",
    "lat": "double precision",
    "lon": "double precision",
    "precision_geo": "text",
    "fuseau": "text",
    "telephone": "text",
    "finess": "text",
    "siret": "text",
    "mode": "text",
    "secteur": "text",
    "structure": "bigint",
}
_SANS_LIEU: tuple[Any, ...] = (None,) * 15


def importer_rpps(
    chemin: Path,
    *,
    ecrire: bool,
    confirmer: bool,
    rejets: Path | None,
    lot: int,
    signaler: Signaler,
) -> BilanImport:
    """Met l’annuaire à l’image du fichier ; rien n’est écrit si `ecrire` est faux. Rejouable.

    Un effecteur par identifiant national, ses savoir-faire réunis ; un lieu par effecteur et par
    site. Ce qui a disparu du fichier devient inactif, jamais supprimé. Lève `FichierInattenduError`,
    `ImportRetenuError`, `ImportEnCoursError`.
    """
    bilan = BilanImport()
    ecartees = Rejets(bilan, chemin.name, rejets)
    try:
        with seance("import_rpps", TABLES, ecrire=ecrire):
            colonnes = ", ".join(f"{nom} {type_}" for nom, type_ in _COLONNES.items())
            executer(f"CREATE TEMP TABLE import_rpps ({colonnes})")
            flux = _Flux(bilan, ecartees, lot=lot, signaler=signaler)
            copier("import_rpps", tuple(_COLONNES), flux.lignes(chemin))
            signaler(f"{bilan.lues:>9} lignes lues, fusion…")
            _fusionner_effecteurs(bilan, confirmer=confirmer)
            _fusionner_lieux(bilan, confirmer=confirmer)
    finally:
        ecartees.fermer()
    return bilan


class _Flux:
    """Des lignes du fichier aux lignes à copier."""

    def __init__(self, bilan: BilanImport, ecartees: Rejets, *, lot: int, signaler: Signaler) -> None:
        self._bilan = bilan
        self._ecartees = ecartees
        self._lot = lot
        self._signaler = signaler
        self._situeur = Situeur()
        self._professions = frozenset(Profession.objects.values_list("code", flat=True))

    def lignes(self, chemin: Path) -> Iterator[Sequence[Any]]:
        for lue in lire(chemin):
            self._bilan.lues += 1
            if self._bilan.lues % self._lot == 0:
                self._signaler(f"{self._bilan.lues:>9} lignes lues")
            if isinstance(lue, Rejet):
                self._ecartees.noter(lue.numero, lue.motif)
            elif lue.profession not in self._professions or lue.categorie == ETUDIANT:
                self._bilan.hors_champ += 1
            else:
                yield self._ligne(lue)

    def _ligne(self, lue: LigneRpps) -> Sequence[Any]:
        if not lue.cle_juste:
            self._bilan.signalees["clé du RPPS inattendue"] += 1
        return (
            lue.numero,
            lue.identifiant,
            lue.civilite,
            lue.nom,
            lue.prenom,
            normaliser(f"{lue.prenom} {lue.nom}"),
            lue.profession,
            lue.savoir_faire,
            *self._lieu(lue),
        )

    def _lieu(self, lue: LigneRpps) -> Sequence[Any]:
        """Le lieu de la ligne, ou rien : pas d’activité, hôpital, commune introuvable."""
        if not lue.cle or not est_de_ville(lue.mode, lue.secteur):
            return _SANS_LIEU
        place = self._situeur.situer(lue.commune, lue.code_postal, lue.nom_commune, lue.finess)
        if place is None:
            self._ecartees.noter(lue.numero, "commune du lieu introuvable")
            return _SANS_LIEU
        telephones = (normaliser_telephone(numero, place.departement) for numero in lue.telephones)
        return (
            lue.cle,
            lue.enseigne,
            lue.adresse,
            lue.code_postal,
            place.commune,
            place.lat,
            place.lon,
            place.precision,
            place.fuseau,
            next(filter(None, telephones), ""),
            lue.finess,
            lue.siret,
            lue.mode,
            lue.secteur,
            place.structure,
        )


# Les effecteurs fictifs de la démonstration n’ont jamais été dans le RPPS : ils n’en disparaissent pas.
_EN_PLACE = """
    annuaire_effecteur e WHERE NOT EXISTS (
        SELECT FROM annuaire_lieuexercice f WHERE f.effecteur_id = e.id AND f.source = 'fictive')
"""
_DIFFERE = """
    (e.civilite, e.nom, e.prenom, e.profession_id, e.savoir_faire::text[], e.est_actif)
    IS DISTINCT FROM (i.civilite, i.nom, i.prenom, i.profession, i.savoir_faire, true)
"""


def _fusionner_effecteurs(bilan: BilanImport, *, confirmer: bool) -> None:
    """La première ligne d’une personne donne son nom et sa profession, toutes donnent ses savoir-faire."""
    executer(
        """
        CREATE TEMP TABLE import_effecteur AS
        SELECT p.*, coalesce(s.savoir_faire, '{}') AS savoir_faire
        FROM (
            SELECT DISTINCT ON (identifiant) identifiant, civilite, nom, prenom, nom_recherche, profession
            FROM import_rpps ORDER BY identifiant, ligne
        ) p LEFT JOIN (
            SELECT identifiant, array_agg(DISTINCT savoir_faire ORDER BY savoir_faire) AS savoir_faire
            FROM import_rpps WHERE savoir_faire <> '' GROUP BY identifiant
        ) s USING (identifiant)
        """
    )
    executer("CREATE UNIQUE INDEX ON import_effecteur (identifiant)")
    executer("ANALYZE import_effecteur")
    en_place, changees, disparues = compter(
        f"""
        SELECT count(*) FILTER (WHERE e.est_actif),
            count(*) FILTER (WHERE e.est_actif AND i.identifiant IS NOT NULL AND {_DIFFERE}),
            count(*) FILTER (WHERE e.est_actif AND i.identifiant IS NULL)
        FROM (SELECT e.* FROM {_EN_PLACE}) e
        LEFT JOIN import_effecteur i ON i.identifiant = e.identifiant_national
        """  # noqa: S608 : des constantes
    )
    verifier_retenue(
        "identités", en_place=en_place, changees=changees, disparues=disparues, confirmer=confirmer
    )
    modifies = executer(
        f"""
        UPDATE annuaire_effecteur e SET civilite = i.civilite, nom = i.nom, prenom = i.prenom,
            nom_recherche = i.nom_recherche, profession_id = i.profession,
            savoir_faire = i.savoir_faire, est_actif = true
        FROM import_effecteur i WHERE i.identifiant = e.identifiant_national AND {_DIFFERE}
        """  # noqa: S608 : des constantes
    )
    crees = executer(
        """
        INSERT INTO annuaire_effecteur (identifiant_national, civilite, nom, prenom, nom_recherche,
            profession_id, savoir_faire, conventionnement, est_actif)
        SELECT i.identifiant, i.civilite, i.nom, i.prenom, i.nom_recherche, i.profession, i.savoir_faire, '', true
        FROM import_effecteur i
        WHERE NOT EXISTS (SELECT FROM annuaire_effecteur e WHERE e.identifiant_national = i.identifiant)
        """
    )
    desactives = executer(
        f"""
        UPDATE annuaire_effecteur SET est_actif = false WHERE est_actif AND id IN (
            SELECT e.id FROM {_EN_PLACE} AND NOT EXISTS (
                SELECT FROM import_effecteur i WHERE i.identifiant = e.identifiant_national))
        """  # noqa: S608 : des constantes
    )
    bilan.changements |= {
        "effecteurs créés": crees,
        "modifiés": modifies,
        "devenus inactifs": desactives,
    }


_CHAMPS_LIEU = {
    "structure_id": "structure",
    "nom": "enseigne",
    "adresse": "adresse",
    "code_postal": "code_postal",
    "commune_id": "commune",
    "lat": "lat",
    "lon": "lon",
    "precision_geo": "precision_geo",
    "fuseau": "fuseau",
    "telephone": "telephone",
    "finess": "finess",
    "siret": "siret",
    "mode_exercice": "mode",
    "secteur_activite": "secteur",
}


# Pour la retenue : où est un lieu, et non son enseigne ni son téléphone.
_A_DEMENAGE = (
    "(l.adresse, l.code_postal, l.commune_id) IS DISTINCT FROM (i.adresse, i.code_postal, i.commune)"
)


def _fusionner_lieux(bilan: BilanImport, *, confirmer: bool) -> None:
    """Les informations complémentaires, saisies ici, ne sont pas touchées."""
    executer(
        f"""
        CREATE TEMP TABLE import_lieu AS
        SELECT DISTINCT ON (e.id, i.cle) e.id AS effecteur_id, i.cle, {", ".join(f"i.{c}" for c in _CHAMPS_LIEU.values())}
        FROM import_rpps i JOIN annuaire_effecteur e ON e.identifiant_national = i.identifiant
        WHERE i.cle IS NOT NULL ORDER BY e.id, i.cle, i.ligne
        """  # noqa: S608 : des constantes
    )
    executer("CREATE UNIQUE INDEX ON import_lieu (effecteur_id, cle)")
    executer("ANALYZE import_lieu")
    en_place, demenages, disparus = compter(
        f"""
        SELECT count(*), count(*) FILTER (WHERE i.cle IS NOT NULL AND {_A_DEMENAGE}),
            count(*) FILTER (WHERE i.cle IS NULL)
        FROM annuaire_lieuexercice l LEFT JOIN import_lieu i ON i.effecteur_id = l.effecteur_id AND i.cle = l.cle
        WHERE l.source = 'rpps' AND l.est_actif
        """  # noqa: S608 : des constantes
    )
    verifier_retenue("lieux", en_place=en_place, changees=demenages, disparues=disparus, confirmer=confirmer)
    nos_champs = ", ".join(_CHAMPS_LIEU)
    leurs_champs = ", ".join(f"i.{champ}" for champ in _CHAMPS_LIEU.values())
    modifies = executer(
        f"""
        UPDATE annuaire_lieuexercice l SET est_actif = true,
            {", ".join(f"{notre} = i.{leur}" for notre, leur in _CHAMPS_LIEU.items())}
        FROM import_lieu i
        WHERE l.effecteur_id = i.effecteur_id AND l.cle = i.cle AND l.source = 'rpps'
            AND ({", ".join(f"l.{champ}" for champ in _CHAMPS_LIEU)}, l.est_actif) IS DISTINCT FROM ({leurs_champs}, true)
        """  # noqa: S608 : des constantes
    )
    crees = executer(
        f"""
        INSERT INTO annuaire_lieuexercice
            (effecteur_id, cle, source, informations_complementaires, est_actif, {nos_champs})
        SELECT i.effecteur_id, i.cle, 'rpps', '', true, {leurs_champs} FROM import_lieu i
        WHERE NOT EXISTS (
            SELECT FROM annuaire_lieuexercice l WHERE l.effecteur_id = i.effecteur_id AND l.cle = i.cle)
        """  # noqa: S608 : des constantes
    )
    desactives = executer(
        """
        UPDATE annuaire_lieuexercice l SET est_actif = false
        WHERE l.source = 'rpps' AND l.est_actif AND NOT EXISTS (
            SELECT FROM import_lieu i WHERE i.effecteur_id = l.effecteur_id AND i.cle = l.cle)
        """
    )
    bilan.changements |= {
        "lieux créés": crees,
        "lieux modifiés": modifies,
        "lieux devenus inactifs": desactives,
    }
