"""De la lecture d’un lot à la base : ce qui n’a pas changé n’est pas réécrit.

Tout ce qui vient d’un groupe de lots tient dans une transaction : les agendas
changés, la projection de leurs lieux, l’état des lots et les compteurs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import pairwise

import msgspec
import structlog
from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef

from agenda.editeurs.appariement import LieuConnu, apparier
from agenda.editeurs.cadence import prochaine_interrogation
from agenda.editeurs.client import IDENTIFIANTS_MAX, Reponse
from agenda.editeurs.lieux import creer_lieu, lieux_connus
from agenda.editeurs.verdicts import CreneauLu, Lecture, LieuEditeur
from agenda.enums import EtatLot
from agenda.models import AgendaEditeur, Editeur, Lot, Raccordement
from agenda.offre import rafraichir
from participation.models import Participation

journal = structlog.get_logger(__name__)
DUREE_MAX_MIN = 24 * 60  # un créneau plus long est coupé : la fin sert à l’affichage, et doit tenir en base


class CreneauStocke(msgspec.Struct, frozen=True, gc=False):
    """Forme de `AgendaEditeur.creneaux`."""

    i: str
    d: int
    f: int
    m: tuple[str, ...]
    v: tuple[str, ...]
    l: str  # noqa: E741


@dataclass(frozen=True, slots=True)
class LectureLot:
    """Réponse d’un lot. `lecture` est absente quand l’appel a échoué."""

    lot_id: int
    demandee_le: datetime
    identifiants: frozenset[str]
    reponse: Reponse
    lecture: Lecture | None = None

    @property
    def etat(self) -> EtatLot:
        if self.lecture is not None and self.lecture.defaut:
            return EtatLot.ILLISIBLE
        return self.reponse.etat


@dataclass(slots=True)
class Bilan:
    """Ce qu’un cycle a fait. `creneaux` : entrées par raison, « garde » comprise."""

    lots: Counter[str] = field(default_factory=Counter)
    creneaux: Counter[str] = field(default_factory=Counter)
    agendas_lus: int = 0
    agendas_changes: int = 0
    lieux_crees: int = 0
    chevauchements: int = 0  # légaux (motifs ou durées différents) : gardés, mais comptés
    reportes: Counter[str] = field(default_factory=Counter)

    def __iadd__(self, autre: Bilan) -> Bilan:
        self.lots += autre.lots
        self.creneaux += autre.creneaux
        self.agendas_lus += autre.agendas_lus
        self.agendas_changes += autre.agendas_changes
        self.lieux_crees += autre.lieux_crees
        self.chevauchements += autre.chevauchements
        self.reportes += autre.reportes
        return self


_AGENDA = msgspec.json.Encoder()
_ENCODAGE_VIDE = _AGENDA.encode([])


def _empreinte(contenu: bytes, telephone: str) -> str:
    return blake2b(contenu + telephone.encode(), digest_size=16).hexdigest()


@transaction.atomic
def enregistrer(editeur: Editeur, lectures: Sequence[LectureLot], maintenant: datetime) -> Bilan:
    """Écrit ce que ces lots ont changé, et rafraîchit la projection des lieux touchés.

    Un échec de l’éditeur n’efface rien. Une réponse plus ancienne que celle
    déjà lue est ignorée. Un effecteur demandé et absent d’une réponse entière
    n’a plus de créneau chez cet éditeur.
    """
    lots = {
        lot.pk: lot
        for lot in Lot.objects.select_for_update(no_key=True)
        .filter(pk__in=[lecture.lot_id for lecture in lectures], editeur=editeur)
        .order_by("pk")
    }
    fraiches = [
        lecture
        for lecture in lectures
        if (lot := lots.get(lecture.lot_id)) and not (lot.lu_le and lot.lu_le > lecture.demandee_le)
    ]
    bilan = Bilan(lots=Counter(lecture.etat.value for lecture in fraiches))
    lues = [lecture for lecture in fraiches if lecture.etat == EtatLot.REUSSI]
    touches = _ecrire_agendas(lues, bilan)
    rafraichir(touches, maintenant)
    _noter_lots(editeur, [(lots[lecture.lot_id], lecture) for lecture in fraiches])
    _compter(editeur, fraiches, bilan, maintenant)
    return bilan


@transaction.atomic
def retirer_affichages_refuses(maintenant: datetime) -> int:
    """Retire les créneaux d’éditeurs de tous ceux qui en refusent l’affichage ; rend le nombre d’agendas."""
    refus = Participation.objects.filter(effecteur=OuterRef("raccordement__effecteur"), refuse_affichage=True)
    retires = list(AgendaEditeur.objects.filter(Exists(refus)).values_list("pk", "lieu_id"))
    if retires:
        AgendaEditeur.objects.filter(pk__in=[pk for pk, _ in retires]).delete()
        rafraichir({lieu_id for _, lieu_id in retires}, maintenant)
    return len(retires)


def retirer_agendas_perimes(maintenant: datetime) -> int:
    """Retire les créneaux qu’aucune réponse n’a confirmés depuis `peremption_s` ; rend le nombre de lieux marqués.

    Un lot que l’on est en train d’enregistrer est laissé : sa réponse le rajeunit.
    Une réponse suivante, même inchangée, rend les créneaux, puisqu’elle ne les trouve plus.
    """
    with connection.cursor() as curseur:
        curseur.execute(_RETIRER_PERIMES, [maintenant])
        return int(curseur.rowcount)


_RETIRER_PERIMES = """
    WITH perimes AS (
        SELECT l.id FROM agenda_lot l JOIN agenda_editeur e ON e.id = l.editeur_id
        WHERE l.lu_le < %s - make_interval(secs => e.peremption_s) AND EXISTS (
            SELECT FROM agenda_raccordement r JOIN agenda_agendaediteur a ON a.raccordement_id = r.id
            WHERE r.lot_id = l.id)
        ORDER BY l.id FOR UPDATE OF l SKIP LOCKED
    ), retires AS (
        DELETE FROM agenda_agendaediteur a USING agenda_raccordement r, perimes p
        WHERE r.id = a.raccordement_id AND p.id = r.lot_id RETURNING a.lieu_id
    )
    INSERT INTO agenda_offreperimee (lieu_id) SELECT DISTINCT lieu_id FROM retires ORDER BY lieu_id
    ON CONFLICT DO NOTHING
