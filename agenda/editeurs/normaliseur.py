"""De la réponse d’un éditeur aux créneaux, sans base, sans horloge, sans Django.

La réponse d’un effecteur que l’on a déjà lue est reconnue à sa signature ; les
autres sont jugées, créneau par créneau (`jugement`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import parse_qsl, urlsplit

from msgspec import Raw

from agenda.editeurs import fhir, fragments
from agenda.editeurs.jugement import Juge
from agenda.editeurs.reconnaissance import (
    MARQUE,
    Decoupe,
    ecrire_ids,
    premiers_octets,
    separateur,
    signer,
    un_id_se_repete,
)
from agenda.editeurs.references import Annuaire
from agenda.editeurs.verdicts import GARDE, Demande, Echantillon, Lecture, Memoire, Verdict

TAILLE_MAX = 10 * 1024 * 1024
ECHANTILLONS_MAX = 2  # créneaux écartés que l’on garde d’une réponse, par motif
JAMAIS = 2**31  # en minutes : rien de gardé, rien que l’heure puisse faire rejeter


def normaliser(pages: Sequence[bytes], demande: Demande, decoupe: Decoupe | None = None) -> Lecture:
    """Lit les pages d’une réponse comme un seul Bundle. Ne lève jamais : le défaut est dans `Lecture`.

    `decoupe` : de ces pages, d’après les mêmes mémoires, si elle est déjà faite.
    """
    if sum(map(len, pages)) > TAILLE_MAX:
        return Lecture(defaut="réponse trop volumineuse")
    try:
        tri = _trier(pages, demande, decoupe or Decoupe(demande.memoires_valables, pages))
    except fhir.BundleInvalide as erreur:
        return Lecture(defaut=str(erreur))
    lecture = _juger(tri)
    if tri.enveloppes:
        _avertir_de_l_enveloppe(lecture, tri.enveloppes[0], demande)
    return lecture


@dataclass(frozen=True, slots=True)
class _Tri:
    """Ce qu’une réponse a de connu, et ce qui en est à juger. Les rangs sont ceux des entrées.

    `rangs` : créneaux lus de chaque effecteur, sous la clé vide ceux de personne ; `suites` : leurs octets,
    si l’on peut les retenir ; `commun` : signature de ce dont leur jugement à tous dépend.
    """

    enveloppes: list[fhir.Enveloppe]
    brutes: list[Raw]
    juge: Juge
    slots: dict[int, fhir.Slot]
    rangs: dict[str, list[int]]
    reconnues: dict[str, Memoire]
    suites: dict[str, bytes]
    commun: str


def _trier(pages: Sequence[bytes], demande: Demande, decoupe: Decoupe) -> _Tri:
    """Lit ce qui n’est pas retrouvé d’un bloc, et reconnaît qui n’a pas changé. Lève `BundleInvalide`.

    Quand un id se répète, le sort d’un créneau dépend de ceux des autres effecteurs : rien n’est
    alors reconnu ni retenu. Quand le reste de la réponse a changé, rien n’est reconnu.
    """
    memoires, trouves = decoupe.memoires, decoupe.trouves
    enveloppes = [fhir.lire_enveloppe(reste) for reste in decoupe.restes]
    brutes = [brute for enveloppe in enveloppes for brute in enveloppe.entry or ()]
    entrees = [
        (rang, entree)
        for rang, brute in enumerate(brutes)
        if brute != MARQUE and (entree := fhir.lire_entree(brute))
    ]
    slots = {rang: lue.resource for rang, lue in entrees if isinstance(lue.resource, fhir.Slot)}
    autres = [(rang, lue) for rang, lue in entrees if rang not in slots]
    commun = _signer_le_commun([brutes[rang] for rang, _ in autres], demande)
    juge = Juge(demande, Annuaire(lue for _, lue in autres))
    rangs = _rangs_par_proprietaire(juge, slots)
    ids = [slot.id for slot in slots.values() if slot.id]
    un_id_repete = un_id_se_repete(ids, [memoires[identifiant] for identifiant in trouves])
    douteux = trouves & rangs.keys()  # ils ont aussi d’autres créneaux : la suite n’est pas tout
    if (
        (trouves and un_id_repete)
        or brutes.count(MARQUE) != len(trouves)  # coupé ailleurs qu’entre deux entrées
        or any(memoires[i].commun != commun for i in trouves)
    ):
        douteux = trouves
    if douteux:
        sures = {i: memoire for i, memoire in memoires.items() if i not in douteux}
        return _trier(pages, demande, Decoupe(sures, pages))
    entre = separateur(decoupe.restes, brutes)
    suites = {
        identifiant: entre.join([brutes[rang] for rang in rangs.get(identifiant, ())])
        for identifiant in (() if un_id_repete else demande.identifiants - trouves)
    }
    reconnues = {i: memoires[i] for i in trouves} | {
        i: memoires[i]
        for i, suite in suites.items()
        if i in memoires and (memoires[i].commun, memoires[i].signature) == (commun, signer(suite))
    }
    return _Tri(enveloppes, brutes, juge, slots, rangs, reconnues, suites, commun)


def _juger(tri: _Tri) -> Lecture:
    """Juge, dans l’ordre, les créneaux de qui n’est pas reconnu."""
    juge, lecture = tri.juge, Lecture(reconnues=tri.reconnues)
    proprietaires = sorted(
        (rang, proprietaire)
        for proprietaire, siens in tri.rangs.items()
        if proprietaire not in tri.reconnues
        for rang in siens
    )
    verdicts: dict[str, list[Verdict]] = defaultdict(list)
    avertissements: dict[str, Counter[str]] = defaultdict(Counter)
    ecartes: Counter[str] = Counter()
    for rang, proprietaire in proprietaires:
        juge.avertissements = avertissements[proprietaire]
        verdict = juge.juger(tri.slots[rang])
        lecture.verdicts.append(verdict)
        if verdict.raison and ecartes[verdict.raison] < ECHANTILLONS_MAX:
            ecartes[verdict.raison] += 1
            lecture.echantillons.append(_echantillon(verdict, tri.brutes[rang], juge))
        verdicts[proprietaire].append(verdict)
    for identifiant, suite in tri.suites.items():
        if identifiant in tri.reconnues:
            continue
        lus, ids = verdicts[identifiant], [tri.slots[rang].id for rang in tri.rangs.get(identifiant, ())]
        debuts = [verdict.creneau.debut for verdict in lus if verdict.creneau is not None]
        lecture.memoires[identifiant] = Memoire(
            signature=signer(suite),
            commun=tri.commun,
            jusqu_a=min(debuts, default=JAMAIS),
            raisons=dict(Counter(verdict.raison or GARDE for verdict in lus)),
            avertissements=dict(avertissements[identifiant]),
            premiers=premiers_octets(suite),
            taille=len(suite),
            ids=ecrire_ids(un for un in ids if un),
        )
    lecture.noms_cpts = juge.noms_cpts
    for nombres in (*avertissements.values(), *(m.avertissements for m in lecture.reconnues.values())):
        if nombres:
            lecture.avertissements.update(nombres)
    return lecture


def _echantillon(verdict: Verdict, brut: Raw, juge: Juge) -> Echantillon:
    vu = fragments.fragment(verdict.raison, bytes(brut), juge.annuaire)
    return Echantillon(verdict.raison, fragments.id_montrable(verdict.id), fragments.ecrire(vu))


def _rangs_par_proprietaire(juge: Juge, slots: Mapping[int, fhir.Slot]) -> dict[str, list[int]]:
    """Rangs des créneaux de chaque effecteur, dans l’ordre ; sous la clé vide, ceux de personne."""
    rangs: dict[str, list[int]] = defaultdict(list)
    proprietaires: dict[bytes, str] = {}
    # Les créneaux d’un agenda se suivent presque toujours : on les prend par suites, non un à un.
    for agenda, suite in groupby(slots.items(), key=lambda slot: slot[1].schedule):
        brut = bytes(agenda)
        if brut not in proprietaires:
            proprietaires[brut] = juge.proprietaire(brut)
        rangs[proprietaires[brut]] += [rang for rang, _ in suite]
    return rangs


def _signer_le_commun(contexte: Sequence[Raw], demande: Demande) -> str:
    """Ce dont dépend le jugement de tous, l’heure exceptée : les réglages, et les ressources autres que les créneaux.

    Un lieu qui change fait donc juger de nouveau tous les effecteurs de la réponse, ce qui est rare.
    """
    hotes = None if demande.hotes is None else sorted(demande.hotes)
    reglages = (demande.cas, sorted(demande.identifiants), demande.fenetre.fin, hotes, demande.http_local)
    return signer(repr(reglages).encode() + b"".join(contexte))


def _avertir_de_l_enveloppe(lecture: Lecture, enveloppe: fhir.Enveloppe, demande: Demande) -> None:
    total = enveloppe.total_annonce()
    if total is not None and total != lecture.comptes().total():
        lecture.avertissements["total_different"] += 1
    if demande.url and not _meme_recherche(enveloppe.lien("self"), demande.url):
        lecture.avertissements["lien_self_different"] += 1


def _meme_recherche(lien: str, url: str) -> bool:
    """Vrai si les paramètres sont les mêmes, décodés et sans ordre : l’hôte et l’encodage ne comptent pas."""
    try:
        return bool(lien) and sorted(parse_qsl(urlsplit(lien).query)) == sorted(
            parse_qsl(urlsplit(url).query)
        )
    except ValueError:
        return False
