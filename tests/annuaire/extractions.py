"""De quoi écrire de petites extractions RPPS et FINESS, au vrai format."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from agenda.generation.extraction import COLONNES

CABINET = {
    "Type d'identifiant PP": "8",
    "Identifiant PP": "99900000011",
    "Code civilité d'exercice": "DR",
    "Nom d'exercice": "L’HÉRITIER",
    "Prénom d'exercice": "ÉLODIE",
    "Code profession": "10",
    "Code catégorie professionnelle": "C",
    "Code type savoir-faire": "S",
    "Code savoir-faire": "SM54",
    "Code mode exercice": "L",
    "Identifiant technique de la structure": "C100",
    "Raison sociale site": "CABINET MÉDICAL",
    "Numéro Voie (coord. structure)": "2",
    "Libellé type de voie (coord. structure)": "Faubourg",
    "Libellé Voie (coord. structure)": "SAINT ETIENNE",
    "Code postal (coord. structure)": "59000",
    "Code commune (coord. structure)": "59350",
    "Libellé commune (coord. structure)": "Lille",
    "Téléphone (coord. structure)": "0353010000",
    "Code secteur d'activité": "SA07",
}


def ligne_rpps(colonnes: Iterable[str] = COLONNES, **valeurs: str) -> str:
    """Le cabinet d’un généraliste à Lille, sauf ce qu’on change ; les noms courts sont ceux de `_COURTS`."""
    cellules = CABINET | {_COURTS[nom]: valeur for nom, valeur in valeurs.items()}
    return "|".join(cellules.get(colonne, "") for colonne in colonnes) + "|"


_COURTS = {
    "type": "Type d'identifiant PP",
    "numero": "Identifiant PP",
    "nom": "Nom d'exercice",
    "profession": "Code profession",
    "categorie": "Code catégorie professionnelle",
    "type_savoir_faire": "Code type savoir-faire",
    "savoir_faire": "Code savoir-faire",
    "mode": "Code mode exercice",
    "secteur": "Code secteur d'activité",
    "structure": "Identifiant technique de la structure",
    "finess": "Numéro FINESS site",
    "type_voie": "Libellé type de voie (coord. structure)",
    "voie": "Libellé Voie (coord. structure)",
    "code_postal": "Code postal (coord. structure)",
    "commune": "Code commune (coord. structure)",
    "nom_commune": "Libellé commune (coord. structure)",
    "telephone": "Téléphone (coord. structure)",
}


def ecrire_rpps(
    chemin: Path,
    *lignes: str,
    colonnes: Iterable[str] = COLONNES,
    encodage: str = "utf-8",
    fin: str = "\n",
) -> Path:
    texte = "\n".join(["|".join(colonnes) + "|", *lignes]) + fin
    chemin.write_bytes(texte.encode(encodage))
    return chemin


def ligne_finess(**valeurs: str) -> str:
    """Un centre de santé à Lille, dans l’ancien format : 32 cellules."""
    cellules = {
        "section": "structureet",
        "finess": "590000014",
        "ej": "590000006",
        "rs": "CENTRE DE SANTE FICTIF",
        "rslongue": "CENTRE DE SANTÉ FICTIF DE LA DEÛLE",
        "complrs": "",
        "compldistrib": "",
        "numvoie": "12",
        "typvoie": "R",
        "voie": "NATIONALE",
        "compvoie": "",
        "lieuditbp": "",
        "commune": "350",
        "departement": "59",
        "libdepartement": "NORD",
        "acheminement": "59000 LILLE",
        "telephone": "0353010001",
        "telecopie": "",
        "categetab": "124",
        "libcategetab": "Centre de Santé",
    } | valeurs
    return ";".join([*cellules.values(), "", "", cellules.get("siret", ""), *[""] * 9][:32])


def position_finess(finess: str, x: str, y: str) -> str:
    return f"geolocalisation;{finess};{x};{y};1,IGN,BD_ADRESSE,LAMBERT_93;2026-05-12"


def ecrire_finess(chemin: Path, *lignes: str, encodage: str = "utf-8", fin: str = "\n") -> Path:
    texte = "\n".join(["finess;etalab;93;2026-05-12", *lignes]) + fin
    chemin.write_bytes(texte.encode(encodage))
    return chemin


def ege(**champs: object) -> Mapping[str, object]:
    """Le même centre de santé, dans le JSON FINESS+."""
    return {
        "informationsGeneralesEGE": {
            "egeId": "1",
            "nomEgeCourt": "CENTRE FICTIF",
            "nomEgeLong": "CENTRE DE SANTÉ FICTIF DE LA DEÛLE",
            "numFinessEge": "590000014",
            "siret": "",
        },
        "categorieentiteGeographiqueExercice": "124",
        "etatObjet": "A",
        "adresse": [
            {
                "numeroVoie": "12",
                "typeVoie": "RUE",
                "libelleVoie": "NATIONALE",
                "cogCommune": "59350",
                "codePostal": "59000",
                "ligneAcheminement": "59000 LILLE",
                "coordonneesGeographique": {"coordonneeX": "704000", "coordonneeY": "7059000"},
            }
        ],
        "contact": [{"typeContact": "T", "telecom": {"telephone": "0353010001"}}],
    } | champs
