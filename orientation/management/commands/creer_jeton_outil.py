"""Crée le jeton de l’outil d’un territoire ; son secret n’est montré qu’ici."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from annuaire.champs import champ, territoires_du
from comptes.actions import tracer
from comptes.enums import Action, Portee
from comptes.models import Compte, Jeton
from orientation.models import JetonOutil, OutilTerritorial

JOURS_MAX = 365


class Command(BaseCommand):
    help = "Crée le jeton d’un outil territorial et écrit son secret, une seule fois, sur la dernière ligne."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--outil", required=True, metavar="CODE", help="code de l’outil")
        parser.add_argument(
            "--compte", required=True, metavar="EMAIL", help="qui en répond : gestionnaire du territoire"
        )
        parser.add_argument("--jours", type=int, default=90, help=f"durée de validité, {JOURS_MAX} au plus")

    def handle(self, *, outil: str, compte: str, jours: int, **options: Any) -> None:
        maintenant = timezone.now()
        if not 1 <= jours <= JOURS_MAX:
            raise CommandError(f"--jours\u00a0: de 1 à {JOURS_MAX}.")
        destine = OutilTerritorial.objects.filter(code=outil, est_actif=True).first()
        if destine is None:
            raise CommandError(f"Aucun outil actif de code {outil}.")
        porteur = Compte.objects.filter(email=compte, is_active=True).first()
        if porteur is None:
            raise CommandError(f"Aucun compte actif à l’adresse {compte}.")
        siens = territoires_du(champ(porteur, Action.VERSER_ORIENTATIONS, instant=maintenant))
        if not siens.filter(pk=destine.territoire_id).exists():
            raise CommandError(f"Ce compte ne gère pas le territoire de l’outil ({destine.territoire.nom}).")
        portees = [Portee.RECHERCHE, Portee.VERSEMENT]
        with transaction.atomic():
            jeton, secret = Jeton.creer(
                compte=porteur, portees=portees, expire_le=maintenant + timedelta(days=jours)
            )
            JetonOutil.objects.create(jeton=jeton, outil=destine)
            tracer(
                acteur=None,
                verbe="jeton.cree",
                objet=f"jeton:{jeton.pk}",
                compte=porteur.pk,
                portees=jeton.portees,
                outil=destine.pk,
            )
        self.stderr.write(f"Jeton {jeton.pk} de {destine}, valable {jours} jours\u00a0:")
        self.stdout.write(secret)
