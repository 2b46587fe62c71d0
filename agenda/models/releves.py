"""Heures montrées, semaine par semaine."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q

from annuaire.models import Effecteur, Structure


class ReleveHebdomadaire(models.Model):
    """Heures montrées pendant une semaine écoulée : la preuve de la déclaration sur l’honneur. En ajout seul.

    `semaine` est son lundi. Calculé d’après les règles une fois la semaine finie
    (`agenda.eligibilite.releves`) ; rien ne se reporte d’une semaine à l’autre.
    """

    effecteur = models.ForeignKey(
        Effecteur, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    structure = models.ForeignKey(
        Structure, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    semaine = models.DateField("semaine du lundi")
    minutes = models.PositiveIntegerField("minutes montrées")
    seuil_min = models.PositiveIntegerField("minutes demandées")
    releve_le = models.DateTimeField("relevé le")

    class Meta:
        verbose_name = "relevé hebdomadaire"
        verbose_name_plural = "relevés hebdomadaires"
        constraints = [
            models.CheckConstraint(
                name="relevehebdomadaire_un_titulaire",
                condition=Q(effecteur__isnull=False, structure=None)
                | Q(effecteur=None, structure__isnull=False),
                violation_error_message="Un relevé est celui d’un effecteur ou d’une structure.",
            ),
            models.CheckConstraint(
                name="relevehebdomadaire_un_lundi",
                condition=Q(semaine__iso_week_day=1),
                violation_error_message="Une semaine se désigne par son lundi.",
            ),
            models.UniqueConstraint(
                name="relevehebdomadaire_effecteur_une_fois",
                fields=["effecteur", "semaine"],
                condition=Q(effecteur__isnull=False),
            ),
            models.UniqueConstraint(
                name="relevehebdomadaire_structure_une_fois",
                fields=["structure", "semaine"],
                condition=Q(structure__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="releve_en_ajout_seul", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.minutes} min, semaine du {self.semaine:%d/%m/%Y}"
