"""Crée un jeton de l’API ; son secret n’est montré qu’ici."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from comptes.actions import tracer
from comptes.enums import Portee
from comptes.models import Compte, Jeton

JOURS_MAX = 365
# Le domaine réservé des comptes de démonstration (RFC 2606) : aucun compte réel ne s’y trouve.
DOMAINE_DEMO = "exemple.invalid"


class Command(BaseCommand):
    help = "Crée un jeton de l’API et écrit son secret, une seule fois, sur la dernière ligne."

    def add_arguments(self, parser: ArgumentParser) -> None:
        qui = parser.add_mutually_exclusive_group(required=True)
        qui.add_argument("--compte", metavar="EMAIL", help="adresse électronique du compte")
        qui.add_argument("--persona", metavar="CLE", help="personne de la démonstration, par exemple osnp")
        parser.add_argument(
            "--portee", required=True, help=f"portées séparées par des virgules : {', '.join(Portee.values)}"
        )
        parser.add_argument("--jours", type=int, default=90, help=f"durée de validité, {JOURS_MAX} au plus")

    def handle(
        self, *, compte: str | None, persona: str | None, portee: str, jours: int, **options: Any
    ) -> None:
        if not 1 <= jours <= JOURS_MAX:
            raise CommandError(f"--jours : de 1 à {JOURS_MAX}.")
        portees = _portees(portee)
        porteur = _porteur(compte or f"{persona}@{DOMAINE_DEMO}")
        expire_le = timezone.now() + timedelta(days=jours)
        with transaction.atomic():
            jeton, secret = Jeton.creer(compte=porteur, portees=portees, expire_le=expire_le)
            tracer(
                acteur=None,
                verbe="jeton.cree",
                objet=f"jeton:{jeton.pk}",
                compte=porteur.pk,
                portees=jeton.portees,
            )
        self.stderr.write(f"Jeton {jeton.pk} de {porteur}, valable jusqu’au {expire_le:%d/%m/%Y} :")
        self.stdout.write(secret)


def _portees(valeur: str) -> list[Portee]:
    try:
        return sorted({Portee(nom.strip()) for nom in valeur.split(",")})
    except ValueError as erreur:
        raise CommandError(f"--portee : {', '.join(Portee.values)}, séparées par des virgules.") from erreur


def _porteur(email: str) -> Compte:
    try:
        porteur = Compte.objects.get_by_natural_key(email)
    except Compte.DoesNotExist:
        raise CommandError(f"Aucun compte à l’adresse {email}.") from None
    if not porteur.is_active:
        raise CommandError("Ce compte est désactivé.")
    return porteur
