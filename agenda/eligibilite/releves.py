"""Relever, la semaine finie, les heures qu’y ont montrées ceux qui les doivent ; la preuve se garde.

Le calcul relit les règles de l’agenda. Il reste juste après une panne : les
gestes de l’agenda ne changent que l’avenir (`agenda.saisie`), une série coupée
garde ses occurrences passées, une réouverture laisse la fermeture écoulée, une
relecture d’un calendrier externe laisse ce qu’il a occupé (`agenda.echanges.entree`).
Limite : une disponibilité ouverte puis retirée dans la même semaine, avant
d’avoir commencé, ne laisse pas de trace ici ; `GesteAgenda` la garde.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
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
from agenda.models import ReleveHebdomadaire
from participation.models import Participation, VersionParticipation
from sas_platform.socle.iterables import par_lots

RATTRAPAGE = 8  # semaines, qu’une panne du planificateur peut avoir sautées
LOT = 500


def relever(maintenant: datetime, *, semaines: int = RATTRAPAGE) -> int:
    """Ajoute les relevés qui manquent sur les dernières semaines finies ; rend leur nombre. Rejouable."""
    lundis = _lundis(maintenant, semaines)
    ajoutes = 0
    for lot in par_lots(_effecteurs(min(lundis)).items(), LOT):
        depuis = dict(lot)
        lues = semaines_des_effecteurs(depuis, lundis)
        ajoutes += _ajouter("effecteur_id", lues, dict.fromkeys(lues, SEUIL), depuis, maintenant)
    for lot_structures in par_lots(avec_medecins(structures_participantes()).order_by("pk"), LOT):
        depuis = {reglages.structure_id: reglages.cree_le for reglages in lot_structures}
        lues = semaines_des_structures(depuis, lundis)
        seuils = {reglages.structure_id: seuil_de_structure(reglages) for reglages in lot_structures}
        ajoutes += _ajouter("structure_id", lues, seuils, depuis, maintenant)
    return ajoutes


def _lundis(maintenant: datetime, semaines: int) -> list[date]:
    """Les `semaines` dernières, celle en cours comprise : finie à La Réunion, elle ne l’est pas à Tahiti."""
    dernier = lundi_de((maintenant + timedelta(days=1)).date())
    return [dernier - n * SEMAINE for n in reversed(range(semaines + 1))]


def _effecteurs(depuis: date) -> dict[int, datetime]:
    """Qui doit deux heures, ou les devait depuis ce jour, et la date de sa première déclaration."""
    changees = VersionParticipation.objects.filter(
        effecteur=OuterRef("effecteur"), le__date__gte=depuis, avant__participe=True
    )
    reglages = Participation.objects.filter(
        Q(pk__in=doivent_deux_heures().values("pk")) | Exists(changees), effecteur__est_actif=True
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
