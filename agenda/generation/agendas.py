"""Réglages, agendas saisis, fermetures et agendas d’éditeurs des effecteurs fictifs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2s
from random import Random
from zoneinfo import ZoneInfo

from agenda.enums import Genre, ModaliteConsultation
from agenda.generation.annuaire import EffecteurFictif, LieuFictif, StructureFictive
from agenda.generation.echelles import Echelle
from annuaire.enums import TypeStructure
from participation.enums import Modalite

CABINET = [ModaliteConsultation.CABINET.value]
CABINET_ET_TELE = [ModaliteConsultation.CABINET.value, ModaliteConsultation.TELECONSULTATION.value]
TELECONSULTATION = [ModaliteConsultation.TELECONSULTATION.value]
DOMICILE = [ModaliteConsultation.DOMICILE.value]
CRENEAU, PLAGE = Genre.CRENEAU.value, Genre.PLAGE.value
EN_SEMAINE = (1, 2, 3, 4, 5)
TOUS_LES_JOURS = (1, 2, 3, 4, 5, 6, 7)
DEMI_HEURES = tuple(time(heure, minute) for heure in range(8, 19) for minute in (0, 30))
PART_GENERALISTES_INTERFACES = 0.7
PART_AUTRES_INTERFACES = 0.039
JOURS_D_EDITEUR = 3


@dataclass(frozen=True, slots=True)
class ParticipationFictive:
    effecteur_id: int
    participe: bool
    modalite: str
    refuse_affichage: bool
    structure_id: int | None = None


@dataclass(frozen=True, slots=True)
class DisponibiliteFictive:
    lieu_id: int
    genre: str
    capacite: int
    modalites: list[str]
    premier_jour: date
    heure_debut: time
    heure_fin: time
    jours: tuple[int, ...] = ()
    dernier_jour: date | None = None
    toutes_les_n_semaines: int = 1
    sauf: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class IndisponibiliteFictive:
    lieu_id: int
    debut: datetime
    fin: datetime | None


@dataclass(frozen=True, slots=True)
class AgendaRecuFictif:
    """`creneaux` : le document JSON, dans la forme de `AgendaEditeur.creneaux`."""

    effecteur_id: int
    lieu_id: int
    creneaux: str
    nombre: int
    empreinte: str


class GenerateurAgendas:
    """Un tirage par graine ; seules les dates dépendent de `jour`."""

    def __init__(
        self, *, graine: int, echelle: Echelle, jour: date, structures: Iterable[StructureFictive] = ()
    ) -> None:
        self._hasard = Random(f"{graine}/agendas")  # noqa: S311 : du vraisemblable, pas un secret
        self._echelle = echelle
        self._jour = jour
        self._lundi = jour - timedelta(days=jour.weekday())
        self._interfaces = 0
        self._structures: dict[tuple[str, str], list[int]] = {}
        for structure in structures:
            cle = (structure.type.value, structure.place.departement)
            self._structures.setdefault(cle, []).append(structure.id)
        self._minuits: dict[tuple[str, int], int] = {}

    def participation(self, effecteur: EffecteurFictif) -> ParticipationFictive | None:
        """Un réglage pour qui s’est prononcé ; les autres n’en ont pas."""
        hasard = self._hasard
        part = self._echelle.part_participants if effecteur.est_generaliste else 0.03
        if hasard.random() >= part:
            refuse = hasard.random() < 0.03
            return ParticipationFictive(effecteur.id, False, "", refuse_affichage=True) if refuse else None
        modalite, structure = self._voie(effecteur)
        refuse = hasard.random() < 0.04
        return ParticipationFictive(effecteur.id, True, modalite.value, refuse, structure)

    def _voie(self, effecteur: EffecteurFictif) -> tuple[Modalite, int | None]:
        """Par la maison de santé où il exerce ; sinon une fois sur deux par une structure de son département."""
        for lieu in effecteur.lieux:
            if lieu.structure and lieu.structure.type == TypeStructure.MSP:
                return Modalite.MSP, lieu.structure.id
        modalite = self._hasard.choice((Modalite.INDIVIDUEL,) * 12 + (Modalite.CPTS,) * 7 + (Modalite.SOS,))
        proches = self._structures.get((modalite.value, effecteur.lieux[0].place.departement))
        return (modalite, self._hasard.choice(proches)) if proches else (Modalite.INDIVIDUEL, None)

    def est_interface(self, effecteur: EffecteurFictif) -> bool:
        """Sert-il son agenda par un éditeur ? Jamais plus que le nombre de l’échelle."""
        part = PART_GENERALISTES_INTERFACES if effecteur.est_generaliste else PART_AUTRES_INTERFACES
        if self._interfaces >= self._echelle.interfaces or self._hasard.random() >= part:
            return False
        self._interfaces += 1
        return True

    def disponibilites(
        self, effecteur: EffecteurFictif, *, participe: bool
    ) -> Iterator[DisponibiliteFictive]:
        """Agenda saisi : la moitié des participants, et quelques autres, sur un ou deux de leurs lieux."""
        hasard = self._hasard
        if hasard.random() >= (0.55 if participe else 0.04):
            return
        for lieu in effecteur.lieux[: hasard.randint(1, 2)]:
            modele = hasard.choice((self._matinees, self._creneaux, self._ponctuels, self._quinzaine))
            yield from modele(lieu)
            if hasard.random() < 0.15:
                yield self._visites(lieu)

    def disponibilites_de_structure(
        self, structure: StructureFictive, lieu: LieuFictif
    ) -> Iterator[DisponibiliteFictive]:
        """Un point SOS Médecins reçoit chaque jour ; un centre de santé ouvre des créneaux."""
        if structure.type == TypeStructure.SOS:
            yield self._plage(lieu, TOUS_LES_JOURS, time(8), time(13), 10, CABINET)
            yield self._plage(lieu, TOUS_LES_JOURS, time(14), time(23, 30), 15, CABINET)
            yield self._plage(lieu, TOUS_LES_JOURS, time(8), time(20), 12, DOMICILE)
        elif structure.type == TypeStructure.CDS:
            yield from self._creneaux(lieu)

    def indisponibilite(self, lieu: LieuFictif) -> IndisponibiliteFictive | None:
        """Un lieu sur douze est fermé : congés, demi-journée, absence sans date de fin, ou congés à venir."""
        if self._hasard.random() >= 1 / 12:
            return None
        fuseau = ZoneInfo(lieu.place.fuseau)

        def instant(dans_jours: int, heure: int = 0) -> datetime:
            return datetime.combine(self._jour + timedelta(days=dans_jours), time(heure), tzinfo=fuseau)

        bornes = self._hasard.choice(
            (
                (instant(-2), instant(12)),
                (instant(0, 12), instant(0, 20)),
                (instant(1), instant(2)),
                (instant(-5), None),
                (instant(20), instant(34)),
            )
        )
        return IndisponibiliteFictive(lieu.id, *bornes)

    def agenda_recu(self, effecteur: EffecteurFictif) -> AgendaRecuFictif:
        """Créneaux libres de quinze minutes sur trois jours, au premier lieu de l’effecteur."""
        hasard, lieu = self._hasard, effecteur.lieux[0]
        nombre = self._echelle.creneaux_par_interface + hasard.randint(-6, 6)
        quarts = sorted(hasard.sample(range(JOURS_D_EDITEUR * 44), nombre))  # de 8 h à 19 h
        lignes = []
        for quart in quarts:
            dans_jours, rang = divmod(quart, 44)
            debut = self._minuit(lieu.place.fuseau, dans_jours) + 480 + 15 * rang
            modalites = '"cabinet","teleconsultation"' if quart % 7 == 0 else '"cabinet"'
            lignes.append(
                f'{{"i":"{lieu.id}-{quart}","d":{debut},"f":{debut + 15},"m":[{modalites}],"v":[],'
                f'"l":"https://rdv.editeur.invalid/{lieu.id}/{quart}"}}'
            )
        document = f"[{','.join(lignes)}]"
        empreinte = blake2s(document.encode(), digest_size=16).hexdigest()
        return AgendaRecuFictif(effecteur.id, lieu.id, document, nombre, empreinte)

    def _minuit(self, fuseau: str, dans_jours: int) -> int:
        """Minuit à l’heure du lieu, en minutes depuis l’époque."""
        cle = (fuseau, dans_jours)
        if cle not in self._minuits:
            minuit = datetime.combine(
                self._jour + timedelta(days=dans_jours), time.min, tzinfo=ZoneInfo(fuseau)
            )
            self._minuits[cle] = int(minuit.astimezone(UTC).timestamp()) // 60
        return self._minuits[cle]

    def _plage(
        self,
        lieu: LieuFictif,
        jours: tuple[int, ...],
        debut: time,
        fin: time,
        capacite: int,
        modalites: list[str],
        rythme: int = 1,
        sauf: tuple[date, ...] = (),
    ) -> DisponibiliteFictive:
        return DisponibiliteFictive(
            lieu_id=lieu.id,
            genre=PLAGE,
            capacite=capacite,
            modalites=modalites,
            premier_jour=self._lundi - timedelta(weeks=4),
            heure_debut=debut,
            heure_fin=fin,
            jours=jours,
            toutes_les_n_semaines=rythme,
            sauf=sauf,
        )

    def _matinees(self, lieu: LieuFictif) -> Iterator[DisponibiliteFictive]:
        hasard = self._hasard
        yield self._plage(lieu, EN_SEMAINE, time(9), time(12), hasard.randint(2, 6), CABINET)
        if hasard.random() < 0.5:
            yield self._plage(lieu, (1, 3, 5), time(16), time(18, 30), hasard.randint(2, 4), CABINET_ET_TELE)

    def _creneaux(self, lieu: LieuFictif) -> Iterator[DisponibiliteFictive]:
        """Des créneaux hebdomadaires de vingt minutes, qui s’arrêtent dans trois mois."""
        hasard = self._hasard
        for heure in sorted(hasard.sample(DEMI_HEURES, hasard.randint(3, 6))):
            yield DisponibiliteFictive(
                lieu_id=lieu.id,
                genre=CRENEAU,
                capacite=1,
                modalites=hasard.choice((CABINET, CABINET, CABINET, CABINET_ET_TELE, TELECONSULTATION)),
                premier_jour=self._lundi,
                dernier_jour=self._lundi + timedelta(weeks=13),
                heure_debut=heure,
                heure_fin=time(heure.hour, heure.minute + 20),
                jours=tuple(sorted(hasard.sample(TOUS_LES_JOURS[:6], hasard.randint(2, 5)))),
            )

    def _ponctuels(self, lieu: LieuFictif) -> Iterator[DisponibiliteFictive]:
        hasard = self._hasard
        for heure in sorted(hasard.sample(DEMI_HEURES, hasard.randint(2, 5))):
            yield DisponibiliteFictive(
                lieu_id=lieu.id,
                genre=CRENEAU,
                capacite=1,
                modalites=CABINET,
                premier_jour=self._jour + timedelta(days=hasard.randint(0, 3)),
                heure_debut=heure,
                heure_fin=time(heure.hour, heure.minute + 15),
            )

    def _quinzaine(self, lieu: LieuFictif) -> Iterator[DisponibiliteFictive]:
        """Une semaine sur deux, sauf le lendemain pour la moitié d’entre eux."""
        sauf = (self._jour + timedelta(days=1),) if self._hasard.random() < 0.5 else ()
        yield self._plage(lieu, EN_SEMAINE, time(14), time(17), 4, CABINET, rythme=2, sauf=sauf)

    def _visites(self, lieu: LieuFictif) -> DisponibiliteFictive:
        return self._plage(lieu, (2, 4), time(13), time(15), 2, DOMICILE)
