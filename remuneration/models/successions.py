"""Un professionnel qui change d’identifiant national garde ses droits (ADELI, puis RPPS)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from annuaire.models import Effecteur


class Succession(models.Model):
    """`ancien` est devenu `nouveau` : actes, déclarations et relevés des deux se comptent au nouveau.

    L’annuaire tient un effecteur par identifiant ; celui qui disparaît de l’extraction
    y devient inactif, sans dire qui lui succède. Le rapprochement est strict, et se
    lit dans la preuve (`remuneration.calcul.identifiants`).
    """

    ancien = models.OneToOneField(Effecteur, on_delete=models.PROTECT, related_name="+")
    nouveau = models.ForeignKey(Effecteur, on_delete=models.PROTECT, related_name="+")
    le = models.DateTimeField("rapprochés le")

    class Meta:
        verbose_name = "changement d’identifiant national"
        verbose_name_plural = "changements d’identifiant national"
        constraints = [
            models.CheckConstraint(
                name="succession_deux_effecteurs",
                condition=~Q(ancien=F("nouveau")),
                violation_error_message="Un identifiant ne se succède pas à lui-même.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ancien_id} devenu {self.nouveau_id}"
