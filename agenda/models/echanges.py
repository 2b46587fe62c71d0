"""Plannings importés, calendriers donnés à lire et lus ailleurs."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from annuaire.models import LieuExercice
from comptes.models import Compte


class ImportPlanning(models.Model):
    """Un planning relu sans faute, qui attend sa confirmation ; puis ce qu’il a ouvert, pour l’annuler d’un bloc.

    `lignes` : `[numéro, {colonne: valeur}]`, effacées une fois importées. `gestes` :
    les `GesteAgenda` de l’import, un par lieu.
    """

    auteur = models.ForeignKey(Compte, on_delete=models.CASCADE, related_name="+")
    cree_le = models.DateTimeField("relu le")
    nom = models.CharField("fichier", max_length=100)
    lignes = models.JSONField(default=list)
    nombre = models.PositiveIntegerField("disponibilités", default=0)
    fait_le = models.DateTimeField("importé le", null=True, blank=True)
    gestes = ArrayField(models.BigIntegerField(), default=list, blank=True)
    annule_le = models.DateTimeField("annulé le", null=True, blank=True)

    class Meta:
        verbose_name = "import de planning"
        verbose_name_plural = "imports de planning"
        indexes = [models.Index(fields=["auteur", "-cree_le"], name="importplanning_auteur")]
        constraints = [
            models.CheckConstraint(
                name="importplanning_annule_apres_coup",
                condition=Q(annule_le=None) | Q(fait_le__isnull=False),
                violation_error_message="On n’annule que ce qui a été importé.",
            ),
        ]

    def __str__(self) -> str:
        return self.nom


class LienCalendrier(models.Model):
    """Adresse secrète où un logiciel de calendrier lit l’agenda d’une personne ; seule l’empreinte du secret est gardée.

    `lieu` nul : tous les lieux dont le compte tient l’agenda au moment de la lecture.
    """

    compte = models.ForeignKey(Compte, on_delete=models.CASCADE, related_name="+")
    lieu = models.ForeignKey(LieuExercice, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    empreinte = models.CharField(max_length=64, unique=True)
    cree_le = models.DateTimeField("créé le")
    lu_le = models.DateTimeField("dernière lecture", null=True, blank=True)
    revoque_le = models.DateTimeField("révoqué le", null=True, blank=True)

    class Meta:
        verbose_name = "lien de calendrier"
        verbose_name_plural = "liens de calendrier"
        constraints = [
            models.UniqueConstraint(
                name="liencalendrier_un_par_lieu",
                fields=["compte", "lieu"],
                condition=Q(revoque_le=None),
                nulls_distinct=False,
                violation_error_message="Ce calendrier a déjà un lien.",
            ),
        ]

    def __str__(self) -> str:
        return f"calendrier du compte {self.compte_id}"


class CalendrierExterne(models.Model):
    """Un calendrier iCalendar dont les périodes occupées ferment un lieu ; `url` vide : un fichier, lu une fois.

    `demande_le` : une personne attend la lecture, que fait une tâche. `echec` :
    pourquoi la dernière a échoué ; les périodes d’avant valent encore.
    """

    lieu = models.ForeignKey(LieuExercice, on_delete=models.CASCADE, related_name="+")
    url = models.CharField("adresse", max_length=500, blank=True)
    cree_le = models.DateTimeField("ajouté le")
    demande_le = models.DateTimeField("lecture demandée le", null=True, blank=True)
    lu_le = models.DateTimeField("lu le", null=True, blank=True)
    essaye_le = models.DateTimeField("dernier essai", null=True, blank=True)
    echec = models.CharField("échec", max_length=200, blank=True)

    class Meta:
        verbose_name = "calendrier externe"
        verbose_name_plural = "calendriers externes"
        constraints = [
            models.UniqueConstraint(
                name="calendrierexterne_une_fois_par_lieu",
                fields=["lieu", "url"],
                condition=~Q(url=""),
                violation_error_message="Ce calendrier est déjà relié à ce lieu.",
            ),
        ]

    def __str__(self) -> str:
        return f"calendrier externe du lieu {self.lieu_id}"

    @property
    def hote(self) -> str:
        """Le site seul : le reste de l’adresse est souvent un secret."""
        return urlsplit(self.url).hostname or ""

    @property
    def est_en_lecture(self) -> bool:
        if self.demande_le is None:
            return False
        return self.essaye_le is None or self.essaye_le < self.demande_le


class PeriodeOccupee(models.Model):
    """Ce qu’un calendrier externe occupe : ses bornes, et rien d’autre.

    L’avenir est une copie, refaite à chaque lecture. Le passé dit ce qui a été
    caché : il reste, calendrier retiré compris, le temps des relevés d’heures.
    """

    calendrier = models.ForeignKey(
        CalendrierExterne, on_delete=models.SET_NULL, null=True, related_name="periodes"
    )
    lieu = models.ForeignKey(LieuExercice, on_delete=models.CASCADE, related_name="+", db_index=False)
    debut = models.DateTimeField("début")
    fin = models.DateTimeField("fin")

    class Meta:
        verbose_name = "période occupée"
        verbose_name_plural = "périodes occupées"
        indexes = [models.Index(fields=["lieu", "fin"], name="periodeoccupee_lieu_fin")]
        constraints = [
            models.CheckConstraint(name="periodeoccupee_fin_apres_debut", condition=Q(fin__gt=F("debut"))),
        ]

    def __str__(self) -> str:
        return f"{self.debut:%d/%m/%Y %H:%M} – {self.fin:%d/%m/%Y %H:%M}"
