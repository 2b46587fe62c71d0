"""Qui agit : comptes et rôles datés."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.functions import RandomUUID
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from comptes.enums import Role
from sas_platform.socle.jours import dernier_jour
from sas_platform.socle.modeles import Horodate

NOM_ANONYME = "Compte effacé"


class CompteManager(BaseUserManager["Compte"]):
    def get_by_natural_key(self, username: str | None) -> Compte:
        return self.get(email=(username or "").lower())


class Compte(AbstractBaseUser, Horodate):
    """Une personne. Son identité Pro Santé Connect est `identifiant_national` (SubjectNameID)."""

    # Ce que les éditeurs reçoivent de qui n’a pas d’identifiant national (INT_R02) ; ne change jamais.
    uuid = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False)
    email = models.EmailField("adresse électronique", null=True, blank=True, unique=True)
    identifiant_national = models.CharField(
        "identifiant national",
        max_length=64,
        null=True,
        blank=True,
        unique=True,
        help_text="Avec son préfixe : 8 pour un RPPS, 0 pour un ADELI.",
    )
    nom = models.CharField("nom", max_length=100)
    prenom = models.CharField("prénom", max_length=100, blank=True)
    is_active = models.BooleanField("actif", default=True)
    numero_cpx = models.CharField("numéro de carte CPX", max_length=20, blank=True)
    mot_de_passe_change_le = models.DateTimeField("mot de passe changé le", null=True, blank=True)
    # Dernier rappel envoyé depuis le dernier changement de mot de passe, depuis la dernière connexion.
    rappel_mot_de_passe_le = models.DateTimeField(null=True, blank=True, editable=False)
    relance_inactivite = models.PositiveSmallIntegerField(default=0, editable=False)
    relance_inactivite_le = models.DateTimeField(null=True, blank=True, editable=False)
    courriel_rejete_le = models.DateTimeField("adresse en échec depuis le", null=True, blank=True)
    desactive_le = models.DateTimeField("désactivé le", null=True, blank=True)
    anonymise_le = models.DateTimeField("anonymisé le", null=True, blank=True, editable=False)

    objects = CompteManager()

    # Lu avec les rôles, une fois par requête (`comptes.demandeur`) ; faux tant qu’on ne sait pas.
    cgu_acceptees = False

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        verbose_name = "compte"
        constraints = [
            models.CheckConstraint(
                name="compte_a_une_cle",
                condition=Q(email__isnull=False)
                | Q(identifiant_national__isnull=False)
                | Q(anonymise_le__isnull=False),
                violation_error_message="Un compte a une adresse électronique ou un identifiant national.",
            ),
            models.CheckConstraint(
                name="compte_email_en_minuscules",
                condition=Q(email=None) | Q(email=Lower(F("email"))),
                violation_error_message="L’adresse électronique s’écrit en minuscules.",
            ),
            # Un compte anonymisé reste, parce que la trace et les orientations le désignent ; plus rien n’y dit qui.
            models.CheckConstraint(
                name="compte_anonymise_sans_identite",
                condition=Q(anonymise_le=None)
                | Q(
                    email=None,
                    identifiant_national=None,
                    nom=NOM_ANONYME,
                    prenom="",
                    numero_cpx="",
                    is_active=False,
                ),
                violation_error_message="Un compte anonymisé ne porte plus d’identité.",
            ),
        ]

    def clean(self) -> None:
        """Redit `compte_a_une_cle` : un formulaire qui ne montre pas tous ses champs la laisserait à la base."""
        if not (self.email or self.identifiant_national or self.anonymise_le):
            raise ValidationError("Un compte a une adresse électronique ou un identifiant national.")

    def __str__(self) -> str:
        return f"{self.prenom} {self.nom}".strip()

    @cached_property
    def roles(self) -> frozenset[Role]:
        """Rôles en cours de validité ; lus une fois par requête."""
        if not self.is_active:
            return frozenset()
        en_cours = Habilitation.objects.filter(compte=self).en_cours(timezone.now())
        return frozenset(Role(role) for role in en_cours.values_list("role", flat=True))

    def a_un_role(self, roles: Iterable[Role]) -> bool:
        return not self.roles.isdisjoint(roles)

    def has_usable_password(self) -> bool:
        """Django tient un mot de passe jamais posé pour utilisable ; ici il veut dire « compte à activer »."""
        return bool(self.password) and super().has_usable_password()

    # L’administration de Django n’est ouverte qu’à l’administrateur national.
    @property
    def is_staff(self) -> bool:
        return Role.ADMINISTRATEUR in self.roles

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


class HabilitationQuerySet(models.QuerySet["Habilitation"]):
    def en_cours(self, instant: datetime) -> HabilitationQuerySet:
        return self.filter(Q(fin_le=None) | Q(fin_le__gt=instant), debut_le__lte=instant)


class Habilitation(models.Model):
    """Un rôle, accordé à un compte sur une période."""

    compte = models.ForeignKey(Compte, on_delete=models.CASCADE, related_name="habilitations")
    role = models.CharField("rôle", max_length=30, choices=Role.choices)
    debut_le = models.DateTimeField("depuis", default=timezone.now)
    fin_le = models.DateTimeField("jusqu’au", null=True, blank=True)

    objects = HabilitationQuerySet.as_manager()

    class Meta:
        verbose_name = "habilitation"
        constraints = [
            models.CheckConstraint(
                name="habilitation_fin_apres_debut",
                condition=Q(fin_le=None) | Q(fin_le__gt=F("debut_le")),
                violation_error_message="L’habilitation finit avant d’avoir commencé.",
            ),
            models.UniqueConstraint(
                name="habilitation_role_ouvert_une_fois",
                fields=["compte", "role"],
                condition=Q(fin_le=None),
                violation_error_message="Ce rôle est déjà accordé à ce compte.",
            ),
        ]

    def __str__(self) -> str:
        # Sans le nom de la personne : l’administration recopie ce texte dans la trace, qui ne s’efface pas.
        return self.get_role_display()

    @property
    def dernier_jour(self) -> date | None:
        return self.fin_le and dernier_jour(self.fin_le, ZoneInfo(settings.TIME_ZONE))
