"""Projection lue par la recherche (docs/adr/0008)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField, IntegerRangeField
from django.contrib.postgres.indexes import GistIndex
from django.db import models

from annuaire.models import LieuExercice, Specialite
from sas_platform.socle.champs import PointField


class OffreLieu(models.Model):
    """Une ligne étroite par (lieu, spécialité) : position, groupe, premier instant libre.

    Copie reconstruite par `agenda.offre.rafraichir`. Minutes depuis
    l’époque. `premier_debut` : début du premier créneau libre ; `premier_fin` :
    minute à partir de laquelle il n’est plus proposable. Ces deux colonnes ne
    sont pas indexées, pour que leurs mises à jour restent HOT. `cpts` l’est :
    elle ne change qu’avec une déclaration. `absent` : minutes où une fermeture
    couvre tout ce que l’on montre ; on n’y trouve plus le lieu qu’en le nommant.
    """

    lieu = models.ForeignKey(LieuExercice, on_delete=models.CASCADE, related_name="+", db_index=False)
    specialite = models.ForeignKey(Specialite, on_delete=models.CASCADE, related_name="+", db_index=False)
    position = PointField("position", help_text="degrés : x = longitude, y = latitude")
    fuseau = models.PositiveSmallIntegerField("rang du fuseau dans FUSEAUX")
    participe = models.BooleanField("participe", default=False)
    en_sus = models.BooleanField("accepte en sus", default=False)
    premier_debut = models.IntegerField("premier début", null=True)
    premier_fin = models.IntegerField("fin du premier", null=True)
    absent = IntegerRangeField("absent", null=True)
    # Ce que la recherche filtre et compte : cela change rarement, et n’est lu que des candidats.
    forfait = models.BooleanField("forfait de réorientation", default=False, db_default=False)
    cpts = models.IntegerField("CPTS par laquelle le lieu participe", null=True)
    nature = models.CharField("profession, sinon type de structure", max_length=5, default="", db_default="")
    secteur = models.CharField("conventionnement", max_length=20, default="", db_default="")
    departement = models.CharField("département", max_length=3, default="", db_default="")
    accueil = models.IntegerField("accueil et langues, un bit chacun", default=0, db_default=0)
    via = models.CharField("modalité de participation", max_length=10, default="", db_default="")

    class Meta:
        verbose_name = "offre d’un lieu"
        verbose_name_plural = "offres des lieux"
        constraints = [
            models.UniqueConstraint(name="offrelieu_unique", fields=["lieu", "specialite"]),
        ]
        indexes = [
            GistIndex(name="offrelieu_geo", fields=["specialite", "position"]),
            models.Index(name="offrelieu_cpts", fields=["cpts"], condition=models.Q(cpts__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"offre {self.lieu_id}/{self.specialite_id}"


class CarteLieu(models.Model):
    """Ce que la carte de résultat montre d’un lieu : un document par lieu, reconstruit avec `OffreLieu`.

    Quatre tableaux parallèles reprennent les créneaux du document, dans l’ordre, pour
    filtrer et trier sans le lire : `debuts`, `fins` (minute où le créneau
    n’est plus proposable), `masques` (types de consultation), `fraicheurs`
    (minute de la saisie ; négatif : le lot de l’éditeur). `lots` : ces lots, une fois chacun ;
    `grises` et `peremptions`, dans leur ordre : âges, en secondes, où un créneau de leur
    éditeur est dit ancien, puis n’est plus montré.
    """

    lieu = models.OneToOneField(LieuExercice, on_delete=models.CASCADE, primary_key=True, related_name="+")
    document = models.TextField("document JSON")
    debuts = ArrayField(models.IntegerField(), default=list)
    fins = ArrayField(models.IntegerField(), default=list)
    masques = ArrayField(models.PositiveSmallIntegerField(), default=list)
    fraicheurs = ArrayField(models.IntegerField(), default=list)
    lots = ArrayField(models.IntegerField(), default=list)
    grises = ArrayField(models.IntegerField(), default=list)
    peremptions = ArrayField(models.IntegerField(), default=list)
    empreinte = models.CharField(max_length=32)

    class Meta:
        verbose_name = "carte d’un lieu"
        verbose_name_plural = "cartes des lieux"

    def __str__(self) -> str:
        return f"carte {self.lieu_id}"


class OffrePerimee(models.Model):
    """Lieu dont l’annuaire, la participation ou un éditeur a changé : à recalculer tout de suite.

    Des déclencheurs l’écrivent (migrations 0004 et 0005), quel que soit l’auteur du
    changement : import, administration, SQL. `agenda.tasks.rafraichir_perimees` la vide.
    """

    lieu_id = models.BigIntegerField(primary_key=True)

    class Meta:
        verbose_name = "offre périmée"
        verbose_name_plural = "offres périmées"

    def __str__(self) -> str:
        return f"lieu {self.lieu_id}"
