"""Budget d’appels d’un éditeur, partagé par tous les processus à travers Redis.

Un seau de jetons (requêtes par heure), un nombre d’appels simultanés, une seule
interrogation d’un lot à la fois, une allure qui baisse quand l’éditeur peine, et
un disjoncteur. Une part des jetons et une place d’appel ne servent qu’à ce qu’un
écran attend. Chaque décision est un script exécuté d’un bloc par le serveur, à
son horloge : le nombre de processus et leurs décalages n’y changent rien.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from secrets import token_hex
from typing import Any

from django.conf import settings

from sas_platform.socle.courtier import connexion, script

BAIL_MS = 60_000  # au-delà, le processus qui tenait le lot est tenu pour mort
BAIL_APPEL_MS = 15_000  # un appel dure sept secondes au plus
PANNES_DE_SUITE = 5
REPOS_MS = 60_000
ESSAI_MS = 10_000  # le disjoncteur entrouvert laisse passer un seul appel pendant ce temps
ALLURE_MIN = 1 / 16
# De l’arrêt à l’allure entière. Des échecs simultanés sont un seul embarras : une moitié toutes les dix secondes.
REPRISE_MS = 600_000
ENTRE_DEUX_MS = 10_000
REPOS_DU_LOT_MS = 10_000  # l’interrogation de fond ne revient pas plus tôt sur un lot

# Le seau ne dépasse pas `capacite` et se remplit de `debit` jetons par heure : leur somme est le budget,
# si bien qu’aucune heure, où qu’elle commence, n’en voit davantage. L’allure réduit l’une et l’autre.
_COMMUN = """
local temps = redis.call('TIME')
local maintenant = temps[1] * 1000 + math.floor(temps[2] / 1000)
local capacite, debit, part = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local pannes_max, reprise = tonumber(ARGV[4]), tonumber(ARGV[5])
local notee = redis.call('HMGET', KEYS[4], 'facteur', 'le')
local allure = 1
if notee[1] then
    allure = math.min(1, tonumber(notee[1]) + math.max(0, maintenant - tonumber(notee[2])) / reprise)
end
capacite = math.max(1, capacite * allure)
local reserve = math.floor(capacite * part)
local lu = redis.call('HMGET', KEYS[1], 'jetons', 'le')
local jetons = tonumber(lu[1]) or capacite
local le = tonumber(lu[2]) or maintenant
jetons = math.min(capacite, jetons + math.max(0, maintenant - le) * debit * allure / 3600000)
local coupe = redis.call('HMGET', KEYS[3], 'pannes', 'jusqu')
local pannes, jusqu = tonumber(coupe[1]) or 0, tonumber(coupe[2]) or 0
local ouvert = pannes >= pannes_max and maintenant < jusqu
local entrouvert = pannes >= pannes_max and not ouvert
"""
_PRENDRE = (
    _COMMUN
    + """
