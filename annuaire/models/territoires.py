"""Territoires du SAS : des relations sur les codes INSEE, jamais des listes de codes postaux (W-52)."""

from __future__ import annotations

from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from annuaire.models.referentiels import Commune, Departement
from comptes.models import Compte
from sas_platform.socle.champs import periode
from sas_platform.socle.modeles import Horodate

# « samu » et trois signes, le département en tête : samu330, samu2A0, samu974 ; « test » hors de la production.
_SAMU = r"^fr\.health\.(test\.)?samu[0-9][0-9AB][0-9]$"
SAMU_DU_HUB = RegexValidator(
    _SAMU,
    "Un identifiant du Hub Santé s’écrit fr.health.samu suivi de trois signes, comme fr.health.samu590.",
)


class TerritoireQuerySet(models.QuerySet["Territoire"]):
    def couvrant(self, commune: Commune) -> TerritoireQuerySet:
        """Territoires dont un département, ou une commune nommée, contient cette commune.

        Un arrondissement est dans les territoires de sa ville.
        """
        codes = [code for code in (commune.pk, commune.commune_parente_id) if code]
        return self.filter(Q(departements=commune.departement_id) | Q(communes__in=codes)).distinct()

    def operationnels(self, jour: date) -> TerritoireQuerySet:
        """Où un SAS fonctionne ce jour-là : ailleurs, rien n’est dû."""
        return self.filter(Q(ferme_date=None) | Q(ferme_date__gt=jour), ouvert_date__lte=jour)


class Territoire(Horodate):
    """Un ou plusieurs départements entiers, des communes nommées, ou les deux.

    `ouvert_date` : premier jour de fonctionnement du SAS ; vide tant qu’il n’est pas ouvert.
    """

    nom = models.CharField("nom", max_length=100, unique=True)
    departements = models.ManyToManyField(
        Departement, blank=True, related_name="+", verbose_name="départements entiers"
    )
    communes = models.ManyToManyField(
        Commune, blank=True, related_name="+", verbose_name="communes d’un département partagé"
    )
    ouvert_date = models.DateField("SAS ouvert depuis le", null=True, blank=True)
    ferme_date = models.DateField("SAS fermé le", null=True, blank=True)
    courriel_gestionnaires = models.EmailField("boîte des gestionnaires de comptes", blank=True)
    courriel_referents = models.EmailField("boîte des référents territoriaux", blank=True)
    samu = models.CharField(
        "LRM, identifiant du Hub Santé",
        max_length=30,
        blank=True,
        default="",
        db_default="",
        validators=[SAMU_DU_HUB],
        help_text="Par exemple fr.health.samu590 ; vide : les orientations ne partent vers aucun LRM.",
    )
    fournisseur_identite = models.CharField(
        "fournisseur d’identité de l’hôpital",
        max_length=100,
        blank=True,
        help_text="Paramètre kc_idp_hint de Pro Santé Connect ; vide pour la carte et e-CPS.",
    )

    objects = TerritoireQuerySet.as_manager()

    class Meta:
        verbose_name = "territoire"
        constraints = [
            models.CheckConstraint(
                name="territoire_ferme_apres_son_ouverture",
                condition=Q(ferme_date=None) | Q(ferme_date__gt=F("ouvert_date")),
                violation_error_message="Le SAS ferme avant d’avoir ouvert.",
            ),
            models.CheckConstraint(
                name="territoire_samu_bien_forme",
                condition=Q(samu="") | Q(samu__regex=_SAMU),
                violation_error_message="L’identifiant du Hub Santé s’écrit comme fr.health.samu590.",
            ),
        ]

    def __str__(self) -> str:
        return self.nom


class RayonTerritoire(models.Model):
    """Rayons de recherche propres à un territoire, datés ; sans ligne en cours, ceux du département valent."""

    territoire = models.ForeignKey(Territoire, on_delete=models.CASCADE, related_name="rayons")
    rayon_defaut_km = models.PositiveSmallIntegerField("rayon par défaut (km)")
    pas_elargissement_km = models.PositiveSmallIntegerField("pas d’élargissement (km)")
    rayon_maximal_km = models.PositiveSmallIntegerField("rayon maximal (km)")
    debut_le = models.DateTimeField("depuis", default=timezone.now)
    fin_le = models.DateTimeField("jusqu’au", null=True, blank=True)
    decide_par = models.ForeignKey(
        Compte, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="décidé par"
    )

    class Meta:
        verbose_name = "rayon de recherche d’un territoire"
        verbose_name_plural = "rayons de recherche des territoires"
        constraints = [
            models.CheckConstraint(
                name="rayon_territoire_utilisable",
                condition=Q(
                    rayon_defaut_km__gt=0,
                    pas_elargissement_km__gt=0,
                    rayon_maximal_km__gte=F("rayon_defaut_km"),
                ),
                violation_error_message="Un rayon est d’au moins un kilomètre, et le maximum d’au moins le rayon par défaut.",
            ),
            models.CheckConstraint(
                name="rayon_territoire_fin_apres_debut",
                condition=Q(fin_le=None) | Q(fin_le__gt=F("debut_le")),
                violation_error_message="Ce réglage finit avant d’avoir commencé.",
            ),
            ExclusionConstraint(
                name="rayon_territoire_un_seul_a_la_fois",
                expressions=[("territoire", RangeOperators.EQUAL), (periode(), RangeOperators.OVERLAPS)],
                violation_error_message="Ce territoire a déjà un réglage sur cette période.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rayon_defaut_km} km"
