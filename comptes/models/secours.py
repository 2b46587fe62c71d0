"""Ouvertures décidées de la connexion de secours (docs/adr/0012)."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from comptes.models.compte import Compte


class OuvertureSecoursQuerySet(models.QuerySet["OuvertureSecours"]):
    def en_cours(self, instant: datetime) -> OuvertureSecoursQuerySet:
        return self.filter(debut_le__lte=instant, fin_le__gt=instant)


class OuvertureSecours(models.Model):
    """Une période où le mot de passe vaut pour qui se connecte d’ordinaire avec Pro Santé Connect."""

    debut_le = models.DateTimeField("ouverte du", default=timezone.now)
    fin_le = models.DateTimeField("au")
    motif = models.CharField("motif", max_length=200)
    ouverte_par = models.ForeignKey(
        Compte, on_delete=models.PROTECT, related_name="+", editable=False, verbose_name="ouverte par"
    )

    objects = OuvertureSecoursQuerySet.as_manager()

    class Meta:
        verbose_name = "ouverture de la connexion de secours"
        verbose_name_plural = "ouvertures de la connexion de secours"
        constraints = [
            models.CheckConstraint(
                name="ouverture_secours_fin_apres_debut",
                condition=Q(fin_le__gt=F("debut_le")),
                violation_error_message="La connexion de secours se ferme après s’être ouverte.",
            ),
        ]

    def __str__(self) -> str:
        return f"connexion de secours {self.pk}"
