"""Qui agit : comptes, habilitations, jetons de l’API, trace."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import Any

import pgtrigger
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from comptes.enums import Portee, Role
from sas_platform.socle.modeles import Horodate


class CompteManager(BaseUserManager["Compte"]):
    def get_by_natural_key(self, username: str | None) -> Compte:
        return self.get(email=(username or "").lower())


class Compte(AbstractBaseUser, Horodate):
    """Une personne. Son identité Pro Santé Connect est `identifiant_national` (SubjectNameID)."""

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

    objects = CompteManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        verbose_name = "compte"
        constraints = [
            models.CheckConstraint(
                name="compte_a_une_cle",
                condition=Q(email__isnull=False) | Q(identifiant_national__isnull=False),
                violation_error_message="Un compte a une adresse électronique ou un identifiant national.",
            ),
            models.CheckConstraint(
                name="compte_email_en_minuscules",
                condition=Q(email=None) | Q(email=Lower(F("email"))),
                violation_error_message="L’adresse électronique s’écrit en minuscules.",
            ),
        ]

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


class JetonQuerySet(models.QuerySet["Jeton"]):
    def valides(self, instant: datetime) -> JetonQuerySet:
        return self.filter(expire_le__gt=instant, revoque_le=None, compte__is_active=True)


class Jeton(models.Model):
    """Droit d’appeler l’API au nom d’un compte : limité à des portées, daté, révocable.

    Seule l’empreinte est gardée ; le jeton n’est montré qu’à sa création.
    """

    compte = models.ForeignKey(Compte, on_delete=models.CASCADE, related_name="jetons")
    empreinte = models.CharField(max_length=64, unique=True, editable=False)
    portees = ArrayField(models.CharField(max_length=20, choices=Portee.choices), verbose_name="portées")
    cree_le = models.DateTimeField("créé le", auto_now_add=True)
    expire_le = models.DateTimeField("expire le")
    revoque_le = models.DateTimeField("révoqué le", null=True, blank=True)

    objects = JetonQuerySet.as_manager()

    class Meta:
        verbose_name = "jeton"

    def __str__(self) -> str:
        return f"jeton {self.pk} ({', '.join(self.portees)})"

    @staticmethod
    def empreinte_de(secret: str) -> str:
        return hashlib.sha256(secret.encode()).hexdigest()

    @classmethod
    def creer(cls, *, compte: Compte, portees: Iterable[Portee], expire_le: datetime) -> tuple[Jeton, str]:
        """Rend le jeton et son secret, que rien ne permettra de retrouver ensuite."""
        secret = secrets.token_urlsafe(32)
        jeton = cls.objects.create(
            compte=compte, portees=list(portees), expire_le=expire_le, empreinte=cls.empreinte_de(secret)
        )
        return jeton, secret


class Trace(models.Model):
    """Qui a fait quoi, quand. En ajout seul ; chaque ligne scelle la précédente.

    Ne contient ni adresse recherchée ni donnée de patient. La base calcule
    l’empreinte, sous un verrou tenu jusqu’à la fin de la transaction : écrire
    la trace en dernier.
    """

    le = models.DateTimeField("le", default=timezone.now)
    acteur = models.ForeignKey(Compte, on_delete=models.PROTECT, null=True, related_name="+")
    verbe = models.CharField("verbe", max_length=60)
    objet = models.CharField("objet", max_length=100, help_text="« orientation:12 »")
    details = models.JSONField("détails", default=dict)
    precedente = models.CharField("empreinte précédente", max_length=64, editable=False)
    empreinte = models.CharField("empreinte", max_length=64, editable=False)

    class Meta:
        verbose_name = "trace"
        indexes = [models.Index(fields=["objet", "id"], name="trace_objet")]
        triggers = [
            pgtrigger.Protect(name="en_ajout_seul", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="sans_vidage",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'pgtrigger: la trace ne se vide pas';",
            ),
            pgtrigger.Trigger(
                name="sceller",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    PERFORM pg_advisory_xact_lock(hashtext('comptes_trace'));
                    SELECT coalesce(max(empreinte), '') INTO NEW.precedente FROM (
                        SELECT empreinte FROM comptes_trace ORDER BY id DESC LIMIT 1
                    ) derniere;
                    NEW.id := nextval(pg_get_serial_sequence('comptes_trace', 'id'));
                    NEW.empreinte := encode(sha256(convert_to(concat_ws('|',
                        NEW.precedente, NEW.id, extract(epoch FROM NEW.le), NEW.acteur_id,
                        NEW.verbe, NEW.objet, NEW.details::text), 'UTF8')), 'hex');
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verbe} {self.objet}"
