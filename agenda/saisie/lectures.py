"""Lire l’agenda saisi d’un lieu, jour par jour, et ce qu’une saisie y changerait."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import BooleanField, Count, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from agenda.domaine.edition import chevauchements
from agenda.domaine.feries import feries
from agenda.domaine.offre import rogner
from agenda.domaine.phrases import repetition
from agenda.domaine.recurrence import Regle, developper
from agenda.domaine.saisie import Saisie, regles, restes
from agenda.enums import Genre, ModaliteConsultation
from agenda.models import Disponibilite, GesteAgenda, Indisponibilite, PeriodeOccupee, Reservation
from agenda.saisie.journal import DELAI_RETOUR
from annuaire.models import LieuExercice
from participation.models import Participation
from sas_platform.socle.francais import enumerer, heure, jour_long
from sas_platform.socle.intervalles import Intervalle, recouvre_un

SEMAINES_VERIFIEES = timedelta(weeks=4)
INDISPONIBLE, OCCUPE = "Indisponible", "Occupé (calendrier externe)"


@dataclass(slots=True)
class Occurrence:
    """Une disponibilité un jour donné ; `debut` et `fin` à l’heure du lieu.

    `cause` : ce qui la cache ou la raccourcit.
    """

    disponibilite: Disponibilite
    jour: date
    debut: datetime
    fin: datetime
    prises: int = 0
    est_passee: bool = False
    est_fermee: bool = False
    est_rognee: bool = False
    cause: str = ""
    chevauche: bool = False
    repetition: str = ""

    @property
    def horaire(self) -> str:
        return f"de {heure(self.debut.time())} à {heure(self.fin.time())}"

    @property
    def places(self) -> str:
        capacite = self.disponibilite.capacite
        if self.disponibilite.genre == Genre.CRENEAU:
            return "créneau pour un patient"
        return f"plage pour {capacite}\u00a0patient{'s' if capacite > 1 else ''}"

    @property
    def modalites(self) -> list[str]:
        return [
            ModaliteConsultation(m).label for m in ModaliteConsultation if m in self.disponibilite.modalites
        ]


@dataclass(slots=True)
class Fermeture:
    """Ce qu’une indisponibilité, ou un calendrier externe, prend sur un jour ; heures du lieu."""

    debut: datetime
    fin: datetime
    nom: str

    @property
    def horaire(self) -> str:
        if self.debut.time() == time.min and self.fin.date() > self.debut.date():
            return "toute la journée"
        jusqu_a = "minuit" if self.fin.time() == time.min else heure(self.fin.time())
        return f"de {heure(self.debut.time())} à {jusqu_a}"


@dataclass(slots=True)
class Jour:
    jour: date
    ferie: str = ""
    est_passe: bool = False
    est_aujourd_hui: bool = False
    occurrences: list[Occurrence] = field(default_factory=list)
    fermetures: list[Fermeture] = field(default_factory=list)

    @property
    def nom(self) -> str:
        return jour_long(self.jour)


def lire_jours(lieu: LieuExercice, premier: date, nombre: int, *, maintenant: datetime) -> list[Jour]:
    """`nombre` jours de l’agenda à partir de `premier`, à l’heure du lieu ; trois requêtes."""
    fuseau = ZoneInfo(lieu.fuseau)
    dernier = premier + timedelta(days=nombre - 1)
    fenetre = _fenetre(premier, dernier, fuseau)
    noms = feries(lieu.commune.departement_id, premier, dernier)
    aujourd_hui = maintenant.astimezone(fuseau).date()
    jours = {
        jour: Jour(jour, noms.get(jour, ""), jour < aujourd_hui, jour == aujourd_hui)
        for jour in (premier + timedelta(days=n) for n in range(nombre))
    }
    fermetures, occupees = _fermetures(lieu, fenetre)
    _poser_les_fermetures(jours, INDISPONIBLE, fermetures, fuseau)
    _poser_les_fermetures(jours, OCCUPE, occupees, fuseau)
    disponibilites = list(_ouvertes([lieu], premier, dernier).order_by("heure_debut", "pk"))
    prises = _prises(disponibilites, fenetre)
    for disponibilite in disponibilites:
        regle = disponibilite.regle(lieu.fuseau)
        for occurrence in developper(regle, fenetre):
            debut, fin = occurrence.debut.astimezone(fuseau), occurrence.fin.astimezone(fuseau)
            visible = _visible(occurrence, disponibilite, [*fermetures, *occupees])
            sans_calendrier = _visible(occurrence, disponibilite, fermetures)
            if (jour := jours.get(debut.date())) is None:
                continue
            jour.occurrences.append(
                Occurrence(
                    disponibilite=disponibilite,
                    jour=debut.date(),
                    debut=debut,
                    fin=fin,
                    prises=prises.get((disponibilite.pk, occurrence.debut), 0),
                    est_passee=occurrence.debut <= maintenant,
                    est_fermee=visible is None,
                    est_rognee=visible not in (None, occurrence),
                    cause="indisponibilité" if visible == sans_calendrier else "calendrier externe",
                    repetition=repetition(regle),
                )
            )
    for jour in jours.values():
        _marquer_les_chevauchements(jour)
    return list(jours.values())


def lire_une_occurrence(
    lieu: LieuExercice, disponibilite_id: int, jour: date, *, maintenant: datetime
) -> Occurrence | None:
    lues = lire_jours(lieu, jour, 1, maintenant=maintenant)[0].occurrences
    return next((o for o in lues if o.disponibilite.pk == disponibilite_id), None)


def dernier_geste(lieu: LieuExercice, *, maintenant: datetime) -> GesteAgenda | None:
    """Le dernier changement de cet agenda, s’il peut encore être annulé ; `lieux` : combien en changent avec lui."""
    recents = GesteAgenda.objects.filter(lieu=lieu, annule_le=None, le__gt=maintenant - DELAI_RETOUR)
    ensemble = GesteAgenda.objects.filter(groupe=OuterRef("groupe")).order_by().values("groupe")
    nombre = ensemble.annotate(n=Count("lieu", distinct=True)).values("n")
    return (
        recents.annotate(lieux=Coalesce(Subquery(nombre), 1))
        .select_related("auteur")
        .order_by("-le", "-pk")
        .first()
    )


def agenda_saisi_ouvert(lieu: LieuExercice) -> bool:
    """A-06 : qui montre les créneaux de son logiciel, ou participe par SOS Médecins, ne saisit pas d’agenda."""
    if lieu.effecteur_id is None:
        return True
    participation = (
        Participation.objects.filter(effecteur=lieu.effecteur_id).select_related("structure").first()
    )
    # Le nombre de lieux rattachés à une CPTS ne change rien à l’ouverture de l’agenda.
    return participation is None or participation.declaration(lieux_rattaches=0).agenda_saisi_ouvert


def avertissements(
    lieu: LieuExercice,
    saisie: Saisie,
    *,
    maintenant: datetime,
    remplacee: int | None = None,
    ce_jour: date | None = None,
) -> list[str]:
    """Ce qu’il faut savoir avant d’enregistrer une saisie sans refus ; rien n’interdit de passer outre (A-15).

    `remplacee` : la disponibilité que la saisie remplace, en entier ou `ce_jour`
    seulement. Tout est cherché sur quatre semaines : au-delà, l’agenda montre
    chaque semaine ce qui gêne, et une série sans fin rencontrerait toujours un
    jour férié.
    """
    fuseau = ZoneInfo(lieu.fuseau)
    # Découpée en créneaux ou non, une saisie occupe les mêmes heures.
    posees = regles(replace(saisie, duree_creneau_min=None), fuseau)
    dernier = saisie.premier_jour + SEMAINES_VERIFIEES
    fenetre = _fenetre(saisie.premier_jour, dernier, fuseau)
    voisins = [lieu]
    if lieu.effecteur_id is not None:
        voisins += LieuExercice.objects.filter(effecteur=lieu.effecteur_id, est_actif=True).exclude(
            pk=lieu.pk
        )
    ici: list[Regle] = []
    ailleurs: list[Regle] = []
    for disponibilite in (
        _ouvertes(voisins, saisie.premier_jour, dernier).select_related("lieu").order_by("pk")
    ):
        regle = disponibilite.regle(disponibilite.lieu.fuseau)
        if disponibilite.pk == remplacee:
            if ce_jour is None:
                continue
            regle = replace(regle, sauf=regle.sauf | {ce_jour})
        (ici if disponibilite.lieu_id == lieu.pk else ailleurs).append(regle)
    occurrences = [o for regle in posees for o in developper(regle, fenetre)]
    fermes, occupees = _fermetures(lieu, fenetre)
    trouves = [
        _phrase("Recouvre une disponibilité déjà ouverte ici", _communs(posees, ici, fenetre), fuseau),
        _phrase("Le professionnel est déjà disponible ailleurs", _communs(posees, ailleurs, fenetre), fuseau),
        _phrase(
            "Touche une indisponibilité, où rien n’est montré",
            [o for o in occurrences if recouvre_un(o, fermes)],
            fuseau,
        ),
        _phrase(
            "Touche une période occupée d’un calendrier externe, où rien n’est montré",
            [o for o in occurrences if recouvre_un(o, occupees)],
            fuseau,
        ),
        _phrase_des_feries(lieu, posees, saisie.premier_jour),
        _phrase_des_restes(saisie),
    ]
    return [phrase for phrase in trouves if phrase]


def _phrase_des_restes(saisie: Saisie) -> str:
    fermes = [f"de {heure(debut)} à {heure(fin)}" for debut, fin in restes(saisie)]
    if not fermes:
        return ""
    return (
        f"Les créneaux de {saisie.duree_creneau_min}\u00a0minutes ne remplissent pas l’horaire\u00a0: rien n’est ouvert "
        f"{enumerer(fermes)}."
    )


def _communs(posees: Iterable[Regle], autres: list[Regle], fenetre: Intervalle) -> list[Intervalle]:
    return sorted(commun for regle in posees for commun in chevauchements(regle, autres, fenetre))


def _phrase(debut: str, cas: list[Intervalle], fuseau: ZoneInfo) -> str:
    if not cas:
        return ""
    premier = cas[0].debut.astimezone(fuseau), cas[0].fin.astimezone(fuseau)
    jours = {c.debut.astimezone(fuseau).date() for c in cas}
    phrase = f"{debut}\u00a0: {jour_long(premier[0].date())}, de {heure(premier[0].time())} à {heure(premier[1].time())}"
    if len(jours) > 1:
        phrase += f", et {len(jours) - 1}\u00a0autre{'s jours' if len(jours) > 2 else ' jour'} d’ici quatre semaines"
    return f"{phrase}."


def _phrase_des_feries(lieu: LieuExercice, posees: list[Regle], premier: date) -> str:
    noms = feries(lieu.commune.departement_id, premier, premier + SEMAINES_VERIFIEES)
    touches = [
        f"{jour_long(jour)} ({nom})" for jour, nom in noms.items() if any(r.prevoit(jour) for r in posees)
    ]
    return f"Jour férié\u00a0: {enumerer(touches)}." if touches else ""


def _fenetre(premier: date, dernier: date, fuseau: ZoneInfo) -> Intervalle:
    bornes = (premier, dernier + timedelta(days=1))
    debut, fin = (datetime.combine(jour, time.min, tzinfo=fuseau).astimezone(UTC) for jour in bornes)
    return Intervalle(debut, fin)


def _ouvertes(lieux: list[LieuExercice], premier: date, dernier: date) -> QuerySet[Disponibilite]:
    """Celles qui peuvent avoir une occurrence entre ces jours."""
    une_fois = Q(jours__len=0, premier_jour__gte=premier)
    repetees = Q(jours__len__gt=0) & (Q(dernier_jour=None) | Q(dernier_jour__gte=premier))
    return Disponibilite.objects.filter(une_fois | repetees, lieu__in=lieux, premier_jour__lte=dernier)


def _fermetures(lieu: LieuExercice, fenetre: Intervalle) -> tuple[list[Intervalle], list[Intervalle]]:
    """Indisponibilités, et périodes occupées d’un calendrier externe, en une requête."""
    bornes = ("debut", "fin", "est_externe")
    declarees = Indisponibilite.objects.filter(
        lieu=lieu, periode__overlap=DateTimeTZRange(fenetre.debut, fenetre.fin)
    ).annotate(
        debut=F("periode__startswith"),
        fin=F("periode__endswith"),
        est_externe=Value(False, BooleanField()),
    )
    occupees = PeriodeOccupee.objects.filter(
        lieu=lieu, fin__gt=fenetre.debut, debut__lt=fenetre.fin
    ).annotate(est_externe=Value(True, BooleanField()))
    toutes = declarees.values_list(*bornes).union(occupees.values_list(*bornes), all=True)
    trouvees: tuple[list[Intervalle], list[Intervalle]] = ([], [])
    for debut, fin, est_externe in toutes:
        trouvees[est_externe].append(Intervalle(debut, fin or fenetre.fin))
    return sorted(trouvees[False]), sorted(trouvees[True])


def _prises(disponibilites: list[Disponibilite], fenetre: Intervalle) -> dict[tuple[int, datetime], int]:
    tenues = Reservation.objects.filter(
        disponibilite__in=[d.pk for d in disponibilites],
        annulee_le=None,
        debut__gte=fenetre.debut,
        debut__lt=fenetre.fin,
    )
    lignes = tenues.values_list("disponibilite_id", "debut").annotate(n=Count("pk")).order_by()
    return {(disponibilite, debut): nombre for disponibilite, debut, nombre in lignes}


def _poser_les_fermetures(
    jours: dict[date, Jour], nom: str, fermetures: list[Intervalle], fuseau: ZoneInfo
) -> None:
    for jour in jours.values():
        bornes = _fenetre(jour.jour, jour.jour, fuseau)
        for fermeture in fermetures:
            debut, fin = max(bornes.debut, fermeture.debut), min(bornes.fin, fermeture.fin)
            if debut < fin:
                jour.fermetures.append(Fermeture(debut.astimezone(fuseau), fin.astimezone(fuseau), nom))


def _visible(
    occurrence: Intervalle, disponibilite: Disponibilite, fermetures: list[Intervalle]
) -> Intervalle | None:
    """Ce que la régulation en voit, par la règle même de l’offre : une plage perd ses bords, un créneau disparaît."""
    if disponibilite.genre == Genre.PLAGE:
        return rogner(occurrence, fermetures)
    return None if recouvre_un(occurrence, fermetures) else occurrence


def _marquer_les_chevauchements(jour: Jour) -> None:
    jour.occurrences.sort(key=lambda o: (o.debut, o.fin, o.disponibilite.pk))
    precedente: Occurrence | None = None
    for occurrence in jour.occurrences:
        if precedente is not None and occurrence.debut < precedente.fin:
            occurrence.chevauche = precedente.chevauche = True
        if precedente is None or occurrence.fin > precedente.fin:
            precedente = occurrence
