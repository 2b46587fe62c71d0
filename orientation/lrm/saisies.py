"""Appels incomplets : ce qui en est compris attend, dans la session, que la personne complète le formulaire."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from typing import Any

from django.contrib.sessions.backends.base import SessionBase

from orientation.forms import RechercheForm
from orientation.lrm.comprehension import Compris, nom_a_corriger

CLE = "saisies_lrm"
GARDEES = 5


@dataclass(frozen=True, slots=True)
class Saisie:
    """`erreurs` : par champ ; `origine_refusee` : la liaison est fermée, `contact` dit à qui le dire."""

    donnees: dict[str, str]
    erreurs: dict[str, str] = field(default_factory=dict)
    avis: list[str] = field(default_factory=list)
    origine_refusee: bool = False
    contact: str = ""

    def formulaire(self) -> RechercheForm:
        """Rempli de ce qui est compris ; chaque champ à compléter porte son erreur, et ses choix."""
        form = RechercheForm(self.donnees)
        form.is_valid()
        for champ, erreur in self.erreurs.items():
            form.errors.pop(champ, None)
            form.add_error(champ, erreur)
        return form


def garder(session: SessionBase, compris: Compris) -> str:
    logiciel = compris.logiciel
    saisie = Saisie(
        donnees=compris.donnees | nom_a_corriger(compris),
        erreurs=compris.erreurs,
        avis=compris.avis,
        origine_refusee=not compris.origine_admise,
        contact=logiciel.contact if logiciel else "",
    )
    jeton = secrets.token_urlsafe(12)
    gardees: dict[str, Any] = session.get(CLE, {}) | {jeton: asdict(saisie)}
    session[CLE] = dict(list(gardees.items())[-GARDEES:])
    return jeton


def retrouver(session: SessionBase, jeton: str) -> Saisie | None:
    gardee = session.get(CLE, {}).get(jeton)
    return Saisie(**gardee) if gardee else None