"""


def identifiants_par_lot(lot_ids: Collection[int]) -> dict[int, list[str]]:
    """Identifiants nationaux à demander, lot par lot : ni les inactifs, ni qui refuse l’affichage."""
    refus = Participation.objects.filter(effecteur=OuterRef("effecteur"), refuse_affichage=True)
    demandes: dict[int, list[str]] = defaultdict(list)
    for lot_id, identifiant in (
        Raccordement.objects.filter(~Exists(refus), lot__in=lot_ids, effecteur__est_actif=True)
        .order_by("pk")
        .values_list("lot_id", "effecteur__identifiant_national")
    ):
        demandes[lot_id].append(identifiant)
    return demandes


@transaction.atomic
def raccorder(editeur: Editeur, effecteur_ids: Iterable[int], maintenant: datetime) -> int:
    """Raccorde ces effecteurs, par lots de 25 au plus ; rend le nombre de nouveaux raccordements.

    Les lots incomplets sont remplis avant qu’un autre ne s’ouvre ; chaque lot
    neuf prend sa place dans la période de l’éditeur.
    """
    Editeur.objects.select_for_update(no_key=True).get(pk=editeur.pk)
    deja = set(Raccordement.objects.filter(editeur=editeur).values_list("effecteur_id", flat=True))
    nouveaux = [pk for pk in dict.fromkeys(effecteur_ids) if pk not in deja]
    places: list[Lot] = []
    occupes = Counter(Raccordement.objects.filter(editeur=editeur).values_list("lot_id", flat=True))
    for lot in editeur.lots.order_by("numero"):
        places += [lot] * (IDENTIFIANTS_MAX - occupes[lot.pk])
    manquants = len(nouveaux) - len(places)
    if manquants > 0:
        dernier = editeur.lots.aggregate(n=Max("numero"))["n"]
        premier = 0 if dernier is None else dernier + 1
        numeros = range(premier, premier + -(-manquants // IDENTIFIANTS_MAX))
        neufs = [
            Lot(editeur=editeur, numero=n, prochaine_le=_premier_passage(editeur, n, maintenant))
            for n in numeros
        ]
        for lot in Lot.objects.bulk_create(neufs, batch_size=5000):
            places += [lot] * IDENTIFIANTS_MAX
    Raccordement.objects.bulk_create(
        (
            Raccordement(effecteur_id=effecteur_id, lot=lot, editeur=editeur)
            for effecteur_id, lot in zip(nouveaux, places, strict=False)
        ),
        batch_size=5000,
    )
    return len(nouveaux)


def _premier_passage(editeur: Editeur, numero: int, maintenant: datetime) -> datetime:
    """Dans la période qui s’ouvre : un lot neuf n’attend pas une demi-période comme un lot déjà lu."""
    suivant = prochaine_interrogation(maintenant, numero, editeur.periode_s)
    return max(maintenant, suivant - (suivant - maintenant) / 2)


def _journaliser(editeur: Editeur, lecture: LectureLot) -> None:
    """Pourquoi un lot n’a pas été lu, et un créneau écarté par raison, pour en parler avec l’éditeur."""
    champs = {"editeur": editeur.code, "lot": lecture.lot_id}
    if lecture.etat != EtatLot.REUSSI:
        detail = lecture.reponse.detail or (lecture.lecture.defaut if lecture.lecture else "")
        journal.warning("editeur_non_lu", **champs, etat=lecture.etat.value, detail=detail[:200])
    elif lecture.lecture is not None:
        ecartes = {verdict.raison: verdict.id for verdict in lecture.lecture.verdicts if verdict.raison}
        if ecartes:
            journal.info("creneaux_ecartes", **champs, exemples=ecartes)


# --- Agendas -----------------------------------------------------------------

Place = tuple[LieuEditeur, list[CreneauLu]]
Ligne = tuple[int, int, str, str, str]  # raccordement, lieu, créneaux en JSON, téléphone, empreinte

_ECRIRE_AGENDA = """
    INSERT INTO agenda_agendaediteur (raccordement_id, lieu_id, creneaux, telephone, empreinte)
    VALUES (%s, %s, %s::jsonb, %s, %s)
    ON CONFLICT (raccordement_id, lieu_id) DO UPDATE
    SET creneaux = excluded.creneaux, telephone = excluded.telephone, empreinte = excluded.empreinte
