"""À quelles conditions un effecteur ou une structure participe au SAS."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annuaire.models import Effecteur, LieuExercice, Structure
from comptes.models import Compte
from participation.domaine.declaration import PAR_UNE_STRUCTURE, Declaration, DeclarationStructure
from participation.enums import Modalite
from sas_platform.socle.modeles import Horodate

_DECLARER = "Veuillez déclarer sur l’honneur la mise à disposition de disponibilités pour le SAS."


class Participation(Horodate):
    """Réglages d’un effecteur ; leur absence vaut « ne participe pas, créneaux affichés ».

    `logiciels` : codes des éditeurs déclarés ; l’agenda, au-dessus de cette
    application, sait lesquels existent.
    """

    effecteur = models.OneToOneField(Effecteur, on_delete=models.CASCADE, related_name="+")
    participe = models.BooleanField("participe au SAS", default=False)
    modalite = models.CharField("modalité", max_length=10, choices=Modalite.choices, blank=True)
    structure = models.ForeignKey(
        Structure,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="CPTS, MSP ou association SOS Médecins",
    )
    lieux = models.ManyToManyField(
        LieuExercice, blank=True, related_name="+", verbose_name="lieux rattachés à la CPTS"
    )
    utilise_logiciel = models.BooleanField(
        "utilise un logiciel de rendez-vous interfacé", null=True, blank=True
    )
    logiciels = ArrayField(models.SlugField(), default=list, blank=True, verbose_name="logiciels déclarés")
    declare_deux_heures = models.BooleanField(
        "déclare sur l’honneur deux heures visibles par semaine", default=False
    )
    refuse_affichage = models.BooleanField("refuse l’affichage de ses créneaux d’éditeur", default=False)
    forfait_reorientation = models.BooleanField(
        "participe au forfait de réorientation des urgences", default=False
    )

    class Meta:
        verbose_name = "participation"
        constraints = [
            models.CheckConstraint(
                name="participation_a_une_modalite",
                condition=Q(participe=True, modalite__in=Modalite.values) | Q(participe=False, modalite=""),
                violation_error_message="Qui participe dit comment : à titre individuel, via une CPTS, une MSP ou SOS Médecins.",
            ),
            models.CheckConstraint(
                name="participation_structure_selon_la_modalite",
                condition=Q(modalite__in=sorted(PAR_UNE_STRUCTURE), structure__isnull=False)
                | (~Q(modalite__in=sorted(PAR_UNE_STRUCTURE)) & Q(structure=None)),
                violation_error_message="Une participation par une structure la nomme ; les autres n’en ont pas.",
            ),
            models.CheckConstraint(
                name="participation_montre_ou_declare",
                condition=Q(participe=False)
                | Q(modalite=Modalite.SOS)
                | Q(utilise_logiciel=True, refuse_affichage=False, logiciels__len__gte=1)
                | Q(utilise_logiciel__isnull=False, declare_deux_heures=True),
                violation_error_message=_DECLARER,
            ),
        ]

    def __str__(self) -> str:
        return f"participation de {self.effecteur_id}"

    def declaration(self, *, lieux_rattaches: int) -> Declaration:
        """Les mêmes réponses, pour les règles pures."""
        return Declaration(
            participe=self.participe,
            modalite=self.modalite,
            type_structure=self.structure.type if self.structure else "",
            lieux_rattaches=lieux_rattaches,
            utilise_logiciel=self.utilise_logiciel,
            logiciels=len(self.logiciels),
            declare_deux_heures=self.declare_deux_heures,
            refuse_affichage=self.refuse_affichage,
            forfait_reorientation=self.forfait_reorientation,
        )


class ParticipationStructure(Horodate):
    """Réglages d’un centre de santé ou d’une association SOS Médecins."""

    structure = models.OneToOneField(Structure, on_delete=models.CASCADE, related_name="+")
    participe = models.BooleanField("participe au SAS", default=False)
    declare_deux_heures = models.BooleanField(
        "déclare sur l’honneur deux heures visibles par semaine et par médecin généraliste", default=False
    )
    nombre_effecteurs = models.PositiveSmallIntegerField("nombre d’effecteurs qui participent", default=0)

    class Meta:
        verbose_name = "participation d’une structure"
        verbose_name_plural = "participations des structures"
        constraints = [
            models.CheckConstraint(
                name="participation_structure_declare",
                condition=Q(participe=False) | Q(declare_deux_heures=True),
                violation_error_message=_DECLARER,
            ),
        ]

    def __str__(self) -> str:
        return f"participation de la structure {self.structure_id}"

    def declaration(self) -> DeclarationStructure:
        return DeclarationStructure(
            type_structure=self.structure.type,
            participe=self.participe,
            declare_deux_heures=self.declare_deux_heures,
            nombre_effecteurs=self.nombre_effecteurs,
        )


class VersionParticipation(models.Model):
    """Une déclaration enregistrée : qui, quand, avant, après. En ajout seul (W-48).

    La rémunération lit ici ce qui valait à une date : `apres` de la dernière
    version d’avant, ou rien. Valeurs simples, sans nom de personne.
    """

    effecteur = models.ForeignKey(
        Effecteur, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    structure = models.ForeignKey(
        Structure, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    le = models.DateTimeField("le", default=timezone.now)
    auteur = models.ForeignKey(Compte, on_delete=models.PROTECT, null=True, related_name="+")
    avant = models.JSONField("avant", null=True)
    apres = models.JSONField("après")

    class Meta:
        verbose_name = "version de participation"
        verbose_name_plural = "versions de participation"
        indexes = [
            models.Index(fields=["effecteur", "le"], name="versionparticipation_effecteur"),
            models.Index(fields=["structure", "le"], name="versionparticipation_structure"),
        ]
        constraints = [
            models.CheckConstraint(
                name="versionparticipation_un_declarant",
                condition=Q(effecteur__isnull=False, structure=None)
                | Q(effecteur=None, structure__isnull=False),
                violation_error_message="Une déclaration est celle d’un effecteur ou d’une structure.",
            ),
        ]
        triggers = [pgtrigger.Protect(name="en_ajout_seul", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"version {self.pk}"


class Sollicitation(Horodate):
    """Comment la régulation joint un lieu, et combien elle peut lui demander. Sans ligne : aucune limite."""

    lieu = models.OneToOneField(LieuExercice, on_delete=models.CASCADE, related_name="+")
    telephone_prive = models.CharField(
        "téléphone réservé à la régulation", max_length=20, blank=True, help_text="Jamais montré au public."
    )
    heures_d_appel = models.CharField("meilleures heures pour appeler", max_length=200, blank=True)
    max_par_jour = models.PositiveSmallIntegerField(
        "patients en sus par jour, au plus", null=True, blank=True
    )
    max_par_semaine = models.PositiveSmallIntegerField(
        "patients en sus par semaine, au plus", null=True, blank=True
    )
    pause_jusqu_au = models.DateTimeField("pas de sollicitation jusqu’au", null=True, blank=True)

    class Meta:
        verbose_name = "consignes de sollicitation"
        verbose_name_plural = "consignes de sollicitation"
        constraints = [
            models.CheckConstraint(
                name="sollicitation_semaine_au_moins_un_jour",
                condition=Q(max_par_jour=None)
                | Q(max_par_semaine=None)
                | Q(max_par_semaine__gte=models.F("max_par_jour")),
                violation_error_message="La limite de la semaine est d’au moins celle d’un jour.",
            ),
        ]

    def __str__(self) -> str:
        return f"consignes du lieu {self.lieu_id}"
