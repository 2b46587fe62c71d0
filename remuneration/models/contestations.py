"""Le fil d’un désaccord entre un professionnel, ou une structure, et sa caisse. Rien du patient."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q

from annuaire.models import Departement, Effecteur, Structure
from comptes.models import Compte
from remuneration.enums import EtatContestation
from remuneration.models.periodes import Periode


class Contestation(models.Model):
    """Un désaccord sur une période. `departement` : la caisse à qui il s’adresse."""

    periode = models.ForeignKey(Periode, on_delete=models.PROTECT, related_name="contestations")
    effecteur = models.ForeignKey(
        Effecteur, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    structure = models.ForeignKey(
        Structure, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    departement = models.ForeignKey(Departement, on_delete=models.PROTECT, related_name="+")
    etat = models.CharField(
        "état", max_length=10, choices=EtatContestation.choices, default=EtatContestation.OUVERTE
    )
    ouverte_le = models.DateTimeField("ouverte le")

    class Meta:
        verbose_name = "contestation"
        ordering = ["-ouverte_le"]
        constraints = [
            models.CheckConstraint(
                name="contestation_un_beneficiaire",
                condition=Q(effecteur__isnull=False, structure=None)
                | Q(effecteur=None, structure__isnull=False),
            ),
            models.UniqueConstraint(
                name="contestation_effecteur_une_ouverte",
                fields=["periode", "effecteur"],
                condition=~Q(etat=EtatContestation.CLOSE) & Q(effecteur__isnull=False),
                violation_error_message="Une contestation est déjà ouverte pour cette période.",
            ),
            models.UniqueConstraint(
                name="contestation_structure_une_ouverte",
                fields=["periode", "structure"],
                condition=~Q(etat=EtatContestation.CLOSE) & Q(structure__isnull=False),
                violation_error_message="Une contestation est déjà ouverte pour cette période.",
            ),
        ]

    def __str__(self) -> str:
        return f"contestation, {self.periode}"


class MessageContestation(models.Model):
    """Un message du fil, en ajout seul."""

    contestation = models.ForeignKey(Contestation, on_delete=models.PROTECT, related_name="messages")
    auteur = models.ForeignKey(Compte, on_delete=models.PROTECT, related_name="+")
    de_la_caisse = models.BooleanField("de la caisse")
    texte = models.TextField("message", max_length=2000)
    le = models.DateTimeField("le")

    class Meta:
        verbose_name = "message d’une contestation"
        verbose_name_plural = "messages des contestations"
        ordering = ["le", "pk"]
        triggers = [
            pgtrigger.Protect(name="message_en_ajout_seul", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"message du {self.le:%d/%m/%Y %H:%M}"
