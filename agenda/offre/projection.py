"""Écrire la projection : ce qui change, et rien d’autre."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from agenda.domaine.offre import en_minutes
from agenda.enums import ModaliteConsultation
from agenda.models import CarteLieu, OffreLieu, OffrePerimee
from agenda.offre.calcul import Ligne, calculer
from annuaire.models import LieuExercice
from sas_platform.socle.iterables import par_lots

LOT = 1000
MASQUES = {modalite: 1 << rang for rang, modalite in enumerate(ModaliteConsultation.values)}


@transaction.atomic
def rafraichir(lieu_ids: Collection[int], maintenant: datetime) -> int:
    """Recalcule la projection de ces lieux ; rend le nombre de cartes qui ont changé.

    À appeler dans la transaction qui a changé une source. Les lieux sont
    d’abord verrouillés, dans l’ordre : deux écritures concurrentes du même
    lieu se suivent, et la seconde voit la première.
    """
    changees = 0
    for lot in par_lots(sorted(lieu_ids), LOT):
        lieux = LieuExercice.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
        list(lieux.filter(pk__in=lot).values_list("pk", flat=True))
        OffrePerimee.objects.filter(pk__in=lot).delete()
        changees += _ecrire(calculer(lot, maintenant), lot)
    return changees


def balayer(maintenant: datetime) -> int:
    """Avance le premier créneau des offres dont le premier est passé ; rend leur nombre."""
    minute = en_minutes(maintenant)
    with connection.cursor() as curseur:
        curseur.execute(
            """
            UPDATE agenda_offrelieu o SET premier_debut = p.debut, premier_fin = p.fin
            FROM agenda_cartelieu c, LATERAL (
                SELECT t.debut, t.fin FROM unnest(c.debuts, c.fins) AS t (debut, fin)
                WHERE t.fin > %(minute)s ORDER BY t.debut, t.fin LIMIT 1
            ) p
            WHERE c.lieu_id = o.lieu_id AND o.premier_fin <= %(minute)s
            """,
            {"minute": minute},
        )
        avancees = curseur.rowcount
        curseur.execute(
            "UPDATE agenda_offrelieu SET premier_debut = NULL, premier_fin = NULL WHERE premier_fin <= %s",
            [minute],
        )
        return int(avancees + curseur.rowcount)


@transaction.atomic
def rafraichir_perimees(maintenant: datetime, limite: int = LOT) -> int:
    """Recalcule jusqu’à `limite` lieux marqués dans `OffrePerimee` ; rend leur nombre.

    Plusieurs processus peuvent la jouer à la fois : chacun prend d’autres lieux.
    Un lieu qu’une orientation tient est laissé au tour suivant : l’attendre avec
    sa marque, que l’orientation va effacer, ferait un interblocage.
    """
    perimees = OffrePerimee.objects.select_for_update(skip_locked=True).order_by("pk")
    marques = list(perimees.values_list("pk", flat=True)[:limite])
    lieux = LieuExercice.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    lieu_ids = list(lieux.filter(pk__in=marques).order_by("pk").values_list("pk", flat=True))
    rafraichir(lieu_ids, maintenant)
    return len(lieu_ids)


# Lieux dont l’offre change avec le temps : une source de créneaux, ou une carte qui en montre.
_LIEUX_VIVANTS = """
    SELECT lieu_id FROM agenda_disponibilite
    UNION SELECT lieu_id FROM agenda_agendaediteur
    UNION SELECT lieu_id FROM agenda_cartelieu WHERE cardinality(debuts) > 0
"""


def lieux_vivants() -> list[int]:
    with connection.cursor() as curseur:
        curseur.execute(_LIEUX_VIVANTS)
        return [lieu_id for (lieu_id,) in curseur.fetchall()]


def marquer_vivants() -> int:
    """Marque à recalculer tous les lieux vivants ; rend le nombre de ceux qui ne l’étaient pas déjà."""
    with connection.cursor() as curseur:
        curseur.execute(f"INSERT INTO agenda_offreperimee (lieu_id) {_LIEUX_VIVANTS} ON CONFLICT DO NOTHING")
        return int(curseur.rowcount)


_RETIRER = """
    WITH gardes AS (SELECT unnest(%(lieux)s::bigint[]) AS lieu_id, unnest(%(specialites)s::smallint[]) AS specialite_id),
    offres AS (
        DELETE FROM agenda_offrelieu o WHERE o.lieu_id = ANY(%(lot)s::bigint[]) AND NOT EXISTS (
            SELECT FROM gardes g WHERE g.lieu_id = o.lieu_id AND g.specialite_id = o.specialite_id)
        RETURNING o.lieu_id
    ),
    cartes AS (
        DELETE FROM agenda_cartelieu c WHERE c.lieu_id = ANY(%(lot)s::bigint[])
        AND NOT EXISTS (SELECT FROM gardes g WHERE g.lieu_id = c.lieu_id)
        RETURNING c.lieu_id
    )
    SELECT (SELECT count(*) FROM cartes)
