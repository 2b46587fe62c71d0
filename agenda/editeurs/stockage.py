"""De la lecture d’un lot à la base : ce qui n’a pas changé n’est pas réécrit.

Tout ce qui vient d’un groupe de lots tient dans une transaction : les agendas
changés, la projection de leurs lieux, l’état des lots et les compteurs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from itertools import pairwise
from typing import NamedTuple

import msgspec
import structlog
from django.db import connection, transaction

from agenda.domaine.offre import CreneauRecu
from agenda.domaine.recus import VIDE, ecrire_creneaux
from agenda.editeurs import mesures
from agenda.editeurs.appariement import Appariement, LieuConnu, Trouve, apparier, cle_de_lieu, creation
from agenda.editeurs.cadence import prochaine_interrogation
from agenda.editeurs.client import Reponse
from agenda.editeurs.decouverte import oublier_les_recherches_vides
from agenda.editeurs.lieux import LIEUX_MAX, Titulaire, creer_lieu, lieux_connus
from agenda.editeurs.memoire import ARetenir, retenir, version_des_lieux
from agenda.editeurs.prises import lieux_a_devoiler
from agenda.editeurs.verdicts import CreneauLu, Echantillon, Lecture, LieuEditeur
from agenda.enums import EtatLot
from agenda.models import Editeur, Lot
from agenda.offre import rafraichir

journal = structlog.get_logger(__name__)
DUREE_MAX_MIN = 24 * 60  # un créneau plus long est coupé : la fin sert à l’affichage, et doit tenir en base


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

    @property
    def reponse_jugee(self) -> Reponse:
        """La réponse, avec la faute que sa lecture y a trouvée."""
        if self.lecture is None or not self.lecture.defaut:
            return self.reponse
        return replace(self.reponse, detail=self.lecture.defaut)


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


_JSON = msgspec.json.Encoder()


def _empreinte(contenu: bytes, telephone: str, *autres: bytes) -> str:
    return blake2b(b"".join((contenu, telephone.encode(), *autres)), digest_size=16).hexdigest()


@transaction.atomic
def enregistrer(editeur: Editeur, lectures: Sequence[LectureLot], maintenant: datetime) -> Bilan:
    """Écrit ce que ces lots ont changé, et rafraîchit la projection des lieux touchés.

    Un échec de l’éditeur n’efface rien. Une réponse plus ancienne que celle
    déjà lue est ignorée. Un effecteur demandé et absent d’une réponse entière
    n’a plus de créneau chez cet éditeur. L’état des lots est noté avant la
    projection, qui le lit : une lecture récente rend ce qu’un rendez-vous cachait.
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
    touches, a_retenir = _ecrire_agendas(lues, bilan)
    _noter_lots(editeur, [(lots[lecture.lot_id], lecture) for lecture in fraiches])
    devoiles = lieux_a_devoiler({lecture.lot_id: lecture.demandee_le for lecture in lues})
    rafraichir(touches | devoiles, maintenant)
    retenir(a_retenir)
    _compter(editeur, fraiches, bilan, maintenant)
    return bilan


def _journaliser(editeur: Editeur, lecture: LectureLot) -> None:
    """Pourquoi un lot n’a pas été lu, et un créneau écarté par raison, pour en parler avec l’éditeur."""
    champs = {"editeur": editeur.code, "lot": lecture.lot_id}
    if lecture.etat != EtatLot.REUSSI:
        detail = lecture.reponse_jugee.detail[:200]
        journal.warning("editeur_non_lu", **champs, etat=lecture.etat.value, detail=detail)
    elif lecture.lecture is not None:
        ecartes = {un.raison: un.slot for un in lecture.lecture.echantillons}
        if ecartes:
            journal.info("creneaux_ecartes", **champs, exemples=ecartes)


# --- Agendas -----------------------------------------------------------------

Place = tuple[LieuEditeur, list[CreneauLu]]
PlaceSituee = tuple[Appariement, LieuEditeur, list[CreneauLu]]


class AgendaLu(msgspec.Struct, frozen=True, gc=False):
    """Agenda à écrire ; forme d’une ligne d’`AgendaEditeur`."""

    raccordement_id: int
    lieu_id: int
    creneaux: str
    telephone: str
    noms_cpts: msgspec.Raw
    appariement: msgspec.Raw
    empreinte: str


