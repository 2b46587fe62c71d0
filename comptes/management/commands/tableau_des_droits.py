"""Écrit docs/droits.md d’après la table des droits, pour qui doit la relire sans lire de code."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from comptes.droits import NIVEAUX, TABLE, roles_accordables
from comptes.enums import Action, Etendue, Role

FICHIER = Path(settings.RACINE) / "docs" / "droits.md"
_ABREGES = {
    Etendue.FRANCE: "France",
    Etendue.TERRITOIRE: "ses territoires",
    Etendue.STRUCTURE: "ses structures",
    Etendue.DELEGATION: "par délégation",
    Etendue.SOI: "soi-même",
}
_INTRODUCTION = """\
# Qui peut quoi

Ce texte est tiré de la table que le code applique (`comptes/droits.py`) par `manage.py tableau_des_droits --ecrire` ; un test refuse qu’il s’en écarte. Il ne se modifie pas à la main.

Règles communes :

- une personne peut porter plusieurs rôles : leurs droits s’ajoutent ;
- un rôle est accordé à une date, et peut finir à une autre ; hors de ces dates il ne donne rien, dès la requête suivante ;
- « dans ses territoires » et « pour ses structures » : ceux du périmètre du rôle, daté lui aussi ;
- « pour qui lui a donné délégation » : une délégation consentie, en cours, non révoquée ;
- ce que l’on n’a pas le droit de voir n’existe pas pour soi : la page répond « introuvable » ;
- un compte désactivé ne peut rien.
"""


def rendre() -> str:
    return "\n".join([_INTRODUCTION, *_par_role(), *_tableau(), *_hierarchie()]).rstrip() + "\n"


def _par_role() -> Iterator[str]:
    yield "## Rôle par rôle\n"
    for role in Role:
        yield f"### {role.label}\n"
        lignes = [(action, etendues[role]) for action, etendues in TABLE.items() if role in etendues]
        if not lignes:
            yield "Aucune action ne lui est encore ouverte : il se connecte et lit les pages communes.\n"
            continue
        yield "Peut :\n"
        for action, etendue in lignes:
            yield f"- {_en_phrase(action)}, {etendue.label}"
        yield ""


def _en_phrase(action: Action) -> str:
    return action.label[0].lower() + action.label[1:]


def _tableau() -> Iterator[str]:
    yield "## Action par action\n"
    yield "| Action | Rôles, et sur quelle étendue |"
    yield "|---|---|"
    for action, etendues in TABLE.items():
        roles = " ; ".join(f"{role.label} ({_ABREGES[etendues[role]]})" for role in Role if role in etendues)
        yield f"| {action.label} | {roles} |"
    yield ""


def _hierarchie() -> Iterator[str]:
    yield "## Hiérarchie des comptes\n"
    yield (
        "On n’agit que sur le compte d’une personne dont tous les rôles sont d’un niveau inférieur au sien, et jamais "
        "sur son propre compte. Seuls les administrateurs nationaux agissent entre eux. Un gestionnaire de comptes "
        "n’agit que dans ses territoires ; il ne désactive, ne réactive ni ne supprime un compte qui relève aussi d’un autre.\n"
    )
    for rang in sorted(set(NIVEAUX.values()), reverse=True):
        roles = ", ".join(role.label for role in Role if NIVEAUX[role] == rang)
        yield f"- niveau {rang} : {roles}"
    yield ""
    for role in TABLE[Action.GERER_COMPTES]:
        accordes = roles_accordables([role])
        noms = ", ".join(r.label for r in Role if r in accordes)
        yield f"{role.label} : accorde et retire {'tous les rôles' if accordes == set(Role) else noms}.\n"


class Command(BaseCommand):
    help = "Écrit docs/droits.md d’après la table des droits."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--ecrire", action="store_true", help="écrit le fichier au lieu de le montrer")

    def handle(self, *, ecrire: bool, **options: Any) -> None:
        if not ecrire:
            self.stdout.write(rendre())
            return
        FICHIER.write_text(rendre(), encoding="utf-8")
        self.stdout.write(self.style.SUCCESS(f"Écrit : {FICHIER.name}"))
