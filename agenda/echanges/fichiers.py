"""Lire un planning tel que les tableurs l’enregistrent, CSV ou ODS, sans croire ce que le fichier dit de sa taille."""

from __future__ import annotations

import csv
import io
import itertools
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook

from annuaire.gestion.fichiers import FichierIllisible
from sas_platform.socle.tableurs import denuder

TAILLE_MAX = 3_000_000  # octets ; le mandataire en admet quatre millions par requête
_ODS_DEPLIE_MAX = 30_000_000
LIGNES_MAX = 10_000
_CELLULES_MAX = 400_000
_CELLULE_MAX = 200  # signes
_ZIP = b"PK\x03\x04"
_ESPACE_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
_ESPACE_TEXTE = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
_ESPACE_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"

COLONNES = (
    "lieu",
    "nom",
    "jour",
    "de",
    "a",
    "genre",
    "patients",
    "types",
    "duree_creneau",
    "du",
    "au",
    "semaines",
)
OBLIGATOIRES = ("lieu", "jour", "de", "a", "genre", "types")
# Sans elles une ligne n’ouvre rien : le modèle nomme chaque lieu, on n’en remplit que certains.
_UTILES = frozenset(COLONNES) - {"lieu", "nom"}


def lire(contenu: bytes) -> list[tuple[int, dict[str, str]]]:
    """(numéro dans le fichier, colonne → valeur) des lignes remplies. Lève `FichierIllisible`."""
    if len(contenu) > TAILLE_MAX:
        raise FichierIllisible(
            f"Le fichier dépasse {TAILLE_MAX // 1_000_000} Mo\u00a0: partagez-le en plusieurs."
        )
    rangs = _rangs_ods(contenu) if contenu.startswith(_ZIP) else _rangs_csv(contenu)
    # Un rang de trop suffit à refuser : le reste n’est pas lu. Les lignes vides ne comptent pas.
    remplis = ((n, r) for n, r in enumerate(rangs, start=1) if any(cellule for cellule in r))
    lus = list(itertools.islice(remplis, LIGNES_MAX + 2))
    if not lus:
        raise FichierIllisible("Le fichier est vide.")
    if len(lus) > LIGNES_MAX + 1:
        raise FichierIllisible(f"Le fichier a plus de {LIGNES_MAX} lignes\u00a0: partagez-le en plusieurs.")
    colonnes = [cellule.lower().replace("à", "a").replace("é", "e") for cellule in lus[0][1]]
    while colonnes and not colonnes[-1]:
        colonnes.pop()
    _verifier_les_colonnes(colonnes)
    lignes = [(n, _en_ligne(n, colonnes, cellules)) for n, cellules in lus[1:]]
    remplies = [(n, ligne) for n, ligne in lignes if any(ligne.get(c) for c in _UTILES)]
    if not remplies:
        raise FichierIllisible("Le fichier n’a aucune ligne à ouvrir\u00a0: remplissez jours et heures.")
    return remplies


def _verifier_les_colonnes(colonnes: list[str]) -> None:
    manquantes = [c for c in OBLIGATOIRES if c not in colonnes]
    inconnues = [c for c in colonnes if c not in COLONNES]
    doubles = sorted({c for c in colonnes if colonnes.count(c) > 1} - set(inconnues))
    fautes = [
        f"{texte} {', '.join(map(_citer, fautives))}"
        for texte, fautives in (
            ("il manque", manquantes),
            ("la plateforme ne connaît pas", inconnues[:10]),
            ("deux fois", doubles),
        )
        if fautives
    ]
    if fautes:
        reunies = "\u00a0; ".join(fautes)
        raise FichierIllisible(f"Colonnes\u00a0: {reunies}. Repartez du modèle.")


def _citer(colonne: str) -> str:
    return f"«\u00a0{colonne[:40]}\u00a0»"


def _en_ligne(numero: int, colonnes: list[str], cellules: list[str]) -> dict[str, str]:
    if any(cellules[len(colonnes) :]):
        raise FichierIllisible(
            f"Ligne {numero}\u00a0: elle a plus de cellules que l’en-tête n’a de colonnes."
        )
    if any(len(cellule) > _CELLULE_MAX for cellule in cellules):
        raise FichierIllisible(f"Ligne {numero}\u00a0: une cellule dépasse {_CELLULE_MAX} signes.")
    return dict(zip(colonnes, cellules, strict=False))


# --- CSV ----------------------------------------------------------------------


def _rangs_csv(contenu: bytes) -> Iterator[list[str]]:
    texte = _decoder(contenu)
    entete, _, _ = texte.partition("\n")
    separateur = max(";,\t", key=entete.count)
    lecteur = csv.reader(io.StringIO(texte, newline=""), delimiter=separateur, strict=True)
    try:
        for rang in lecteur:
            yield [denuder(cellule) for cellule in rang]
    except csv.Error:
        raise FichierIllisible(
            "Les guillemets du fichier ne se ferment pas\u00a0: repartez du modèle."
        ) from None


