"""Noter des recherches dans Redis, une fois les réponses parties : un aller-retour, aucune écriture en base."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import structlog
from django.utils import timezone
from redis.exceptions import RedisError

from orientation.carnet import Recherche
from orientation.domaine.delais import tranche
from orientation.enums import Entree, SuiteRecherche
from orientation.lectures import TOUTES, Criteres, PageJson, Resultats
from sas_platform.socle.courtier import script

journal = structlog.get_logger(__name__)

COMPTEURS = "compteurs:recherches"
# Autant qu’une session : la même recherche rouverte, filtrée ou feuilletée n’en est pas une autre.
_MEMOIRE_S = 8 * 3600

# KEYS : les compteurs, puis la clé de chaque recherche. ARGV : ce que l’on se souvient d’elles, puis, pour chacune,
# la ligne, le délai, élargie, connue.
_NOTER = """
local function premiere(cle, connue)
    return connue == '0' or redis.call('SET', cle, '1', 'NX', 'EX', ARGV[1])
end
for rang = 2, #KEYS do
    local ligne, delai, elargie, connue = unpack(ARGV, rang * 4 - 6, rang * 4 - 3)
    if premiere(KEYS[rang], connue) then
        redis.call('HINCRBY', KEYS[1], 'nombre' .. ligne, 1)
        if delai ~= '0' then redis.call('HINCRBY', KEYS[1], 'delai_min' .. ligne, delai) end
    end
    if elargie == '1' and premiere(KEYS[rang] .. ':elargie', connue) then
        redis.call('HINCRBY', KEYS[1], 'elargies' .. ligne, 1)
    end
end
"""


@dataclass(frozen=True, slots=True)
class Constat:
    """Ce que l’on compte d’une recherche. `serie` la reconnaît quand on la rouvre ou l’affine ; vide, elle est nouvelle.

    `compte_id` ne va pas jusqu’à la table : le versement, dans la minute, n’en garde que le territoire.
    """

    compte_id: int
    commune_insee: str
    quoi: str
    entree: Entree
    elargie: bool
    serie: str = ""


def d_une_page(compte_id: int, demande: Recherche) -> Constat:
    return Constat(
        compte_id=compte_id,
        commune_insee=demande.lieu["code_insee"],
        quoi=_quoi(demande.specialite_ids),
        entree=Entree(demande.entree),
        elargie=demande.rayon_km > demande.lieu["rayon_defaut_km"],
        serie=demande.serie,
    )


def de_l_api(compte_id: int, criteres: Criteres, commune_insee: str, rayon_defaut_km: float) -> Constat:
    elargie = criteres.rayon_km > rayon_defaut_km
    return Constat(compte_id, commune_insee, _quoi(criteres.specialite_ids), Entree.API, elargie)


class Comptee(NamedTuple):
    """Une recherche, et ce qu’elle a trouvé : `delai_min` jusqu’au premier créneau, 0 sans créneau."""

    constat: Constat
    suite: SuiteRecherche
    delai_min: int
    le: datetime


def comptee(constat: Constat, lus: Resultats | PageJson, maintenant: datetime) -> Comptee:
    if isinstance(lus, PageJson):
        toutes, premier = lus.toutes, lus.premier_le
    else:
        toutes = lus.listes[TOUTES]
        premier = min((c.debut for offre in lus.offres for c in offre.creneaux), default=None)
    if not toutes:
        return Comptee(constat, SuiteRecherche.SANS_RESULTAT, 0, maintenant)
    if premier is None:
        return Comptee(constat, SuiteRecherche.SANS_CRENEAU, 0, maintenant)
    minutes = max(0, int((premier - maintenant).total_seconds()) // 60)
    return Comptee(constat, SuiteRecherche(tranche(minutes)), minutes, maintenant)


def noter(recherches: Sequence[Comptee]) -> None:
    """Sans courtier, elles ne sont pas comptées : un compteur ne retient personne."""
    if not recherches:
        return
    cles = [f"compteurs:vue:{constat.serie}" for constat, *_ in recherches]
    arguments: list[str | int] = [_MEMOIRE_S]
    for constat, suite, delai_min, le in recherches:
        ligne = [
            timezone.localdate(le).isoformat(),
            constat.compte_id,
            constat.commune_insee,
            constat.quoi,
            constat.entree.value,
            suite.value,
        ]
        arguments += [json.dumps(ligne), delai_min, int(constat.elargie), int(bool(constat.serie))]
    try:
        script(_NOTER)(keys=[COMPTEURS, *cles], args=arguments)
    except RedisError as erreur:
        journal.warning("recherche_non_comptee", erreur=type(erreur).__name__)


def _quoi(specialite_ids: tuple[int, ...]) -> str:
    """Jamais un nom de personne : qui cherche un nom a cherché « un nom »."""
    return f"s:{','.join(map(str, sorted(specialite_ids)))}"[:60] if specialite_ids else "nom"
