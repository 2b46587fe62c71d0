"""Une place gardée le temps d’un appel (docs/adr/0024)."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q

from agenda.models.saisie import Disponibilite
from annuaire.models import Territoire
from comptes.models import Compte


class TenueQuerySet(models.QuerySet["Tenue"]):
    def en_cours(self, instant: datetime) -> TenueQuerySet:
        return self.filter(expire_le__gt=instant)

    def echues(self, instant: datetime) -> TenueQuerySet:
        return self.filter(expire_le__lte=instant)

    def de(self, compte: Compte, numero: uuid.UUID | None = None) -> TenueQuerySet:
        """La sienne ; `numero` : si c’est celle-là."""
        siennes = self.filter(compte=compte)
        return siennes.filter(uuid=numero) if numero else siennes


class Tenue(models.Model):
    """Ce n’est pas une réservation : passé `expire_le`, tout se fait comme si la ligne n’existait pas.

    Une personne en a une au plus ; `territoire` est le sien, seul nom que lisent les autres régulateurs.
    `cle` : clé d’idempotence de l’appelant, vide pour une place tenue depuis une page.
    """

    uuid = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False)
    cle = models.CharField("clé d’idempotence", max_length=100, blank=True, db_default="")
    compte = models.OneToOneField(Compte, on_delete=models.CASCADE, related_name="+")
    territoire = models.ForeignKey(
        Territoire, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    disponibilite = models.ForeignKey(Disponibilite, on_delete=models.CASCADE, related_name="+")
    debut = models.DateTimeField("début de l’occurrence")
    rang = models.PositiveSmallIntegerField("rang de la place")
    prise_le = models.DateTimeField("tenue depuis")
    expire_le = models.DateTimeField("jusqu’au", db_index=True)
    prolongee_le = models.DateTimeField("prolongée le", null=True, blank=True)

    objects = TenueQuerySet.as_manager()

    class Meta:
        verbose_name = "place tenue"
        verbose_name_plural = "places tenues"
        constraints = [
            models.UniqueConstraint(
                name="tenue_une_place_une_fois",
                fields=["disponibilite", "debut", "rang"],
                violation_error_message="Cette place est déjà tenue.",
            ),
            models.CheckConstraint(name="tenue_rang_a_partir_de_un", condition=Q(rang__gte=1)),
            models.CheckConstraint(name="tenue_finit", condition=Q(expire_le__gt=F("prise_le"))),
        ]

    def __str__(self) -> str:
        return f"place {self.rang} tenue jusqu’à {self.expire_le:%H:%M:%S}"