local concurrence, bail, bail_appel, appel = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9]
if ARGV[12] ~= '' then
    redis.call('ZREM', KEYS[2], ARGV[12])
    redis.call('DEL', KEYS[3])
    ouvert, entrouvert = false, false
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', maintenant)
local refus = redis.call('EXISTS', KEYS[5]) == 1 and 'ralenti' or ouvert and 'disjoncte'
local pleine = redis.call('ZCARD', KEYS[2]) >= concurrence
local issues, pris = {}, 0
for rang = 6, #KEYS, 2 do
    local issue = refus
    if issue then
    elseif redis.call('EXISTS', KEYS[rang]) == 1 then issue = 'en_cours'
    elseif ARGV[11] == '1' and redis.call('EXISTS', KEYS[rang + 1]) == 1 then issue = 'recent'
    elseif pleine then issue = 'concurrence'
    elseif jetons < 1 + reserve then issue = 'epuise'
    else
        issue, jetons, pris = 'pris', jetons - 1, pris + 1
        redis.call('SET', KEYS[rang], appel, 'PX', bail)
        refus = entrouvert and 'disjoncte'
    end
    issues[#issues + 1] = issue
end
if pris > 0 then
    if entrouvert then redis.call('HSET', KEYS[3], 'jusqu', tostring(maintenant + tonumber(ARGV[10]))) end
    redis.call('HSET', KEYS[1], 'jetons', tostring(jetons), 'le', tostring(maintenant))
    redis.call('PEXPIRE', KEYS[1], 7200000)
    redis.call('ZADD', KEYS[2], maintenant + bail_appel, appel)
    redis.call('PEXPIRE', KEYS[2], bail_appel)
end
return issues
"""
)
_LAISSER = """
local laisses = 0
for rang = 2, #KEYS do
    if redis.call('GET', KEYS[rang]) == ARGV[1] then
        redis.call('DEL', KEYS[rang])
        laisses = laisses + 1
    end
end
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HINCRBYFLOAT', KEYS[1], 'jetons', laisses) end
"""
_PRENDRE_PAGE = (
    _COMMUN
    + """
if redis.call('EXISTS', KEYS[5]) == 1 or ouvert or jetons < 1 + reserve then return 0 end
redis.call('HSET', KEYS[1], 'jetons', tostring(jetons - 1), 'le', tostring(maintenant))
redis.call('PEXPIRE', KEYS[1], 7200000)
return 1
"""
)
_LIRE = (
    _COMMUN
    + """
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', maintenant)
return {math.floor(jetons), reserve, math.floor(allure * 1000), redis.call('ZCARD', KEYS[2]),
    ouvert and 1 or 0, entrouvert and 1 or 0, math.max(0, jusqu - maintenant),
    math.max(0, redis.call('PTTL', KEYS[5]))}
"""
)
_FINIR_APPEL = (
    _COMMUN
    + """
redis.call('ZREM', KEYS[2], ARGV[6])
if ARGV[7] == '1' then redis.call('DEL', KEYS[3])
else
    pannes = redis.call('HINCRBY', KEYS[3], 'pannes', 1)
    if pannes >= pannes_max then redis.call('HSET', KEYS[3], 'jusqu', tostring(maintenant + tonumber(ARGV[8]))) end
    redis.call('PEXPIRE', KEYS[3], 3600000)
end
if ARGV[9] == '1' and maintenant - (tonumber(notee[2]) or 0) >= tonumber(ARGV[10]) then
    local moitie = math.max(tonumber(ARGV[11]), allure / 2)
    redis.call('HSET', KEYS[4], 'facteur', tostring(moitie), 'le', tostring(maintenant))
    redis.call('PEXPIRE', KEYS[4], reprise)
end
local attente = tonumber(ARGV[12])
if attente > redis.call('PTTL', KEYS[5]) and attente > 0 then redis.call('SET', KEYS[5], 1, 'PX', attente) end
"""
)
_RENDRE_LOTS = """
for rang = 1, #KEYS, 2 do
    if redis.call('GET', KEYS[rang]) == ARGV[(rang + 3) / 2] then
        redis.call('DEL', KEYS[rang])
        redis.call('SET', KEYS[rang + 1], 1, 'PX', ARGV[1])
    end
end
"""
# KEYS : la file de chaque éditeur. ARGV : ses places, la durée, puis chaque lot précédé du rang de sa file.
_RETENIR = """
local temps = redis.call('TIME')
local maintenant = temps[1] * 1000 + math.floor(temps[2] / 1000)
local places, retenus = {}, {}
for rang, file in ipairs(KEYS) do
    redis.call('ZREMRANGEBYSCORE', file, '-inf', maintenant)
    places[rang] = tonumber(ARGV[1]) - redis.call('ZCARD', file)
end
for position = 3, #ARGV, 2 do
    local rang, lot = tonumber(ARGV[position]), ARGV[position + 1]
    if places[rang] > 0 and redis.call('ZADD', KEYS[rang], 'NX', maintenant + tonumber(ARGV[2]), lot) == 1 then
        places[rang] = places[rang] - 1
        retenus[#retenus + 1] = tonumber(lot)
    end
end
for _, file in ipairs(KEYS) do redis.call('PEXPIRE', file, ARGV[2]) end
return retenus
"""
_ATTENDUS = """
local temps = redis.call('TIME')
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', temps[1] * 1000 + math.floor(temps[2] / 1000))
local attendus = {}
for rang = 1, #ARGV do
    if redis.call('ZSCORE', KEYS[1], ARGV[rang]) then attendus[#attendus + 1] = tonumber(ARGV[rang]) end
end
return attendus
"""


class Refus(StrEnum):
    """Pourquoi un appel n’est pas permis maintenant."""

    EN_COURS = "en_cours"
    RECENT = "recent"  # un autre processus vient de l’interroger
    CONCURRENCE = "concurrence"
    EPUISE = "epuise"
    DISJONCTE = "disjoncte"
    RALENTI = "ralenti"  # l’éditeur a demandé d’attendre (Retry-After)


class Disjoncteur(StrEnum):
    FERME = "ferme"
    OUVERT = "ouvert"
    ESSAI = "essai"


class File(StrEnum):
    """Files où un lot attend d’être interrogé, sous le nom qu’elles ont chez Celery."""

    IMMEDIAT = "immediat"
    FOND = "fond"


@dataclass(frozen=True, slots=True)
class Permis:
    """Droit d’appeler une fois pour ce lot. Le jeton est celui de la place d’appel, commune aux lots pris ensemble.

    `finir_appel`, une fois par place, puis `rendre_lots` le referment ; `laisser`, si l’appel n’a pas eu lieu.
    """

    lot_id: int
    jeton: str


@dataclass(frozen=True, slots=True)
class EtatBudget:
    """Où en est un éditeur, pour qui le suit. `allure` : de 1/16 à 1, part du débit réglé que l’on s’autorise.

    `reserve` : jetons que seul un écran peut prendre. `attente_s` : temps que l’éditeur a demandé d’attendre.
    """

    requetes_par_heure: int
    allure: float
    jetons: int
    reserve: int
    en_vol: int
    concurrence_max: int
    disjoncteur: Disjoncteur
    rouvre_dans_s: int
    attente_s: int

    @property
    def debit(self) -> int:
        """Requêtes par heure que l’on s’autorise maintenant."""
        return int(self.requetes_par_heure * self.allure)


@dataclass(frozen=True, slots=True)
class Budget:
    editeur_id: int
    requetes_par_heure: int
    concurrence_max: int

    def prendre(
        self,
        lot_ids: Sequence[int],
        *,
        immediat: bool = False,
        si_repose: bool = False,
        apres: Permis | None = None,
    ) -> tuple[list[Permis], dict[int, Refus]]:
        """Une place d’appel, où appeler ces lots l’un après l’autre, et un jeton pour chacun ; sinon pourquoi.

        `immediat` : un écran attend la réponse ; il a droit à la réserve et à la dernière place d’appel.
        `si_repose` : refuse un lot rendu il y a moins de dix secondes. C’est décidé avec le bail,
        donc vrai même si sa réponse n’est pas encore enregistrée. `apres` : appel qui vient de réussir, et que
        ceci finit d’abord, quoi qu’il rende : qui enchaîne les appels ne paie qu’un aller-retour pour plusieurs.
        """
        jeton = token_hex(8)
        dits = self._jouer(
            _PRENDRE,
            lot_ids,
            self.simultanes(immediat=immediat),
            BAIL_MS,
            BAIL_APPEL_MS,
            jeton,
            ESSAI_MS,
            int(si_repose),
            apres.jeton if apres else "",
            immediat=immediat,
        )
        issues = {lot_id: dit.decode() for lot_id, dit in zip(lot_ids, dits, strict=True)}
        return (
            [Permis(lot_id, jeton) for lot_id, issue in issues.items() if issue == "pris"],
            {lot_id: Refus(issue) for lot_id, issue in issues.items() if issue != "pris"},
        )

    def laisser(self, permis: Sequence[Permis]) -> None:
        """Rend des lots pris ensemble que l’on n’a pas appelés, et leurs jetons."""
        if permis:
            cles = [self._cle("seau"), *(self._cle(f"lot:{un.lot_id}") for un in permis)]
            script(_LAISSER)(cles, [permis[0].jeton])

    def prendre_page(self, *, immediat: bool = False) -> bool:
        """Un jeton pour la page suivante d’un appel en cours, qui garde sa place ; faux s’il n’en reste pas."""
        return bool(self._jouer(_PRENDRE_PAGE, (), immediat=immediat))

    def simultanes(self, *, immediat: bool) -> int:
        """Appels simultanés permis : tous pour un écran, un de moins pour l’interrogation de fond."""
        return self.concurrence_max if immediat else max(1, self.concurrence_max - 1)

    def disponible(self) -> int:
        """Jetons que l’interrogation de fond peut prendre maintenant ; un seul pour l’essai d’un éditeur coupé."""
        etat = self.etat()
        if etat.disjoncteur == Disjoncteur.OUVERT or etat.attente_s:
            return 0
        libres = max(0, etat.jetons - etat.reserve)
        return min(1, libres) if etat.disjoncteur == Disjoncteur.ESSAI else libres

    def etat(self) -> EtatBudget:
        jetons, reserve, allure, en_vol, ouvert, entrouvert, jusqu_ms, attente_ms = self._jouer(_LIRE, ())
        return EtatBudget(
            requetes_par_heure=self.requetes_par_heure,
            allure=allure / 1000,
            jetons=jetons,
            reserve=reserve,
            en_vol=en_vol,
            concurrence_max=self.concurrence_max,
            disjoncteur=Disjoncteur.OUVERT
            if ouvert
            else (Disjoncteur.ESSAI if entrouvert else Disjoncteur.FERME),
            rouvre_dans_s=_secondes(jusqu_ms) if ouvert else 0,
            attente_s=_secondes(attente_ms),
        )

    def finir_appel(
        self, permis: Permis, *, reussi: bool, ralentir: bool = False, attente_s: int = 0
    ) -> None:
        """Libère la place d’appel ; cinq échecs de suite ouvrent le disjoncteur pour une minute, puis un essai.

        `ralentir` : l’éditeur peine, son allure tombe de moitié puis remonte peu à peu.
        `attente_s` : aucun appel d’ici là, il l’a demandé.
        """
        self._jouer(
            _FINIR_APPEL,
            (),
            permis.jeton,
            int(reussi),
            REPOS_MS,
            int(ralentir),
            ENTRE_DEUX_MS,
            ALLURE_MIN,
            attente_s * 1000,
        )

    def rendre_lots(self, permis: Collection[Permis]) -> None:
        """Libère ces lots, sauf ceux qu’un autre processus a repris entre-temps."""
        if permis:
            cles = [self._cle(nom) for un in permis for nom in _cles_du_lot(un.lot_id)]
            script(_RENDRE_LOTS)(cles, [REPOS_DU_LOT_MS, *(un.jeton for un in permis)])

    # Un lot retenu attend son tour dans une file : il n’y est pas mis deux fois.

    def retenir(self, file: File, lot_ids: Sequence[int], *, places: int, duree_s: int) -> list[int]:
        """Retient ces lots, dans l’ordre, tant qu’il n’y en a pas `places` en tout ; rend ceux qui le sont."""
        return Budget.retenir_chez({self: lot_ids}, file, places=places, duree_s=duree_s).get(self, [])

    @staticmethod
    def retenir_chez(
        vieux: Mapping[Budget, Sequence[int]], file: File, *, places: int, duree_s: int
    ) -> dict[Budget, list[int]]:
        """`retenir` chez plusieurs éditeurs, en un envoi ; sans ceux dont aucun lot ne l’est."""
        numerotes = [
            nombre
            for rang, lot_ids in enumerate(vieux.values(), 1)
            for lot in lot_ids
            for nombre in (rang, lot)
        ]
        if not numerotes or places < 1:
            return {}
        files = [budget._cle(file) for budget in vieux]
        tenus = set(script(_RETENIR)(files, [places, duree_s * 1000, *numerotes]))
        retenus = {budget: [lot for lot in lot_ids if lot in tenus] for budget, lot_ids in vieux.items()}
        return {budget: lot_ids for budget, lot_ids in retenus.items() if lot_ids}

    def liberer(self, file: File, lot_ids: Collection[int]) -> None:
        if lot_ids:
            connexion().zrem(self._cle(file), *lot_ids)

    def attendus(self, file: File, lot_ids: Sequence[int]) -> set[int]:
        """Ceux de ces lots qui attendent encore dans cette file, ou que l’on y interroge."""
        return set(map(int, script(_ATTENDUS)([self._cle(file)], list(lot_ids)))) if lot_ids else set()

    def _jouer(
        self, texte: str, lot_ids: Iterable[int], *arguments: str | float, immediat: bool = False
    ) -> Any:
        noms = ("seau", "appels", "pannes", "allure", "attente")
        cles = [self._cle(nom) for nom in (*noms, *(nom for lot in lot_ids for nom in _cles_du_lot(lot)))]
        capacite = max(1, self.requetes_par_heure // 60)
        debit = max(1, self.requetes_par_heure - capacite)
        part = 0 if immediat else settings.EDITEURS_PART_IMMEDIATE
        return script(texte)(cles, [capacite, debit, part, PANNES_DE_SUITE, REPRISE_MS, *arguments])

    def _cle(self, nom: str) -> str:
        return f"sas:editeur:{self.editeur_id}:{nom}"


def _cles_du_lot(lot_id: int) -> tuple[str, str]:
    """Son bail, et le repos qui le suit."""
    return f"lot:{lot_id}", f"lot:{lot_id}:repos"


def _secondes(duree_ms: int) -> int:
    return -(-duree_ms // 1000)
