"""De la réponse d’un éditeur aux créneaux, sans base, sans horloge, sans Django.

La réponse d’un effecteur que l’on a déjà lue est reconnue à sa signature ; les
autres sont jugées, créneau par créneau (`jugement`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import groupby
from urllib.parse import parse_qsl, urlsplit

from msgspec import Raw

from agenda.editeurs import fhir, fragments
from agenda.editeurs.jugement import Juge
from agenda.editeurs.reconnaissance import ecrire_ids, signer, suites_connues, tete, un_id_se_repete
from agenda.editeurs.references import Annuaire
from agenda.editeurs.verdicts import GARDE, Demande, Echantillon, Lecture, Memoire, Verdict

TAILLE_MAX = 10 * 1024 * 1024
ECHANTILLONS_MAX = 2  # créneaux écartés que l’on garde d’une réponse, par motif
JAMAIS = 2**31  # en minutes : rien de gardé, rien que l’heure puisse faire rejeter


def normaliser(pages: Sequence[bytes], demande: Demande) -> Lecture:
    """Lit les pages d’une réponse comme un seul Bundle. Ne lève jamais : le défaut est dans `Lecture`."""
    if sum(map(len, pages)) > TAILLE_MAX:
        return Lecture(defaut="réponse trop volumineuse")
    try:
        enveloppes = [fhir.lire_enveloppe(page) for page in pages]
    except fhir.BundleInvalide as erreur:
        return Lecture(defaut=str(erreur))
    brutes = [brute for enveloppe in enveloppes for brute in enveloppe.entry or ()]
    lecture = _juger(brutes, _trier(brutes, demande))
    _avertir_de_l_enveloppe(lecture, enveloppes, demande)
    return lecture


@dataclass(frozen=True, slots=True)
class _Tri:
    """Ce qu’une réponse a de connu, et ce qui en est à juger. Les rangs sont ceux des entrées.

    `rangs` : créneaux lus de chaque effecteur, sous la clé vide ceux de personne ; `signatures` : de ces
    créneaux, si l’on peut les retenir ; `commun` : de ce dont leur jugement à tous dépend.
    """

    juge: Juge
    slots: dict[int, fhir.Slot]
    rangs: dict[str, list[int]]
    reconnues: dict[str, Memoire]
    signatures: dict[str, str]
    commun: str


def _trier(brutes: Sequence[Raw], demande: Demande) -> _Tri:
    """Lit ce qui n’est pas retrouvé d’un bloc, et reconnaît qui n’a pas changé.

    Quand un id se répète, le sort d’un créneau dépend de ceux des autres effecteurs : rien n’est
    alors reconnu ni retenu. Quand le reste de la réponse a changé, rien n’est reconnu.
    """
    memoires = {i: memoire for i, memoire in demande.memoires.items() if memoire.vaut(demande.fenetre.debut)}
    suites, a_lire = suites_connues(brutes, memoires)
    lues = [(rang, entree) for rang in a_lire if (entree := fhir.lire_entree(brutes[rang]))]
    slots = {rang: lue.resource for rang, lue in lues if isinstance(lue.resource, fhir.Slot)}
    autres = [(rang, lue) for rang, lue in lues if rang not in slots]
    commun = _signer_le_commun([brutes[rang] for rang, _ in autres], demande)
    juge = Juge(demande, Annuaire(lue for _, lue in autres))
    rangs = _rangs_par_proprietaire(juge, slots)
    en_partie = suites.keys() & rangs.keys()  # ils ont aussi d’autres créneaux : la suite n’est pas tout
    ids = [slot.id for slot in slots.values() if slot.id]
    un_id_repete = un_id_se_repete(ids, [memoires[identifiant] for identifiant in suites])
    if en_partie or (suites and un_id_repete) or any(memoires[i].commun != commun for i in suites):
        douteux = en_partie or suites.keys()
        return _trier(
            brutes, replace(demande, memoires={i: m for i, m in memoires.items() if i not in douteux})
        )
    signatures = {
        identifiant: signer([brutes[rang] for rang in rangs.get(identifiant, ())])
        for identifiant in (() if un_id_repete else demande.identifiants - suites.keys())
    }
    reconnues = {
        identifiant: memoire
        for identifiant, memoire in memoires.items()
        if identifiant in suites
        or (memoire.commun == commun and memoire.signature == signatures.get(identifiant))
    }
    return _Tri(juge, slots, rangs, reconnues, signatures, commun)


def _juger(brutes: Sequence[Raw], tri: _Tri) -> Lecture:
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
            lecture.echantillons.append(_echantillon(verdict, brutes[rang], juge))
        verdicts[proprietaire].append(verdict)
    for identifiant, signature in tri.signatures.items():
        if identifiant in tri.reconnues:
            continue
        rangs = tri.rangs.get(identifiant, [])
        lus, ids = verdicts[identifiant], [tri.slots[rang].id for rang in rangs]
        debuts = [verdict.creneau.debut for verdict in lus if verdict.creneau is not None]
        lecture.memoires[identifiant] = Memoire(
            signature=signature,
            commun=tri.commun,
            jusqu_a=min(debuts, default=JAMAIS),
            raisons=dict(Counter(verdict.raison or GARDE for verdict in lus)),
            avertissements=dict(avertissements[identifiant]),
            tete=tete([brutes[rang] for rang in rangs[:1]]),
            ids=ecrire_ids(un for un in ids if un),
        )
    lecture.noms_cpts = juge.noms_cpts
    for nombres in (*avertissements.values(), *(m.avertissements for m in lecture.reconnues.values())):
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
    return sha256(repr(reglages).encode() + b"".join(contexte)).hexdigest()


def _avertir_de_l_enveloppe(lecture: Lecture, enveloppes: list[fhir.Enveloppe], demande: Demande) -> None:
    if not enveloppes:
        return
    total = enveloppes[0].total_annonce()
    if total is not None and total != lecture.comptes().total():
        lecture.avertissements["total_different"] += 1
    if demande.url and not _meme_recherche(enveloppes[0].lien("self"), demande.url):
        lecture.avertissements["lien_self_different"] += 1


def _meme_recherche(lien: str, url: str) -> bool:
    """Vrai si les paramètres sont les mêmes, décodés et sans ordre : l’hôte et l’encodage ne comptent pas."""
    try:
        return sorted(parse_qsl(urlsplit(lien).query)) == sorted(parse_qsl(urlsplit(url).query))
    except ValueError:
        return False
