"""L’acte du régulateur : orienter un patient, sans rien garder de lui."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from agenda.enums import ModaliteConsultation
from agenda.models import Editeur, Reservation
from annuaire.models import Effecteur, LieuExercice, Structure, Territoire
from comptes.models import Compte
from orientation.enums import TypeOrientation, Voie


def acteur_ou_pseudonyme(nom: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=nom,
        condition=Q(acteur__isnull=False, pseudonyme="") | (Q(acteur=None) & ~Q(pseudonyme="")),
        violation_error_message="Le pseudonyme remplace la personne qui a agi ; il n’y a jamais les deux.",
    )


def _territoire(libelle: str) -> models.ForeignKey[Territoire | None, Territoire | None]:
    return models.ForeignKey(
        Territoire, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=libelle
    )


class OrientationQuerySet(models.QuerySet["Orientation"]):
    def visibles_par(self, compte: Compte) -> OrientationQuerySet:
        return self.filter(acteur=compte)

    def enregistrees_entre(self, debut: datetime, fin: datetime) -> OrientationQuerySet:
        return self.filter(prise_le__gte=debut, prise_le__lt=fin)

    def pour_affichage(self) -> OrientationQuerySet:
        """Tout ce que lisent la liste, la notification et l’API ; la plus récente d’abord."""
        lieu = ("lieu__effecteur__profession", "lieu__structure", "lieu__commune")
        autour = ("reservation__disponibilite", "structure", "annulation")
        return self.select_related(*autour, *lieu).order_by("-prise_le", "-pk")


class Orientation(models.Model):
    """Une décision d’orienter vers un lieu, à une heure. Aucune donnée de patient (O-06).

    L’identité du régulateur, le destinataire et les dates sont établis par le
    serveur (W-20) ; au terme de la conservation, un pseudonyme remplace le
    régulateur (`orientation.retention`). Le destinataire est `structure` si elle
    est donnée (SOS Médecins, centre, CPTS pour un patient en sus), sinon
    `effecteur` ; `territoire` est celui du régulateur, `territoire_destinataire`
    celui où l’on consulte. `cle` est la clé d’idempotence de
    l’appelant, `empreinte` celle de sa demande : la même clé ne sert pas à deux
    demandes.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    acteur = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    pseudonyme = models.CharField("pseudonyme de l’acteur", max_length=32, blank=True, editable=False)
    cle = models.CharField("clé d’idempotence", max_length=100)
    empreinte = models.CharField("empreinte de la demande", max_length=64, editable=False)
    type = models.CharField("type", max_length=1, choices=TypeOrientation.choices)
    voie = models.CharField("voie", max_length=12, choices=Voie.choices)
    lieu = models.ForeignKey(LieuExercice, on_delete=models.PROTECT, related_name="+")
    reservation = models.OneToOneField(
        Reservation, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    debut = models.DateTimeField("début")
    fin = models.DateTimeField("fin", null=True, blank=True)
    modalites = ArrayField(
        models.CharField(max_length=20, choices=ModaliteConsultation.choices), default=list, blank=True
    )
    effecteur = models.ForeignKey(
        Effecteur, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    structure = models.ForeignKey(
        Structure,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="structure destinataire",
    )
    territoire = _territoire("territoire du régulateur")
    territoire_destinataire = _territoire("territoire du destinataire")
    remplace = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="remplacante",
        verbose_name="corrige l’orientation",
    )
    prise_le = models.DateTimeField("enregistrée le")
    annulee_le = models.DateTimeField("annulée le", null=True, blank=True)

    objects = OrientationQuerySet.as_manager()

    class Meta:
        verbose_name = "orientation"
        indexes = [
            models.Index(fields=["acteur", "prise_le"], name="orientation_acteur_jour"),
            models.Index(fields=["territoire", "prise_le"], name="orientation_territoire_jour"),
            models.Index(fields=["lieu", "debut"], name="orientation_lieu_debut"),
            models.Index(fields=["lieu", "prise_le"], name="orientation_lieu_jour"),
        ]
        constraints = [
            models.UniqueConstraint(name="orientation_cle_par_acteur", fields=["acteur", "cle"]),
            acteur_ou_pseudonyme("orientation_acteur_ou_pseudonyme"),
            models.CheckConstraint(
                name="orientation_a_un_destinataire",
                condition=Q(effecteur__isnull=False) | Q(structure__isnull=False),
                violation_error_message="Une orientation a un destinataire, effecteur ou structure.",
            ),
            models.CheckConstraint(name="orientation_a_une_cle", condition=~Q(cle="")),
            models.CheckConstraint(
                name="orientation_reservation_selon_la_voie",
                condition=Q(voie=Voie.AGENDA_SAS, reservation__isnull=False)
                | (~Q(voie=Voie.AGENDA_SAS) & Q(reservation=None)),
                violation_error_message="Seule une orientation de l’agenda SAS tient une place.",
            ),
            models.CheckConstraint(
                name="orientation_type_selon_la_voie",
                condition=Q(type=TypeOrientation.OSNP_CRENEAU, voie=Voie.AGENDA_SAS)
                | Q(type=TypeOrientation.OSNP_SURNUMERAIRE, voie=Voie.SURNUMERAIRE)
                | Q(type=TypeOrientation.IOA, voie=Voie.AGENDA_SAS),
                violation_error_message="Ce type d’orientation ne passe pas par cette voie.",
            ),
            models.CheckConstraint(
                name="orientation_surnumeraire_a_venir",
                condition=~Q(voie=Voie.SURNUMERAIRE) | Q(debut__gte=F("prise_le")),
                violation_error_message="Il n’est pas possible de choisir une date ou une heure passée.",
            ),
            models.CheckConstraint(
                name="orientation_fin_apres_debut", condition=Q(fin=None) | Q(fin__gt=F("debut"))
            ),
            models.CheckConstraint(
                name="orientation_annulee_apres_prise",
                condition=Q(annulee_le=None) | Q(annulee_le__gte=F("prise_le")),
            ),
        ]

    def __str__(self) -> str:
        return f"orientation {self.uuid}"


class Redirection(models.Model):
    """Départ d’un régulateur vers le site d’un éditeur : sur un créneau, ou sur sa place de marché.

    Sur la place de marché il n’y a ni lieu ni heure : on ne dit rien à l’éditeur de ce que l’on cherche.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    acteur = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    pseudonyme = models.CharField("pseudonyme de l’acteur", max_length=32, blank=True, editable=False)
    editeur = models.ForeignKey(Editeur, on_delete=models.PROTECT, related_name="+")
    lieu = models.ForeignKey(LieuExercice, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    debut = models.DateTimeField("début du créneau", null=True, blank=True)
    fin = models.DateTimeField("fin du créneau", null=True, blank=True)
    hote = models.CharField("hôte", max_length=120)
    territoire = _territoire("territoire du régulateur")
    territoire_destinataire = _territoire("territoire du destinataire")
    le = models.DateTimeField("le")

    class Meta:
        verbose_name = "redirection"
        indexes = [models.Index(fields=["lieu", "le"], name="redirection_lieu_jour")]
        constraints = [
            acteur_ou_pseudonyme("redirection_acteur_ou_pseudonyme"),
            models.CheckConstraint(name="redirection_fin_apres_debut", condition=Q(fin__gt=F("debut"))),
            models.CheckConstraint(
                name="redirection_creneau_ou_place_de_marche",
                condition=Q(lieu=None, debut=None, fin=None)
                | Q(lieu__isnull=False, debut__isnull=False, fin__isnull=False),
                violation_error_message="Un départ vise un créneau en un lieu, ou une place de marché.",
            ),
        ]

    def __str__(self) -> str:
        return f"redirection {self.uuid}"