def _decoder(contenu: bytes) -> str:
    """UTF-8, UTF-16 s’il s’annonce, à défaut Windows-1252."""
    utf16 = contenu.startswith((b"\xff\xfe", b"\xfe\xff"))
    for jeu in ("utf-16",) if utf16 else ("utf-8-sig", "cp1252"):
        try:
            texte = contenu.decode(jeu)
        except UnicodeDecodeError:
            continue
        if "\x00" in texte:
            break
        return texte
    raise FichierIllisible(
        "Ce fichier n’est ni un CSV ni un classeur ODS\u00a0: enregistrez-le sous l’un de ces formats."
    )


# --- ODS ----------------------------------------------------------------------


def _rangs_ods(contenu: bytes) -> Iterator[list[str]]:
    """La première feuille. Le contenu est d’abord mesuré, puis seul relu : rien d’autre de l’archive ne l’est."""
    xml = _contenu_xml(contenu)
    _mesurer(xml)
    try:
        classeur = CalamineWorkbook.from_filelike(io.BytesIO(_archive_nue(xml)))
        for rang in classeur.get_sheet_by_index(0).iter_rows():
            yield [_texte(cellule) for cellule in rang]
    except (CalamineError, IndexError, ValueError):
        raise FichierIllisible("Ce classeur ODS ne se lit pas\u00a0: repartez du modèle.") from None


def _contenu_xml(contenu: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(contenu)) as archive, archive.open("content.xml") as flux:
            xml = flux.read(_ODS_DEPLIE_MAX + 1)
    except KeyError:
        raise FichierIllisible(
            "Ce classeur n’est pas un ODS\u00a0: enregistrez-le en CSV ou en ODS."
        ) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError):
        raise FichierIllisible("Ce classeur ODS est abîmé ou chiffré.") from None
    if len(xml) > _ODS_DEPLIE_MAX:
        raise FichierIllisible("Ce classeur est trop grand une fois déplié\u00a0: partagez-le en plusieurs.")
    return xml


def _mesurer(xml: bytes) -> None:
    """Refuse un classeur dont les répétitions feraient des millions de cellules, ou qui définit des entités."""
    mesure = _Mesure()
    analyseur = expat.ParserCreate(namespace_separator=" ")
    analyseur.StartDoctypeDeclHandler = mesure.doctype
    analyseur.StartElementHandler = mesure.ouvrir
    try:
        analyseur.Parse(xml, True)
    except expat.ExpatError:
        raise FichierIllisible("Ce classeur ODS ne se lit pas\u00a0: repartez du modèle.") from None


class _Mesure:
    def __init__(self) -> None:
        self.rangs = self.colonnes = 1
        self.comptees = True
        self.total = 0

    def doctype(self, *_: Any) -> None:
        raise FichierIllisible("Ce classeur ODS ne se lit pas\u00a0: repartez du modèle.")

    def ouvrir(self, nom: str, attributs: Mapping[str, str]) -> None:
        if nom == f"{_ESPACE_TABLE} table-row":
            self.rangs = _repete(attributs, "rows")
        elif nom in (f"{_ESPACE_TABLE} table-cell", f"{_ESPACE_TABLE} covered-table-cell"):
            self.colonnes, self.comptees = _repete(attributs, "columns"), False
            if f"{_ESPACE_OFFICE} value-type" in attributs:
                self._compter()
        elif nom == f"{_ESPACE_TEXTE} p":
            self._compter()

    def _compter(self) -> None:
        if not self.comptees:
            self.comptees = True
            self.total += self.rangs * self.colonnes
            if self.total > _CELLULES_MAX:
                raise FichierIllisible("Ce classeur a trop de cellules\u00a0: partagez-le en plusieurs.")


def _repete(attributs: Mapping[str, str], quoi: str) -> int:
    texte = attributs.get(f"{_ESPACE_TABLE} number-{quoi}-repeated", "1")
    if not (texte.isascii() and texte.isdecimal() and len(texte) < 9):
        raise FichierIllisible("Ce classeur ODS ne se lit pas\u00a0: repartez du modèle.")
    return int(texte)


_MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
_MANIFESTE = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry '
    f'manifest:full-path="/" manifest:media-type="{_MIMETYPE}"/></manifest:manifest>'
)


def _archive_nue(xml: bytes) -> bytes:
    flux = io.BytesIO()
    with zipfile.ZipFile(flux, "w") as archive:
        archive.writestr("mimetype", _MIMETYPE)
        archive.writestr("META-INF/manifest.xml", _MANIFESTE)
        archive.writestr("content.xml", xml)
    return flux.getvalue()


def _texte(cellule: object) -> str:
    """Une date, une heure, un nombre tels qu’on les écrirait dans un CSV."""
    if isinstance(cellule, datetime):
        return f"{cellule:%Y-%m-%d}" if cellule.time() == time.min else f"{cellule:%H:%M}"
    if isinstance(cellule, date):
        return cellule.isoformat()
    if isinstance(cellule, time):
        return f"{cellule:%H:%M}"
    if isinstance(cellule, timedelta):
        minutes = int(cellule.total_seconds()) // 60
        return f"{minutes // 60:02}:{minutes % 60:02}"
    if isinstance(cellule, float) and cellule.is_integer():
        return str(int(cellule))
    return denuder(str(cellule))
