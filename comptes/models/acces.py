"""Ce qui ouvre la porte : jetons de l’API, liens reçus par courriel, sessions, conditions acceptées."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone

from comptes.enums import Portee, UsageLien
from comptes.models.compte import Compte


def empreinte_de(secret: str) -> str:
    """SHA-256 d’un secret tiré au hasard, assez long pour n’avoir pas besoin de sel."""
    return hashlib.sha256(secret.encode()).hexdigest()


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

    empreinte_de = staticmethod(empreinte_de)

    @classmethod
    def creer(cls, *, compte: Compte, portees: Iterable[Portee], expire_le: datetime) -> tuple[Jeton, str]:
        """Rend le jeton et son secret, que rien ne permettra de retrouver ensuite."""
        secret = secrets.token_urlsafe(32)
        jeton = cls.objects.create(
            compte=compte, portees=list(portees), expire_le=expire_le, empreinte=empreinte_de(secret)
        )
        return jeton, secret


class LienQuerySet(models.QuerySet["Lien"]):
    def ouverts(self, instant: datetime) -> LienQuerySet:
        return self.filter(consomme_le=None, annule_le=None, expire_le__gt=instant)


class Lien(models.Model):
    """Preuve qu’une personne lit une adresse électronique : lien à usage unique, et code à recopier.

    Le lien s’ouvre dans n’importe quel navigateur ; le code se tape dans celui
    qui l’a demandé. Seules leurs empreintes sont gardées. `identite` : ce que
    Pro Santé Connect a dit de la personne, tant qu’aucun compte ne le porte.
    """

    usage = models.CharField("usage", max_length=20, choices=UsageLien.choices)
    compte = models.ForeignKey(Compte, on_delete=models.CASCADE, null=True, blank=True, related_name="liens")
    email = models.EmailField("adresse électronique")
    identite = models.JSONField("identité Pro Santé Connect", default=dict, blank=True)
    empreinte = models.CharField(max_length=64, unique=True, editable=False)
    empreinte_code = models.CharField(max_length=64, blank=True, editable=False)
    essais_code = models.PositiveSmallIntegerField("codes faux essayés", default=0)
    cree_le = models.DateTimeField("créé le", default=timezone.now)
    expire_le = models.DateTimeField("expire le")
    consomme_le = models.DateTimeField("utilisé le", null=True, blank=True)
    annule_le = models.DateTimeField("remplacé ou annulé le", null=True, blank=True)

    objects = LienQuerySet.as_manager()

    class Meta:
        verbose_name = "lien reçu par courriel"
        verbose_name_plural = "liens reçus par courriel"
        indexes = [models.Index(fields=["email", "usage"], name="lien_email_usage")]

    def __str__(self) -> str:
        return f"{self.get_usage_display()} {self.pk}"


class Session(AbstractBaseSession):
    """Une session de Django, et son compte, pour se lire ensemble (`comptes.moteur_sessions`) et se fermer avec lui.

    Le compte n’y est qu’une copie de ce que disent les données signées ; rien
    pour qui n’est pas identifié. La table garde le nom de Django : une version
    d’avant, qui tourne encore ou que l’on remet, y lit et y écrit.
    """

    compte = models.ForeignKey(Compte, on_delete=models.CASCADE, null=True, related_name="sessions")

    class Meta(AbstractBaseSession.Meta):
        db_table = "django_session"


class SessionOuverte(models.Model):
    """Session ouverte par Pro Santé Connect, pour que sa fermeture là-bas la ferme ici (back-channel logout)."""

    compte = models.ForeignKey(Compte, on_delete=models.CASCADE, related_name="sessions_ouvertes")
    cle_session = models.CharField(max_length=40, unique=True, editable=False)
    sid = models.CharField("session chez Pro Santé Connect", max_length=100, blank=True, db_index=True)
    sub = models.CharField("sujet chez Pro Santé Connect", max_length=100, db_index=True)
    ouverte_le = models.DateTimeField("ouverte le", default=timezone.now)
    # Renouvelé par une tâche, donc hors de la session, que deux requêtes écriraient l’une par-dessus l’autre.
    rafraichissement = models.TextField(blank=True, editable=False)
    rafraichi_le = models.DateTimeField("rafraîchie le", null=True, blank=True)
    refus_le = models.DateTimeField("rafraîchissement refusé le", null=True, blank=True)

    class Meta:
        verbose_name = "session ouverte"
        verbose_name_plural = "sessions ouvertes"

    def __str__(self) -> str:
        return f"session {self.pk}"

    def est_a_rafraichir(self, instant: datetime) -> bool:
        if not self.rafraichissement or self.rafraichi_le is None:
            return False
        return instant - self.rafraichi_le >= timedelta(seconds=settings.PSC_RAFRAICHIR_APRES_S)


class VersionCGU(models.Model):
    """Une version des conditions générales d’utilisation ; la dernière publiée s’applique."""

    numero = models.CharField("numéro", max_length=20, unique=True)
    texte = models.TextField("texte", help_text="Markdown.")
    publiee_le = models.DateTimeField("publiée le", null=True, blank=True)

    class Meta:
        verbose_name = "version des CGU"
        verbose_name_plural = "versions des CGU"

    def __str__(self) -> str:
        return self.numero


class AcceptationCGU(models.Model):
    """Une personne a accepté une version, à une date : la preuve se garde (W-47 : liée à la personne)."""

    compte = models.ForeignKey(Compte, on_delete=models.CASCADE, related_name="acceptations_cgu")
    version = models.ForeignKey(VersionCGU, on_delete=models.PROTECT, related_name="+")
    le = models.DateTimeField("le", default=timezone.now)

    class Meta:
        verbose_name = "acceptation des CGU"
        verbose_name_plural = "acceptations des CGU"
        constraints = [
            models.UniqueConstraint(
                name="acceptation_cgu_une_fois",
                fields=["compte", "version"],
                violation_error_message="Cette version est déjà acceptée.",
            ),
        ]

    def __str__(self) -> str:
        return f"acceptation {self.pk}"
