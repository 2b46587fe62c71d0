"""Noter une recherche dans Redis, une fois la réponse partie : un aller-retour, aucune écriture en base."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

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

# KEYS : les compteurs, la recherche déjà vue. ARGV : la ligne, le délai, élargie, ce qu’on s’en souvient, connue.
_NOTER = """
local function premiere(cle)
    return ARGV[5] == '0' or redis.call('SET', cle, '1', 'NX', 'EX', ARGV[4])
end
if premiere(KEYS[2]) then
    redis.call('HINCRBY', KEYS[1], 'nombre' .. ARGV[1], 1)
    if ARGV[2] ~= '0' then redis.call('HINCRBY', KEYS[1], 'delai_min' .. ARGV[1], ARGV[2]) end
end
if ARGV[3] == '1' and premiere(KEYS[2] .. ':elargie') then
    redis.call('HINCRBY', KEYS[1], 'elargies' .. ARGV[1], 1)
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


def puis_compter(
    suite: Callable[[], object], constat: Constat, lus: Resultats | PageJson, maintenant: datetime
) -> Callable[[], None]:
    """Ce qui suit la réponse, et le compte de cette recherche ; seule la première page en est une."""

    def faire() -> None:
        if lus.page == 1:
            noter(constat, *_issue(lus, maintenant), maintenant)
        suite()

    return faire


def noter(constat: Constat, suite: SuiteRecherche, delai_min: int, maintenant: datetime) -> None:
    """Sans courtier, la recherche n’est pas comptée : un compteur ne retient personne."""
    ligne = [
        timezone.localdate(maintenant).isoformat(),
        constat.compte_id,
        constat.commune_insee,
        constat.quoi,
        constat.entree.value,
        suite.value,
    ]
    arguments: list[str | int] = [
        json.dumps(ligne),
        delai_min,
        int(constat.elargie),
        _MEMOIRE_S,
        int(bool(constat.serie)),
    ]
    try:
        script(_NOTER)(keys=[COMPTEURS, f"compteurs:vue:{constat.serie}"], args=arguments)
    except RedisError as erreur:
        journal.warning("recherche_non_comptee", erreur=type(erreur).__name__)


def _quoi(specialite_ids: tuple[int, ...]) -> str:
    """Jamais un nom de personne : qui cherche un nom a cherché « un nom »."""
    return f"s:{','.join(map(str, sorted(specialite_ids)))}"[:60] if specialite_ids else "nom"


def _issue(lus: Resultats | PageJson, maintenant: datetime) -> tuple[SuiteRecherche, int]:
    if isinstance(lus, PageJson):
        toutes, premier = lus.toutes, lus.premier_le
    else:
        toutes = lus.listes[TOUTES]
        premier = min((c.debut for offre in lus.offres for c in offre.creneaux), default=None)
    if not toutes:
        return SuiteRecherche.SANS_RESULTAT, 0
    if premier is None:
        return SuiteRecherche.SANS_CRENEAU, 0
    minutes = max(0, int((premier - maintenant).total_seconds()) // 60)
    return SuiteRecherche(tranche(minutes)), minutes
