"""Écrire la projection : ce qui change, et rien d’autre."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from django.db import connection, transaction

from agenda.domaine.offre import en_minutes
from agenda.enums import ModaliteConsultation
from agenda.models import OffreLieu, OffrePerimee
from agenda.offre.calcul import Ligne, lire
from agenda.offre.signal import signaler
from annuaire.enums import Accueil, Langue
from sas_platform.socle.iterables import par_lots

LOT = 1000
MASQUES = {modalite: 1 << rang for rang, modalite in enumerate(ModaliteConsultation.values)}
MASQUES_ACCUEIL = {code: 1 << rang for rang, code in enumerate([*Accueil.values, *Langue.values])}


@transaction.atomic
def rafraichir(lieu_ids: Collection[int], maintenant: datetime) -> int:
    """Recalcule la projection de ces lieux ; rend le nombre de cartes qui ont changé.

    À appeler dans la transaction qui a changé une source. Les lieux sont
    d’abord verrouillés, dans l’ordre : deux écritures concurrentes du même
    lieu se suivent, et la seconde voit la première.
    """
    changees = 0
    for lot in par_lots(sorted(lieu_ids), LOT):
        verrouiller(lot)
        _jouer("DELETE FROM agenda_offreperimee WHERE lieu_id = ANY(%s)", lot)
        changees += ecrire(lire(lot, maintenant).lignes(), lot)
    return changees


_VERROUILLER = "SELECT id FROM annuaire_lieuexercice WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
_VERROUILLER_CEUX_DE = """
    SELECT d.id, l.id FROM annuaire_lieuexercice l JOIN agenda_disponibilite d ON d.lieu_id = l.id
    WHERE d.id = ANY(%s) ORDER BY l.id FOR NO KEY UPDATE OF l
"""


# Tout se lit par clé : un plan vaut pour tous les lieux. PostgreSQL, qui suppose dix lieux quand il n’y en a qu’un,
# le referait à chaque fois, et cela coûte cinq fois la lecture (docs/adr/0028).
_UN_SEUL_PLAN = "SELECT set_config('plan_cache_mode', 'force_generic_plan', true)"


def verrouiller(lieu_ids: Collection[int], *, sans_attendre: bool = False) -> list[int]:
    """Verrouille ces lieux dans l’ordre, jusqu’à la fin de la transaction ; rend ceux qui l’ont été.

    `sans_attendre` : ceux que tient une autre transaction sont laissés.
    """
    _jouer(_UN_SEUL_PLAN)
    instruction = f"{_VERROUILLER} SKIP LOCKED" if sans_attendre else _VERROUILLER
    return [lieu_id for (lieu_id,) in _jouer(instruction, list(lieu_ids))]


def verrouiller_ceux_de(disponibilite_ids: Collection[int]) -> dict[int, int]:
    """Verrouille de même les lieux de ces disponibilités ; rend le lieu de chacune qui existe encore."""
    _jouer(_UN_SEUL_PLAN)
    return dict(_jouer(_VERROUILLER_CEUX_DE, list(disponibilite_ids)))


def balayer(maintenant: datetime) -> int:
    """Avance le premier créneau des offres dont le premier est passé ; rend leur nombre.

    Un lieu qu’une autre transaction tient est laissé : elle va recalculer son
    offre, et la recherche relit dans la carte un premier créneau dépassé.
    """
    minute = en_minutes(maintenant)
    depassees = OffreLieu.objects.filter(premier_fin__lte=minute).values_list("lieu_id", flat=True)
    return sum(_avancer(lot, minute) for lot in par_lots(sorted(set(depassees)), LOT))


@transaction.atomic
def _avancer(lieu_ids: Collection[int], minute: int) -> int:
    # Deux instructions : la seconde lit les cartes telles qu’elles sont une fois les lieux tenus.
    tenus = verrouiller(lieu_ids, sans_attendre=True)
    with connection.cursor() as curseur:
        curseur.execute(
            """
            UPDATE agenda_offrelieu o SET premier_debut = p.debut, premier_fin = p.fin
            FROM agenda_cartelieu c LEFT JOIN LATERAL (
                SELECT t.debut, t.fin FROM unnest(c.debuts, c.fins) AS t (debut, fin)
                WHERE t.fin > %(minute)s ORDER BY t.debut, t.fin LIMIT 1
            ) p ON true
            WHERE c.lieu_id = o.lieu_id AND o.lieu_id = ANY(%(lieux)s) AND o.premier_fin <= %(minute)s
            """,
            {"minute": minute, "lieux": tenus},
        )
        return int(curseur.rowcount)


@transaction.atomic
def rafraichir_perimees(maintenant: datetime, limite: int = LOT) -> int:
    """Recalcule jusqu’à `limite` lieux marqués dans `OffrePerimee` ; rend leur nombre.

    Plusieurs processus peuvent la jouer à la fois : chacun prend d’autres lieux.
    Un lieu qu’une orientation tient est laissé au tour suivant : l’attendre avec
    sa marque, que l’orientation va effacer, ferait un interblocage.
    """
    perimees = OffrePerimee.objects.select_for_update(skip_locked=True).order_by("pk")
    lieu_ids = verrouiller(list(perimees.values_list("pk", flat=True)[:limite]), sans_attendre=True)
    rafraichir(lieu_ids, maintenant)
    return len(lieu_ids)


# Lieux dont l’offre change avec le temps : une source de créneaux, une fermeture, ou une carte qui en montre.
_LIEUX_VIVANTS = """
    SELECT lieu_id FROM agenda_disponibilite
    UNION SELECT lieu_id FROM agenda_agendaediteur
    UNION SELECT lieu_id FROM agenda_indisponibilite
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


