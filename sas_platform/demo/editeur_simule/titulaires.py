"""Ce que l’éditeur simulé sait de ses clients : praticiens, CPTS, associations SOS Médecins, et leurs créneaux."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

Cas = Literal["ps", "cpts", "sos"]


@dataclass(frozen=True, slots=True)
class Lieu:
    idnst: str
    ligne: str
    ville: str
    code_postal: str
    telephone: str
    fuseau: str
    nom: str = ""


@dataclass(frozen=True, slots=True)
class Cpts:
    """`finess` est préfixé : « 1 » puis neuf signes."""

    finess: str
    nom: str
    telephone: str = ""


@dataclass(frozen=True, slots=True)
class Praticien:
    identifiant_national: str
    nom: str
    prenom: str
    specialite: str
    lieux: tuple[Lieu, ...]
    cpts: tuple[Cpts, ...] = ()

    @property
    def identifiant(self) -> str:
        return self.identifiant_national


@dataclass(frozen=True, slots=True)
class Association:
    """Association SOS Médecins et ses points fixes. `siret` est préfixé : « 3 » puis quatorze chiffres."""

    siret: str
    nom: str
    lieux: tuple[Lieu, ...]
    telephone: str = ""

    @property
    def identifiant(self) -> str:
        return self.siret


Titulaire = Praticien | Association


@dataclass(frozen=True, slots=True)
class Annuaire:
    """Clients d’un éditeur, tels que le lanceur les écrit en JSON."""

    praticiens: tuple[Praticien, ...] = ()
    associations: tuple[Association, ...] = ()

    def titulaires(self) -> Sequence[Titulaire]:
        return (*self.praticiens, *self.associations)


@dataclass(frozen=True, slots=True)
class Creneau:
    """Bornes dans le fuseau du lieu. `cpts` : FINESS des CPTS auxquelles il est ouvert.

    `visibilites` : codes montrés à tous, CPTS exceptée ; vide, le créneau n’est
    qu’aux CPTS. `reserve_aux_cpts` : à qui demande les créneaux des CPTS, il ne
    montre que ce code.
    """

    id: str
    debut: datetime
    fin: datetime
    visibilites: tuple[str, ...]
    actes: tuple[str, ...]
    motif: str
    sans_rendez_vous: bool
    cpts: tuple[str, ...] = ()
    reserve_aux_cpts: bool = False

    def visibilites_en(self, cas: Cas) -> tuple[str, ...]:
        """Codes à émettre ; vide, le créneau ne paraît pas."""
        if cas != "cpts" or not self.cpts:
            return self.visibilites
        return ("CPTS",) if self.reserve_aux_cpts else (*self.visibilites, "CPTS")


class Agenda(Protocol):
    """D’où viennent les créneaux."""

    @property
    def marge(self) -> timedelta:
        """Délai avant lequel rien n’est proposé à la recherche."""
        ...

    def creneaux(
        self, titulaire: Titulaire, rang: int, *, maintenant: datetime, debut: datetime, fin: datetime
    ) -> list[Creneau]:
        """Créneaux libres en ce lieu qui commencent dans [debut, fin], dans l’ordre."""
        ...
