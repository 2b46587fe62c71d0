"""Lit l’extraction en libre accès de l’Annuaire Santé (`PS_LibreAcces_Personne_activite`).

Séparateur `|`, sans guillemets, un `|` au bout de chaque ligne ; 56 colonnes depuis 2026, 52
auparavant : elles sont reconnues à leur nom. Une ligne par personne × savoir-faire × activité.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2s
from pathlib import Path
from typing import IO

from annuaire.connecteurs.fichiers import FichierInattenduError, encodage_de, lignes, ouvrir
from annuaire.domaine.identifiants import (
    IdentifiantInvalideError,
    cle_rpps_juste,
    est_finess,
    est_siret,
    identifiant_national,
)
from sas_platform.socle.textes import normaliser

MEMBRE = "Personne_activite"
_OBLIGATOIRES = {
    "type": "Type d'identifiant PP",
    "identifiant": "Identifiant PP",
    "civilite": "Code civilité d'exercice",
    "nom": "Nom d'exercice",
    "prenom": "Prénom d'exercice",
    "profession": "Code profession",
    "categorie": "Code catégorie professionnelle",
    "type_savoir_faire": "Code type savoir-faire",
    "savoir_faire": "Code savoir-faire",
    "mode": "Code mode exercice",
    "siret": "Numéro SIRET site",
    "finess": "Numéro FINESS site",
    "structure": "Identifiant technique de la structure",
    "raison_sociale": "Raison sociale site",
    "enseigne": "Enseigne commerciale site",
    "numero": "Numéro Voie (coord. structure)",
    "indice": "Indice répétition voie (coord. structure)",
    "type_voie": "Libellé type de voie (coord. structure)",
    "voie": "Libellé Voie (coord. structure)",
    "code_postal": "Code postal (coord. structure)",
    "commune": "Code commune (coord. structure)",
    "nom_commune": "Libellé commune (coord. structure)",
    "telephone": "Téléphone (coord. structure)",
    "telephone_2": "Téléphone 2 (coord. structure)",
    "secteur": "Code secteur d'activité",
}
ORDINALE = "S"  # type de savoir-faire : spécialité ordinale


@dataclass(frozen=True, slots=True)
class LigneRpps:
    """Une ligne utile. `cle` est vide quand aucune activité n’y est déclarée."""

    numero: int
    identifiant: str
    cle_juste: bool
    civilite: str
    nom: str
    prenom: str
    profession: str
    categorie: str
    savoir_faire: str
    cle: str
    enseigne: str
    adresse: str
    code_postal: str
    commune: str
    nom_commune: str
    telephones: tuple[str, str]
    finess: str
    siret: str
    mode: str
    secteur: str


@dataclass(frozen=True, slots=True)
class Rejet:
    numero: int
    motif: str


def lire(chemin: Path) -> Iterator[LigneRpps | Rejet]:
    """Lignes du fichier, lues au fil de l’eau ; les mauvaises sortent en `Rejet`.

    Lève `FichierInattenduError` avant la première ligne si ce n’est pas le bon fichier, à la
    dernière s’il est tronqué.
    """
    with ouvrir(chemin, membre=MEMBRE) as flux:
        yield from _lire(flux)


def _lire(flux: IO[bytes]) -> Iterator[LigneRpps | Rejet]:
    entete = next(lignes(flux), b"")
    encodage = encodage_de(entete)
    noms = entete.decode(encodage, errors="replace").rstrip("\r\n").removesuffix("|").split("|")
    colonnes, largeur = _colonnes(noms), len(noms)
    encodage = "utf-8" if encodage == "utf-8-sig" else encodage
    numero = 1
    for numero, octets in enumerate(lignes(flux), start=2):
        if b"\x00" in octets:  # PostgreSQL n’en veut pas : une seule ligne arrêterait tout l’import
            yield Rejet(numero, "signe nul")
            continue
        try:
            cellules = octets.decode(encodage).rstrip("\r\n").split("|")
        except UnicodeDecodeError:
            yield Rejet(numero, "encodage illisible")
            continue
        if len(cellules) == largeur + 1 and not cellules[-1]:
            cellules.pop()  # ce qui suit le « | » final
        if len(cellules) != largeur:
            if not octets.endswith(b"\n"):
                raise FichierInattenduError(
                    f"Le fichier est tronqué : la ligne {numero}, la dernière, est incomplète."
                )
            if octets.strip():
                yield Rejet(numero, "nombre de colonnes inattendu")
            continue
        yield _interpreter(numero, cellules, colonnes)
    if numero == 1:
        raise FichierInattenduError("Le fichier n’a que sa ligne d’en-tête.")


def _colonnes(noms: list[str]) -> dict[str, int]:
    """Rang de chaque colonne utile, à son nom, sans tenir compte de la casse ni des accents."""
    rangs = {normaliser(nom): rang for rang, nom in enumerate(noms)}
    colonnes = {cle: rangs.get(normaliser(nom)) for cle, nom in _OBLIGATOIRES.items()}
    manquantes = [_OBLIGATOIRES[cle] for cle, rang in colonnes.items() if rang is None]
    if manquantes:
        raise FichierInattenduError(
            f"Ce n’est pas l’extraction RPPS attendue : colonnes absentes {', '.join(manquantes[:5])}"
            f"{'…' if len(manquantes) > 5 else ''}."
        )
    return {cle: rang for cle, rang in colonnes.items() if rang is not None}


def _interpreter(numero: int, cellules: list[str], colonnes: dict[str, int]) -> LigneRpps | Rejet:
    def lu(cle: str) -> str:
        return cellules[colonnes[cle]].strip()

    try:
        identifiant = identifiant_national(lu("type"), lu("identifiant"))
    except IdentifiantInvalideError as erreur:
        return Rejet(numero, str(erreur))
    if not lu("nom"):
        return Rejet(numero, "nom absent")
    if not lu("profession"):
        return Rejet(numero, "profession absente")
    finess, siret = lu("finess"), lu("siret")
    adresse = _adresse(lu("numero"), lu("indice"), lu("type_voie"), lu("voie"))
    code_postal, commune = lu("code_postal"), lu("commune")
    return LigneRpps(
        numero=numero,
        identifiant=identifiant,
        cle_juste=identifiant[0] == "0" or cle_rpps_juste(identifiant[1:]),
        civilite=lu("civilite")[:10],
        nom=lu("nom")[:100],
        prenom=lu("prenom")[:100],
        profession=lu("profession"),
        categorie=lu("categorie"),
        savoir_faire=lu("savoir_faire")[:6] if lu("type_savoir_faire") == ORDINALE else "",
        cle=_cle(lu("structure"), finess, siret, adresse, code_postal or commune),
        enseigne=(lu("enseigne") or lu("raison_sociale"))[:200],
        adresse=adresse[:200],
        code_postal=code_postal[:5],
        commune=commune[:5],
        nom_commune=lu("nom_commune"),
        telephones=(lu("telephone"), lu("telephone_2")),
        finess=finess if est_finess(finess) else "",
        siret=siret if est_siret(siret) else "",
        mode=lu("mode")[:1],
        secteur=lu("secteur")[:5],
    )


def _adresse(numero: str, indice: str, type_voie: str, voie: str) -> str:
    """Le libellé de la voie répète parfois son type (« Rue » puis « RUE DENIS PAPIN »)."""
    if type_voie and normaliser(voie).split(" ")[:1] == [normaliser(type_voie)]:
        type_voie = ""
    return " ".join(partie for partie in (numero + indice, type_voie, voie) if partie)


def _cle(structure: str, finess: str, siret: str, adresse: str, ou: str) -> str:
    """Identifiant technique du site, à défaut FINESS, SIRET, puis une empreinte de l’adresse."""
    if structure:
        return structure[:80]
    if finess:
        return f"F{finess}"[:80]
    if siret:
        return f"S{siret}"[:80]
    if not ou:
        return ""
    return "A" + blake2s(normaliser(f"{adresse} {ou}").encode(), digest_size=12).hexdigest()
