"""Tenir une place le temps d’un appel (docs/adr/0024) : la prendre, la prolonger une fois, la rendre.

Une personne n’appelle qu’un cabinet à la fois : une nouvelle tenue rend la
précédente. La fin d’une tenue est une condition des instructions qui prennent
une place (`agenda.actions`) ; rien n’attend qu’une tâche passe pour être juste.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from agenda.actions import PlaceIndisponible, raison_du_refus
from agenda.lectures import occurrence_designee
from agenda.models import Tenue
from agenda.offre import ecrire, lire, rafraichir, verrouiller, verrouiller_ceux_de
from annuaire.models import Territoire
from comptes.models import Compte

DUREE = timedelta(minutes=3)
LOT = 500


class TenuePerdue(Exception):
    """La place n’est plus tenue (`finie`), ou l’a été deux fois trois minutes (`deja_prolongee`) ; à montrer tel quel."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class CleReprise(Exception):
    """Cette clé d’idempotence tient déjà une autre place."""


@transaction.atomic
def tenir(
    *,
    compte: Compte,
    creneau_id: str,
    territoire: Territoire | None,
    maintenant: datetime,
    cle: str = "",
) -> Tenue:
    """Tient une place de cette occurrence pendant `DUREE` ; rend la tenue en cours si elle y est déjà.

    Rend la place que la personne tenait ailleurs. `cle`, celle de l’appelant, vaut le temps de la tenue.
    Lève `PlaceIndisponible`, `CleReprise` si elle tient une autre place.
    """
    designee = occurrence_designee(creneau_id)
    if not designee:
        raise PlaceIndisponible("inconnue")
    # Deux onglets de la même personne se suivent : elle n’a qu’une tenue.
    Compte.objects.select_for_update(no_key=True).values("pk").get(pk=compte.pk)
    ancienne = Tenue.objects.de(compte).first()
    lieux = verrouiller_ceux_de([designee[0], *([ancienne.disponibilite_id] if ancienne else [])])
    lieu_id = lieux.get(designee[0])
    if lieu_id is None:
        raise PlaceIndisponible("inconnue")
    est_la_meme = ancienne is not None and (ancienne.disponibilite_id, ancienne.debut) == designee
    if ancienne and est_la_meme and ancienne.expire_le > maintenant:
        return ancienne
    if ancienne and cle and ancienne.cle == cle and ancienne.expire_le > maintenant:
        raise CleReprise("Cette clé d’idempotence tient déjà une autre place.")
    # La sienne d’abord, et celles qui sont finies ici ; un refus les laisse, il défait la transaction.
    finies = Tenue.objects.echues(maintenant).filter(disponibilite=designee[0], debut=designee[1])
    (Tenue.objects.de(compte) | finies).delete()
    lus = lire([lieu_id], maintenant)
    if lus.creneau_montre(lieu_id, creneau_id) is None:
        raise PlaceIndisponible(raison_du_refus(*designee, maintenant), lieu_id)
    tenue = _inserer(compte, territoire, *designee, maintenant, cle)
    if tenue is None:
        raise PlaceIndisponible("place_prise", lieu_id)
    lus.noter_place_prise(*designee)
    ecrire(lus.lignes(), [lieu_id])
    if quittes := set(lieux.values()) - {lieu_id}:
        rafraichir(quittes, maintenant)
    return tenue


@transaction.atomic
def prolonger(*, compte: Compte, maintenant: datetime, uuid: UUID | None = None) -> Tenue:
    """Trois minutes de plus, une seule fois. `uuid` : si c’est celle-là qu’elle tient. Lève `TenuePerdue`."""
    siennes = Tenue.objects.en_cours(maintenant).de(compte, uuid)
    prolongees = siennes.filter(prolongee_le=None).update(
        expire_le=F("expire_le") + DUREE, prolongee_le=maintenant
    )
    tenue = siennes.first()
    if tenue is None:
        raise TenuePerdue("Vous ne tenez plus de place : le temps est passé.", "finie")
    if not prolongees:
        raise TenuePerdue("Une place ne se prolonge qu’une fois.", "deja_prolongee")
    return tenue


@transaction.atomic
def rendre(*, compte: Compte, maintenant: datetime, uuid: UUID | None = None) -> bool:
    """Rend la place tenue (`uuid` : si c’est celle-là) ; faux s’il n’y en avait pas."""
    siennes = Tenue.objects.de(compte, uuid)
    lieu_id = siennes.values_list("disponibilite__lieu", flat=True).first()
    if lieu_id is None:
        return False
    verrouiller([lieu_id])
    rendues, _ = siennes.filter(disponibilite__lieu=lieu_id).delete()
    rafraichir([lieu_id], maintenant)
    return rendues > 0


@transaction.atomic
def liberer_echues(*, maintenant: datetime) -> int:
    """Efface les tenues finies et remontre leurs places ; rend leur nombre. Un lieu pris attend le passage suivant."""
    echues = Tenue.objects.echues(maintenant).order_by("disponibilite__lieu")
    lieu_ids = verrouiller(
        list(echues.values_list("disponibilite__lieu", flat=True).distinct()[:LOT]), sans_attendre=True
    )
    liberees, _ = Tenue.objects.echues(maintenant).filter(disponibilite__lieu__in=lieu_ids).delete()
    rafraichir(lieu_ids, maintenant)
    return liberees


def _inserer(
    compte: Compte,
    territoire: Territoire | None,
    disponibilite_id: int,
    debut: datetime,
    maintenant: datetime,
    cle: str,
) -> Tenue | None:
    """Une seule instruction choisit un rang ni pris ni tenu, et le tient ; rien s’il n’y en a plus."""
    tenues = Tenue.objects.raw(
        """
        INSERT INTO agenda_tenue (compte_id, territoire_id, disponibilite_id, debut, rang, prise_le, expire_le, cle)
        SELECT %(compte)s, %(territoire)s, d.id, %(debut)s, place.rang, %(maintenant)s, %(expire_le)s, %(cle)s
        FROM agenda_disponibilite d, generate_series(1, d.capacite) AS place (rang)
        WHERE d.id = %(disponibilite)s AND NOT EXISTS (
            SELECT FROM agenda_reservation r
            WHERE r.disponibilite_id = d.id AND r.debut = %(debut)s
            AND r.rang = place.rang AND r.annulee_le IS NULL
        ) AND NOT EXISTS (
            SELECT FROM agenda_tenue t
            WHERE t.disponibilite_id = d.id AND t.debut = %(debut)s AND t.rang = place.rang
        )
        ORDER BY place.rang LIMIT 1
        ON CONFLICT DO NOTHING RETURNING *
        """,
        {
            "compte": compte.pk,
            "territoire": territoire.pk if territoire else None,
            "disponibilite": disponibilite_id,
            "debut": debut,
            "maintenant": maintenant,
            "expire_le": maintenant + DUREE,
            "cle": cle,
        },
    )
    return next(iter(tenues), None)
