"""Relire un Bundle pour qui l’a écrit : le sort de chaque créneau, et où est la faute. Sans base, sans horloge.

Le jugement est celui des interrogations (`normaliseur`) ; ceci n’ajoute que les phrases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from agenda.domaine.motifs import AVERTISSEMENTS, MOTIFS, Motif
from agenda.editeurs import codes, fhir
from agenda.editeurs.normaliseur import TAILLE_MAX, normaliser
from agenda.editeurs.verdicts import GARDE, Cas, Demande, Lecture, Verdict, fenetre_interrogee

EPOQUE = datetime(1970, 1, 1, tzinfo=UTC)
MINUTES_MAX = int((datetime(9999, 1, 1, tzinfo=UTC) - EPOQUE).total_seconds()) // 60


@dataclass(frozen=True, slots=True)
class EntreeRelue:
    """`rang` : celui de l’entrée dans le Bundle, à partir de zéro ; `motif` : pourquoi elle est écartée."""

    rang: int
    verdict: Verdict
    motif: Motif | None
    chemin: str

    @property
    def debut(self) -> datetime | None:
        return _instant(self.verdict.creneau.debut) if self.verdict.creneau else None

    @property
    def fin(self) -> datetime | None:
        return _instant(self.verdict.creneau.fin) if self.verdict.creneau else None


@dataclass(frozen=True, slots=True)
class Relecture:
    """`demandes` : les identifiants pris pour demandés ; `avertissements` : (nombre, phrase)."""

    lecture: Lecture
    demandes: frozenset[str]
    entrees: list[EntreeRelue]
    comptes: Counter[str]
    avertissements: list[tuple[int, str]]

    @property
    def gardes(self) -> int:
        return self.comptes[GARDE]

    @property
    def ecartes(self) -> list[tuple[str, Motif, int]]:
        """Code, explication, nombre : du plus fréquent au moins fréquent."""
        lus = [(code, MOTIFS[code], n) for code, n in self.comptes.items() if code != GARDE]
        return sorted(lus, key=lambda ligne: (-ligne[2], ligne[0]))


def relire(
    octets: bytes,
    *,
    cas: Cas,
    maintenant: datetime,
    demandes: frozenset[str] | None = None,
    hotes: frozenset[str] | None = None,
) -> Relecture:
    """`demandes` nul : tous ceux que le Bundle porte. `hotes` nul : tout hôte en https. Ne lève jamais.

    `maintenant` : un instant avec décalage, d’une année où la fenêtre tient (`fenetre_interrogee`).
    """
    lues = [] if len(octets) > TAILLE_MAX else _entrees(octets)
    if demandes is None:
        demandes = frozenset(_identifiants_portes(lues, cas))
    lecture = normaliser(
        [octets], Demande(cas=cas, identifiants=demandes, fenetre=fenetre_interrogee(maintenant), hotes=hotes)
    )
    # Sans mémoire d’une lecture d’avant, tous les Slot sont jugés, dans l’ordre du Bundle.
    rangs = (rang for rang, lue in enumerate(lues) if lue and isinstance(lue.resource, fhir.Slot))
    entrees = [_entree(rang, verdict, cas) for rang, verdict in zip(rangs, lecture.verdicts, strict=False)]
    avertissements = [
        (nombre, AVERTISSEMENTS.get(nom, nom)) for nom, nombre in sorted(lecture.avertissements.items())
    ]
    return Relecture(lecture, demandes, entrees, lecture.comptes(), avertissements)


def _identifiants_portes(lues: Iterable[fhir.Entree | None], cas: Cas) -> Iterator[str]:
    """Identifiants bien formés des professionnels du Bundle, ou SIRET de ses associations."""
    systemes: tuple[str | None, ...]
    for lue in lues:
        ressource = lue.resource if lue else None
        if cas == "sos" and isinstance(ressource, fhir.Organization):
            systemes, forme = (None, codes.OID_STRUCTURE), codes.SIRET
        elif cas != "sos" and isinstance(ressource, fhir.Practitioner):
            systemes, forme = (codes.OID_PERSONNE,), codes.PERSONNE
        else:
            continue
        for identifiant in ressource.identifier or ():
            if identifiant.value and identifiant.system in systemes and forme.fullmatch(identifiant.value):
                yield identifiant.value


def _entree(rang: int, verdict: Verdict, cas: Cas) -> EntreeRelue:
    motif = MOTIFS.get(verdict.raison)
    chemin = f"Bundle.entry[{rang}] · {motif.chemin_pour(cas)}" if motif else ""
    return EntreeRelue(rang, verdict, motif, chemin)


def _entrees(octets: bytes) -> list[fhir.Entree | None]:
    try:
        return [fhir.lire_entree(brute) for brute in fhir.lire_enveloppe(octets).entry or ()]
    except fhir.BundleInvalide:
        return []


def _instant(minutes: int) -> datetime | None:
    """Rien en l’an 9999 : un fuseau l’en ferait sortir. La fin d’un créneau n’est pas bornée par la fenêtre."""
    return EPOQUE + timedelta(minutes=minutes) if minutes < MINUTES_MAX else None
