"""Ce qu’on demande à un éditeur, et ce qu’on lit de sa réponse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import UNSET, Struct, UnsetType

from sas_platform.socle.intervalles import Intervalle

PARIS = ZoneInfo("Europe/Paris")

Cas = Literal["ps", "cpts", "sos"]

GARDE = "garde"
RAISONS = (
    "duplicate_id",
    "status_not_free",
    "bad_instant",
    "bad_interval",
    "past",
    "out_of_window",
    "dangling_schedule",
    "no_practitioner",
    "missing_idnps",
    "not_requested",
    "no_location",
    "role_mismatch",
    "no_organization",
    "bad_siret",
    "bad_address",
    "cpts_unresolved",
    "no_visibility",
    "duplicate",
)


class Memoire(Struct, frozen=True, gc=False):
    """Ce que l’on retient d’une réponse lue, pour reconnaître la même d’un effecteur sans la juger de nouveau.

    `signature` : des octets de ses créneaux ; `commun` : de tout ce dont le jugement dépend d’autre, l’heure
    exceptée. `jusqu_a` : minute où commence le premier créneau gardé, que l’heure fera alors
    rejeter. `raisons`, `avertissements` : ce qu’il faut compter ; `agendas` : combien elle en décrit.
    `premiers`, `taille`, `ids` : de quoi retrouver ces octets, et savoir les ids qu’ils portent, sans les lire
    (`reconnaissance`).
    """

    signature: str
    jusqu_a: int
    raisons: dict[str, int]
    avertissements: dict[str, int]
    agendas: int = 0
    commun: str = ""
    premiers: str = ""
    taille: int = 0
    ids: str = ""

    def vaut(self, maintenant: datetime) -> bool:
        return maintenant.timestamp() < self.jusqu_a * 60


@dataclass(frozen=True, slots=True)
class Demande:
    """Ce qui a été demandé : identifiants préfixés (8…, 0… ; 3… pour SOS), fenêtre, liens admis.

    `memoires` : ce que l’on a retenu de la dernière réponse, par identifiant.
    """

    cas: Cas
    identifiants: frozenset[str]
    fenetre: Intervalle
    hotes: frozenset[str] | None = None
    http_local: bool = False
    url: str = ""
    memoires: Mapping[str, Memoire] = field(default_factory=dict)

    @property
    def memoires_valables(self) -> dict[str, Memoire]:
        return {i: memoire for i, memoire in self.memoires.items() if memoire.vaut(self.fenetre.debut)}


class LieuEditeur(Struct, frozen=True, gc=False):
    """Lieu tel que l’éditeur le décrit. `idnst` : FINESS 1…, SIRET 3…, RPPS-rang 4…, ou vide.

    `position` : latitude et longitude, si l’éditeur en donne de plausibles.
    """

    idnst: str
    ligne: str
    ville: str
    code_postal: str
    telephone: str = ""
    id_interne: str = ""
    nom: str = ""
    position: tuple[float, float] | UnsetType = UNSET

    @property
    def cle(self) -> tuple[str, str, str, str]:
        """Ce qui fait un même lieu : ni son téléphone ni son numéro chez l’éditeur n’en font un autre."""
        return self.idnst, self.ligne, self.ville, self.code_postal


class CreneauLu(Struct, frozen=True, gc=False):
    """Créneau gardé. `debut` et `fin` en minutes depuis l’époque ; `cpts` : FINESS préfixés."""

    id: str
    proprietaire: str
    lieu: LieuEditeur
    debut: int
    fin: int
    modalites: tuple[str, ...]
    visibilites: tuple[str, ...]
    motifs: tuple[str, ...]
    specialites: tuple[str, ...]
    cpts: tuple[str, ...]
    sans_rendez_vous: bool
    lien: str


class Verdict(Struct, frozen=True, gc=False):
    """Sort d’une entrée Slot : `raison` vide si le créneau est gardé."""

    id: str
    raison: str
    creneau: CreneauLu | None = None


class Echantillon(Struct, frozen=True, gc=False):
    """Un créneau écarté : son id, et le morceau de réponse qui l’explique (`agenda.editeurs.fragments`)."""

    raison: str
    slot: str
    fragment: str


@dataclass(slots=True)
class Lecture:
    """Réponse lue. `defaut` dit pourquoi le Bundle est refusé ; vide, il est bon.

    `reconnues` : mémoires des effecteurs dont rien n’a changé, absents des
    verdicts. `memoires` : ce qui est à retenir des autres. `noms_cpts` : nom que
    l’éditeur donne à chaque CPTS d’un créneau lu, par FINESS préfixé.
    `echantillons` : quelques créneaux écartés, par motif.
    """

    verdicts: list[Verdict] = field(default_factory=list)
    avertissements: Counter[str] = field(default_factory=Counter)
    defaut: str = ""
    reconnues: dict[str, Memoire] = field(default_factory=dict)
    memoires: dict[str, Memoire] = field(default_factory=dict)
    noms_cpts: dict[str, str] = field(default_factory=dict)
    echantillons: list[Echantillon] = field(default_factory=list)

    @property
    def etat(self) -> Literal["ok", "bundle_invalid"]:
        return "bundle_invalid" if self.defaut else "ok"

    def gardes(self) -> list[CreneauLu]:
        return [verdict.creneau for verdict in self.verdicts if verdict.creneau is not None]

    def comptes(self) -> Counter[str]:
        """Nombre d’entrées Slot par raison, « garde » compris."""
        comptes = Counter(verdict.raison or GARDE for verdict in self.verdicts)
        # Un par un : `update` coûte une microseconde, et il y a une mémoire par effecteur.
        for memoire in self.reconnues.values():
            for raison, nombre in memoire.raisons.items():
                comptes[raison] += nombre
        return comptes


def fenetre_interrogee(maintenant: datetime) -> Intervalle:
    """[maintenant, min(maintenant + 72 h, fin du troisième jour)[, jours comptés à Paris."""
    jour = maintenant.astimezone(PARIS).date() + timedelta(days=3)
    minuit = datetime(jour.year, jour.month, jour.day, tzinfo=PARIS).astimezone(UTC)
    return Intervalle(maintenant, min(maintenant.astimezone(UTC) + timedelta(hours=72), minuit))
