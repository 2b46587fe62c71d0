"""Fabriquer des classeurs ODS, honnêtes ou hostiles."""

import io
import zipfile
from collections.abc import Sequence
from html import escape

MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
_DOCUMENT = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="Planning">{}</table:table></office:spreadsheet></office:body></office:document-content>'
)


def cellule(valeur: str, repetee: int = 1) -> str:
    repete = f' table:number-columns-repeated="{repetee}"' if repetee > 1 else ""
    return f'<table:table-cell office:value-type="string"{repete}><text:p>{escape(valeur)}</text:p></table:table-cell>'


def rang(cellules: str, repete: int = 1) -> str:
    attribut = f' table:number-rows-repeated="{repete}"' if repete > 1 else ""
    return f"<table:table-row{attribut}>{cellules}</table:table-row>"


def ods(rangs: str, *, avant: str = "") -> bytes:
    return archive(f'<?xml version="1.0" encoding="UTF-8"?>{avant}' + _DOCUMENT.format(rangs))


def classeur(*lignes: Sequence[str]) -> bytes:
    return ods("".join(rang("".join(cellule(valeur) for valeur in ligne)) for ligne in lignes))


def archive(contenu: str) -> bytes:
    flux = io.BytesIO()
    with zipfile.ZipFile(flux, "w", zipfile.ZIP_DEFLATED) as zip_:
        zip_.writestr("mimetype", MIMETYPE)
        zip_.writestr("content.xml", contenu)
    return flux.getvalue()
