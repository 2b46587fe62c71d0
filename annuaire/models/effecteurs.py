"""Qui soigne, et où : structures, effecteurs, lieux d’exercice."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

from annuaire.domaine.fuseaux import FUSEAUX
from annuaire.enums import (
    Accueil,
    Conventionnement,
    Langue,
    PrecisionGeo,
    SourceLieu,
    TypeStructure,
    accueil_en_clair,
)
from annuaire.models.referentiels import Commune, Profession


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
    # Communes où une CPTS organise les soins : une CPTS est plus petite ou plus grande que son département.
    communes_intervention = models.ManyToManyField(
        Commune, blank=True, related_name="+", verbose_name="zone d’intervention"
    )
    # Valeur par défaut en base : les imports n’en disent rien.
    informations_complementaires = models.TextField(
        "informations complémentaires à destination de la régulation",
        max_length=1000,
        blank=True,
        default="",
        db_default="",
    )

    class Meta:
        verbose_name = "structure"
        indexes = [GinIndex(name="structure_nom_trgm", fields=["nom_recherche"], opclasses=["gin_trgm_ops"])]
        constraints = [
            models.CheckConstraint(
                name="structure_a_un_identifiant",
                condition=Q(finess__isnull=False) | ~Q(siret=""),
                violation_error_message="Une structure a un FINESS ou un SIRET.",
            ),
            models.CheckConstraint(
                name="structure_informations_bornees",
                condition=LessThanOrEqual(Length("informations_complementaires"), 1000),
                violation_error_message="Les informations complémentaires tiennent en 1 000 caractères.",
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
    fuseau = models.CharField("fuseau horaire", max_length=40, choices=[(f, f) for f in FUSEAUX])
    telephone = models.CharField("téléphone", max_length=20, blank=True)
    finess = models.CharField("FINESS du site", max_length=9, blank=True)
    siret = models.CharField("SIRET du site", max_length=14, blank=True)
    mode_exercice = models.CharField("mode d’exercice (TRE_R23)", max_length=1, blank=True)
    secteur_activite = models.CharField("secteur d’activité (TRE_R02)", max_length=5, blank=True)
    informations_complementaires = models.TextField(
        "informations complémentaires à destination de la régulation", max_length=1000, blank=True
    )
    accueil = ArrayField(
        models.CharField(max_length=12, choices=Accueil.choices),
        default=list,
        db_default=[],
        blank=True,
        verbose_name="accueil",
    )
    langues = ArrayField(
        models.CharField(max_length=3, choices=Langue.choices),
        default=list,
        db_default=[],
        blank=True,
        verbose_name="langues parlées, en plus du français",
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
            models.CheckConstraint(
                name="lieu_accueil_connu",
                condition=Q(accueil__contained_by=Accueil.values),
                violation_error_message="Cet accueil n’est pas prévu.",
            ),
            models.CheckConstraint(
                name="lieu_langues_connues",
                condition=Q(langues__contained_by=Langue.values),
                violation_error_message="Cette langue n’est pas prévue.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.adresse}, {self.code_postal} {self.commune_id}"

    @property
    def adresse_complete(self) -> str:
        """Lit la commune : la charger avec le lieu."""
        return f"{self.adresse}, {self.code_postal} {self.commune.nom}".removeprefix(", ")

    @property
    def accueil_en_clair(self) -> str:
        return accueil_en_clair(self.accueil, self.langues)
