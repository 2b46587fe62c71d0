"""Orientations faites dans l’outil propre à un territoire, et versées ici (décret, article 3)."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.crypto import salted_hmac

from annuaire.models import Effecteur, Structure, Territoire
from comptes.models import Jeton
from orientation.enums import IssueExterne, NatureExterne
from sas_platform.socle.modeles import Horodate


class OutilTerritorial(Horodate):
    """L’outil d’un territoire. Un outil fermé ne verse plus rien ; ce qu’il a versé reste."""

    code = models.SlugField("code", max_length=40, unique=True)
    nom = models.CharField("nom", max_length=100)
    territoire = models.ForeignKey(Territoire, on_delete=models.PROTECT, related_name="+")
    contact = models.CharField("à qui s’adresser", max_length=150, blank=True, help_text="Un service.")
    est_actif = models.BooleanField("actif", default=True)

    class Meta:
        verbose_name = "outil territorial"
        verbose_name_plural = "outils territoriaux"

    def __str__(self) -> str:
        return f"{self.nom} ({self.territoire.nom})"


class JetonOutil(models.Model):
    """Le jeton ne vaut que pour cet outil, donc pour ce territoire ; un outil peut en avoir plusieurs, pour en changer."""

    jeton = models.OneToOneField(Jeton, on_delete=models.CASCADE, primary_key=True, related_name="+")
    outil = models.ForeignKey(OutilTerritorial, on_delete=models.CASCADE, related_name="jetons")

    class Meta:
        verbose_name = "jeton d’un outil territorial"
        verbose_name_plural = "jetons des outils territoriaux"

    def __str__(self) -> str:
        return f"jeton {self.jeton_id}"


class OrientationExterneQuerySet(models.QuerySet["OrientationExterne"]):
    def comptees(self) -> OrientationExterneQuerySet:
        """Celles qui entrent dans les indicateurs."""
        return self.filter(est_annulee=False)


class OrientationExterne(Horodate):
    """Un fait versé par un outil : il compte dans les indicateurs et ne prend aucune place ici.

    Rien du patient. De l’appelant ne restent ni sa clé ni l’identifiant de son
    régulateur, textes libres, mais leurs empreintes, propres à chaque outil.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    outil = models.ForeignKey(OutilTerritorial, on_delete=models.PROTECT, related_name="orientations")
    empreinte_cle = models.CharField("empreinte de la clé", max_length=64, editable=False)
    version = models.PositiveIntegerField("version")
    territoire = models.ForeignKey(Territoire, on_delete=models.PROTECT, related_name="+")
    effecteur = models.ForeignKey(
        Effecteur, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    structure = models.ForeignKey(
        Structure, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    orientee_le = models.DateTimeField("orientée le")
    rendez_vous_le = models.DateTimeField("rendez-vous le", null=True, blank=True)
    nature = models.CharField("nature", max_length=15, choices=NatureExterne.choices)
    issue = models.CharField(
        "issue", max_length=10, choices=IssueExterne.choices, default=IssueExterne.INCONNUE
    )
    pseudonyme = models.CharField("pseudonyme du régulateur", max_length=32, blank=True, editable=False)
    est_annulee = models.BooleanField("annulée", default=False)

    objects = OrientationExterneQuerySet.as_manager()

    class Meta:
        verbose_name = "orientation externe"
        verbose_name_plural = "orientations externes"
        indexes = [models.Index(fields=["territoire", "orientee_le"], name="orientationexterne_periode")]
        constraints = [
            models.UniqueConstraint(
                fields=["outil", "empreinte_cle"],
                name="orientationexterne_une_fois",
                violation_error_message="Cet outil a déjà versé cette orientation.",
            ),
            models.CheckConstraint(
                name="orientationexterne_un_destinataire",
                condition=Q(effecteur__isnull=False, structure=None)
                | Q(effecteur=None, structure__isnull=False),
                violation_error_message="Une orientation a un destinataire, et un seul.",
            ),
            models.CheckConstraint(
                name="orientationexterne_rendez_vous_ensuite",
                condition=Q(rendez_vous_le=None) | Q(rendez_vous_le__gte=F("orientee_le")),
                violation_error_message="Le rendez-vous précède l’orientation.",
            ),
            models.CheckConstraint(name="orientationexterne_version_positive", condition=Q(version__gte=1)),
        ]

    def __str__(self) -> str:
        return f"orientation externe {self.pk}"

    @staticmethod
    def empreinte(outil: OutilTerritorial, texte: str) -> str:
        """Le même texte, chez un autre outil, a une autre empreinte."""
        return salted_hmac(f"orientation.externe:{outil.pk}", texte, algorithm="sha256").hexdigest()
