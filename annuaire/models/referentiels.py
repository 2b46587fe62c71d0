"""Nomenclatures : départements, communes, professions, spécialités."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from annuaire.domaine.fuseaux import FUSEAUX
from annuaire.enums import TypeStructure


class Departement(models.Model):
    """Département ou collectivité d’outre-mer, avec les rayons de recherche corrigés (W-01 à W-03)."""

    code = models.CharField("code", max_length=3, primary_key=True)
    nom = models.CharField("nom", max_length=60)
    region = models.CharField("région", max_length=60)
    zone = models.CharField("zone", max_length=5, help_text="metro, drom ou com")
    fuseau = models.CharField("fuseau horaire", max_length=40, choices=[(f, f) for f in FUSEAUX])
    population = models.PositiveIntegerField("population", default=0)
    lat = models.FloatField("latitude du centre", null=True)
    lon = models.FloatField("longitude du centre", null=True)
    rayon_defaut_km = models.PositiveSmallIntegerField("rayon par défaut (km)")
    pas_elargissement_km = models.PositiveSmallIntegerField("pas d’élargissement (km)")
    rayon_departement_km = models.PositiveSmallIntegerField("rayon du département (km)")

    class Meta:
        verbose_name = "département"
        constraints = [
            models.CheckConstraint(
                name="departement_rayons_utilisables",
                condition=Q(rayon_defaut_km__gt=0, pas_elargissement_km__gt=0, rayon_departement_km__gt=0),
                violation_error_message="Un rayon de recherche est d’au moins un kilomètre.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nom} ({self.code})"


class Commune(models.Model):
    """Commune ou arrondissement municipal (Paris, Lyon, Marseille), d’après le code officiel géographique."""

    code_insee = models.CharField("code INSEE", max_length=5, primary_key=True)
    nom = models.CharField("nom", max_length=80)
    nom_recherche = models.CharField(max_length=80, editable=False)
    commune_parente = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    departement = models.ForeignKey(Departement, on_delete=models.PROTECT, related_name="communes")
    codes_postaux = ArrayField(models.CharField(max_length=5), verbose_name="codes postaux", default=list)
    population = models.PositiveIntegerField("population", default=0)
    lat = models.FloatField("latitude", null=True)
    lon = models.FloatField("longitude", null=True)

    class Meta:
        verbose_name = "commune"
        indexes = [
            GinIndex(name="commune_nom_trgm", fields=["nom_recherche"], opclasses=["gin_trgm_ops"]),
            GinIndex(name="commune_codes_postaux", fields=["codes_postaux"]),
            models.Index(
                name="commune_nom_debut", fields=["nom_recherche"], opclasses=["varchar_pattern_ops"]
            ),
            models.Index(name="commune_position", fields=["lat", "lon"]),
        ]

    def __str__(self) -> str:
        return f"{self.nom} ({self.code_insee})"


class Profession(models.Model):
    """Profession de santé, nomenclature TRE_G15."""

    code = models.CharField("code", max_length=3, primary_key=True)
    libelle = models.CharField("libellé", max_length=100)

    class Meta:
        verbose_name = "profession"

    def __str__(self) -> str:
        return self.libelle


class Specialite(models.Model):
    """Ce que l’on recherche : une spécialité, une profession ou un type de structure.

    `savoir_faire` : codes TRE_R38 réunis sous une même recherche (la médecine
    générale en a trois : SM26, SM53, SM54).
    """

    id = models.SmallAutoField(primary_key=True)
    code = models.CharField("code", max_length=10, unique=True)
    libelle = models.CharField("libellé", max_length=120)
    profession = models.ForeignKey(
        Profession, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    savoir_faire = ArrayField(
        models.CharField(max_length=6), default=list, blank=True, verbose_name="savoir-faire"
    )
    type_structure = models.CharField(max_length=5, choices=TypeStructure.choices, blank=True)
    synonymes = ArrayField(models.CharField(max_length=60), default=list, blank=True)

    class Meta:
        verbose_name = "spécialité"

    def __str__(self) -> str:
        return self.libelle


class Besoin(models.Model):
    """Ce que dit l’appelant, en mots courants, et vers qui chercher : « mal de dents » → chirurgien-dentiste.

    Un aiguillage, jamais un diagnostic : plusieurs professions peuvent convenir, c’est le régulateur qui choisit.
    `formulations` : les mots tapés qui y mènent. Livré avec un premier contenu, tenu par les administrateurs.
    """

    code = models.SlugField("code", max_length=40, unique=True)
    libelle = models.CharField("besoin", max_length=80, help_text="Des mots neutres, sans nom de maladie.")
    formulations = ArrayField(
        models.CharField(max_length=60),
        verbose_name="formulations",
        default=list,
        blank=True,
        help_text="Ce que l’on tape, séparé par des virgules.",
    )
    specialites = models.ManyToManyField(
        Specialite, verbose_name="spécialités et professions", related_name="+"
    )
    est_actif = models.BooleanField("proposé", default=True)
    est_suggere = models.BooleanField(
        "suggéré d’emblée", default=False, help_text="Montré avant d’avoir rien tapé."
    )

    class Meta:
        verbose_name = "besoin"

    def __str__(self) -> str:
        return self.libelle
