"""Budget d’appels d’un éditeur, partagé par tous les processus à travers Redis.

Un seau de jetons (requêtes par heure), un nombre d’appels simultanés, une seule
interrogation d’un lot à la fois, et un disjoncteur. Chaque décision est un
script exécuté d’un bloc par le serveur, à son horloge : le nombre de processus
et leurs décalages n’y changent rien.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from secrets import token_hex
from typing import Any

import redis
from django.conf import settings
from redis.commands.core import Script

BAIL_MS = 60_000  # au-delà, le processus qui tenait le lot est tenu pour mort
PANNES_DE_SUITE = 5
REPOS_S = 60

# Le seau ne dépasse pas `capacite` et se remplit de `debit` jetons par heure : leur somme est le budget,
# si bien qu’aucune heure, où qu’elle commence, n’en voit davantage.
_SEAU = """
local temps = redis.call('TIME')
local maintenant = temps[1] * 1000 + math.floor(temps[2] / 1000)
local capacite, debit = tonumber(ARGV[1]), tonumber(ARGV[2])
local lu = redis.call('HMGET', KEYS[1], 'jetons', 'le')
local jetons = tonumber(lu[1]) or capacite
local le = tonumber(lu[2]) or maintenant
jetons = math.min(capacite, jetons + math.max(0, maintenant - le) * debit / 3600000)
"""
_PRENDRE = (
    _SEAU
    + """
local concurrence, bail, appel, lot = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], ARGV[6]
if tonumber(redis.call('GET', KEYS[3]) or 0) >= tonumber(ARGV[7]) then return 'disjoncte' end
if redis.call('EXISTS', KEYS[4]) == 1 then return 'en_cours' end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', maintenant)
if redis.call('ZCARD', KEYS[2]) >= concurrence then return 'concurrence' end
if jetons < 1 then return 'epuise' end
redis.call('HSET', KEYS[1], 'jetons', tostring(jetons - 1), 'le', tostring(maintenant))
redis.call('PEXPIRE', KEYS[1], 7200000)
redis.call('ZADD', KEYS[2], maintenant + bail, appel)
redis.call('PEXPIRE', KEYS[2], bail)
redis.call('SET', KEYS[4], appel, 'PX', bail)
return 'pris'
"""
)
_LIRE = (
    _SEAU
    + """
if tonumber(redis.call('GET', KEYS[3]) or 0) >= tonumber(ARGV[3]) then return 0 end
return math.floor(jetons)
"""
)
_FINIR_APPEL = """
redis.call('ZREM', KEYS[2], ARGV[1])
if ARGV[2] == '1' then redis.call('DEL', KEYS[3])
else redis.call('INCR', KEYS[3]) redis.call('EXPIRE', KEYS[3], ARGV[3]) end
"""
_RENDRE_LOTS = """
for rang, cle in ipairs(KEYS) do
    if redis.call('GET', cle) == ARGV[rang] then redis.call('DEL', cle) end
end
"""


class Refus(StrEnum):
    """Pourquoi un appel n’est pas permis maintenant."""

    EN_COURS = "en_cours"
    CONCURRENCE = "concurrence"
    EPUISE = "epuise"
    DISJONCTE = "disjoncte"


@dataclass(frozen=True, slots=True)
class Permis:
    """Droit d’appeler une fois pour ce lot ; `finir_appel` puis `rendre_lots` le referment."""

    lot_id: int
    jeton: str


@cache
def connexion() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


@cache
def _script(texte: str) -> Script:
    """Script appelé par son empreinte : le serveur ne le reçoit qu’une fois."""
    return connexion().register_script(texte)


@dataclass(frozen=True, slots=True)
class Budget:
    editeur_id: int
    requetes_par_heure: int
    concurrence_max: int

    def prendre(self, lot_id: int) -> Permis | Refus:
        jeton = token_hex(8)
        issue = self._jouer(
            _PRENDRE,
            lot_id,
            *self._seau(),
            self.concurrence_max,
            BAIL_MS,
            jeton,
            lot_id,
            PANNES_DE_SUITE,
        ).decode()
        return Permis(lot_id, jeton) if issue == "pris" else Refus(issue)

    def disponible(self) -> int:
        """Jetons restants, sans en prendre ; aucun quand le disjoncteur est ouvert."""
        return int(self._jouer(_LIRE, 0, *self._seau(), PANNES_DE_SUITE))

    def finir_appel(self, permis: Permis, *, reussi: bool) -> None:
        """Libère la place d’appel ; cinq échecs de suite ouvrent le disjoncteur pour une minute."""
        self._jouer(_FINIR_APPEL, permis.lot_id, permis.jeton, int(reussi), REPOS_S)

    def rendre_lots(self, permis: Collection[Permis]) -> None:
        """Libère ces lots, sauf ceux qu’un autre processus a repris entre-temps."""
        if permis:
            _script(_RENDRE_LOTS)([self._cle_du_lot(un.lot_id) for un in permis], [un.jeton for un in permis])

    def _seau(self) -> tuple[int, int]:
        capacite = max(1, self.requetes_par_heure // 60)
        return capacite, max(1, self.requetes_par_heure - capacite)

    def _jouer(self, script: str, lot_id: int, *arguments: str | int) -> Any:
        prefixe = f"sas:editeur:{self.editeur_id}"
        cles = [f"{prefixe}:seau", f"{prefixe}:appels", f"{prefixe}:pannes", self._cle_du_lot(lot_id)]
        return _script(script)(cles, arguments)

    def _cle_du_lot(self, lot_id: int) -> str:
        return f"sas:editeur:{self.editeur_id}:lot:{lot_id}"
