"""Un document en PDF balisé (PDF/UA-1) : titre, langue, titres et tableaux s’y lisent avec un lecteur d’écran."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typst

_GABARIT = (Path(__file__).parent / "document.typ").read_bytes()

Bloc = dict[str, Any]


def titre(texte: str, niveau: int = 1) -> Bloc:
    return {"genre": "titre", "texte": texte, "niveau": niveau}


def paragraphe(texte: str) -> Bloc:
    return {"genre": "paragraphe", "texte": texte}


def paires(lignes: Sequence[tuple[str, str]]) -> Bloc:
    return {"genre": "paires", "paires": [list(ligne) for ligne in lignes]}


def tableau(
    legende: str, entetes: Sequence[str], lignes: Sequence[Sequence[str]], largeurs: Sequence[int]
) -> Bloc:
    """`largeurs` : la part de chaque colonne dans la page."""
    return {
        "genre": "tableau",
        "legende": legende,
        "entetes": list(entetes),
        "lignes": [list(ligne) for ligne in lignes],
        "largeurs": list(largeurs),
    }


def en_pdf(titre_du_document: str, pied: str, blocs: Sequence[Bloc]) -> bytes:
    """Le même contenu donne les mêmes octets : ni date de production, ni police de la machine."""
    donnees = json.dumps({"titre": titre_du_document, "pied": pied, "blocs": list(blocs)}, ensure_ascii=False)
    produit = typst.compile(
        _GABARIT,
        sys_inputs={"donnees": donnees},
        format="pdf",
        pdf_standards=["ua-1"],
        ignore_system_fonts=True,
    )
    assert isinstance(produit, bytes)  # une seule sortie : le PDF entier
    return produit
