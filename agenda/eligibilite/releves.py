"""Relever, la semaine finie, les heures qu’y ont montrées ceux qui les doivent ; la preuve se garde.

Le calcul relit les règles de l’agenda. Il reste juste après une panne : les
gestes de l’agenda ne changent que l’avenir (`agenda.saisie`), une série coupée
garde ses occurrences passées, une réouverture laisse la fermeture écoulée, une
relecture d’un calendrier externe laisse ce qu’il a occupé (`agenda.echanges.entree`).
Limite : une disponibilité ouverte puis retirée dans la même semaine, avant
d’avoir commencé, ne laisse pas de trace ici ; `GesteAgenda` la garde.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from agenda.domaine.heures import SEUIL
from agenda.eligibilite.lectures import (
    SEMAINE,
    Semaine,
    avec_medecins,
    doivent_deux_heures,
    en_minutes,
    lundi_de,
    semaines_des_effecteurs,
    semaines_des_structures,
    seuil_de_structure,
    structures_participantes,
)
from agenda.eligibilite.passages import Passage, parcourir, sans_fin
from agenda.models import ReleveHebdomadaire
from participation.models import Participation, VersionParticipation
from sas_platform.socle.iterables import par_lots

RATTRAPAGE = 8  # semaines, qu’une panne du planificateur peut avoir sautées
LOT = 500


def relever(maintenant: datetime, *, semaines: int = RATTRAPAGE) -> int:
    """Ajoute les relevés qui manquent sur les dernières semaines finies ; rend leur nombre. Rejouable."""
    effecteurs = relever_effecteurs(maintenant, semaines=semaines)
    return effecteurs.nombre + relever_structures(maintenant, semaines=semaines).nombre


def relever_effecteurs(
    maintenant: datetime,
    *,
    semaines: int = RATTRAPAGE,
    apres: int = 0,
    encore: Callable[[], bool] = sans_fin,
) -> Passage:
    """Ceux des effecteurs, `apres` passé."""
    lundis = _lundis(maintenant, semaines)
    depuis = _effecteurs(min(lundis), apres)

    def traiter(lot: list[int]) -> int:
        lues = semaines_des_effecteurs(lot, lundis)
        return _ajouter("effecteur_id", lues, dict.fromkeys(lues, SEUIL), depuis, maintenant)

    return parcourir(par_lots(depuis, LOT), traiter, encore)


def relever_structures(
    maintenant: datetime,
    *,
    semaines: int = RATTRAPAGE,
    apres: int = 0,
    encore: Callable[[], bool] = sans_fin,
) -> Passage:
    """Ceux des structures, `apres` passée."""
    lundis = _lundis(maintenant, semaines)
    participantes = structures_participantes().filter(structure__gt=apres).order_by("structure")

    def traiter(lot: list[int]) -> int:
        siennes = list(avec_medecins(participantes.filter(structure__in=lot)))
        depuis = {reglages.structure_id: reglages.cree_le for reglages in siennes}
        seuils = {reglages.structure_id: seuil_de_structure(reglages) for reglages in siennes}
        lues = semaines_des_structures(depuis, lundis)
        return _ajouter("structure_id", lues, seuils, depuis, maintenant)

    return parcourir(par_lots(participantes.values_list("structure", flat=True), LOT), traiter, encore)


def _lundis(maintenant: datetime, semaines: int) -> list[date]:
    """Les `semaines` dernières, celle en cours comprise : finie à La Réunion, elle ne l’est pas à Tahiti."""
    dernier = lundi_de((maintenant + timedelta(days=1)).date())
    return [dernier - n * SEMAINE for n in reversed(range(semaines + 1))]


def _effecteurs(depuis: date, apres: int) -> dict[int, datetime]:
    """Qui doit deux heures, ou les devait depuis ce jour, `apres` passé, et la date de sa première déclaration."""
    changees = VersionParticipation.objects.filter(
        effecteur=OuterRef("effecteur"), le__date__gte=depuis, avant__participe=True
    )
    reglages = Participation.objects.filter(
        Q(pk__in=doivent_deux_heures().values("pk")) | Exists(changees),
        effecteur__est_actif=True,
        effecteur__gt=apres,
    )
    return dict(reglages.order_by("effecteur").values_list("effecteur", "cree_le"))


def _ajouter(
    titulaire: str,
    lues: Mapping[int, list[Semaine]],
    seuils: Mapping[int, timedelta],
    depuis: Mapping[int, datetime],
    maintenant: datetime,
) -> int:
    faits = _deja_faits(titulaire, lues)
    manquants = [
        ReleveHebdomadaire(
            semaine=semaine.lundi,
            minutes=en_minutes(semaine.montre),
            seuil_min=en_minutes(seuils[pk]),
            releve_le=maintenant,
            **{titulaire: pk},
        )
        for pk, semaine in _finies(lues, maintenant)
        if (pk, semaine.lundi) not in faits and depuis[pk] < semaine.bornes.fin
    ]
    ReleveHebdomadaire.objects.bulk_create(manquants, ignore_conflicts=True)
    return len(manquants)


def _finies(lues: Mapping[int, list[Semaine]], maintenant: datetime) -> Iterator[tuple[int, Semaine]]:
    for pk, semaines in lues.items():
        yield from ((pk, semaine) for semaine in semaines if semaine.bornes.fin <= maintenant)


def _deja_faits(titulaire: str, lues: Collection[int]) -> set[tuple[int, date]]:
    releves = ReleveHebdomadaire.objects.filter(**{f"{titulaire}__in": lues})
    return set(releves.values_list(titulaire, "semaine"))
