"""Les comptes en tableau : lire un CSV tel que les tableurs l’écrivent, en écrire un qu’aucun n’exécute."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from sas_platform.socle.tableurs import BOM, denuder

TAILLE_MAX = 512_000  # octets
LIGNES_MAX = 300
COLONNES = (
    "email",
    "roles",
    "nom",
    "prenom",
    "rpps_adeli",
    "numero_cpx",
    "territoires",
    "structures",
    "professionnels_lies",
    "structures_liees",
    "dernier_jour",
)
OBLIGATOIRES = ("email", "roles")


class FichierIllisible(ValueError):
    """Le message est montrable."""


def decoder(contenu: bytes) -> str:
    """UTF-8, à défaut Windows-1252. Lève `FichierIllisible`."""
    if len(contenu) > TAILLE_MAX:
        raise FichierIllisible(f"Le fichier dépasse {TAILLE_MAX // 1000} ko : partagez-le en plusieurs.")
    for jeu in ("utf-8-sig", "cp1252"):
        try:
            texte = contenu.decode(jeu)
        except UnicodeDecodeError:
            continue
        if "\x00" in texte:
            break
        return texte
    raise FichierIllisible("Ce fichier n’est pas un CSV : enregistrez-le au format « CSV UTF-8 ».")


def lire(texte: str) -> list[tuple[int, dict[str, str]]]:
    """(numéro que montre le tableur, colonne → valeur) de chaque ligne remplie. Lève `FichierIllisible`."""
    texte = texte.removeprefix(BOM)
    entete, _, _ = texte.partition("\n")
    lecteur = csv.reader(
        io.StringIO(texte, newline=""),
        delimiter=";" if entete.count(";") >= entete.count(",") else ",",
        strict=True,
    )
    try:
        rangs = [(n, rang) for n, rang in enumerate(lecteur, start=1) if any(map(str.strip, rang))]
    except csv.Error:
        raise FichierIllisible("Les guillemets du fichier ne se ferment pas : repartez du modèle.") from None
    if not rangs:
        raise FichierIllisible("Le fichier est vide.")
    colonnes = [cellule.strip().lower() for cellule in rangs[0][1]]
    _verifier_les_colonnes(colonnes)
    if len(rangs) == 1:
        raise FichierIllisible("Le fichier n’a que sa ligne d’en-tête.")
    if len(rangs) - 1 > LIGNES_MAX:
        raise FichierIllisible(
            f"Le fichier a {len(rangs) - 1} lignes, {LIGNES_MAX} au plus : partagez-le en plusieurs."
        )
    return [(numero, _en_ligne(colonnes, cellules, numero)) for numero, cellules in rangs[1:]]


def _verifier_les_colonnes(colonnes: list[str]) -> None:
    inconnues = [colonne for colonne in colonnes if colonne not in COLONNES]
    manquantes = [colonne for colonne in OBLIGATOIRES if colonne not in colonnes]
    doubles = {colonne for colonne in colonnes if colonnes.count(colonne) > 1}
    fautes = []
    if manquantes:
        fautes.append(f"il manque {_citer(manquantes)}")
    if inconnues:
        fautes.append(f"la plateforme ne connaît pas {_citer(inconnues)}")
    if doubles:
        fautes.append(f"{_citer(sorted(doubles))} revient deux fois")
    if fautes:
        admises = ", ".join(COLONNES)
        raise FichierIllisible(f"Colonnes : {' ; '.join(fautes)}. Colonnes admises : {admises}.")


def _citer(colonnes: Iterable[str]) -> str:
    return ", ".join(f"« {colonne[:40]} »" for colonne in colonnes)


def _en_ligne(colonnes: list[str], cellules: list[str], numero: int) -> dict[str, str]:
    if len(cellules) > len(colonnes) and any(cellule.strip() for cellule in cellules[len(colonnes) :]):
        raise FichierIllisible(
            f"Ligne {numero} : elle a {len(cellules)} cellules pour {len(colonnes)} colonnes."
        )
    return {colonne: denuder(cellule) for colonne, cellule in zip(colonnes, cellules, strict=False)}
