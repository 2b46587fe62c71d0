"""XLS et PPT : un conteneur OLE, dont on lit le répertoire et, dans le bon flux, la présence de macros.

Source : [MS-CFB] (conteneur), [MS-XLS] § 2.4.28 BoundSheet8, [MS-PPT] § 2.4.10 VBAInfoAtom.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from assistance.domaine.fichiers.refus import ABIME, CODE, FichierRefuse, refuser_archive_cachee

_SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")
_FIN_DE_CHAINE = 0xFFFFFFFE
_FLUX, _RACINE = 2, 5
_SEUIL_MINI = 4096
_ACTIFS = {"_vba_project_cur", "_vba_project", "vba", "macros", "\x01ole10native"}
_CHIFFRES = {"encryptedpackage", "encryptedsummary", "\x06dataspaces"}
_BOUNDSHEET, _FILEPASS, _EOF_BIFF = 0x0085, 0x002F, 0x000A
_FEUILLE_MACRO, _MODULE_VBA = 1, 6
_ENTETE_VBA = struct.pack("<HHI", 0x0002, 0x0400, 12)  # VBAInfoAtom
_CHIFFRE = "ce fichier est protégé par un mot de passe. Enregistrez-le sans."
_AUTRE = "son contenu n’est pas celui que son nom annonce."


@dataclass(frozen=True, slots=True)
class _Entree:
    nom: str
    nature: int
    debut: int
    taille: int


class _Conteneur:
    """Secteurs, table d’allocation, répertoire. Toute incohérence lève `FichierRefuse`."""

    def __init__(self, contenu: bytes) -> None:
        if len(contenu) < 1536 or not contenu.startswith(_SIGNATURE):
            raise FichierRefuse(ABIME)
        self.contenu = contenu
        puissance, puissance_mini = struct.unpack_from("<HH", contenu, 30)
        if puissance not in (9, 12) or puissance_mini != 6:
            raise FichierRefuse(ABIME)
        self.secteur = 1 << puissance
        self.nombre = len(contenu) // self.secteur
        repertoire, mini, difat = (struct.unpack_from("<I", contenu, place)[0] for place in (48, 60, 68))
        self.allocation = self._table_d_allocation(difat)
        lignes = self._lire(repertoire)
        self.entrees = [_entree(lignes[place : place + 128]) for place in range(0, len(lignes), 128)]
        if not self.entrees or self.entrees[0].nature != _RACINE:
            raise FichierRefuse(ABIME)
        self.allocation_mini = [suivant for (suivant,) in struct.iter_unpack("<I", self._lire(mini))]

    def _secteur(self, numero: int) -> bytes:
        debut = (numero + 1) * self.secteur
        if numero >= self.nombre or debut >= len(self.contenu):
            raise FichierRefuse(ABIME)
        return self.contenu[debut : debut + self.secteur].ljust(self.secteur, b"\0")

    def _table_d_allocation(self, difat: int) -> list[int]:
        numeros = list(struct.unpack_from("<109I", self.contenu, 76))
        vus: set[int] = set()
        while difat < _FIN_DE_CHAINE and difat not in vus:
            vus.add(difat)
            *suite, difat = struct.unpack(f"<{self.secteur // 4}I", self._secteur(difat))
            numeros += suite
        table: list[int] = []
        for numero in numeros:
            if numero < _FIN_DE_CHAINE:
                if len(table) > self.nombre + self.secteur:
                    raise FichierRefuse(ABIME)
                table += struct.unpack(f"<{self.secteur // 4}I", self._secteur(numero))
        return table

    def _lire(self, debut: int) -> bytes:
        morceaux: list[bytes] = []
        while debut < _FIN_DE_CHAINE:
            if len(morceaux) > self.nombre or debut >= len(self.allocation):
                raise FichierRefuse(ABIME)
            morceaux.append(self._secteur(debut))
            debut = self.allocation[debut]
        return b"".join(morceaux)

    def flux(self, entree: _Entree) -> bytes:
        if entree.taille >= _SEUIL_MINI:
            return self._lire(entree.debut)[: entree.taille]
        reserve, position = self._lire(self.entrees[0].debut), entree.debut
        morceaux: list[bytes] = []
        while position < _FIN_DE_CHAINE:
            if len(morceaux) > len(self.allocation_mini) or position >= len(self.allocation_mini):
                raise FichierRefuse(ABIME)
            morceaux.append(reserve[position * 64 : position * 64 + 64])
            position = self.allocation_mini[position]
        return b"".join(morceaux)[: entree.taille]


def verifier_xls(contenu: bytes) -> None:
    for nature, feuille in _enregistrements(_flux_principal(contenu, "workbook", "book")):
        if nature == _FILEPASS:
            raise FichierRefuse(_CHIFFRE)
        if nature == _BOUNDSHEET and len(feuille) > 5 and feuille[5] in (_FEUILLE_MACRO, _MODULE_VBA):
            raise FichierRefuse(CODE)


def verifier_ppt(contenu: bytes) -> None:
    document = _flux_principal(contenu, "powerpoint document")
    place = document.find(_ENTETE_VBA)
    if place >= 0 and document[place + 12 : place + 16] != bytes(4):
        raise FichierRefuse(CODE)


def _flux_principal(contenu: bytes, *noms: str) -> bytes:
    try:
        conteneur = _Conteneur(contenu)
        presents = {entree.nom.lower(): entree for entree in conteneur.entrees if entree.nature}
        if not _ACTIFS.isdisjoint(presents):
            raise FichierRefuse(CODE)
        if not _CHIFFRES.isdisjoint(presents):
            raise FichierRefuse(_CHIFFRE)
        principal = next((presents[nom] for nom in noms if nom in presents), None)
        if principal is None or principal.nature != _FLUX:
            raise FichierRefuse(_AUTRE)
        refuser_archive_cachee(contenu)
        return conteneur.flux(principal)
    except struct.error as erreur:
        raise FichierRefuse(ABIME) from erreur


def _entree(ligne: bytes) -> _Entree:
    (longueur,) = struct.unpack_from("<H", ligne, 64)
    nom = ligne[: max(0, min(longueur, 64) - 2)].decode("utf-16-le", "replace")
    debut, taille = struct.unpack_from("<II", ligne, 116)
    return _Entree(nom, ligne[66], debut, taille)


def _enregistrements(flux: bytes) -> Iterator[tuple[int, bytes]]:
    """Enregistrements BIFF du premier sous-flux, celui du classeur."""
    position = 0
    while position + 4 <= len(flux):
        nature, longueur = struct.unpack_from("<HH", flux, position)
        if nature == _EOF_BIFF:
            return
        yield nature, flux[position + 4 : position + 4 + longueur]
        position += 4 + longueur
    raise FichierRefuse(ABIME)
