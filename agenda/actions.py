"""Tenir et libérer une place de l’agenda saisi ; cacher ce qu’un rendez-vous pris chez un éditeur recouvre."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Q

from agenda.domaine.offre import CreneauCarte, en_instant
from agenda.lectures import occurrence_designee
from agenda.models import AgendaEditeur, Disponibilite, Reservation, Tenue
from agenda.offre import ecrire, lire, rafraichir, verrouiller, verrouiller_ceux_de
from annuaire.models import LieuExercice
from comptes.models import Compte

CACHE_MAX = timedelta(days=1)


class PlaceIndisponible(Exception):
    """Refus de donner une place. `code` : `place_prise`, `place_tenue`, `perimee` ou `inconnue`."""

    MESSAGES = {
        "place_prise": "Cette place vient d’être prise. Veuillez sélectionner un autre créneau.",
        "place_tenue": "Cette place est tenue par un autre régulateur, en cours d’appel. "
        "Veuillez sélectionner un autre créneau.",
        "perimee": "Ce créneau n’est plus proposé. Veuillez sélectionner un autre créneau.",
        "inconnue": "Ce créneau n’existe pas.",
    }

    def __init__(self, code: str, lieu_id: int | None = None) -> None:
        super().__init__(self.MESSAGES[code])
        self.code = code
        self.lieu_id = lieu_id


@dataclass(frozen=True, slots=True)
class PlaceTenue:
    """Bornes dans le fuseau du lieu ; `prises` compte la place qui vient d’être tenue."""

    reservation: Reservation
    lieu: LieuExercice
    debut: datetime
    fin: datetime
    est_plage: bool
    capacite: int
    prises: int
    modalites: tuple[str, ...]


def prendre_place(*, creneau_id: str, maintenant: datetime, compte: Compte | None = None) -> PlaceTenue:
    """Prend une place, dans la transaction de l’appelant, et met la projection à jour.

    Le lieu est verrouillé : ce qui est pris est vérifié sur les sources, non
    sur la copie que l’écran montrait. La base garde le dernier mot
    (`reservation_une_place_une_fois`). Une place que `compte` tient est la
    sienne ; celles que d’autres tiennent en ce moment ne se prennent pas.
    Lève `PlaceIndisponible`.
    """
    designee = occurrence_designee(creneau_id)
    lieu_id = designee and verrouiller_ceux_de([designee[0]]).get(designee[0])
    if not designee or not lieu_id:
        raise PlaceIndisponible("inconnue")
    rang_tenu = _rendre_la_sienne(compte, *designee) if compte else None
    lus = lire([lieu_id], maintenant)
    creneau = lus.creneau_montre(lieu_id, creneau_id)
    if creneau is None:
        raise PlaceIndisponible(raison_du_refus(*designee, maintenant), lieu_id)
    reservation = _inserer(*designee, creneau, maintenant, rang_tenu)
    if reservation is None:
        raise PlaceIndisponible("place_prise", lieu_id)
    lus.noter_place_prise(*designee)
    ecrire(lus.lignes(), [lieu_id])
    (lieu,) = lus.lieux
    fuseau = ZoneInfo(lieu.fuseau)
    return PlaceTenue(
        reservation=reservation,
        lieu=lieu,
        debut=en_instant(creneau.debut).astimezone(fuseau),
        fin=en_instant(creneau.fin).astimezone(fuseau),
        est_plage=creneau.est_plage,
        capacite=creneau.capacite,
        prises=creneau.prises + 1,
        modalites=creneau.modalites,
    )


@transaction.atomic
def liberer_place(*, reservation: Reservation, maintenant: datetime) -> bool:
    """Rend la place et met la projection à jour ; faux si elle était déjà rendue."""
    lieu_id = reservation.disponibilite.lieu_id
    verrouiller([lieu_id])
    liberees = Reservation.objects.filter(pk=reservation.pk, annulee_le=None).update(annulee_le=maintenant)
    rafraichir([lieu_id], maintenant)
    return liberees == 1


@transaction.atomic
def masquer_apres_rendez_vous(
    *,
    debut: datetime,
    fin: datetime,
    maintenant: datetime,
    lieu_id: int | None = None,
    effecteur_id: int | None = None,
    structure_id: int | None = None,
) -> int:
    """Cache les créneaux d’éditeur qui chevauchent ce rendez-vous ; rend le nombre de lieux dont la carte change.

    Au lieu donné ; sinon à tous ceux de l’effecteur, ou à tous les points fixes de l’association,
    où un éditeur montre des créneaux : le rendez-vous ne dit pas lequel. Chacun revient à la
    première lecture de son lot demandée après `maintenant`, s’il est encore libre. Rejouable.
    Un rendez-vous démesuré ne cache que sa première journée.
    """
    fin = min(fin, debut + CACHE_MAX)
    if fin <= debut or fin <= maintenant:
        return 0
    if lieu_id is not None:
        ou = Q(lieu=lieu_id)
    elif effecteur_id is not None:
        ou = Q(lieu__effecteur=effecteur_id)
    else:
        ou = Q(lieu__structure=structure_id, lieu__effecteur=None)
    lieu_ids = verrouiller(
        list(AgendaEditeur.objects.filter(ou).values_list("lieu_id", flat=True).distinct())
    )
    with connection.cursor() as curseur:
        curseur.execute(
            """
            INSERT INTO agenda_periodeprise AS p (lieu_id, debut, fin, prise_le)
            SELECT id, %s, %s, %s FROM unnest(%s::bigint[]) AS id ORDER BY id
            ON CONFLICT (lieu_id, debut, fin) DO UPDATE SET prise_le = excluded.prise_le
            WHERE p.prise_le < excluded.prise_le
            """,
            [debut, fin, maintenant, lieu_ids],
        )
    return rafraichir(lieu_ids, maintenant)


def _rendre_la_sienne(compte: Compte, disponibilite_id: int, debut: datetime) -> int | None:
    """Rend la place que cette personne tient, ou tenait à l’instant, sur cette occurrence ; son rang.

    Un refus la lui laisse : il défait la transaction.
    """
    rendues = Tenue.objects.raw(
        "DELETE FROM agenda_tenue WHERE compte_id = %s AND disponibilite_id = %s AND debut = %s RETURNING *",
        [compte.pk, disponibilite_id, debut],
    )
    return next((tenue.rang for tenue in rendues), None)


def raison_du_refus(disponibilite_id: int, debut: datetime, maintenant: datetime) -> str:
    """Pourquoi cette occurrence n’est plus proposée : tout y est pris, ou tenu ; sinon elle a changé."""
    ici = {"disponibilite": disponibilite_id, "debut": debut}
    capacite = Disponibilite.objects.filter(pk=disponibilite_id).values_list("capacite", flat=True).first()
    prises = Reservation.objects.filter(**ici, annulee_le=None).count()
    if capacite is None or prises >= capacite:
        return "perimee" if capacite is None else "place_prise"
    tenues = Tenue.objects.en_cours(maintenant).filter(**ici).count()
    return "place_tenue" if tenues and prises + tenues >= capacite else "perimee"


def _inserer(
    disponibilite_id: int,
    debut: datetime,
    creneau: CreneauCarte,
    maintenant: datetime,
    rang_tenu: int | None,
) -> Reservation | None:
    """Une seule instruction choisit un rang libre et le prend, celui que l’on tenait d’abord.

    Rien si un autre l’a devancée. Une place que quelqu’un d’autre tient encore n’est pas libre ;
    qu’une tenue soit finie se lit ici, et n’attend aucune tâche.
    """
    prises = Reservation.objects.raw(
        """
        INSERT INTO agenda_reservation (disponibilite_id, debut, fin, rang, prise_le)
        SELECT d.id, %(debut)s, %(fin)s, place.rang, %(maintenant)s
        FROM agenda_disponibilite d, generate_series(1, d.capacite) AS place (rang)
        WHERE d.id = %(disponibilite)s AND NOT EXISTS (
            SELECT FROM agenda_reservation r
            WHERE r.disponibilite_id = d.id AND r.debut = %(debut)s
            AND r.rang = place.rang AND r.annulee_le IS NULL
        ) AND NOT EXISTS (
            SELECT FROM agenda_tenue t
            WHERE t.disponibilite_id = d.id AND t.debut = %(debut)s AND t.rang = place.rang
            AND t.expire_le > %(maintenant)s
        )
        ORDER BY place.rang = %(rang_tenu)s DESC, place.rang LIMIT 1
        ON CONFLICT DO NOTHING RETURNING *
        """,
        {
            "disponibilite": disponibilite_id,
            "debut": debut,
            "fin": en_instant(creneau.fin),
            "maintenant": maintenant,
            "rang_tenu": rang_tenu or 0,
        },
    )
    return next(iter(prises), None)
