"""Appel d’un logiciel de régulation médicale (INT_L01) : des paramètres à ce qu’on en comprend.

Rien n’est perdu : ce qui se lit est rendu, et chaque paramètre mal écrit a son
erreur, faite pour qui doit le corriger. Règles L-01 à L-06.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from annuaire.domaine.identifiants import est_adeli, est_rpps

# `speciality` : autre orthographe, que des logiciels emploient (W-44).
LONGUEURS = {
    "origin": 60,
    "practitioner": 100,
    "specialty": 100,
    "speciality": 100,
    "streetnumber": 20,
    "streetname": 150,
    "inseecode": 10,
    "city": 100,
}
PARAMETRES = tuple(LONGUEURS)
OID_PRATICIEN = "1.2.250.1.71.4.2.1"
PAS_UTF8 = "\ufffd"

_BLANCS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_VIDES = frozenset({"null", "undefined", "none", "nil"})
_ORIGINE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:|-]*")
_URN = re.compile(r"urn:oid:(?P<oid>[0-9]+(?:\.[0-9]+)*)\|(?P<code>[A-Za-z0-9]+)", re.IGNORECASE)
# Des mots entiers : « Fournier » et « Boidin » sont des noms.
_SENT_L_IDENTIFIANT = re.compile(r"\b(?:urn|oid)\b|[:|]|^[0-9 ]+$", re.IGNORECASE)
_INSEE = re.compile(r"(?:[0-9]{2}|2[AB])[0-9]{3}")
_NUMERO = re.compile(r"[0-9]+")
_TITRE = re.compile(r"^(?:docteure?|dre?|professeure?|pr)\b\.?\s*", re.IGNORECASE)
_VILLES = {
    "Marseille": ("13055", range(13201, 13217)),
    "Lyon": ("69123", range(69381, 69390)),
    "Paris": ("75056", range(75101, 75121)),
}


class Genre(Enum):
    """Ce qu’est la valeur d’un paramètre qui en admet plusieurs sortes."""

    ABSENT = "absent"
    CODE = "code"
    TEXTE = "texte"
    ILLISIBLE = "illisible"


@dataclass(frozen=True, slots=True)
class Valeur:
    genre: Genre = Genre.ABSENT
    valeur: str = ""


@dataclass(frozen=True, slots=True)
class AppelLRM:
    """`praticien` : identifiant national (préfixe compris) ou nom ; `specialite` : code ou texte.

    `erreurs` : une phrase par paramètre fautif. `adresse_complete` : faux quand
    ce qui manque à l’adresse doit être demandé à la personne.
    """

    origine: str = ""
    praticien: Valeur = Valeur()
    specialite: Valeur = Valeur()
    numero: str = ""
    voie: str = ""
    insee: str = ""
    ville: str = ""
    adresse_complete: bool = False
    erreurs: Mapping[str, str] = field(default_factory=dict)
    inconnus: tuple[str, ...] = ()

    def adresse(self, *, commune: str = "", departement: str = "") -> str:
        """« 12 rue Nationale, Lille, Nord » (L-03) ; `commune` : celle du code INSEE, qui l’emporte.

        Paris n’a pas besoin de son département.
        """
        ville = ville_a_arrondissements(self.insee) or commune or self.ville
        ou = departement if departement != ville else ""
        morceaux = (f"{self.numero} {self.voie}".strip() if self.voie else "", ville, ou)
        return ", ".join(filter(None, morceaux))


def ville_a_arrondissements(insee: str) -> str:
    """Paris, Lyon ou Marseille, pour le code de la ville ou de l’un de ses arrondissements ; vide sinon."""
    for ville, (code, arrondissements) in _VILLES.items():
        if insee == code or (insee.isdigit() and int(insee) in arrondissements):
            return ville
    return ""


def est_un_appel(noms: Sequence[str]) -> bool:
    """Un seul de ces paramètres suffit : `origin` peut manquer, l’adresse quitte l’URL quand même."""
    return any(nom.lower() in LONGUEURS for nom in noms)


def retenir(parametres: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Les seuls paramètres connus, bornés en nombre et en taille : ce qui se garde d’un appel."""
    retenus: dict[str, list[str]] = {}
    for nom, valeurs in parametres.items():
        longueur = LONGUEURS.get(nom.lower())
        if longueur is not None:
            # Un signe de plus que permis : le dépassement se dit encore à la lecture.
            retenus.setdefault(nom.lower(), []).extend(valeur[: 2 * longueur] for valeur in valeurs[:3])
    return retenus


def lire(parametres: Mapping[str, Sequence[str]]) -> AppelLRM:
    """Ne lève rien : tout paramètre mal écrit est dans `erreurs`, et le reste est compris."""
    erreurs: dict[str, str] = {}
    lus = {nom: _une_valeur(nom, retenues, erreurs) for nom, retenues in retenir(parametres).items()}
    insee = _insee(lus.get("inseecode", ""), erreurs)
    ville, voie = lus.get("city", ""), lus.get("streetname", "")
    numero, sans_voie = _numero(lus.get("streetnumber", ""), voie, erreurs)
    sans_ville = not (insee or ville)
    if sans_ville:
        erreurs["city"] = "Ni commune (city) ni code INSEE valable (inseecode) : l’adresse est incomplète."
    return AppelLRM(
        origine=_origine(lus.get("origin", ""), erreurs),
        praticien=_praticien(lus.get("practitioner", ""), erreurs),
        specialite=_specialite(lus.get("specialty", ""), lus.get("speciality", ""), erreurs),
        numero=numero,
        voie=voie,
        insee=insee,
        ville=ville,
        adresse_complete=not (sans_ville or sans_voie),
        erreurs=erreurs,
        inconnus=tuple(sorted(nom for nom in parametres if nom.lower() not in LONGUEURS)),
    )


