"""Un lieu tel que la recherche le montre, et ce qu’elle n’en montre pas."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from agenda.domaine.explication import CreneauExplique, Motif
from agenda.domaine.offre import en_minutes
from agenda.models import OffreLieu
from agenda.offre.explication import EditeurMuet, creneaux_expliques, editeurs_muets
from annuaire.models import LieuExercice
from orientation.lectures import Offre, offre_du_lieu
from sas_platform.socle.francais import heure, jour_long


@dataclass(frozen=True, slots=True)
class JourCache:
    jour: str
    horaires: list[str]


@dataclass(frozen=True, slots=True)
class Cache:
    """Les créneaux qu’une même raison cache, jour par jour, à l’heure du lieu."""

    raison: str
    nombre: int
    jours: list[JourCache]


@dataclass(frozen=True, slots=True)
class Vu:
    """`offre` nulle : la recherche ne montre pas ce lieu, `absence` dit pourquoi.

    `est_ferme` : la recherche ne le montre qu’à qui le nomme, le temps d’une fermeture.
    """

    offre: Offre | None
    absence: str
    est_ferme: bool
    montres: int
    caches: list[Cache]
    muets: list[EditeurMuet]


def ce_que_voit_la_regulation(lieu: LieuExercice, *, maintenant: datetime) -> Vu:
    """La carte de ce lieu à cet instant, et ses créneaux cachés des quatorze jours ; nombre fixe de requêtes."""
    offre = offre_du_lieu(lieu.pk, maintenant=maintenant)
    if offre is None:
        return Vu(None, _absence(lieu), False, 0, [], [])
    expliques = creneaux_expliques(lieu, maintenant=maintenant)
    return Vu(
        offre=offre,
        absence="",
        est_ferme=OffreLieu.objects.filter(lieu=lieu, absent__contains=en_minutes(maintenant)).exists(),
        montres=sum(1 for creneau in expliques if creneau.motif is None),
        caches=_caches(expliques, ZoneInfo(lieu.fuseau)),
        muets=editeurs_muets(lieu, maintenant=maintenant),
    )


def _absence(lieu: LieuExercice) -> str:
    if not lieu.est_actif:
        return "Ce lieu d’exercice est fermé dans l’annuaire."
    if lieu.effecteur is not None and not lieu.effecteur.est_actif:
        return "Ce professionnel n’est plus actif dans l’annuaire."
    if lieu.effecteur is None and lieu.structure is not None and not lieu.structure.est_active:
        return "Cette structure n’est plus active dans l’annuaire."
    return "Aucune spécialité de la recherche ne correspond à ce lieu."


def _caches(expliques: Iterable[CreneauExplique], fuseau: ZoneInfo) -> list[Cache]:
    par_motif: dict[Motif, list[CreneauExplique]] = {}
    for creneau in expliques:
        if creneau.motif is not None:
            par_motif.setdefault(creneau.motif, []).append(creneau)
    return [
        Cache(motif.value, len(siens), _jours(siens, fuseau))
        for motif in Motif
        if (siens := par_motif.get(motif))
    ]


def _jours(creneaux: list[CreneauExplique], fuseau: ZoneInfo) -> list[JourCache]:
    locaux = [(c.debut.astimezone(fuseau), c.fin.astimezone(fuseau), c.editeur) for c in creneaux]
    return [
        JourCache(
            jour_long(jour),
            [
                f"{heure(debut.time())} – {heure(fin.time())}" + (f" ({editeur})" if editeur else "")
                for debut, fin, editeur in du_jour
            ],
        )
        for jour, du_jour in itertools.groupby(locaux, key=lambda bornes: bornes[0].date())
    ]