"""


def _ecrire_agendas(lectures: Sequence[LectureLot], bilan: Bilan) -> set[int]:
    """Compare, écrit ce qui a changé ; rend les lieux touchés. Trois lectures, quel que soit le nombre de lots."""
    par_lot = {lecture.lot_id: lecture for lecture in lectures}
    raccordements = [
        ligne
        for ligne in Raccordement.objects.filter(lot__in=par_lot)
        .order_by("pk")
        .values_list("pk", "effecteur_id", "lot_id", "effecteur__identifiant_national")
        if ligne[3] in par_lot[ligne[2]].identifiants
    ]
    connus = lieux_connus([effecteur_id for _, effecteur_id, _, _ in raccordements])
    existants: dict[int, dict[int, str]] = defaultdict(dict)
    agendas = AgendaEditeur.objects.filter(raccordement__lot__in=par_lot)
    for raccordement_id, lieu_id, empreinte in agendas.values_list("raccordement_id", "lieu_id", "empreinte"):
        existants[raccordement_id][lieu_id] = empreinte
    places = {lot_id: _par_proprietaire(lecture.lecture) for lot_id, lecture in par_lot.items()}
    changes: list[Ligne] = []
    for raccordement_id, effecteur_id, lot_id, identifiant in raccordements:
        decrits = places[lot_id].get(identifiant, {})
        situes = _situer(effecteur_id, list(decrits.values()), connus[effecteur_id], bilan)
        deja = existants[raccordement_id]
        if not par_lot[lot_id].reponse.tronquee:
            for lieu_id in deja.keys() - situes.keys():
                situes[lieu_id] = []
        for lieu_id, recus in situes.items():
            bilan.agendas_lus += 1
            agenda = _agenda(raccordement_id, lieu_id, recus, deja.get(lieu_id), bilan)
            if agenda is not None:
                changes.append(agenda)
    if changes:
        with connection.cursor() as curseur:
            curseur.executemany(_ECRIRE_AGENDA, changes)
    bilan.agendas_changes += len(changes)
    return {lieu_id for _, lieu_id, *_ in changes}


def _par_proprietaire(lecture: Lecture | None) -> dict[str, dict[tuple[str, ...], Place]]:
    """Créneaux gardés, par effecteur puis par lieu de l’éditeur."""
    proprietaires: dict[str, dict[tuple[str, ...], Place]] = defaultdict(dict)
    for creneau in lecture.gardes() if lecture else ():
        places = proprietaires[creneau.proprietaire]
        cle = creneau.lieu.cle
        if cle in places:
            places[cle][1].append(creneau)
        else:
            places[cle] = (creneau.lieu, [creneau])
    return proprietaires


def _situer(
    effecteur_id: int, places: list[Place], connus: list[LieuConnu], bilan: Bilan
) -> dict[int, list[Place]]:
    """Range les places de l’éditeur par lieu de l’annuaire, en créant ceux qui manquent."""
    situes: dict[int, list[Place]] = defaultdict(list)
    for place, lieu_id in zip(places, apparier([lieu for lieu, _ in places], connus), strict=True):
        if lieu_id is None:
            cree = creer_lieu(effecteur_id, place[0])
            if cree is None:
                bilan.creneaux["lieu_introuvable"] += len(place[1])
                continue
            connus.append(cree)
            bilan.lieux_crees += 1
            lieu_id = cree.id
        situes[lieu_id].append(place)
    return situes


def _agenda(
    raccordement_id: int, lieu_id: int, places: list[Place], empreinte_connue: str | None, bilan: Bilan
) -> Ligne | None:
    """L’agenda à écrire ; rien s’il est déjà tel en base."""
    creneaux = [
        CreneauStocke(c.id, c.debut, min(c.fin, c.debut + DUREE_MAX_MIN), c.modalites, c.visibilites, c.lien)
        for _, recus in places
        for c in recus
    ]
    creneaux.sort(key=lambda c: (c.d, c.f, c.i))
    telephone = next((lieu.telephone for lieu, _ in places if lieu.telephone), "")
    contenu = _AGENDA.encode(creneaux) if creneaux else _ENCODAGE_VIDE
    empreinte = _empreinte(contenu, telephone)
    if empreinte == empreinte_connue:
        return None
    bilan.chevauchements += sum(un.f > suivant.d for un, suivant in pairwise(creneaux))
    return raccordement_id, lieu_id, contenu.decode(), telephone, empreinte


# --- Lots et compteurs --------------------------------------------------------


def _noter_lots(editeur: Editeur, lots: Sequence[tuple[Lot, LectureLot]]) -> None:
    """Une requête préparée par lot, envoyées ensemble : bien moins cher que le CASE de `bulk_update`."""
    with connection.cursor() as curseur:
        curseur.executemany(
            """
            UPDATE agenda_lot SET interroge_le = %s, etat = %s, duree_ms = %s, prochaine_le = %s,
                lu_le = coalesce(%s, lu_le)
            WHERE id = %s
            """,
            [
                (
                    lecture.demandee_le,
                    lecture.etat.value,
                    lecture.reponse.duree_ms,
                    prochaine_interrogation(lecture.demandee_le, lot.numero, editeur.periode_s),
                    lecture.demandee_le if lecture.etat == EtatLot.REUSSI else None,
                    lot.pk,
                )
                for lot, lecture in lots
            ],
        )


def _compter(editeur: Editeur, lectures: Sequence[LectureLot], bilan: Bilan, maintenant: datetime) -> None:
    """Ajoute aux compteurs du jour. En dernier : leurs lignes sont communes à tous les processus."""
    motifs: Counter[str] = Counter()
    for lecture in lectures:
        motifs[f"appel_{lecture.etat}"] += 1
        _journaliser(editeur, lecture)
        if lecture.lecture is not None:
            bilan.creneaux += lecture.lecture.comptes()
            motifs.update({f"avert_{nom}": n for nom, n in lecture.lecture.avertissements.items()})
        if lecture.reponse.tronquee:
            motifs["avert_tronquee"] += 1
    motifs["avert_chevauchement"] += bilan.chevauchements
    motifs += bilan.creneaux
    with connection.cursor() as curseur:
        curseur.executemany(
            """
            INSERT INTO agenda_qualiteediteur AS q (editeur_id, jour, motif, nombre) VALUES (%s, %s, %s, %s)
            ON CONFLICT (editeur_id, jour, motif) DO UPDATE SET nombre = q.nombre + excluded.nombre
            """,
            [(editeur.pk, maintenant.astimezone(UTC).date(), *ligne) for ligne in sorted(motifs.items())],
        )