# Un lieu que l’éditeur ne décrit plus garde la raison de son dernier appariement.
_ECRIRE_AGENDAS = """
    INSERT INTO agenda_agendaediteur AS a
        (raccordement_id, lieu_id, creneaux, telephone, noms_cpts, appariement, empreinte)
    SELECT raccordement_id, lieu_id, creneaux, telephone, noms_cpts, appariement, empreinte
    FROM json_to_recordset(%s::json) AS n (raccordement_id bigint, lieu_id bigint, creneaux text,
        telephone text, noms_cpts jsonb, appariement jsonb, empreinte text)
    ON CONFLICT (raccordement_id, lieu_id) DO UPDATE
    SET creneaux = excluded.creneaux, telephone = excluded.telephone, noms_cpts = excluded.noms_cpts,
        appariement = coalesce(nullif(excluded.appariement, '[]'), a.appariement), empreinte = excluded.empreinte
"""


def _ecrire_agendas(lectures: Sequence[LectureLot], bilan: Bilan) -> tuple[set[int], list[ARetenir]]:
    """Compare, écrit ce qui a changé ; rend les lieux touchés, et ce qui est à retenir.

    Trois instructions, quel que soit le nombre de lots. Un effecteur dont la réponse est reconnue n’est ni
    cherché ni comparé. Une réponse tronquée, ou dont un lieu est introuvable, n’est pas retenue.
    """
    lues = {lecture.lot_id: (lecture, lecture.lecture) for lecture in lectures if lecture.lecture}
    places = {lot_id: _par_proprietaire(lue) for lot_id, (_, lue) in lues.items()}
    raccordements = _a_comparer(lues, bilan)
    connus = lieux_connus([un.titulaire for un in raccordements])
    changes: list[AgendaLu] = []
    a_retenir: list[ARetenir] = []
    for raccordement_id, titulaire, lot_id, identifiant, deja in raccordements:
        lecture, lue = lues[lot_id]
        decrits = list(places[lot_id].get(identifiant, {}).values())
        situes, introuvables = _situer(titulaire, decrits, connus[titulaire], bilan)
        if not lecture.reponse.tronquee:
            situes |= {lieu_id: [] for lieu_id in deja.keys() - situes.keys()}
            memoire = lue.memoires.get(identifiant)
            if memoire and not introuvables:
                memoire = msgspec.structs.replace(memoire, agendas=len(situes))
                a_retenir.append(ARetenir(raccordement_id, version_des_lieux(connus[titulaire]), memoire))
        bilan.agendas_lus += len(situes)
        agendas = (
            _agenda(raccordement_id, pk, recus, deja.get(pk), lue.noms_cpts, bilan)
            for pk, recus in situes.items()
        )
        changes += filter(None, agendas)
    if changes:
        with connection.cursor() as curseur:
            curseur.execute(_ECRIRE_AGENDAS, [_JSON.encode(changes).decode()])
        oublier_les_recherches_vides([a.raccordement_id for a in changes if a.creneaux != VIDE])
    bilan.agendas_changes += len(changes)
    return {agenda.lieu_id for agenda in changes}, a_retenir


class _AComparer(NamedTuple):
    """Un raccordement dont la réponse n’est pas reconnue. `empreintes` : de ses agendas en base, par lieu."""

    raccordement_id: int
    titulaire: Titulaire
    lot_id: int
    identifiant: str
    empreintes: dict[int, str]