def _une_valeur(nom: str, valeurs: Sequence[str], erreurs: dict[str, str]) -> str:
    propres = [_BLANCS.sub(" ", valeur).strip() for valeur in valeurs]
    distinctes = list(dict.fromkeys(filter(None, propres)))
    if not distinctes:
        return ""
    valeur = distinctes[0]
    if len(distinctes) > 1:
        erreurs[nom] = "Transmis plusieurs fois : la première valeur est retenue."
    if valeur.lower() in _VIDES:
        erreurs[nom] = f"« {valeur} » n’est pas une valeur : laissez le paramètre vide, ou ôtez-le."
        return ""
    if PAS_UTF8 in valeur:
        erreurs[nom] = "Des signes sont illisibles : encodez la valeur en UTF-8."
        valeur = valeur.replace(PAS_UTF8, "")
    if len(valeur) > LONGUEURS[nom]:
        erreurs[nom] = f"Plus de {LONGUEURS[nom]} signes : la suite est ignorée."
        valeur = valeur[: LONGUEURS[nom]]
    return valeur.strip()


def _origine(valeur: str, erreurs: dict[str, str]) -> str:
    if not valeur:
        erreurs.setdefault("origin", "Absent : transmettez l’autorité d’affectation du logiciel.")
        return ""
    if _ORIGINE.fullmatch(valeur) is None:
        erreurs["origin"] = "Mal écrit : des lettres, des chiffres, point, tiret, deux-points."
        return ""
    return valeur


def _praticien(valeur: str, erreurs: dict[str, str]) -> Valeur:
    """Le numéro seul est admis aussi : onze chiffres (RPPS), ou neuf signes (ADELI)."""
    if not valeur:
        return Valeur()
    urn = _URN.fullmatch(valeur)
    numero = _numero_national(urn["code"].upper() if urn else valeur.replace(" ", "").upper())
    if numero and (urn is None or urn["oid"] == OID_PRATICIEN):
        return Valeur(Genre.CODE, numero)
    if _SENT_L_IDENTIFIANT.search(valeur):
        erreurs["practitioner"] = (
            f"Identifiant mal écrit : urn:oid:{OID_PRATICIEN}|8 suivi du RPPS (onze chiffres), "
            "ou |0 suivi de l’ADELI (neuf signes) ; ou bien un nom."
        )
        return Valeur(Genre.ILLISIBLE, valeur)
    nom = _TITRE.sub("", valeur)
    if len(nom) < 2 or not any(signe.isalpha() for signe in nom):
        erreurs["practitioner"] = "Un nom a au moins deux lettres."
        return Valeur(Genre.ILLISIBLE, valeur)
    return Valeur(Genre.TEXTE, nom)


def _numero_national(numero: str) -> str:
    """Identifiant national, préfixe compris ; vide si ce n’en est pas un."""
    for prefixe, est_juste in (("8", est_rpps), ("0", est_adeli)):
        if numero.startswith(prefixe) and est_juste(numero[1:]):
            return numero
        if est_juste(numero):
            return prefixe + numero
    return ""


def _specialite(valeur: str, autre: str, erreurs: dict[str, str]) -> Valeur:
    if valeur and autre and valeur != autre:
        erreurs["speciality"] = "Différent de specialty, qui est retenu."
    valeur = valeur or autre
    if not valeur:
        return Valeur()
    if urn := _URN.fullmatch(valeur):
        return Valeur(Genre.CODE, urn["code"].upper())
    if valeur.lower().startswith("urn:") or "|" in valeur:
        erreurs["specialty"] = (
            "Code mal écrit : urn:oid: suivi de l’OID de la nomenclature, « | », et le code."
        )
        return Valeur(Genre.ILLISIBLE, valeur)
    return Valeur(Genre.TEXTE, valeur)


def _insee(valeur: str, erreurs: dict[str, str]) -> str:
    insee = valeur.replace(" ", "").upper()
    if insee and _INSEE.fullmatch(insee) is None:
        erreurs["inseecode"] = (
            "Mal écrit : cinq signes, comme 59350 ou 2A004 ; le code postal n’en est pas un."
        )
        return ""
    return insee


def _numero(valeur: str, voie: str, erreurs: dict[str, str]) -> tuple[str, bool]:
    """Le numéro de voie, chiffres seuls (« 12 bis » donne 12), et vrai s’il en est un sans voie."""
    trouve = _NUMERO.search(valeur)
    if valeur and (trouve is None or len(trouve[0]) > 5):
        erreurs["streetnumber"] = "Mal écrit : un numéro de voie est fait d’un à cinq chiffres."
        return "", False
    if trouve and not voie:
        erreurs["streetname"] = f"Numéro {trouve[0]} transmis sans nom de voie : l’adresse est incomplète."
        return trouve[0], True
    return (trouve[0] if trouve else ""), False
