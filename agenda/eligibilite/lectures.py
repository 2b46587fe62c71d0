"""Heures montrées par semaine, et par qui elles sont dues ; un nombre fixe de requêtes par lot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Count, Q, QuerySet

from agenda.domaine.heures import SEUIL, AgendaDuLieu, OuvertureDeclaree, heures_visibles, semaine_de
from agenda.enums import Genre
from agenda.models import Disponibilite, Indisponibilite
from annuaire.enums import TypeStructure
from annuaire.models import Effecteur, LieuExercice
from participation.enums import Modalite
from participation.models import Participation, ParticipationStructure
from sas_platform.socle.intervalles import Intervalle

SEMAINE = timedelta(days=7)
_MARGE = timedelta(days=1)  # couvre tous les fuseaux


@dataclass(frozen=True, slots=True)
class Semaine:
    """Une semaine d’un effecteur ou d’une structure : ses bornes, à l’heure de son premier lieu, et ce qu’il y montre."""

    lundi: date
    bornes: Intervalle
    montre: timedelta


@dataclass(frozen=True, slots=True)
class Jauge:
    """Ce qui est montré sur ce qui est demandé, en minutes."""

    lundi: date
    minutes: int
    seuil_min: int

    @property
    def est_atteinte(self) -> bool:
        return self.minutes >= self.seuil_min

    @property
    def pourcentage(self) -> int:
        return min(100, 100 * self.minutes // self.seuil_min)

    def __str__(self) -> str:
        return f"{en_heures(self.minutes)} / {en_heures(self.seuil_min)}"


def en_heures(minutes: int) -> str:
    """« 1 h 30 », « 2 h », « 45 min »."""
    heures, reste = divmod(minutes, 60)
    if not heures:
        return f"{reste}\u00a0min"
    return f"{heures}\u00a0h\u00a0{reste:02d}" if reste else f"{heures}\u00a0h"


def jauges(semaines: Iterable[Semaine], seuil: timedelta) -> list[Jauge]:
    return [Jauge(s.lundi, en_minutes(s.montre), en_minutes(seuil)) for s in semaines]


def en_minutes(duree: timedelta) -> int:
    return duree // timedelta(minutes=1)


def lundi_de(jour: date) -> date:
    return jour - timedelta(days=jour.weekday())


def doivent_deux_heures() -> QuerySet[Participation]:
    """Qui participe par son agenda saisi ; un agenda interfacé et montré est à lui seul une condition."""
    par_logiciel = Q(utilise_logiciel=True, refuse_affichage=False)
    participants = Participation.objects.filter(participe=True, effecteur__est_actif=True)
    return participants.exclude(modalite=Modalite.SOS).exclude(par_logiciel)


def structures_participantes() -> QuerySet[ParticipationStructure]:
    return ParticipationStructure.objects.filter(participe=True, structure__est_active=True)


def semaines_des_effecteurs(
    effecteur_ids: Collection[int], lundis: Sequence[date]
) -> dict[int, list[Semaine]]:
    """Leurs semaines, lieux en activité réunis, sauf en centre de santé : là, c’est le centre qui déclare."""
    lieux = LieuExercice.objects.filter(effecteur__in=effecteur_ids, est_actif=True)
    ailleurs = lieux.exclude(structure__type=TypeStructure.CDS)
    par_effecteur = _grouper(ailleurs.order_by("pk"), "effecteur_id")
    agendas = _agendas(par_effecteur, lundis)
    return {
        effecteur_id: [
            Semaine(lundi, bornes, heures_visibles([agendas[lieu.pk] for lieu in siens], bornes))
            for lundi in lundis
            for bornes in [_bornes(lundi, siens)]
        ]
        for effecteur_id, siens in par_effecteur.items()
    }


def semaines_des_structures(
    structure_ids: Collection[int], lundis: Sequence[date]
) -> dict[int, list[Semaine]]:
    """Leurs semaines : ce que chaque praticien montre en son nom dans la structure, et ce qu’elle montre au sien.

    Chaque disponibilité de la structure elle-même compte entière : plusieurs
    médecins y reçoivent en même temps.
    """
    lieux = LieuExercice.objects.filter(structure__in=structure_ids, est_actif=True)
    par_structure = _grouper(lieux.order_by("pk"), "structure_id")
    agendas = _agendas(par_structure, lundis)
    return {
        structure_id: [
            Semaine(lundi, bornes, _montre_par_la_structure(siens, agendas, bornes))
            for lundi in lundis
            for bornes in [_bornes(lundi, siens)]
        ]
        for structure_id, siens in par_structure.items()
    }


def seuils_des_structures(reglages: Iterable[ParticipationStructure]) -> dict[int, timedelta]:
    """Deux heures par médecin généraliste : le nombre déclaré ; pour SOS Médecins, ceux qui participent par elle."""
    lus = list(reglages)
    par_sos = dict(
        Participation.objects.filter(
            structure__in=[r.structure_id for r in lus], modalite=Modalite.SOS, participe=True
        )
        .values_list("structure_id")
        .annotate(n=Count("pk"))
        .order_by()
    )
    return {
        r.structure_id: SEUIL * max(1, r.nombre_effecteurs or par_sos.get(r.structure_id, 0)) for r in lus
    }


def semaines_a_venir(maintenant: datetime, fuseau: ZoneInfo) -> list[date]:
    """Lundis de cette semaine et de la suivante, à la date de `fuseau`."""
    lundi = lundi_de(maintenant.astimezone(fuseau).date())
    return [lundi, lundi + SEMAINE]


def jauges_de(effecteur: Effecteur, lundis: Sequence[date]) -> list[Jauge]:
    """Les jauges d’un effecteur, une par semaine ; vides, s’il n’a aucun lieu à lui."""
    semaines = semaines_des_effecteurs([effecteur.pk], lundis).get(effecteur.pk)
    return jauges(semaines, SEUIL) if semaines else [Jauge(lundi, 0, en_minutes(SEUIL)) for lundi in lundis]


def _grouper(lieux: QuerySet[LieuExercice], champ: str) -> dict[int, list[LieuExercice]]:
    groupes: dict[int, list[LieuExercice]] = defaultdict(list)
    for lieu in lieux.only("pk", "effecteur_id", "structure_id", "fuseau"):
        groupes[getattr(lieu, champ)].append(lieu)
    return dict(groupes)


def _bornes(lundi: date, lieux: Sequence[LieuExercice]) -> Intervalle:
    return semaine_de(lundi, ZoneInfo(lieux[0].fuseau))


def _montre_par_la_structure(
    lieux: Sequence[LieuExercice], agendas: dict[int, AgendaDuLieu], bornes: Intervalle
) -> timedelta:
    par_praticien: dict[int, list[AgendaDuLieu]] = defaultdict(list)
    total = timedelta()
    for lieu in lieux:
        agenda = agendas[lieu.pk]
        if lieu.effecteur_id is not None:
            par_praticien[lieu.effecteur_id].append(agenda)
            continue
        for ouverture in agenda.ouvertures:
            total += heures_visibles([AgendaDuLieu([ouverture], agenda.fermetures)], bornes)
    return sum((heures_visibles(siens, bornes) for siens in par_praticien.values()), total)


def _agendas(groupes: dict[int, list[LieuExercice]], lundis: Sequence[date]) -> dict[int, AgendaDuLieu]:
    """Ce qui est déclaré en chaque lieu pendant ces semaines : deux requêtes."""
    lieux = {lieu.pk: lieu for siens in groupes.values() for lieu in siens}
    premier, dernier = min(lundis) - _MARGE, max(lundis) + SEMAINE + _MARGE
    ouvertures: dict[int, list[OuvertureDeclaree]] = defaultdict(list)
    declarees = Disponibilite.objects.filter(lieu__in=lieux, premier_jour__lte=dernier)
    for disponibilite in declarees.filter(
        Q(jours__len__gt=0) & (Q(dernier_jour=None) | Q(dernier_jour__gte=premier))
        | Q(jours__len=0, premier_jour__gte=premier)
    ).order_by("pk"):
        lieu = lieux[disponibilite.lieu_id]
        regle = disponibilite.regle(lieu.fuseau)
        ouvertures[lieu.pk].append(OuvertureDeclaree(regle, disponibilite.genre == Genre.PLAGE))
    tout = semaine_de(lundi_de(premier), ZoneInfo("UTC")).debut, semaine_de(dernier, ZoneInfo("UTC")).fin
    fermetures: dict[int, list[Intervalle]] = defaultdict(list)
    for lieu_id, periode in Indisponibilite.objects.filter(
        lieu__in=lieux, periode__overlap=DateTimeTZRange(*tout)
    ).values_list("lieu_id", "periode"):
        fermetures[lieu_id].append(Intervalle(periode.lower, periode.upper or tout[1]))
    return {pk: AgendaDuLieu(ouvertures[pk], fermetures[pk]) for pk in lieux}