"""
_ECRIRE_CARTE = """
    INSERT INTO agenda_cartelieu (lieu_id, document, debuts, fins, masques, fraicheurs, lots, empreinte)
    VALUES (%s, %s, %s::int[], %s::int[], %s::smallint[], %s::int[], %s::int[], %s)
    ON CONFLICT (lieu_id) DO UPDATE SET document = excluded.document, debuts = excluded.debuts,
        fins = excluded.fins, masques = excluded.masques, fraicheurs = excluded.fraicheurs,
        lots = excluded.lots, empreinte = excluded.empreinte
"""
_ECRIRE_OFFRE = """
    INSERT INTO agenda_offrelieu
        (lieu_id, specialite_id, position, fuseau, participe, en_sus, premier_debut, premier_fin)
    VALUES (%s, %s, point(%s, %s), %s, %s, %s, %s, %s)
    ON CONFLICT (lieu_id, specialite_id) DO UPDATE SET position = excluded.position, fuseau = excluded.fuseau,
        participe = excluded.participe, en_sus = excluded.en_sus,
        premier_debut = excluded.premier_debut, premier_fin = excluded.premier_fin
    WHERE (agenda_offrelieu.fuseau, agenda_offrelieu.participe, agenda_offrelieu.en_sus,
           agenda_offrelieu.premier_debut, agenda_offrelieu.premier_fin)
        IS DISTINCT FROM (excluded.fuseau, excluded.participe, excluded.en_sus,
           excluded.premier_debut, excluded.premier_fin)
        OR agenda_offrelieu.position <> excluded.position
"""


def _ecrire(lignes: list[Ligne], lot: list[int]) -> int:
    connues = dict(CarteLieu.objects.filter(lieu__in=lot).values_list("lieu_id", "empreinte"))
    changees = [ligne for ligne in lignes if connues.get(ligne.lieu_id) != ligne.empreinte]
    with connection.cursor() as curseur:
        retirees = 0
        if connues or OffreLieu.objects.filter(lieu__in=lot).exists():
            curseur.execute(
                _RETIRER,
                {
                    "lot": lot,
                    "lieux": [ligne.lieu_id for ligne in lignes for _ in ligne.specialite_ids],
                    "specialites": [pk for ligne in lignes for pk in ligne.specialite_ids],
                },
            )
            (retirees,) = curseur.fetchone() or (0,)
        if changees:
            curseur.executemany(_ECRIRE_CARTE, [_valeurs_carte(ligne) for ligne in changees])
            offres = [valeurs for ligne in changees for valeurs in _valeurs_offres(ligne)]
            curseur.executemany(_ECRIRE_OFFRE, offres)
    return len(changees) + retirees


def _valeurs_carte(ligne: Ligne) -> tuple[Any, ...]:
    return (
        ligne.lieu_id,
        ligne.document,
        [creneau.debut for creneau in ligne.creneaux],
        [creneau.expire for creneau in ligne.creneaux],
        [sum(MASQUES[modalite] for modalite in creneau.modalites) for creneau in ligne.creneaux],
        [-creneau.lot if creneau.lot else creneau.maj for creneau in ligne.creneaux],
        sorted({creneau.lot for creneau in ligne.creneaux if creneau.lot}),
        ligne.empreinte,
    )


def _valeurs_offres(ligne: Ligne) -> Iterator[tuple[Any, ...]]:
    premier = ligne.creneaux[0] if ligne.creneaux else None
    for specialite_id in ligne.specialite_ids:
        yield (
            ligne.lieu_id,
            specialite_id,
            ligne.lon,
            ligne.lat,
            ligne.fuseau,
            ligne.affichage.participe,
            ligne.affichage.en_sus,
            premier and premier.debut,
            premier and premier.expire,
        )
