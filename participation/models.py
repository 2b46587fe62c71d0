"""À quelles conditions un effecteur ou une structure participe au SAS."""

from django.db import models
from django.db.models import Q

from annuaire.models import Effecteur, Structure
from participation.enums import Modalite
from sas_platform.socle.modeles import Horodate


class Participation(Horodate):
    """Réglages d’un effecteur ; leur absence vaut « ne participe pas, créneaux affichés »."""

    effecteur = models.OneToOneField(Effecteur, on_delete=models.CASCADE, related_name="+")
    participe = models.BooleanField("participe au SAS", default=False)
    modalite = models.CharField("modalité", max_length=10, choices=Modalite.choices, blank=True)
    refuse_affichage = models.BooleanField("refuse l’affichage de ses créneaux d’éditeur", default=False)

    class Meta:
        verbose_name = "participation"
        constraints = [
            models.CheckConstraint(
                name="participation_a_une_modalite",
                condition=Q(participe=True, modalite__in=Modalite.values) | Q(participe=False, modalite=""),
                violation_error_message="Qui participe dit comment : à titre individuel, via une CPTS, une MSP ou SOS Médecins.",
            ),
        ]

    def __str__(self) -> str:
        return f"participation de {self.effecteur_id}"


class ParticipationStructure(Horodate):
    """Réglages d’un centre de santé ou d’une association SOS Médecins."""

    structure = models.OneToOneField(Structure, on_delete=models.CASCADE, related_name="+")
    participe = models.BooleanField("participe au SAS", default=False)

    class Meta:
        verbose_name = "participation d’une structure"
        verbose_name_plural = "participations des structures"

    def __str__(self) -> str:
        return f"participation de la structure {self.structure_id}"