# Celles que ces lieux n’ont plus.
_RETIRER_OFFRES = """
    DELETE FROM agenda_offrelieu o WHERE o.lieu_id = ANY(%s) AND NOT EXISTS (
        SELECT FROM unnest(%s::bigint[], %s::int[]) AS n (lieu_id, specialite_id)
        WHERE n.lieu_id = o.lieu_id AND n.specialite_id = o.specialite_id)
"""
# Les documents à part : échappés dans le JSON des autres colonnes, ils coûteraient plus à lire qu’à écrire.
_ECRIRE_CARTES = """
    INSERT INTO agenda_cartelieu
        (lieu_id, debuts, fins, masques, fraicheurs, lots, grises, peremptions, empreinte, document)
    SELECT * FROM ROWS FROM (
        json_to_recordset(%s::json) AS (lieu_id bigint, debuts int[], fins int[], masques smallint[],
            fraicheurs int[], lots int[], grises int[], peremptions int[], empreinte text),
        unnest(%b::text[]))
    ON CONFLICT (lieu_id) DO UPDATE SET document = excluded.document, debuts = excluded.debuts,
        fins = excluded.fins, masques = excluded.masques, fraicheurs = excluded.fraicheurs,
        lots = excluded.lots, grises = excluded.grises, peremptions = excluded.peremptions,
        empreinte = excluded.empreinte
"""
_ECRIRE_OFFRES = """
    INSERT INTO agenda_offrelieu
        (lieu_id, specialite_id, position, fuseau, participe, en_sus, forfait, premier_debut, premier_fin, cpts,
         nature, secteur, departement, accueil, via, absent)
    SELECT n.lieu_id, n.specialite_id, point(n.lon, n.lat), n.fuseau, n.participe, n.en_sus, n.forfait,
        n.premier_debut, n.premier_fin, n.cpts, n.nature, n.secteur, n.departement, n.accueil, n.via, n.absent
    FROM json_to_recordset(%s::json) AS n (lieu_id bigint, specialite_id bigint, lon float8, lat float8,
        fuseau smallint, participe bool, en_sus bool, forfait bool, premier_debut int, premier_fin int, cpts int,
        nature text, secteur text, departement text, accueil int, via text, absent int4range)
    LEFT JOIN agenda_offrelieu o ON o.lieu_id = n.lieu_id AND o.specialite_id = n.specialite_id
    WHERE (o.position[0], o.position[1], o.fuseau, o.participe, o.en_sus, o.forfait, o.premier_debut,
            o.premier_fin, o.cpts, o.nature, o.secteur, o.departement, o.accueil, o.via, o.absent)
        IS DISTINCT FROM (n.lon, n.lat, n.fuseau, n.participe, n.en_sus, n.forfait, n.premier_debut,
            n.premier_fin, n.cpts, n.nature, n.secteur, n.departement, n.accueil, n.via, n.absent)
    ON CONFLICT (lieu_id, specialite_id) DO UPDATE SET position = excluded.position, fuseau = excluded.fuseau,
        participe = excluded.participe, en_sus = excluded.en_sus, forfait = excluded.forfait,
        premier_debut = excluded.premier_debut, premier_fin = excluded.premier_fin, cpts = excluded.cpts,
        nature = excluded.nature, secteur = excluded.secteur, departement = excluded.departement,
        accueil = excluded.accueil, via = excluded.via, absent = excluded.absent
"""


