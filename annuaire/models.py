"""Qui soigne, et où."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

from annuaire.enums import Conventionnement, PrecisionGeo, SourceLieu, TypeStructure


class Departement(models.Model):
    """Département ou collectivité d’outre-mer, avec les rayons de recherche corrigés (W-01 à W-03)."""

    code = models.CharField("code", max_length=3, primary_key=True)
    nom = models.CharField("nom", max_length=60)
    region = models.CharField("région", max_length=60)
    zone = models.CharField("zone", max_length=5, help_text="metro, drom ou com")
    fuseau = models.CharField("fuseau horaire", max_length=40)
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


class Structure(models.Model):
    """CPTS, MSP, centre de santé, association SOS Médecins… d’après FINESS ou SIRET."""

    type = models.CharField("type", max_length=5, choices=TypeStructure.choices)
    nom = models.CharField("nom", max_length=200)
    nom_recherche = models.CharField(max_length=200, editable=False)
    finess = models.CharField("FINESS", max_length=9, null=True, blank=True, unique=True)
    siret = models.CharField("SIRET", max_length=14, blank=True, db_index=True)
    categorie = models.CharField("catégorie (TRE_R66)", max_length=4, blank=True)
    adresse = models.CharField("adresse", max_length=200, blank=True)
    code_postal = models.CharField("code postal", max_length=5, blank=True)
    commune = models.ForeignKey(Commune, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    lat = models.FloatField("latitude", null=True, blank=True)
    lon = models.FloatField("longitude", null=True, blank=True)
    telephone = models.CharField("téléphone", max_length=20, blank=True)
    est_active = models.BooleanField("active", default=True)

    class Meta:
        verbose_name = "structure"
        indexes = [GinIndex(name="structure_nom_trgm", fields=["nom_recherche"], opclasses=["gin_trgm_ops"])]
        constraints = [
            models.CheckConstraint(
                name="structure_a_un_identifiant",
                condition=Q(finess__isnull=False) | ~Q(siret=""),
                violation_error_message="Une structure a un FINESS ou un SIRET.",
            ),
        ]

    def __str__(self) -> str:
        return self.nom


class Effecteur(models.Model):
    """Professionnel qui reçoit les patients. Clé : l’identifiant national, préfixe compris."""

    identifiant_national = models.CharField(
        "identifiant national", max_length=12, unique=True, help_text="8 + RPPS ou 0 + ADELI"
    )
    civilite = models.CharField("civilité d’exercice", max_length=10, blank=True)
    nom = models.CharField("nom d’exercice", max_length=100)
    prenom = models.CharField("prénom d’exercice", max_length=100, blank=True)
    nom_recherche = models.CharField(max_length=201, editable=False)
    profession = models.ForeignKey(Profession, on_delete=models.PROTECT, related_name="+")
    savoir_faire = ArrayField(
        models.CharField(max_length=6), default=list, blank=True, verbose_name="savoir-faire"
    )
    conventionnement = models.CharField(
        "conventionnement", max_length=20, choices=Conventionnement.choices, blank=True
    )
    est_actif = models.BooleanField("actif", default=True)

    class Meta:
        verbose_name = "effecteur"
        indexes = [GinIndex(name="effecteur_nom_trgm", fields=["nom_recherche"], opclasses=["gin_trgm_ops"])]
        constraints = [
            models.CheckConstraint(
                name="effecteur_identifiant_bien_forme",
                condition=Q(identifiant_national__regex=r"^(8[0-9]{11}|0[0-9A-Z]{9})$"),
                violation_error_message="L’identifiant national est un 8 suivi du RPPS, ou un 0 suivi de l’ADELI.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prenom} {self.nom}".strip()


class LieuExercice(models.Model):
    """Adresse où l’on consulte : un agenda et un fuseau horaire chacune.

    Lieu d’un effecteur, éventuellement dans une structure ; ou lieu d’une
    structure elle-même (centre de santé, point fixe SOS Médecins), sans
    effecteur. `cle` est l’identifiant stable de la source, unique avec
    l’effecteur ou la structure.
    """

    effecteur = models.ForeignKey(
        Effecteur, on_delete=models.CASCADE, null=True, blank=True, related_name="lieux"
    )
    structure = models.ForeignKey(
        Structure, on_delete=models.PROTECT, null=True, blank=True, related_name="lieux"
    )
    source = models.CharField("source", max_length=8, choices=SourceLieu.choices)
    cle = models.CharField("clé dans la source", max_length=80)
    nom = models.CharField("enseigne ou raison sociale", max_length=200, blank=True)
    adresse = models.CharField("voie", max_length=200, blank=True)
    code_postal = models.CharField("code postal", max_length=5, blank=True)
    commune = models.ForeignKey(Commune, on_delete=models.PROTECT, related_name="+")
    lat = models.FloatField("latitude")
    lon = models.FloatField("longitude")
    precision_geo = models.CharField("précision", max_length=12, choices=PrecisionGeo.choices)
    fuseau = models.CharField("fuseau horaire", max_length=40)
    telephone = models.CharField("téléphone", max_length=20, blank=True)
    finess = models.CharField("FINESS du site", max_length=9, blank=True)
    siret = models.CharField("SIRET du site", max_length=14, blank=True)
    mode_exercice = models.CharField("mode d’exercice (TRE_R23)", max_length=1, blank=True)
    secteur_activite = models.CharField("secteur d’activité (TRE_R02)", max_length=5, blank=True)
    informations_complementaires = models.TextField(
        "informations complémentaires à destination de la régulation", max_length=1000, blank=True
    )
    est_actif = models.BooleanField("actif", default=True)

    class Meta:
        verbose_name = "lieu d’exercice"
        verbose_name_plural = "lieux d’exercice"
        constraints = [
            models.CheckConstraint(
                name="lieu_a_un_titulaire",
                condition=Q(effecteur__isnull=False) | Q(structure__isnull=False),
                violation_error_message="Un lieu appartient à un effecteur ou à une structure.",
            ),
            models.UniqueConstraint(
                name="lieu_cle_par_effecteur",
                fields=["effecteur", "cle"],
                condition=Q(effecteur__isnull=False),
                violation_error_message="Ce lieu existe déjà pour cet effecteur.",
            ),
            models.UniqueConstraint(
                name="lieu_cle_par_structure",
                fields=["structure", "cle"],
                condition=Q(effecteur=None),
                violation_error_message="Ce lieu existe déjà pour cette structure.",
            ),
            models.CheckConstraint(
                name="lieu_coordonnees_plausibles",
                condition=Q(lat__range=(-90, 90), lon__range=(-180, 180)),
                violation_error_message="Coordonnées hors du globe.",
            ),
            models.CheckConstraint(
                name="lieu_informations_bornees",
                condition=LessThanOrEqual(Length("informations_complementaires"), 1000),
                violation_error_message="Les informations complémentaires tiennent en 1 000 caractères.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.adresse}, {self.code_postal} {self.commune_id}"
