"""Combien l’on cherche, où et avec quel résultat : des nombres par jour, sans personne, ni adresse, ni heure."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from annuaire.models import Territoire
from orientation.enums import Entree, SuiteRecherche


class RecherchesDuJour(models.Model):
    """Recherches d’un jour (heure de Paris), d’un même territoire, d’un même point, avec une même suite.

    `territoire` : celui de qui cherche. `commune_insee` : celle du point cherché, vide pour un département
    entier. `quoi` : `s:` et les spécialités, ou `nom`, jamais le nom cherché. `elargies` : combien ont demandé
    plus loin que le rayon du lieu. `delai_min` : somme des minutes jusqu’au premier créneau.
    """

    jour = models.DateField("jour")
    territoire = models.ForeignKey(
        Territoire, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    commune_insee = models.CharField("commune cherchée", max_length=5, blank=True)
    quoi = models.CharField("ce qui est cherché", max_length=60)
    entree = models.CharField("par où", max_length=3, choices=Entree.choices)
    suite = models.CharField("suite", max_length=14, choices=SuiteRecherche.choices)
    nombre = models.PositiveIntegerField("recherches", default=0)
    elargies = models.PositiveIntegerField("élargies", default=0)
    delai_min = models.PositiveBigIntegerField("minutes jusqu’au premier créneau, en tout", default=0)

    class Meta:
        verbose_name = "recherches d’un jour"
        verbose_name_plural = "recherches par jour"
        constraints = [
            models.UniqueConstraint(
                name="recherchesdujour_une_ligne",
                fields=["jour", "territoire", "commune_insee", "quoi", "entree", "suite"],
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="recherchesdujour_suite_connue", condition=Q(suite__in=SuiteRecherche.values)
            ),
            models.CheckConstraint(
                name="recherchesdujour_entree_connue", condition=Q(entree__in=Entree.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.jour} {self.commune_insee or 'sans commune'} : {self.nombre}"


class LotDeCompteurs(models.Model):
    """Lot déjà versé de Redis à la table : un second passage le reconnaît, et ne l’ajoute pas deux fois."""

    uuid = models.UUIDField(primary_key=True, editable=False)
    verse_le = models.DateTimeField("versé le", db_index=True)

    class Meta:
        verbose_name = "lot de compteurs versé"
        verbose_name_plural = "lots de compteurs versés"

    def __str__(self) -> str:
        return f"lot {self.uuid}"
