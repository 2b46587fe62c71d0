"""Logiciels de régulation médicale qui ouvrent une recherche ici, et combien de fois ; rien de personnel."""

from __future__ import annotations

from datetime import date

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from annuaire.models import Territoire
from orientation.enums import IssueLRM
from sas_platform.socle.modeles import Horodate

_CODE = r"^[A-Za-z0-9][A-Za-z0-9._:|-]*$"


class LogicielRegulation(Horodate):
    """Ce que désigne `origin` : l’autorité d’affectation d’un logiciel, dans un SAS."""

    code = models.CharField(
        "autorité d’affectation",
        max_length=60,
        validators=[RegexValidator(_CODE, "Lettres, chiffres, point, tiret, deux-points.")],
        help_text="Valeur du paramètre « origin », sans égard à la casse.",
    )
    nom = models.CharField("nom du logiciel", max_length=100)
    territoire = models.ForeignKey(
        Territoire, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    contact = models.CharField(
        "à qui s’adresser",
        max_length=150,
        blank=True,
        help_text="Boîte ou numéro d’un service, montré quand la liaison est fermée.",
    )
    sso_psc = models.BooleanField(
        "connexion unique",
        default=True,
        help_text="Sans session ouverte, va droit à Pro Santé Connect plutôt qu’à la page de connexion.",
    )
    est_actif = models.BooleanField("actif", default=True)

    class Meta:
        verbose_name = "logiciel de régulation médicale"
        verbose_name_plural = "logiciels de régulation médicale"
        constraints = [
            models.UniqueConstraint(
                Lower("code"),
                name="logicielregulation_code_unique",
                violation_error_message="Un logiciel a déjà cette autorité d’affectation.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nom} ({self.code})"


class ArriveesLRMQuerySet(models.QuerySet["ArriveesLRM"]):
    def compter(self, *, logiciel: LogicielRegulation | None, issue: IssueLRM, jour: date) -> None:
        """Une arrivée de plus ; deux processus à la fois n’en perdent aucune."""
        ligne, _ = self.get_or_create(jour=jour, logiciel=logiciel, issue=issue)
        self.filter(pk=ligne.pk).update(nombre=F("nombre") + 1)


class ArriveesLRM(models.Model):
    """Combien d’arrivées, par jour, logiciel et issue : ni personne, ni adresse, ni heure (L-08).

    `logiciel` vide : l’origine manquait, ou n’était pas connue.
    """

    jour = models.DateField("jour")
    logiciel = models.ForeignKey(
        LogicielRegulation, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    issue = models.CharField("issue", max_length=20, choices=IssueLRM.choices)
    nombre = models.PositiveIntegerField("nombre", default=0)

    objects = ArriveesLRMQuerySet.as_manager()

    class Meta:
        verbose_name = "arrivées depuis un logiciel de régulation"
        verbose_name_plural = "arrivées depuis les logiciels de régulation"
        constraints = [
            models.UniqueConstraint(
                fields=["jour", "logiciel", "issue"],
                name="arriveeslrm_une_ligne_par_jour",
                nulls_distinct=False,
            ),
            models.CheckConstraint(name="arriveeslrm_issue_connue", condition=Q(issue__in=IssueLRM.values)),
        ]

    def __str__(self) -> str:
        return f"{self.jour} {self.get_issue_display()} : {self.nombre}"
