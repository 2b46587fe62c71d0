"""Heures montrées par semaine, et par qui elles sont dues ; un nombre fixe de requêtes par lot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import BooleanField, Count, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, NullIf

from agenda.domaine.heures import SEUIL, AgendaDuLieu, OuvertureDeclaree, heures_visibles, semaine_de
from agenda.enums import Genre
from agenda.models import Disponibilite, Indisponibilite, PeriodeOccupee
from annuaire.enums import TypeStructure
from annuaire.models import LieuExercice
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
class Fermeture:
    """Ce qui cache un lieu : une indisponibilité (`est_declaree`), ou ce qu’un calendrier externe occupe. `fin` nulle : sans terme."""

    debut: datetime
    fin: datetime | None
    est_declaree: bool

    def dure_apres(self, instant: datetime) -> bool:
        return self.fin is None or self.fin > instant


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
    agendas = _agendas_lus(par_effecteur, lundis)
    return {pk: _semaines(siens, agendas, lundis) for pk, siens in par_effecteur.items()}


def _semaines(
    lieux: Sequence[LieuExercice], agendas: Mapping[int, AgendaDuLieu], lundis: Sequence[date]
) -> list[Semaine]:
    return [
        Semaine(lundi, bornes, heures_visibles([agendas[lieu.pk] for lieu in lieux], bornes))
        for lundi in lundis
        for bornes in [_bornes(lundi, lieux)]
    ]


def semaines_des_structures(
    structure_ids: Collection[int], lundis: Sequence[date]
) -> dict[int, list[Semaine]]:
    """Leurs semaines : ce que chaque praticien montre en son nom dans la structure, et ce qu’elle montre au sien.

    Chaque disponibilité de la structure elle-même compte entière : plusieurs
    médecins y reçoivent en même temps.
    """
    lieux = LieuExercice.objects.filter(structure__in=structure_ids, est_actif=True)
    par_structure = _grouper(lieux.order_by("pk"), "structure_id")
    agendas = _agendas_lus(par_structure, lundis)
    return {pk: _semaines_de_structure(siens, agendas, lundis) for pk, siens in par_structure.items()}


def _semaines_de_structure(
    lieux: Sequence[LieuExercice], agendas: Mapping[int, AgendaDuLieu], lundis: Sequence[date]
) -> list[Semaine]:
    return [
        Semaine(lundi, bornes, _montre_par_la_structure(lieux, agendas, bornes))
        for lundi in lundis
        for bornes in [_bornes(lundi, lieux)]
    ]


def avec_medecins(reglages: QuerySet[ParticipationStructure]) -> QuerySet[ParticipationStructure]:
    """Ajoute `medecins` : le nombre déclaré ; pour SOS Médecins, ceux qui participent par elle."""
    par_sos = Participation.objects.filter(
        structure=OuterRef("structure"), modalite=Modalite.SOS, participe=True
    )
    nombre = par_sos.order_by().values("structure").annotate(n=Count("pk")).values("n")
    return reglages.annotate(medecins=Coalesce(NullIf("nombre_effecteurs", 0), Subquery(nombre), 0))


def seuil_de_structure(reglages: Any) -> timedelta:
    """Deux heures par médecin généraliste (`avec_medecins`) ; celles d’un seul, au moins."""
    return SEUIL * max(1, int(reglages.medecins))


def semaines_a_venir(maintenant: datetime, fuseau: ZoneInfo) -> list[date]:
    """Lundis de cette semaine et de la suivante, à la date de `fuseau`."""
    lundi = lundi_de(maintenant.astimezone(fuseau).date())
    return [lundi, lundi + SEMAINE]


def jauges_de_l_effecteur(
    lieux: Sequence[LieuExercice], fermetures: Mapping[int, Sequence[Fermeture]], lundis: Sequence[date]
) -> list[Jauge]:
    """Les jauges de l’effecteur dont voici tous les lieux, une par semaine ; vides, s’il n’en a aucun à lui. Une requête."""
    a_lui = [lieu for lieu in lieux if not _est_en_centre(lieu)]
    if not a_lui:
        return [Jauge(lundi, 0, en_minutes(SEUIL)) for lundi in lundis]
    return jauges(_semaines(a_lui, _agendas(a_lui, fermetures, lundis), lundis), SEUIL)


def _est_en_centre(lieu: LieuExercice) -> bool:
    return lieu.structure is not None and lieu.structure.type == TypeStructure.CDS


@dataclass(frozen=True, slots=True)
class JaugesDeStructure:
    """`ensemble` : ce qu’elle montre sur ce qu’elle doit ; `par_praticien` : ce que chacun y montre en son nom."""

    ensemble: list[Jauge]
    par_praticien: dict[int, list[Jauge]]


def jauges_de_la_structure(
    lieux: Sequence[LieuExercice],
    fermetures: Mapping[int, Sequence[Fermeture]],
    lundis: Sequence[date],
    *,
    seuil: timedelta,
) -> JaugesDeStructure:
    """Les jauges de la structure dont voici tous les lieux. Une requête."""
    if not lieux:
        return JaugesDeStructure([Jauge(lundi, 0, en_minutes(seuil)) for lundi in lundis], {})
    agendas = _agendas(lieux, fermetures, lundis)
    par_praticien: dict[int, list[LieuExercice]] = defaultdict(list)
    for lieu in lieux:
        if lieu.effecteur_id is not None:
            par_praticien[lieu.effecteur_id].append(lieu)
    return JaugesDeStructure(
        jauges(_semaines_de_structure(lieux, agendas, lundis), seuil),
        {pk: jauges(_semaines(siens, agendas, lundis), SEUIL) for pk, siens in par_praticien.items()},
    )


def _grouper(lieux: QuerySet[LieuExercice], champ: str) -> dict[int, list[LieuExercice]]:
    groupes: dict[int, list[LieuExercice]] = defaultdict(list)
    for lieu in lieux.only("pk", "effecteur_id", "structure_id", "fuseau"):
        groupes[getattr(lieu, champ)].append(lieu)
    return dict(groupes)


def _bornes(lundi: date, lieux: Sequence[LieuExercice]) -> Intervalle:
    return semaine_de(lundi, ZoneInfo(lieux[0].fuseau))


def _montre_par_la_structure(
    lieux: Sequence[LieuExercice], agendas: Mapping[int, AgendaDuLieu], bornes: Intervalle
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


def veille_de(lundis: Sequence[date]) -> datetime:
    """Instant d’avant ces semaines, dans tous les fuseaux."""
    return datetime.combine(min(lundis) - _MARGE, time.min, tzinfo=UTC)


def fermetures_de(lieux: Collection[int], *, depuis: datetime) -> dict[int, list[Fermeture]]:
    """Ce qui cache chacun de ces lieux et finit après `depuis`, dans l’ordre : une requête."""
    colonnes = ("lieu_id", "debut", "fin", "est_declaree")
    declarees = (
        Indisponibilite.objects.filter(lieu__in=lieux)
        .filter(Q(periode__endswith__gt=depuis) | Q(periode__upper_inf=True))
        .annotate(
            debut=F("periode__startswith"),
            fin=F("periode__endswith"),
            est_declaree=Value(True, BooleanField()),
        )
    )
    occupees = PeriodeOccupee.objects.filter(lieu__in=lieux, fin__gt=depuis).annotate(
        est_declaree=Value(False, BooleanField())
    )
    toutes = declarees.values_list(*colonnes).union(occupees.values_list(*colonnes), all=True)
    par_lieu: dict[int, list[Fermeture]] = {lieu: [] for lieu in lieux}
    for lieu_id, debut, fin, est_declaree in toutes.order_by("debut", "fin"):
        par_lieu[lieu_id].append(Fermeture(debut, fin, est_declaree))
    return par_lieu


def _agendas_lus(
    groupes: Mapping[int, Sequence[LieuExercice]], lundis: Sequence[date]
) -> dict[int, AgendaDuLieu]:
    """Ce qui est déclaré en chaque lieu de ces groupes, et ce qui le cache : deux requêtes."""
    lieux = [lieu for siens in groupes.values() for lieu in siens]
    return _agendas(lieux, fermetures_de([lieu.pk for lieu in lieux], depuis=veille_de(lundis)), lundis)


def _agendas(
    lieux: Sequence[LieuExercice], fermetures: Mapping[int, Sequence[Fermeture]], lundis: Sequence[date]
) -> dict[int, AgendaDuLieu]:
    """Ce qui est déclaré en chaque lieu pendant ces semaines, et ce qui le cache : une requête."""
    fuseaux = {lieu.pk: lieu.fuseau for lieu in lieux}
    premier, dernier = min(lundis) - _MARGE, max(lundis) + SEMAINE + _MARGE
    ouvertures: dict[int, list[OuvertureDeclaree]] = {pk: [] for pk in fuseaux}
    declarees = Disponibilite.objects.filter(lieu__in=fuseaux, premier_jour__lte=dernier)
    for disponibilite in declarees.filter(
        Q(jours__len__gt=0) & (Q(dernier_jour=None) | Q(dernier_jour__gte=premier))
        | Q(jours__len=0, premier_jour__gte=premier)
    ).order_by("pk"):
        regle = disponibilite.regle(fuseaux[disponibilite.lieu_id])
        ouvertures[disponibilite.lieu_id].append(OuvertureDeclaree(regle, disponibilite.genre == Genre.PLAGE))
    terme = datetime.combine(dernier + _MARGE, time.min, tzinfo=UTC)
    return {
        pk: AgendaDuLieu(
            ouvertures[pk], [Intervalle(f.debut, f.fin or terme) for f in fermetures[pk] if f.debut < terme]
        )
        for pk in fuseaux
    }
