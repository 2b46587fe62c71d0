"""Verser les compteurs de Redis à la table : rien de perdu, rien de compté deux fois (docs/adr/0030).

Les compteurs sont d’abord renommés en un lot, d’un bloc avec son inscription ; le lot
est ajouté à la table et déclaré versé par une même instruction ; Redis l’oublie enfin.
Interrompu n’importe où, le passage suivant reprend au lot, et la table dit s’il y est.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from annuaire.models import Commune, Perimetre, Territoire
from comptes.droits import TABLE
from comptes.enums import Action
from comptes.models import Habilitation
from orientation.compteurs.prise import COMPTEURS
from orientation.models import LotDeCompteurs
from sas_platform.socle.courtier import connexion, script

LOTS = "compteurs:lots"
# Un lot que Redis a oublié ne revient pas : on se souvient de lui bien plus longtemps qu’une panne.
_MEMOIRE = timedelta(days=7)
_NOMBRES = ("nombre", "elargies", "delai_min")

_DETACHER = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('RENAME', KEYS[1], KEYS[2])
redis.call('SADD', KEYS[3], ARGV[1])
return 1
"""

# Une seule instruction : le lot est déclaré et ses nombres ajoutés, ou rien. Deux passages à la fois : le second
# attend le premier sur la clé du lot, la trouve prise, et n’ajoute rien.
_AJOUTER = """
    WITH nouveau AS (
        INSERT INTO orientation_lotdecompteurs (uuid, verse_le) VALUES (%(lot)s, %(le)s)
        ON CONFLICT DO NOTHING RETURNING uuid
    )
    INSERT INTO orientation_recherchesdujour AS deja
        (jour, territoire_id, commune_insee, quoi, entree, suite, nombre, elargies, delai_min)
    SELECT jour, territoire_id, commune_insee, quoi, entree, suite, sum(nombre), sum(elargies), sum(delai_min)
    FROM jsonb_to_recordset(%(lignes)s::jsonb) AS lu (
        jour date, territoire_id bigint, commune_insee text, quoi text, entree text, suite text,
        nombre integer, elargies integer, delai_min bigint
    )
    WHERE EXISTS (SELECT FROM nouveau)
    GROUP BY 1, 2, 3, 4, 5, 6
    ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (jour, territoire_id, commune_insee, quoi, entree, suite) DO UPDATE SET
        nombre = deja.nombre + excluded.nombre,
        elargies = deja.elargies + excluded.elargies,
        delai_min = deja.delai_min + excluded.delai_min
"""


@dataclass(frozen=True, slots=True)
class Cle:
    """Une ligne de compteurs, dans l’ordre où `prise.noter` l’écrit."""

    jour: str
    compte_id: int
    commune_insee: str
    quoi: str
    entree: str
    suite: str


def verser(*, maintenant: datetime) -> int:
    """Verse ce qui attend, lots interrompus compris ; rend le nombre de recherches ajoutées."""
    nouveau = str(uuid.uuid4())
    script(_DETACHER)(keys=[COMPTEURS, cle_du_lot(nouveau), LOTS], args=[nouveau])
    lots = sorted(uuid.UUID(_texte(lot)) for lot in connexion().smembers(LOTS))
    total = 0
    for lot in lots:
        total += _verser_un_lot(lot, maintenant)
        connexion().delete(cle_du_lot(str(lot)))
        connexion().srem(LOTS, str(lot))
    LotDeCompteurs.objects.filter(verse_le__lt=maintenant - _MEMOIRE).delete()
    return total


def cle_du_lot(lot: str) -> str:
    return f"compteurs:lot:{lot}"


def _verser_un_lot(lot: uuid.UUID, maintenant: datetime) -> int:
    nombres = _lire(connexion().hgetall(cle_du_lot(str(lot))))
    territoires = _territoires(nombres, maintenant)
    lignes = [
        {
            "jour": cle.jour,
            "territoire_id": territoires.get((cle.compte_id, cle.commune_insee)),
            "commune_insee": cle.commune_insee,
            "quoi": cle.quoi,
            "entree": cle.entree,
            "suite": cle.suite,
            **{nom: comptes[nom] for nom in _NOMBRES},
        }
        for cle, comptes in nombres.items()
    ]
    with connection.cursor() as curseur:
        curseur.execute(_AJOUTER, {"lot": lot, "le": maintenant, "lignes": json.dumps(lignes)})
        ajoutees = curseur.rowcount
    return sum(comptes["nombre"] for comptes in nombres.values()) if ajoutees else 0


def _texte(recu: bytes | str) -> str:
    """La connexion rend des octets ; son type ne le sait pas."""
    return recu.decode() if isinstance(recu, bytes) else recu


def _lire(champs: Mapping[bytes | str, bytes | str]) -> dict[Cle, Counter[str]]:
    """Chaque champ est le nom d’un nombre, suivi de la ligne qu’il compte."""
    nombres: dict[Cle, Counter[str]] = defaultdict(Counter)
    for champ, valeur in champs.items():
        nom, _, ligne = _texte(champ).partition("[")
        nombres[Cle(*json.loads(f"[{ligne}"))][nom] += int(valeur)
    return nombres


def _territoires(cles: Iterable[Cle], maintenant: datetime) -> dict[tuple[int, str], int]:
    """Le territoire de chaque (compte, commune) : le sien ; s’il en a plusieurs, celui qui couvre la commune, sinon le premier.

    La règle d’une orientation (`orientation.destinataires`), pour tout un lot à la fois.
    """
    paires = {(cle.compte_id, cle.commune_insee) for cle in cles}
    habilitations = Habilitation.objects.filter(
        compte__in={compte for compte, _ in paires}, role__in=TABLE[Action.CHERCHER]
    ).en_cours(maintenant)
    perimetres = Perimetre.objects.en_cours(maintenant).filter(
        habilitation__in=habilitations, territoire__isnull=False
    )
    siens: dict[int, list[int]] = defaultdict(list)
    for compte, territoire in (
        perimetres.order_by("territoire").values_list("habilitation__compte", "territoire").distinct()
    ):
        siens[compte].append(territoire)
    partages = {commune for compte, commune in paires if commune and len(siens.get(compte, ())) > 1}
    couvrants = {
        commune.pk: set(Territoire.objects.couvrant(commune).values_list("pk", flat=True))
        for commune in Commune.objects.filter(pk__in=partages)
    }
    return {
        (compte, commune): next(
            (t for t in siens[compte] if t in couvrants.get(commune, ())), siens[compte][0]
        )
        for compte, commune in paires
        if siens.get(compte)
    }