# L’identifiant que porte la réponse ; comme `memoire`, qui l’a demandé. Par titulaire : d’un éditeur à
# l’autre, les mêmes lieux se créent dans le même ordre.
_A_COMPARER = """
    SELECT r.id, r.effecteur_id, r.structure_id, r.lot_id, r.identifiant,
        ARRAY(SELECT a.lieu_id FROM agenda_agendaediteur a WHERE a.raccordement_id = r.id ORDER BY a.id),
        ARRAY(SELECT a.empreinte FROM agenda_agendaediteur a WHERE a.raccordement_id = r.id ORDER BY a.id)
    FROM (
        SELECT r.*, e.identifiant_national AS identifiant FROM unnest(%(identifiants)s::text[]) AS demande
        JOIN annuaire_effecteur e ON e.identifiant_national = demande
        JOIN agenda_raccordement r ON r.effecteur_id = e.id
        UNION ALL SELECT r.*, demande FROM unnest(%(identifiants)s::text[]) AS demande
        JOIN annuaire_structure s ON s.siret = substr(demande, 2) AND demande LIKE '3%%'
        JOIN agenda_raccordement r ON r.structure_id = s.id
    ) r
    WHERE r.lot_id = ANY(%(lots)s)
    ORDER BY r.effecteur_id, r.structure_id
"""


def _a_comparer(lues: Mapping[int, tuple[LectureLot, Lecture]], bilan: Bilan) -> list[_AComparer]:
    a_comparer: set[str] = set()
    for lecture, lue in lues.values():
        a_comparer |= lecture.identifiants - lue.reconnues.keys()
        bilan.agendas_lus += sum(memoire.agendas for memoire in lue.reconnues.values())
    with connection.cursor() as curseur:
        curseur.execute(_A_COMPARER, {"lots": list(lues), "identifiants": list(a_comparer)})
        return [
            _AComparer(
                raccordement_id,
                Titulaire(effecteur_id, structure_id),
                lot_id,
                identifiant,
                dict(zip(lieux, empreintes, strict=True)),
            )
            for raccordement_id, effecteur_id, structure_id, lot_id, identifiant, lieux, empreintes in curseur
            if identifiant in lues[lot_id][0].identifiants
        ]


def _par_proprietaire(lecture: Lecture) -> dict[str, dict[tuple[str, ...], Place]]:
    """Créneaux gardés, par effecteur puis par lieu de l’éditeur."""
    proprietaires: dict[str, dict[tuple[str, ...], Place]] = defaultdict(dict)
    for creneau in lecture.gardes():
        places = proprietaires[creneau.proprietaire]
        cle = creneau.lieu.cle
        if cle in places:
            places[cle][1].append(creneau)
        else:
            places[cle] = (_propre_au_lieu(creneau), [creneau])
    return proprietaires


def _propre_au_lieu(creneau: CreneauLu) -> LieuEditeur:
    """Le lieu, moins le SIRET de l’association : ses points fixes le partagent, il n’en désigne aucun."""
    lieu = creneau.lieu
    if lieu.idnst and lieu.idnst == creneau.proprietaire:
        return msgspec.structs.replace(lieu, idnst="")
    return lieu


def _situer(
    titulaire: Titulaire, places: list[Place], connus: list[LieuConnu], bilan: Bilan
) -> tuple[dict[int, list[PlaceSituee]], int]:
    """Range les places de l’éditeur par lieu de l’annuaire, en créant ceux qui manquent ; compte les introuvables."""
    situes: dict[int, list[PlaceSituee]] = defaultdict(list)
    introuvables = 0
    trouves = apparier([lieu for lieu, _ in places], connus)
    # Au-delà, les chercher un par un ne coûterait qu’à nous : l’annuaire n’en prendrait pas davantage.
    for rang in _a_creer(places, trouves)[:LIEUX_MAX]:
        lieu = places[rang][0]
        if cree := creer_lieu(titulaire, lieu):
            connus.append(cree)
            bilan.lieux_crees += 1
            trouves[rang] = cree.id, creation(lieu)
    for (lieu, recus), trouve in zip(places, trouves, strict=True):
        if trouve is None:
            introuvables += len(recus)
            continue
        lieu_id, decision = trouve
        situes[lieu_id].append((decision, lieu, recus))
    if introuvables:
        bilan.creneaux["lieu_introuvable"] += introuvables
    return situes, introuvables


def _a_creer(places: list[Place], trouves: Sequence[Trouve | None]) -> list[int]:
    """Rangs des places inconnues de l’annuaire, dans un ordre qui ne dépend pas de l’éditeur.

    Deux lectures simultanées du même effecteur créent ainsi les mêmes lieux l’une après l’autre.
    """
    inconnues = [rang for rang, trouve in enumerate(trouves) if trouve is None]
    return sorted(inconnues, key=lambda rang: cle_de_lieu(places[rang][0]))


