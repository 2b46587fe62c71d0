"""Lit la réponse d’un éditeur, sans base ni réseau, et dit le sort de chaque créneau."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser

from agenda.editeurs.normaliseur import TAILLE_MAX
from agenda.editeurs.relecture import relire
from agenda.editeurs.verdicts import CreneauLu, Lecture, fenetre_interrogee


class Command(BaseCommand):
    help = (
        "Lit un Bundle FHIR d’éditeur et imprime une ligne JSON par entrée Slot, puis une ligne de bilan. "
        "N’utilise pas la base."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("fichier", type=Path)
        parser.add_argument("--cas", choices=["ps", "cpts", "sos"], required=True)
        parser.add_argument("--maintenant", required=True, help="instant ISO 8601 avec décalage")
        parser.add_argument(
            "--demandes",
            required=True,
            help="identifiants préfixés, séparés par des virgules : 8 + RPPS, 0 + ADELI, 3 + SIRET (sos)",
        )
        parser.add_argument(
            "--hotes", default=None, help="hôtes admis des liens de réservation ; absent : tout hôte en https"
        )

    def handle(self, *, fichier: Path, cas: Any, maintenant: str, demandes: str, **options: Any) -> None:
        instant = _instant(maintenant)
        try:
            with fichier.open("rb") as flux:
                octets = flux.read(TAILLE_MAX + 1)
        except OSError as erreur:
            raise CommandError(f"Fichier illisible : {fichier} ({erreur.strerror})") from erreur
        lecture = relire(
            octets,
            cas=cas,
            maintenant=instant,
            demandes=frozenset(filter(None, map(str.strip, demandes.split(",")))),
            hotes=None if options["hotes"] is None else frozenset(options["hotes"].split(",")),
        ).lecture
        for ligne in _lignes(lecture):
            self.stdout.write(msgspec.json.encode(ligne).decode())
        if lecture.defaut:
            self.stderr.write(lecture.defaut)


def _instant(texte: str) -> datetime:
    try:
        instant = datetime.fromisoformat(texte)
        if instant.tzinfo is not None:
            fenetre_interrogee(instant)
            return instant
    except (ValueError, OverflowError):
        pass  # même message que pour un instant sans décalage
    raise CommandError(
        f"--maintenant : « {texte} » n’est pas un instant ISO 8601 avec décalage, "
        "par exemple 2026-11-22T09:00:00+01:00"
    )


def _lignes(lecture: Lecture) -> list[dict[str, Any]]:
    lignes: list[dict[str, Any]] = [
        {
            "id": verdict.id,
            "verdict": "rejet" if verdict.raison else "garde",
            "raison": verdict.raison or None,
            "creneau": _creneau(verdict.creneau) if verdict.creneau else None,
        }
        for verdict in lecture.verdicts
    ]
    return [*lignes, {"bundle": lecture.etat, "total": len(lecture.verdicts)}]


def _creneau(creneau: CreneauLu) -> dict[str, Any]:
    bornes = {"debut": _iso(creneau.debut), "fin": _iso(creneau.fin)}
    return dict(msgspec.to_builtins(creneau) | bornes)


def _iso(minutes: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)).isoformat()
