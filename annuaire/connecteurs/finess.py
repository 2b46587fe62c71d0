"""Lit FINESS : l’ancien CSV « etalab » (jusqu’en mai 2026) et le JSON FINESS+ qui l’a remplacé.

Les deux donnent les mêmes `EtablissementLu`. Le CSV donne les positions à part, après les établissements.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from annuaire.connecteurs.fichiers import FichierInattenduError, encodage_de, lignes, ouvrir
from annuaire.connecteurs.rpps import Rejet
from annuaire.domaine.identifiants import est_finess, est_siret
from annuaire.domaine.projections import coordonnees
from annuaire.enums import TypeStructure
from sas_platform.socle.textes import normaliser

CELLULES = 32
BLOC = 1 << 20
OBJET_MAX = 32 << 20
_OUTRE_MER = {f"9{lettre}": f"97{rang}" for rang, lettre in enumerate("ABCDEFGH", start=1)} | {"9J": "986"}
_TYPES = {"124": TypeStructure.CDS, "603": TypeStructure.MSP, "604": TypeStructure.CPTS}
# Un centre de santé (124) n’est parfois que dentaire, infirmier ou ophtalmologique : on n’y adresse pas tout patient.
_CENTRE_SPECIALISE = re.compile(
    r"\b(dentaires?|dentistes?|infirmiers?|csi|soins infirmiers|ophta\w*|optique)\b"
)


@dataclass(frozen=True, slots=True)
class EtablissementLu:
    numero: int
    finess: str
    nom: str
    type: str
    categorie: str
    siret: str
    adresse: str
    code_postal: str
    commune: str
    nom_commune: str
    telephone: str
    lat: float | None = None
    lon: float | None = None
    est_ouvert: bool = True


@dataclass(frozen=True, slots=True)
class PositionLue:
    numero: int
    finess: str
    lat: float
    lon: float


def lire(chemin: Path) -> Iterator[EtablissementLu | PositionLue | Rejet]:
    """Reconnaît le format à son premier signe. Lève `FichierInattenduError` : autre fichier, tronqué, illisible."""
    with ouvrir(chemin) as flux:
        debut = flux.readline(BLOC)
        if debut.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
            yield from _lire_json(debut, flux)
        elif debut.lstrip(b"\xef\xbb\xbf").startswith(b"finess;etalab"):
            yield from _lire_csv(flux)
        else:
            raise FichierInattenduError(
                "Ce n’est pas un fichier FINESS : première ligne « finess;etalab;… » ou document JSON attendus."
            )


def type_de_structure(categorie: str, nom: str) -> TypeStructure:
    """D’après le code de catégorie (TRE_R66), jamais d’après son libellé ; le nom ne fait que préciser."""
    normalise = normaliser(nom)
    if normalise.startswith("sos medecin"):
        return TypeStructure.SOS
    type_ = _TYPES.get(categorie, TypeStructure.AUTRE)
    if type_ == TypeStructure.CDS and _CENTRE_SPECIALISE.search(normalise):
        return TypeStructure.AUTRE
    return type_


def departement_insee(code: str) -> str:
    """« 9A » → « 971 »… « 9J » → « 986 » ; les autres tels quels, Corse comprise."""
    return _OUTRE_MER.get(code, code)


# --- Ancien CSV -------------------------------------------------------------


def _lire_csv(flux: IO[bytes]) -> Iterator[EtablissementLu | PositionLue | Rejet]:
    departements: dict[str, str] = {}
    numero = 1
    for numero, octets in enumerate(lignes(flux), start=2):
        if b"\x00" in octets:
            yield Rejet(numero, "signe nul")
            continue
        ligne = octets.decode("utf-8" if encodage_de(octets) == "utf-8-sig" else "cp1252", errors="replace")
        cellules = [cellule.strip(' "') for cellule in ligne.rstrip("\r\n").split(";")]
        section = cellules[0]
        if section == "structureet" and len(cellules) == CELLULES:
            lu = _etablissement_csv(numero, cellules)
            if isinstance(lu, EtablissementLu):
                departements[lu.finess] = lu.commune[:3] if lu.commune[:2] in ("97", "98") else ""
            yield lu
        elif section == "geolocalisation" and len(cellules) >= 4:
            yield _position_csv(numero, cellules, departements)
        elif not octets.endswith(b"\n"):
            raise FichierInattenduError(
                f"Le fichier est tronqué : la ligne {numero}, la dernière, est incomplète."
            )
        elif section in ("structureet", "geolocalisation"):
            yield Rejet(numero, "nombre de cellules inattendu")
        elif ligne.strip():
            yield Rejet(numero, "section inconnue")
    if numero == 1:
        raise FichierInattenduError("Le fichier n’a que sa ligne d’en-tête.")


def _etablissement_csv(numero: int, cellules: list[str]) -> EtablissementLu | Rejet:
    finess = cellules[1]
    if not est_finess(finess):
        return Rejet(numero, "FINESS mal formé")
    departement = departement_insee(cellules[13])
    nom = cellules[4] or cellules[3]
    commune = departement[:2] + cellules[12].zfill(3)  # 971 et 05 : l’INSEE écrit 97105
    code_postal, _, nom_commune = cellules[15].partition(" ")
    return EtablissementLu(
        numero=numero,
        finess=finess,
        nom=nom[:200],
        type=type_de_structure(cellules[18], nom).value,
        categorie=cellules[18][:4],
        siret=cellules[22] if est_siret(cellules[22]) else "",
        adresse=" ".join(partie for partie in cellules[7:10] if partie)[:200],
        code_postal=code_postal[:5],
        commune=commune,
        nom_commune=nom_commune,
        telephone=cellules[16],
    )


def _position_csv(numero: int, cellules: list[str], departements: Mapping[str, str]) -> PositionLue | Rejet:
    finess = cellules[1]
    try:
        un, autre = float(cellules[2].replace(",", ".")), float(cellules[3].replace(",", "."))
    except ValueError:
        return Rejet(numero, "coordonnées illisibles")
    position = coordonnees(un, autre, departements.get(finess, ""))
    if position is None:
        return Rejet(numero, "coordonnées hors de France")
    return PositionLue(numero, finess, *position)


# --- JSON FINESS+ -----------------------------------------------------------

_LISTE_PMEJ = re.compile(r'"pmej"\s*:\s*\[', re.IGNORECASE)


def _lire_json(debut: bytes, flux: IO[bytes]) -> Iterator[EtablissementLu | Rejet]:
    """Les établissements (EGE) de chaque entité juridique, un objet en mémoire à la fois.

    Leur « numéro de ligne » est leur rang dans le fichier.
    """
    numero = 0
    for entite in _objets(debut, flux):
        juridique = _Champs(entite)
        nom_juridique = _Champs(juridique.objet("informationsGeneralesPMEJ")).texte("denominationPm")
        for etablissement in juridique.liste("ege"):
            numero += 1
            yield _etablissement_json(numero, _Champs(etablissement), nom_juridique)
    if not numero:
        raise FichierInattenduError("Aucun établissement (« pmej », « ege ») dans ce document JSON.")


def _objets(debut: bytes, flux: IO[bytes]) -> Iterator[dict[str, Any]]:
    """Les éléments de la liste « pmej », ou de la liste racine, décodés l’un après l’autre."""
    texte = _Texte(debut, flux)
    if texte.tampon.lstrip("\ufeff \t\r\n").startswith("["):
        texte.avancer(texte.tampon.index("[") + 1)
    else:
        while not (trouve := _LISTE_PMEJ.search(texte.tampon)):
            if not texte.lire():
                raise FichierInattenduError("Aucun établissement (« pmej », « ege ») dans ce document JSON.")
        texte.avancer(trouve.end())
    decodeur = json.JSONDecoder()
    while True:
        texte.avancer(len(texte.tampon) - len(texte.tampon.lstrip(", \t\r\n")))
        if texte.tampon.startswith("]"):
            return
        try:
            objet, fin = decodeur.raw_decode(texte.tampon)
        except json.JSONDecodeError:
            if len(texte.tampon) > OBJET_MAX or not texte.lire():
                raise FichierInattenduError("Le document JSON est tronqué ou mal formé.") from None
            continue
        texte.avancer(fin)
        if isinstance(objet, dict):
            yield objet


class _Texte:
    """Tampon de texte que l’on remplit par blocs et que l’on consomme par la gauche."""

    def __init__(self, debut: bytes, flux: IO[bytes]) -> None:
        self._flux = flux
        self._reste = b""
        self._encodage = "utf-8"
        if b"\x00" in debut[:100]:
            raise FichierInattenduError("Encodage non reconnu : UTF-8 ou Latin-1 attendu.")
        self.tampon = ""
        self._ajouter(debut)

    def avancer(self, position: int) -> None:
        self.tampon = self.tampon[position:]

    def lire(self) -> bool:
        """Ajoute un bloc ; faux à la fin du fichier."""
        bloc = self._flux.read(BLOC)
        if bloc:
            self._ajouter(bloc)
        return bool(bloc)

    def _ajouter(self, bloc: bytes) -> None:
        octets = self._reste + bloc
        coupe = len(octets)
        while coupe and len(octets) - coupe < 3 and octets[coupe - 1] & 0xC0 == 0x80:
            coupe -= 1
        if coupe and octets[coupe - 1] >= 0xC0:  # premier octet d’un signe que le bloc a coupé
            coupe -= 1
        else:
            coupe = len(octets)
        try:
            self.tampon += octets[:coupe].decode(self._encodage)
            self._reste = octets[coupe:]
        except UnicodeDecodeError:
            self._encodage = "cp1252"
            self.tampon += octets.decode(self._encodage, errors="replace")
            self._reste = b""


def _gardable(texte: str) -> str:
    """Sans ce que JSON sait écrire (`\\u0000`, `\\ud800`) et que PostgreSQL ne sait pas garder."""
    return texte.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8").strip()


class _Champs:
    """Accès à un objet sans tenir compte de la casse des clés, qui change d’une édition à l’autre."""

    def __init__(self, objet: Mapping[str, Any]) -> None:
        self._champs = {str(cle).lower(): valeur for cle, valeur in objet.items()}

    def texte(self, *cles: str) -> str:
        for cle in cles:
            valeur = self._champs.get(cle.lower())
            if isinstance(valeur, dict):  # {"code": …, "libelle": …}
                valeur = _Champs(valeur).texte("code")
            if isinstance(valeur, str | int | float) and (texte := _gardable(str(valeur))):
                return texte
        return ""

    def objet(self, cle: str) -> Mapping[str, Any]:
        valeur = self._champs.get(cle.lower())
        return valeur if isinstance(valeur, dict) else {}

    def liste(self, cle: str) -> list[Mapping[str, Any]]:
        valeur = self._champs.get(cle.lower())
        if isinstance(valeur, dict):
            return [valeur]
        return [objet for objet in valeur if isinstance(objet, dict)] if isinstance(valeur, list) else []

    def reel(self, cle: str) -> float | None:
        try:
            return float(self.texte(cle).replace(",", "."))
        except ValueError:
            return None


def _etablissement_json(numero: int, ege: _Champs, nom_juridique: str) -> EtablissementLu | Rejet:
    generales = _Champs(ege.objet("informationsGeneralesEGE"))
    finess = generales.texte("numFinessEge", "numFiness")
    if not est_finess(finess):
        return Rejet(numero, "FINESS mal formé")
    nom = generales.texte("nomEgeLong", "nomEgeCourt") or nom_juridique
    categorie = ege.texte("categorieEntiteGeographiqueExercice", "categorieEntite") or generales.texte(
        "categorieEntiteGeographiqueExercice"
    )
    adresse = _Champs(next(iter(ege.liste("adresse")), {}))
    commune = adresse.texte("cogCommune")
    lat, lon = _position_json(_Champs(adresse.objet("coordonneesGeographique")), commune) or (None, None)
    siret = generales.texte("siret")
    code_postal, _, nom_commune = adresse.texte("ligneAcheminement").partition(" ")
    voie = (adresse.texte("numeroVoie"), adresse.texte("typeVoie"), adresse.texte("libelleVoie"))
    return EtablissementLu(
        numero=numero,
        finess=finess,
        nom=nom[:200],
        type=type_de_structure(categorie, nom).value,
        categorie=categorie[:4],
        siret=siret if est_siret(siret) else "",
        adresse=" ".join(partie for partie in voie if partie)[:200],
        code_postal=(adresse.texte("codePostal") or code_postal)[:5],
        commune=commune[:5],
        nom_commune=nom_commune,
        telephone=_telephone_json(ege),
        lat=lat,
        lon=lon,
        est_ouvert=(ege.texte("etatObjet") or generales.texte("etatObjet") or "A").upper() != "I",
    )


def _position_json(geo: _Champs, commune: str) -> tuple[float, float] | None:
    """WGS84 et Lambert sont parfois échangés d’un champ à l’autre : chaque couple est reconnu à ses valeurs."""
    departement = commune[:3] if commune[:2] in ("97", "98") else ""
    for un, autre in (
        ("directionLatitude", "directionLongitude"),
        ("latitude", "longitude"),
        ("coordonneeX", "coordonneeY"),
    ):
        premier, second = geo.reel(un), geo.reel(autre)
        if premier is not None and second is not None:
            position = coordonnees(premier, second, departement)
            if position is not None:
                return position
    return None


def _telephone_json(ege: _Champs) -> str:
    for contact in ege.liste("contact"):
        champs = _Champs(contact)
        numero = _Champs(champs.objet("telecom")).texte("telephone") or champs.texte("telephone")
        if numero:
            return numero
    return ""
