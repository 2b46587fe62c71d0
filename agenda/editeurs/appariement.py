"""Quel lieu de l’annuaire est celui qu’un éditeur décrit, purement."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

from msgspec import Struct

from agenda.editeurs.verdicts import LieuEditeur
from sas_platform.socle.textes import normaliser

_ABREVIATIONS = {
    "all": "allee", "av": "avenue", "ave": "avenue", "bd": "boulevard", "bld": "boulevard", "bvd": "boulevard",
    "ch": "chemin", "che": "chemin", "crs": "cours", "fbg": "faubourg", "fg": "faubourg", "imp": "impasse",
    "pl": "place", "qu": "quai", "r": "rue", "rte": "route", "sq": "square", "st": "saint", "ste": "sainte",
}  # fmt: skip


class LieuConnu(Struct, frozen=True, gc=False):
    """Lieu d’exercice de l’effecteur dans l’annuaire. `commune` : nom normalisé ; `version` : de sa ligne en base."""

    id: int
    cle: str
    finess: str
    siret: str
    adresse: str
    code_postal: str
    commune: str
    version: str = ""


@lru_cache(maxsize=100_000)
def voie_comparable(ligne: str) -> str:
    """La voie sans accent, ponctuation ni abréviation : « 12, Bd St-Michel » → « 12 boulevard saint michel »."""
    return " ".join(_ABREVIATIONS.get(mot, mot) for mot in normaliser(ligne).split())


@lru_cache(maxsize=20_000)
def ville_comparable(ville: str) -> str:
    """La ville sans « CEDEX » ni ce qui le suit, abréviations développées."""
    return voie_comparable(ville).partition(" cedex")[0]


def cle_de_lieu(lieu: LieuEditeur) -> str:
    """Clé stable d’un lieu créé d’après un éditeur ; la même quel que soit l’éditeur qui le décrit."""
    if lieu.idnst.startswith("4"):
        return lieu.idnst
    texte = lieu.idnst or f"{voie_comparable(lieu.ligne)}|{lieu.code_postal}|{ville_comparable(lieu.ville)}"
    return f"editeur-{blake2b(texte.encode(), digest_size=12).hexdigest()}"


def apparier(lieux: Sequence[LieuEditeur], connus: Sequence[LieuConnu]) -> list[int | None]:
    """Pour chaque lieu de l’éditeur, l’id du lieu de l’annuaire ; None s’il faut le créer.

    Dans l’ordre : identifiant de structure ; même adresse ; enfin le seul lieu
    de l’effecteur dans la commune, s’il n’est pas déjà celui d’une autre adresse
    de l’éditeur. Deux adresses ne se confondent donc que si l’une est inconnue
    et seule.
    """
    trouves = [_par_identifiant(lieu, connus) or _par_adresse(lieu, connus) for lieu in lieux]
    pris = set(trouves)
    for rang, lieu in enumerate(lieux):
        if trouves[rang] is None:
            seul = _seul_de_la_commune(lieu, connus)
            if seul is not None and seul not in pris:
                trouves[rang] = seul
                pris.add(seul)
    return trouves


def _par_identifiant(lieu: LieuEditeur, connus: Sequence[LieuConnu]) -> int | None:
    if not lieu.idnst:
        return None
    valeur = lieu.idnst[1:]
    genre = lieu.idnst[0]
    candidats = [
        connu
        for connu in connus
        if connu.cle in (lieu.idnst, valeur)
        or (genre == "1" and connu.finess == valeur)
        or (genre == "3" and connu.siret == valeur)
    ]
    if len(candidats) > 1:
        return _par_adresse(lieu, candidats) or candidats[0].id
    return candidats[0].id if candidats else None


def _par_adresse(lieu: LieuEditeur, connus: Sequence[LieuConnu]) -> int | None:
    du_code = [connu for connu in connus if connu.code_postal == lieu.code_postal and connu.adresse]
    for connu in du_code:
        if connu.adresse == lieu.ligne or voie_comparable(connu.adresse) == voie_comparable(lieu.ligne):
            return connu.id
    return None


def _seul_de_la_commune(lieu: LieuEditeur, connus: Sequence[LieuConnu]) -> int | None:
    voisins = [
        connu.id
        for connu in connus
        if connu.code_postal == lieu.code_postal or connu.commune == ville_comparable(lieu.ville)
    ]
    return voisins[0] if len(voisins) == 1 else None
