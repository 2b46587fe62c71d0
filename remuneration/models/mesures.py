"""Indicateurs du SAS, mois par mois : des nombres qui restent quand le détail s’est effacé."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from annuaire.models import Effecteur, Territoire


class MesureMensuelle(models.Model):
    """Une valeur d’un mois. `territoire` vide : la France, qui n’est pas toujours la somme des territoires.

    Codes, dimensions et unités : `remuneration.domaine.indicateurs`. Ce qui est un rapport ou une médiane
    ne s’écrit pas ici : il se tire de ses deux termes, ou de ses tranches, à la lecture.
    """

    mois = models.DateField("premier jour du mois")
    territoire = models.ForeignKey(
        Territoire, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    code = models.CharField("indicateur", max_length=40)
    dimension = models.CharField("dimension", max_length=60, blank=True)
    valeur = models.FloatField("valeur")

    class Meta:
        verbose_name = "mesure d’un mois"
        verbose_name_plural = "mesures mensuelles"
        constraints = [
            models.UniqueConstraint(
                name="mesuremensuelle_une_fois",
                fields=["mois", "territoire", "code", "dimension"],
                nulls_distinct=False,
            ),
            models.CheckConstraint(name="mesuremensuelle_d_un_mois", condition=Q(mois__day=1)),
        ]
        indexes = [models.Index(fields=["territoire", "code", "mois"], name="mesuremensuelle_serie")]

    def __str__(self) -> str:
        return f"{self.mois:%m/%Y} {self.code} {self.dimension} : {self.valeur}"


class MoisMesure(models.Model):
    """Un mois calculé chaque nuit, puis clos : ses mesures ne changent plus, le détail peut s’effacer."""

    mois = models.DateField("premier jour du mois", primary_key=True)
    calcule_le = models.DateTimeField("calculé le")
    clos_le = models.DateTimeField("clos le", null=True, blank=True)

    class Meta:
        verbose_name = "mois mesuré"
        verbose_name_plural = "mois mesurés"
        constraints = [models.CheckConstraint(name="moismesure_un_mois", condition=Q(mois__day=1))]

    def __str__(self) -> str:
        return f"{self.mois:%m/%Y}"


class CreneauRecu(models.Model):
    """Cet effecteur a eu, ce mois-là, un créneau reçu d’un éditeur. L’agenda, lui, est remplacé à chaque lecture."""

    mois = models.DateField("premier jour du mois")
    effecteur = models.ForeignKey(Effecteur, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = "créneau reçu dans le mois"
        verbose_name_plural = "créneaux reçus dans le mois"
        constraints = [
            models.UniqueConstraint(name="creneaurecu_une_fois", fields=["mois", "effecteur"]),
            models.CheckConstraint(name="creneaurecu_un_mois", condition=Q(mois__day=1)),
        ]

    def __str__(self) -> str:
        return f"{self.mois:%m/%Y} {self.effecteur_id}"