def ecrire(lignes: list[Ligne], lieu_ids: Collection[int]) -> int:
    """Écrit ce qui a changé de ces lieux, déjà verrouillés ; rend le nombre de cartes changées ou retirées."""
    lieu_ids = list(lieu_ids)
    connues = _jouer("SELECT lieu_id, empreinte FROM agenda_cartelieu WHERE lieu_id = ANY(%s)", lieu_ids)
    empreintes = dict(connues)
    changees = [ligne for ligne in lignes if empreintes.get(ligne.lieu_id) != ligne.empreinte]
    retirees = empreintes.keys() - {ligne.lieu_id for ligne in lignes}
    touches = [*(ligne.lieu_id for ligne in changees), *retirees]
    if touches:
        gardees = [(ligne.lieu_id, specialite) for ligne in changees for specialite in ligne.specialite_ids]
        _jouer(
            _RETIRER_OFFRES, touches, [lieu for lieu, _ in gardees], [specialite for _, specialite in gardees]
        )
    if retirees:
        _jouer("DELETE FROM agenda_cartelieu WHERE lieu_id = ANY(%s)", list(retirees))
    if changees:
        documents = [ligne.document for ligne in changees]
        _jouer(_ECRIRE_CARTES, _en_json(map(_carte, changees)), documents)
        _jouer(_ECRIRE_OFFRES, _en_json(offre for ligne in changees for offre in _offres(ligne)))
    signaler(touches)
    return len(touches)


def _jouer(instruction: str, *parametres: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as curseur:
        curseur.execute(instruction, parametres)
        return curseur.fetchall() if curseur.description else []


def _en_json(lignes: Iterable[dict[str, Any]]) -> str:
    """Toutes les lignes en un paramètre : une seule instruction les écrit."""
    return msgspec.json.encode(list(lignes)).decode()


@lru_cache(maxsize=100)  # peu de valeurs, redites par chaque créneau
def _masque(modalites: tuple[str, ...]) -> int:
    return sum(MASQUES[modalite] for modalite in modalites)


def _carte(ligne: Ligne) -> dict[str, Any]:
    return {
        "lieu_id": ligne.lieu_id,
        "debuts": [creneau.debut for creneau in ligne.creneaux],
        "fins": [creneau.expire for creneau in ligne.creneaux],
        "masques": [_masque(creneau.modalites) for creneau in ligne.creneaux],
        "fraicheurs": [-creneau.lot if creneau.lot else creneau.maj for creneau in ligne.creneaux],
        "lots": [lot.id for lot in ligne.lots],
        "grises": [lot.grise_s for lot in ligne.lots],
        "peremptions": [lot.perime_s for lot in ligne.lots],
        "empreinte": ligne.empreinte,
    }


def _offres(ligne: Ligne) -> Iterator[dict[str, Any]]:
    premier, absent = ligne.creneaux[0] if ligne.creneaux else None, ligne.absent
    for specialite_id in ligne.specialite_ids:
        yield {
            "lieu_id": ligne.lieu_id,
            "specialite_id": specialite_id,
            "lon": ligne.lon,
            "lat": ligne.lat,
            "fuseau": ligne.fuseau,
            "participe": ligne.affichage.participe,
            "en_sus": ligne.affichage.en_sus,
            "forfait": ligne.affichage.forfait,
            "via": ligne.affichage.via,
            "nature": ligne.nature,
            "secteur": ligne.secteur,
            "departement": ligne.departement,
            "cpts": ligne.cpts,
            "accueil": sum(MASQUES_ACCUEIL[code] for code in ligne.accueil),
            "absent": absent and f"[{en_minutes(absent.debut)},{en_minutes(absent.fin)})",
            "premier_debut": premier and premier.debut,
            "premier_fin": premier and premier.expire,
        }
