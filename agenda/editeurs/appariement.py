"""Quel lieu de l’annuaire est celui qu’un éditeur décrit, et pourquoi, purement (docs/adr/0016)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import blake2b
from math import cos, hypot, radians

from msgspec import Struct

from agenda.editeurs.verdicts import LieuEditeur
from agenda.enums import RegleAppariement
from annuaire.domaine.territoire import KM_PAR_DEGRE
from sas_platform.socle.textes import normaliser

ECART_MAX_M = 10

_ABREVIATIONS = {
    "all": "allee", "av": "avenue", "ave": "avenue", "bd": "boulevard", "bld": "boulevard", "bvd": "boulevard",
    "ch": "chemin", "che": "chemin", "crs": "cours", "dr": "docteur", "fbg": "faubourg", "fg": "faubourg",
    "gal": "general", "imp": "impasse", "mal": "marechal", "pl": "place", "pdt": "president", "qu": "quai",
    "r": "rue", "rte": "route", "sq": "square", "st": "saint", "ste": "sainte",
}  # fmt: skip
# Ce qui, après la voie, précise où entrer : deux écritures de la même adresse le disent ou non.
_COMPLEMENTS = frozenset(("appartement", "appt", "bat", "batiment", "bp", "cs", "esc", "escalier", "rdc"))


class LieuConnu(Struct, frozen=True, gc=False):
    """Lieu d’exercice de l’annuaire. `commune` : nom normalisé ; `version` : de sa ligne en base.

    `position` : latitude et longitude, si elles sont au numéro près ; sinon rien.
    `est_cree` : né de la description d’un éditeur, et de rien d’autre.
    """

    id: int
    cle: str
    finess: str
    siret: str
    adresse: str
    code_postal: str
    commune: str
    version: int = 0
    position: tuple[float, float] | None = None
    est_cree: bool = False


class Appariement(Struct, frozen=True, gc=False):
    """Une décision, avec ce qui a été comparé : côté éditeur, côté annuaire. Gardée telle quelle en base.

    `candidats` : lieux que la règle désignait ; `ecart_m` : entre les deux positions.
    """

    regle: str
    editeur: str
    annuaire: str = ""
    candidats: int = 1
    ecart_m: float | None = None
    id_interne: str = ""


Trouve = tuple[int, Appariement]
Trouveur = Callable[[LieuEditeur, Sequence[LieuConnu]], Trouve | None]


@lru_cache(maxsize=100_000)
def voie_comparable(ligne: str) -> str:
    """La voie sans accent, ponctuation, abréviation ni bâtiment.

    « 12, Bd St-Michel, bât. B » → « 12 boulevard saint michel ».
    """
    mots = [_ABREVIATIONS.get(mot, mot) for mot in normaliser(ligne).split()]
    fin = next((rang for rang, mot in enumerate(mots) if rang >= 2 and mot in _COMPLEMENTS), len(mots))
    return " ".join(mots[:fin])


@lru_cache(maxsize=20_000)
def ville_comparable(ville: str) -> str:
    """La ville sans « CEDEX » ni ce qui le suit, abréviations développées."""
    return voie_comparable(ville).partition(" cedex")[0]


def cle_de_lieu(lieu: LieuEditeur) -> str:
    """Clé stable d’un lieu créé d’après un éditeur ; la même quel que soit l’éditeur qui le décrit.

    Le FINESS et le SIRET n’en sont pas : plusieurs adresses d’une même structure les partagent.
    """
    if lieu.idnst.startswith("4"):
        return lieu.idnst
    texte = f"{voie_comparable(lieu.ligne)}|{lieu.code_postal}|{ville_comparable(lieu.ville)}"
    return f"editeur-{blake2b(texte.encode(), digest_size=12).hexdigest()}"


def apparier(lieux: Sequence[LieuEditeur], connus: Sequence[LieuConnu]) -> list[Trouve | None]:
    """Pour chaque lieu de l’éditeur, l’id du lieu de l’annuaire et la raison ; None s’il faut le créer.

    Dans l’ordre : identifiant de structure ; coordonnées à dix mètres ; même
    adresse. Une règle qui désigne plusieurs lieux laisse les suivantes les
    départager. Enfin, et c’est notre ajout, le seul lieu de la commune quand
    l’annuaire n’en connaît pas la voie : aucune adresse n’y est contredite.

    Un lieu créé d’après un éditeur ne l’emporte jamais sur un lieu de l’annuaire,
    arrivé depuis ; le retrouver reste l’avoir créé.
    """
    crees = [connu for connu in connus if connu.est_cree]
    if crees:
        connus = [connu for connu in connus if not connu.est_cree]
    trouves = [_reconnaitre(lieu, connus) for lieu in lieux]
    sans_voie = Counter(
        (lieu.code_postal, ville_comparable(lieu.ville))
        for lieu, trouve in zip(lieux, trouves, strict=True)
        if trouve is None
    )
    pris = {trouve[0] for trouve in trouves if trouve}
    for rang, lieu in enumerate(lieux if any(trouve is None for trouve in trouves) else ()):
        seul_decrit = sans_voie[lieu.code_postal, ville_comparable(lieu.ville)] == 1
        if trouves[rang] is None and seul_decrit:
            seul = _seul_sans_voie(lieu, connus)
            if seul is not None and seul[0] not in pris:
                trouves[rang] = seul
                pris.add(seul[0])
        if trouves[rang] is None and (deja := _reconnaitre(lieu, crees)):
            trouves[rang] = deja[0], creation(lieu)
    return trouves


def creation(lieu: LieuEditeur) -> Appariement:
    """La décision de créer un lieu : rien de l’annuaire n’était celui-là."""
    return _decision(RegleAppariement.CREATION, lieu, _adresse(lieu), candidats=0)


def _reconnaitre(lieu: LieuEditeur, connus: Sequence[LieuConnu]) -> Trouve | None:
    for regle in (_par_identifiant, _par_coordonnees, _par_adresse):
        trouve = regle(lieu, connus)
        if trouve is not None:
            return trouve
    return None


def _par_identifiant(lieu: LieuEditeur, connus: Sequence[LieuConnu]) -> Trouve | None:
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
    if not candidats:
        return None
    choisi = candidats[0].id
    if len(candidats) > 1:
        precis = _par_coordonnees(lieu, candidats) or _par_adresse(lieu, candidats)
        if precis is None:
            return None  # l’identifiant est celui de plusieurs lieux, et rien ne dit lequel
        choisi = precis[0]
    regle = RegleAppariement.IDENTIFIANT
    return choisi, _decision(regle, lieu, lieu.idnst, lieu.idnst, candidats=len(candidats))


def _par_coordonnees(lieu: LieuEditeur, connus: Sequence[LieuConnu]) -> Trouve | None:
    if not lieu.position:
        return None
    position = lieu.position
    ecarts = [
        (ecart_m(position, connu.position), rang, connu)
        for rang, connu in enumerate(connus)
        if connu.position
    ]
    proches = [candidat for candidat in ecarts if candidat[0] <= ECART_MAX_M]
    if not proches:
        return None
    ecart, _, connu = min(proches)
    if len(proches) > 1:  # deux lieux dans le même immeuble : l’adresse tranche si elle le peut
        adresse = _par_adresse(lieu, [candidat for *_, candidat in proches])
        if adresse is not None:
            ecart, _, connu = next(proche for proche in proches if proche[2].id == adresse[0])
    dit, su = (f"{lat:.6f}, {lon:.6f}" for lat, lon in (position, connu.position or position))
    decision = _decision(
        RegleAppariement.COORDONNEES, lieu, dit, su, candidats=len(proches), ecart=round(ecart, 1)
    )
    return connu.id, decision


def _par_adresse(lieu: LieuEditeur, connus: Sequence[LieuConnu]) -> Trouve | None:
    for connu in connus:
        if connu.code_postal != lieu.code_postal or not connu.adresse:
            continue
        if connu.adresse == lieu.ligne or voie_comparable(connu.adresse) == voie_comparable(lieu.ligne):
            su = f"{connu.adresse}, {connu.code_postal} {connu.commune}"
            return connu.id, _decision(RegleAppariement.ADRESSE, lieu, _adresse(lieu), su)
    return None


def _seul_sans_voie(lieu: LieuEditeur, connus: Sequence[LieuConnu]) -> Trouve | None:
    ville = ville_comparable(lieu.ville)
    voisins = [c for c in connus if c.code_postal == lieu.code_postal or c.commune == ville]
    if len(voisins) != 1 or voisins[0].adresse:
        return None
    su = f"{voisins[0].code_postal} {voisins[0].commune}".strip()
    return voisins[0].id, _decision(RegleAppariement.SANS_VOIE, lieu, _adresse(lieu), su)


def ecart_m(une: tuple[float, float], autre: tuple[float, float]) -> float:
    """Mètres entre deux positions voisines (latitude, longitude)."""
    nord = une[0] - autre[0]
    est = (une[1] - autre[1]) * cos(radians((une[0] + autre[0]) / 2))
    return hypot(nord, est) * KM_PAR_DEGRE * 1000


def _adresse(lieu: LieuEditeur) -> str:
    return f"{lieu.ligne}, {lieu.code_postal} {lieu.ville}"


def _decision(
    regle: RegleAppariement,
    lieu: LieuEditeur,
    dit: str,
    su: str = "",
    *,
    candidats: int = 1,
    ecart: float | None = None,
) -> Appariement:
    return Appariement(regle.value, dit, su, candidats, ecart, lieu.id_interne)
