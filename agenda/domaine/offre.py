"""Ce qui est proposable en un lieu : agenda saisi et créneaux d’éditeurs, réunis et triés."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from hashlib import blake2s
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec import field as champ

from agenda.domaine.recurrence import Regle, developper
from sas_platform.socle.intervalles import Intervalle, recouvre_un, unir

JOURS_MONTRES = 3  # aujourd’hui, demain, après-demain (S-40)
JOURS_CALCULES = 4  # un de plus, pour que minuit ne vide pas la dernière colonne
DUREE_MAX_FENETRE = timedelta(hours=72)  # fhir.md § 3.2


class CreneauCarte(Struct, frozen=True, gc=False):
    """Un créneau proposable. Instants en minutes depuis l’époque.

    `expire` : minute à partir de laquelle il n’est plus proposable, le début
    pour un créneau, la fin pour une plage. `lot` (éditeur) et `maj` (agenda
    saisi, en minutes) disent sa fraîcheur ; `lien` est celui de l’agenda chez l’éditeur,
    `cpts` nomme celles auxquelles il est ouvert.
    """

    id: str
    debut: int
    fin: int
    expire: int
    modalites: tuple[str, ...]
    capacite: int = 1
    prises: int = 0
    maj: int = 0
    editeur: str = ""
    lot: int = 0
    lien: str = ""
    cpts: tuple[str, ...] = ()

    @property
    def est_plage(self) -> bool:
        return self.expire > self.debut


@dataclass(frozen=True, slots=True)
class Ouverture:
    """Une disponibilité saisie, prête à être développée."""

    id: int
    regle: Regle
    est_plage: bool
    capacite: int
    modalites: tuple[str, ...]
    maj: int


class CreneauRecu(Struct, frozen=True, gc=False, omit_defaults=True):
    """Créneau lu chez un éditeur ; forme d’un élément d’`AgendaEditeur.creneaux` dans le code. `cpts` : FINESS."""

    id: str = champ(name="i")
    debut: int = champ(name="d")
    fin: int = champ(name="f")
    modalites: tuple[str, ...] = champ(name="m")
    visibilites: tuple[str, ...] = champ(name="v")
    lien: str = champ(name="l")
    cpts: tuple[str, ...] = champ(name="c", default=())


@dataclass(frozen=True, slots=True)
class AgendaRecu:
    """Les créneaux lus chez un éditeur pour ce lieu.

    `noms_cpts` : par FINESS. `liens` : adresse de réservation, origine comprise, de chaque lien lu ; un lien
    refusé n’y est pas. `prises` : minutes de début et de fin des rendez-vous pris depuis la dernière
    lecture ; ce qui les chevauche n’est plus libre. `grise_s`, `perime_s` : âges limites.
    """

    id: int
    editeur: str
    lot: int
    creneaux: Sequence[CreneauRecu]
    telephone: str = ""
    liens: Mapping[str, str] = field(default_factory=dict)
    noms_cpts: Mapping[str, str] = field(default_factory=dict)
    prises: Sequence[tuple[int, int]] = ()
    grise_s: int = 0
    perime_s: int = 0

    def cache(self, debut: int, fin: int) -> bool:
        """Vrai si un rendez-vous vient de prendre une part de ces minutes."""
        return any(debut < prise_fin and prise_debut < fin for prise_debut, prise_fin in self.prises)


def en_minutes(instant: datetime) -> int:
    return int(instant.timestamp()) // 60


def en_instant(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, tz=UTC)


def fin_de_fenetre(maintenant: datetime, fuseau: ZoneInfo) -> datetime:
    """Fin, exclue, de ce que l’on montre : minuit après J+2 à l’heure du lieu, 72 h au plus (fhir.md § 3.2)."""
    return min(maintenant + DUREE_MAX_FENETRE, _minuit(maintenant, fuseau, JOURS_MONTRES))


def absence(fermetures: Iterable[Intervalle], fuseau: ZoneInfo, maintenant: datetime) -> Intervalle | None:
    """Instants où une fermeture, en cours ou prochaine, couvre tout ce que l’on montre ; rien s’il n’y en a pas.

    Le lieu ne se cherche plus alors (metier.md S-33, A-35 ; guide de l’effecteur, § 2.1) : de son début à
    l’avant-veille du retour, à minuit. Deux fermetures qui se suivent n’en font qu’une.
    """
    for fermeture in unir(fermetures):
        reparait = _minuit(fermeture.fin, fuseau, 1 - JOURS_MONTRES)
        if max(fermeture.debut, maintenant) < reparait:
            return Intervalle(fermeture.debut, reparait)
    return None


def identifiant_sas(disponibilite_id: int, debut: int) -> str:
    return f"d{disponibilite_id}-{debut}"


def identifiant_editeur(agenda_id: int, creneau: str) -> str:
    """Stable d’une interrogation à l’autre, et court quel que soit l’identifiant de l’éditeur."""
    resume = blake2s(creneau.encode(), digest_size=6).hexdigest()
    return f"e{agenda_id}-{resume}"


def composer(
    *,
    ouvertures: Iterable[Ouverture],
    fermetures: Sequence[Intervalle],
    prises: Mapping[tuple[int, int], int],
    agendas: Iterable[AgendaRecu],
    fuseau: ZoneInfo,
    maintenant: datetime,
) -> list[CreneauCarte]:
    """Créneaux où il reste de la place, triés par début, jusqu’à la fin de J+3 à l’heure du lieu.

    `prises` : places tenues par (disponibilité, minute de début). Une
    indisponibilité retire les créneaux qu’elle touche et rogne les bords des
    plages (A-35, créneau par créneau : W-33). Un créneau commencé n’est plus
    proposé ; une plage l’est jusqu’à sa fin.
    """
    horizon = Intervalle(maintenant, _minuit(maintenant, fuseau, JOURS_CALCULES))
    resultat = [
        creneau
        for ouverture in ouvertures
        for creneau in _creneaux_saisis(ouverture, horizon, fermetures, prises)
    ]
    for agenda in agendas:
        resultat += _creneaux_recus(agenda, horizon, fermetures)
    resultat.sort(key=lambda creneau: (creneau.debut, creneau.fin, creneau.id))
    return resultat


def _creneaux_saisis(
    ouverture: Ouverture,
    horizon: Intervalle,
    fermetures: Sequence[Intervalle],
    prises: Mapping[tuple[int, int], int],
) -> Iterable[CreneauCarte]:
    for occurrence in developper(ouverture.regle, horizon):
        visible = rogner(occurrence, fermetures) if ouverture.est_plage else occurrence
        if visible is None or (not ouverture.est_plage and recouvre_un(occurrence, fermetures)):
            continue
        cle = en_minutes(occurrence.debut)
        deja = prises.get((ouverture.id, cle), 0)
        expire = en_minutes(visible.fin if ouverture.est_plage else visible.debut)
        if deja >= ouverture.capacite or expire <= en_minutes(horizon.debut):
            continue
        yield CreneauCarte(
            id=identifiant_sas(ouverture.id, cle),
            debut=en_minutes(visible.debut),
            fin=en_minutes(visible.fin),
            expire=expire,
            modalites=ouverture.modalites,
            capacite=ouverture.capacite,
            prises=deja,
            maj=ouverture.maj,
        )


def _creneaux_recus(
    agenda: AgendaRecu, horizon: Intervalle, fermetures: Sequence[Intervalle]
) -> Iterable[CreneauCarte]:
    premiere, derniere = en_minutes(horizon.debut), en_minutes(horizon.fin)
    for creneau in agenda.creneaux:
        debut, fin = creneau.debut, creneau.fin
        if not premiere < debut < derniere:
            continue
        if agenda.prises and agenda.cache(debut, fin):
            continue
        if fermetures and recouvre_un(Intervalle(en_instant(debut), en_instant(fin)), fermetures):
            continue
        yield CreneauCarte(
            id=identifiant_editeur(agenda.id, creneau.id),
            debut=debut,
            fin=fin,
            expire=debut,
            modalites=creneau.modalites,
            editeur=agenda.editeur,
            lot=agenda.lot,
            lien=agenda.liens.get(creneau.lien, ""),
            cpts=tuple([agenda.noms_cpts.get(finess, finess) for finess in creneau.cpts]),
        )


def telephone_de(agendas: Iterable[AgendaRecu], creneaux: Iterable[CreneauCarte]) -> str:
    """Numéro donné par un éditeur dont un créneau est proposé ici ; vide sinon (metier.md § 1.12, W-19)."""
    proposes = {creneau.lot for creneau in creneaux if creneau.lot}
    return next((agenda.telephone for agenda in agendas if agenda.telephone and agenda.lot in proposes), "")


def rogner(occurrence: Intervalle, fermetures: Sequence[Intervalle]) -> Intervalle | None:
    """Ce qui reste d’une plage quand les fermetures en ôtent les bords ; rien si elles la couvrent."""
    debut, fin = occurrence.debut, occurrence.fin
    for fermeture in sorted(fermetures):
        if fermeture.debut <= debut < fermeture.fin:
            debut = fermeture.fin
    for fermeture in sorted(fermetures, reverse=True):
        if fermeture.debut < fin <= fermeture.fin:
            fin = fermeture.debut
    return Intervalle(debut, fin) if debut < fin else None


def _minuit(maintenant: datetime, fuseau: ZoneInfo, dans_jours: int) -> datetime:
    """Minuit, à l’heure murale du fuseau, `dans_jours` jours après le jour en cours ; en UTC."""
    jour = maintenant.astimezone(fuseau).date() + timedelta(days=dans_jours)
    return datetime.combine(jour, time.min, tzinfo=fuseau).astimezone(UTC)
