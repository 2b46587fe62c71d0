"""Ce qu’une personne tape pour dire où : commune, code postal, arrondissement, département, adresse."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sas_platform.socle.textes import normaliser

LONGUEUR_MAX = 200  # au-delà, ce n’est plus une adresse
MOTS_D_UN_NOM = (
    7  # « Saint-Rémy-en-Bouzemont-Saint-Genest-et-Isson » en a davantage, mais l’égalité entière la trouve
)

_ABREGES = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
_ARRONDISSEMENTS = {"paris": ("751", 20), "lyon": ("6938", 9), "marseille": ("132", 16)}
_ARRONDISSEMENT = re.compile(
    r"\b(paris|lyon|marseille) (\d{1,2})(?: ?(?:er|e|eme|ieme|nd|nde|ere))?(?: arr(?:ondissement)?)?$"
)
_CODE_POSTAL = re.compile(r"\b(\d{5})\b")
_CEDEX = re.compile(r"\bcedex(?: \d{1,2})?\b")
_DEPARTEMENT = re.compile(r"\d{1,2}|2[ab]|9[78]\d")


@dataclass(frozen=True, slots=True)
class LieuTape:
    """Texte analysé : un seul des quatre premiers champs est rempli, dans cet ordre de préférence.

    `nom` accompagne `code_postal` : ce qui entoure le code, pour choisir entre ses communes.
    `suites` : les fins du texte qui peuvent être le nom d’une commune au bout d’une adresse, les
    plus longues d’abord. `est_adresse` : le texte commence par un numéro de voie.
    """

    arrondissement: str = ""
    code_postal: str = ""
    departement: str = ""
    nom: str = ""
    suites: tuple[str, ...] = ()

    @property
    def est_adresse(self) -> bool:
        return self.nom[:1].isdigit()


def analyser(texte: str) -> LieuTape:
    """Ne lève rien : un texte vide ou illisible donne un `LieuTape` vide."""
    apres_virgule = normaliser_lieu(texte[:LONGUEUR_MAX].rpartition(",")[2])
    normalise = normaliser_lieu(texte[:LONGUEUR_MAX])
    codes = list(_CODE_POSTAL.finditer(normalise))
    if codes:
        code = codes[-1]
        nom = normalise[code.end() :].strip() or normalise[: code.start()].strip()
        return LieuTape(code_postal=code[1], nom=nom)
    if trouve := _ARRONDISSEMENT.search(normalise):
        prefixe, dernier = _ARRONDISSEMENTS[trouve[1]]
        if 1 <= int(trouve[2]) <= dernier:
            return LieuTape(arrondissement=f"{prefixe}{int(trouve[2]):0{5 - len(prefixe)}d}")
    if _DEPARTEMENT.fullmatch(normalise):
        return LieuTape(departement=normalise.upper().zfill(2))
    return LieuTape(nom=normalise, suites=_suites(normalise, apres_virgule))


def normaliser_lieu(texte: str) -> str:
    """Comme `normaliser`, « saint » et « sainte » en toutes lettres, sans « cedex »."""
    mots = _CEDEX.sub(" ", normaliser(texte)).split()
    return " ".join(_ABREGES.get(mot, mot) for mot in mots)


def _suites(normalise: str, apres_virgule: str) -> tuple[str, ...]:
    """Ce qui finit l’adresse : après la virgule s’il y en a une, sinon les derniers mots."""
    if apres_virgule and apres_virgule != normalise:
        return (apres_virgule,)
    mots = normalise.split()
    return tuple(" ".join(mots[-taille:]) for taille in range(min(MOTS_D_UN_NOM, len(mots) - 1), 0, -1))
