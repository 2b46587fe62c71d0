"""Écrire un classeur ODS : le modèle du planning, pour qui n’ouvre pas volontiers un CSV."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from odfdo import Cell, Document, Row, Table

TYPE_ODS = "application/vnd.oasis.opendocument.spreadsheet"


def en_ods(entetes: Sequence[str], lignes: Iterable[Sequence[object]]) -> bytes:
    """Une feuille, toutes ses cellules en texte : le tableur n’y calcule rien, et n’y change ni date ni heure."""
    document = Document("spreadsheet")
    document.body.clear()
    feuille = Table("Planning")
    for ligne in (entetes, *lignes):
        rang = Row()
        for valeur in ligne:
            rang.append_cell(
                Cell(text=str(valeur), cell_type="string", value=str(valeur)) if valeur != "" else Cell()
            )
        feuille.append_row(rang)
    document.body.append(feuille)
    flux = io.BytesIO()
    document.save(flux)
    return flux.getvalue()
