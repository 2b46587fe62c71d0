"""Ce qu’un lieu demande à qui le sollicite : un téléphone réservé, des heures, des limites, une pause.

Les limites se comptent du jour où la régulation adresse les patients, à
l’heure du lieu : c’est le nombre de sollicitations qu’elles bornent. L’instruction
de la recherche les vérifie sur les seules cartes de la page ; l’action de même,
le lieu tenu, si bien que deux régulateurs ne dépassent pas une limite ensemble.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from agenda.domaine.offre import en_instant, en_minutes
from annuaire.domaine.fuseaux import FUSEAUX
from annuaire.domaine.telephones import ecrire_telephone
from participation.models import Sollicitation

SUSPENSIONS = {
    "pause": "a suspendu les patients en sus",
    "jour": "a atteint sa limite de patients en sus pour aujourd’hui",
    "semaine": "a atteint sa limite de patients en sus pour cette semaine",
}

_QUART = 15  # minutes
# Colonne de l’instruction de recherche, pour un lieu `page` et ses consignes ; nulle si rien ne s’oppose. Sans
# consignes, le cas courant, on ne compte rien.
COLONNE = """CASE WHEN NOT page.en_sus OR consignes.lieu_id IS NULL THEN NULL
        WHEN consignes.pause_jusqu_au > %(maintenant)s THEN 'pause'
        ELSE (SELECT CASE WHEN consignes.max_par_jour <= count(*) FILTER (
                    WHERE n.prise_le >= to_timestamp((%(jours)s::bigint[])[page.fuseau + 1] * 60)) THEN 'jour'
                WHEN consignes.max_par_semaine <= count(*) THEN 'semaine' END
            FROM orientation_orientation n
            WHERE n.lieu_id = page.lieu_id AND n.voie = 'surnumeraire' AND n.annulee_le IS NULL
            AND n.prise_le >= to_timestamp((%(semaines)s::bigint[])[page.fuseau + 1] * 60)) END"""
# Colonne des candidats `o` : 1 pour un lieu qui a refusé, ou n’a pas répondu, aujourd’hui à son heure. Les appels
# vains du jour sont peu : on les lit une fois, dans leur index, et l’on ne vérifie l’heure que des lieux qui y sont.
# La borne haute n’écarte rien : sans elle, le plan générique croit lire le tiers de la table, et n’est jamais gardé.
REFUS = """(o.lieu_id IN (SELECT v.lieu_id FROM orientation_appel v
            WHERE v.issue <> 'accepte' AND v.le >= %(premier_jour)s
            AND v.le < to_timestamp((%(minute)s::bigint + 1) * 60))
        AND EXISTS (SELECT FROM orientation_appel v WHERE v.lieu_id = o.lieu_id AND v.issue <> 'accepte'
            AND v.le >= to_timestamp((%(jours)s::bigint[])[o.fuseau + 1] * 60)))::int"""
JOINTURE = "LEFT JOIN participation_sollicitation consignes ON consignes.lieu_id = page.lieu_id"


def bornes(maintenant: datetime) -> dict[str, Any]:
    """Début du jour et de la semaine dans chaque fuseau, en minutes : les paramètres de `COLONNE` et de `REFUS`."""
    return _bornes(en_minutes(maintenant) // _QUART)


@lru_cache(maxsize=8)
def _bornes(quart: int) -> dict[str, Any]:
    """Elles ne changent qu’à minuit quelque part, donc jamais pendant un quart d’heure."""
    instant = en_instant(quart * _QUART)
    jours, semaines = [], []
    for nom in FUSEAUX:
        fuseau = ZoneInfo(nom)
        jour = instant.astimezone(fuseau).date()
        lundi = jour - timedelta(days=jour.weekday())
        jours.append(en_minutes(datetime.combine(jour, time.min, tzinfo=fuseau)))
        semaines.append(en_minutes(datetime.combine(lundi, time.min, tzinfo=fuseau)))
    return {
        "jours": en_tableau(jours),
        "semaines": en_tableau(semaines),
        "premier_jour": en_instant(min(jours)),
    }


def en_tableau(entiers: Iterable[int]) -> str:
    """Un tableau tel que PostgreSQL le lit : psycopg met dix fois plus de temps à écrire une liste."""
    return f"{{{','.join(map(str, entiers))}}}"


@dataclass(frozen=True, slots=True)
class Contact:
    """Ce que lit qui oriente, et lui seul : numéro affiché, numéro du lien, meilleures heures."""

    telephone: str
    telephone_lien: str
    heures: str


def contact(telephone_prive: str, heures_d_appel: str) -> Contact:
    return Contact(*ecrire_telephone(telephone_prive), heures_d_appel)


def contacts(lieu_ids: Collection[int]) -> dict[int, Contact]:
    """Les contacts réservés de ces lieux ; une requête. À ne montrer qu’à qui peut orienter."""
    consignes = Sollicitation.objects.filter(lieu__in=lieu_ids)
    lus = consignes.values_list("lieu_id", "telephone_prive", "heures_d_appel")
    return {lieu_id: contact(numero, heures) for lieu_id, numero, heures in lus if numero or heures}
