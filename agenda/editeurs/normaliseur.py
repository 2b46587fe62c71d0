"""De la réponse d’un éditeur aux créneaux, sans base, sans horloge, sans Django.

La réponse d’un effecteur que l’on a déjà lue est reconnue à sa signature ; les
autres sont jugées, créneau par créneau (`jugement`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from hashlib import sha256
from itertools import groupby
from urllib.parse import parse_qsl, urlsplit

from msgspec import Raw

from agenda.editeurs import fhir, fragments
from agenda.editeurs.jugement import Juge
from agenda.editeurs.references import Annuaire
from agenda.editeurs.verdicts import GARDE, Demande, Echantillon, Lecture, Memoire, Verdict

TAILLE_MAX = 10 * 1024 * 1024
ECHANTILLONS_MAX = 2  # créneaux écartés que l’on garde d’une réponse, par motif
JAMAIS = 2**31  # en minutes : rien de gardé, rien que l’heure puisse faire rejeter

Apercu = tuple[Raw, fhir.Apercu]


def normaliser(pages: Sequence[bytes], demande: Demande) -> Lecture:
    """Lit les pages d’une réponse comme un seul Bundle. Ne lève jamais : le défaut est dans `Lecture`."""
    if sum(map(len, pages)) > TAILLE_MAX:
        return Lecture(defaut="réponse trop volumineuse")
    try:
        enveloppes = [fhir.lire_enveloppe(page) for page in pages]
    except fhir.BundleInvalide as erreur:
        return Lecture(defaut=str(erreur))
    lues: list[tuple[Raw, fhir.Entree | fhir.EntreeApercue]] = []
    for page, enveloppe in zip(pages, enveloppes, strict=True):
        brutes = enveloppe.entry or []
        entrees = zip(brutes, fhir.apercevoir(page, brutes), strict=True)
        lues += [(brute, entree) for brute, entree in entrees if entree is not None]
    slots = [(brute, lue.resource) for brute, lue in lues if isinstance(lue.resource, fhir.Apercu)]
    autres = [(brute, lue) for brute, lue in lues if not isinstance(lue.resource, fhir.Apercu)]
    juge = Juge(demande, Annuaire(lue for _, lue in autres))
    lecture = _juger(juge, slots, b"".join([brute for brute, _ in autres]))
    _avertir_de_l_enveloppe(lecture, enveloppes, demande, len(slots))
    return lecture


def _juger(juge: Juge, slots: Sequence[Apercu], contexte: bytes) -> Lecture:
    """Juge les créneaux dans l’ordre, sauf ceux des effecteurs dont la réponse est déjà connue.

    Quand un id se répète, le sort d’un créneau dépend de ceux des autres
    effecteurs : rien n’est alors reconnu ni retenu.
    """
    demande, lecture = juge.demande, Lecture()
    ids = [slot.id for _, slot in slots if slot.id]
    rangs = _rangs_par_proprietaire(juge, slots)
    signatures: dict[str, str] = {}
    if len(ids) == len(set(ids)):
        commun = _signer_le_commun(contexte, demande)
        for identifiant in demande.identifiants:
            bruts = [slots[rang][0] for rang in rangs.get(identifiant, ())]
            signatures[identifiant] = sha256(b"".join([commun, *bruts])).hexdigest()
    lecture.reconnues = {
        identifiant: memoire
        for identifiant, memoire in demande.memoires.items()
        if memoire.vaut(signatures.get(identifiant, ""), demande.fenetre.debut)
    }
    proprietaires = {
        rang: proprietaire
        for proprietaire, les_siens in rangs.items()
        if proprietaire not in lecture.reconnues
        for rang in les_siens
    }
    verdicts: dict[str, list[Verdict]] = defaultdict(list)
    avertissements: dict[str, Counter[str]] = defaultdict(Counter)
    ecartes: Counter[str] = Counter()
    for rang, proprietaire in sorted(proprietaires.items()):
        juge.avertissements = avertissements[proprietaire]
        brut, slot = slots[rang]
        verdict = juge.juger(_en_entier(brut, slot))
        lecture.verdicts.append(verdict)
        if verdict.raison and ecartes[verdict.raison] < ECHANTILLONS_MAX:
            ecartes[verdict.raison] += 1
            lecture.echantillons.append(_echantillon(verdict, brut, juge))
        verdicts[proprietaire].append(verdict)
    lecture.memoires = {
        identifiant: _memoire(signature, verdicts[identifiant], avertissements[identifiant])
        for identifiant, signature in signatures.items()
        if identifiant not in lecture.reconnues
    }
    lecture.noms_cpts = juge.noms_cpts
    for nombres in (*avertissements.values(), *(m.avertissements for m in lecture.reconnues.values())):
        lecture.avertissements.update(nombres)
    return lecture


def _en_entier(brut: Raw, apercu: fhir.Apercu) -> fhir.Slot:
    if isinstance(apercu, fhir.Slot):
        return apercu
    entree = fhir.lire_entree(brut)
    lu = entree.resource if entree else None
    return lu if isinstance(lu, fhir.Slot) else fhir.Slot(id=apercu.id, schedule=apercu.schedule)


def _echantillon(verdict: Verdict, brut: Raw, juge: Juge) -> Echantillon:
    vu = fragments.fragment(verdict.raison, bytes(brut), juge.annuaire)
    return Echantillon(verdict.raison, fragments.id_montrable(verdict.id), fragments.ecrire(vu))


def _rangs_par_proprietaire(juge: Juge, slots: Sequence[Apercu]) -> dict[str, list[int]]:
    """Rangs des créneaux de chaque effecteur, dans l’ordre ; sous la clé vide, ceux de personne."""
    rangs: dict[str, list[int]] = defaultdict(list)
    proprietaires: dict[bytes, str] = {}
    debut = 0
    # Les créneaux d’un agenda se suivent presque toujours : on les prend par suites, non un à un.
    for agenda, suite in groupby(slots, key=lambda slot: slot[1].schedule):
        brut, fin = bytes(agenda), debut + len(list(suite))
        if brut not in proprietaires:
            proprietaires[brut] = juge.proprietaire(brut)
        rangs[proprietaires[brut]] += range(debut, fin)
        debut = fin
    return rangs


def _signer_le_commun(contexte: bytes, demande: Demande) -> bytes:
    """Ce dont dépend le jugement de tous, l’heure exceptée : les réglages, et les ressources autres que les créneaux.

    Un lieu qui change fait donc juger de nouveau tous les effecteurs de la réponse, ce qui est rare.
    """
    hotes = None if demande.hotes is None else sorted(demande.hotes)
    reglages = (demande.cas, sorted(demande.identifiants), demande.fenetre.fin, hotes, demande.http_local)
    return sha256(repr(reglages).encode() + contexte).digest()


def _memoire(signature: str, verdicts: Sequence[Verdict], avertissements: Counter[str]) -> Memoire:
    debuts = [verdict.creneau.debut for verdict in verdicts if verdict.creneau is not None]
    return Memoire(
        signature=signature,
        jusqu_a=min(debuts, default=JAMAIS),
        raisons=dict(Counter(verdict.raison or GARDE for verdict in verdicts)),
        avertissements=dict(avertissements),
    )


def _avertir_de_l_enveloppe(
    lecture: Lecture, enveloppes: list[fhir.Enveloppe], demande: Demande, entrees: int
) -> None:
    if not enveloppes:
        return
    total = enveloppes[0].total_annonce()
    if total is not None and total != entrees:
        lecture.avertissements["total_different"] += 1
    if demande.url and not _meme_recherche(enveloppes[0].lien("self"), demande.url):
        lecture.avertissements["lien_self_different"] += 1


def _meme_recherche(lien: str, url: str) -> bool:
    """Vrai si les paramètres sont les mêmes, décodés et sans ordre : l’hôte et l’encodage ne comptent pas."""
    try:
        return sorted(parse_qsl(urlsplit(lien).query)) == sorted(parse_qsl(urlsplit(url).query))
    except ValueError:
        return False