def _agenda(
    raccordement_id: int,
    lieu_id: int,
    places: list[PlaceSituee],
    empreinte_connue: str | None,
    noms_cpts: Mapping[str, str],
    bilan: Bilan,
) -> AgendaLu | None:
    """L’agenda à écrire ; rien s’il est déjà tel en base."""
    creneaux = [
        CreneauRecu(
            c.id,
            c.debut,
            min(c.fin, c.debut + DUREE_MAX_MIN),
            c.modalites,
            c.visibilites,
            c.lien,
            tuple([finess[1:] for finess in c.cpts]),
        )
        for _, _, recus in places
        for c in recus
    ]
    creneaux.sort(key=lambda c: (c.debut, c.fin, c.id))
    citees = sorted({finess for c in creneaux for finess in c.cpts})
    noms = {finess: nom for finess in citees if (nom := noms_cpts.get(f"1{finess}"))}
    telephone = next((lieu.telephone for _, lieu, _ in places if lieu.telephone), "")
    contenu, nommees = ecrire_creneaux(creneaux), _JSON.encode(noms)
    decisions = _JSON.encode([decision for decision, _, _ in places])
    empreinte = _empreinte(contenu, telephone, nommees, decisions)
    if empreinte == empreinte_connue:
        return None
    bilan.chevauchements += sum(un.fin > suivant.debut for un, suivant in pairwise(creneaux))
    return AgendaLu(
        raccordement_id,
        lieu_id,
        contenu.decode(),
        telephone,
        msgspec.Raw(nommees),
        msgspec.Raw(decisions),
        empreinte,
    )


# --- Lots et compteurs --------------------------------------------------------


def _noter_lots(editeur: Editeur, lots: Sequence[tuple[Lot, LectureLot]]) -> None:
    """Une instruction pour tous : bien moins chère que le CASE de `bulk_update`."""
    lignes = [
        {
            "id": lot.pk,
            "interroge_le": lecture.demandee_le,
            "etat": lecture.etat.value,
            "duree_ms": lecture.reponse.duree_ms,
            "prochaine_le": prochaine_interrogation(lecture.demandee_le, lot.numero, editeur.periode_s),
            "lu_le": lecture.demandee_le if lecture.etat == EtatLot.REUSSI else None,
        }
        for lot, lecture in lots
    ]
    with connection.cursor() as curseur:
        curseur.execute(
            """
            UPDATE agenda_lot l SET interroge_le = n.interroge_le, etat = n.etat, duree_ms = n.duree_ms,
                prochaine_le = n.prochaine_le, lu_le = coalesce(n.lu_le, l.lu_le)
            FROM json_to_recordset(%s::json) AS n (id bigint, interroge_le timestamptz, etat text,
                duree_ms int, prochaine_le timestamptz, lu_le timestamptz)
            WHERE l.id = n.id
            """,
            [_JSON.encode(lignes).decode()],
        )


def _compter(editeur: Editeur, lectures: Sequence[LectureLot], bilan: Bilan, maintenant: datetime) -> None:
    """Ajoute aux compteurs et aux mesures. En dernier : leurs lignes sont communes à tous les processus."""
    motifs: Counter[str] = Counter()
    echantillons: list[Echantillon] = []
    for lecture in lectures:
        motifs[f"appel_{lecture.etat}"] += 1
        _journaliser(editeur, lecture)
        if lecture.lecture is not None:
            bilan.creneaux += lecture.lecture.comptes()
            motifs.update({f"avert_{nom}": n for nom, n in lecture.lecture.avertissements.items()})
            echantillons += lecture.lecture.echantillons
        if lecture.reponse.tronquee:
            motifs["avert_pages_sans_jeton" if lecture.reponse.sans_jeton else "avert_tronquee"] += 1
    motifs["avert_chevauchement"] += bilan.chevauchements
    motifs += bilan.creneaux
    appels = [(lecture.etat, lecture.reponse_jugee) for lecture in lectures]
    mesures.noter(editeur.pk, appels, motifs, echantillons, maintenant)
