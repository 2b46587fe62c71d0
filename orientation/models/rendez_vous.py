"""Rendez-vous pris chez un éditeur et annoncés par lui (INT_R03). Aucune donnée de patient."""

from __future__ import annotations

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from agenda.models import Editeur
from annuaire.models import Effecteur, LieuExercice
from comptes.models import Compte
from orientation.enums import Rattachement, StatutRendezVous
from orientation.models.orientations import Orientation, Redirection


class RendezVousQuerySet(models.QuerySet["RendezVous"]):
    def du_regulateur(self, compte: Compte) -> RendezVousQuerySet:
        return self.filter(regulateur=compte)

    def non_rattaches(self) -> RendezVousQuerySet:
        return self.filter(orientation=None, redirection=None)

    def pour_affichage(self) -> RendezVousQuerySet:
        lieu = ("lieu__commune", "lieu__structure", "lieu__effecteur__profession")
        return self.select_related("editeur", "effecteur__profession", *lieu).order_by("debut", "pk")


class RendezVous(models.Model):
    """Dernier état connu d’un rendez-vous ; ses états successifs sont des `EtatRendezVous`.

    La clé est celle de l’éditeur : (éditeur, système, valeur). `regulateur` et
    `effecteur` sont vides quand leur identifiant n’est pas connu de nos
    comptes ou de l’annuaire : le rendez-vous est gardé, et se voit comme tel.
    `version_le` date, chez l’éditeur, le dernier message appliqué ; il ne
    dépasse jamais l’instant de sa réception.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    editeur = models.ForeignKey(Editeur, on_delete=models.PROTECT, related_name="+")
    systeme = models.CharField("système de l’identifiant", max_length=200)
    valeur = models.CharField("identifiant chez l’éditeur", max_length=255)
    statut = models.CharField("statut", max_length=10, choices=StatutRendezVous.choices)
    debut = models.DateTimeField("début")
    fin = models.DateTimeField("fin")
    est_sos = models.BooleanField("annoncé sous le profil de SOS Médecins", default=False)
    pris_le = models.DateTimeField("pris le", help_text="À défaut, l’instant de réception.")
    effecteur_identifiant = models.CharField("identifiant du professionnel", max_length=12, blank=True)
    effecteur = models.ForeignKey(
        Effecteur, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    regulateur_systeme = models.CharField("système du régulateur", max_length=200, blank=True)
    regulateur_identifiant = models.CharField("identifiant du régulateur", max_length=64, blank=True)
    regulateur = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    pseudonyme = models.CharField("pseudonyme du régulateur", max_length=32, blank=True, editable=False)
    lieu = models.ForeignKey(LieuExercice, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    redirection = models.ForeignKey(
        Redirection, on_delete=models.PROTECT, null=True, blank=True, related_name="rendez_vous"
    )
    orientation = models.ForeignKey(
        Orientation, on_delete=models.PROTECT, null=True, blank=True, related_name="rendez_vous"
    )
    rattachement = models.CharField("rattachement", max_length=12, choices=Rattachement.choices)
    recu_le = models.DateTimeField("reçu le")
    modifie_le = models.DateTimeField("modifié le")
    version_le = models.DateTimeField("version de l’éditeur", null=True, blank=True)
    empreinte = models.CharField("empreinte du dernier message appliqué", max_length=64, editable=False)

    objects = RendezVousQuerySet.as_manager()

    class Meta:
        verbose_name = "rendez-vous"
        verbose_name_plural = "rendez-vous"
        indexes = [
            models.Index(fields=["regulateur", "recu_le"], name="rendezvous_regulateur_jour"),
            models.Index(fields=["effecteur", "debut"], name="rendezvous_effecteur_debut"),
        ]
        constraints = [
            models.UniqueConstraint(name="rendezvous_cle", fields=["editeur", "systeme", "valeur"]),
            models.CheckConstraint(name="rendezvous_a_une_cle", condition=~Q(systeme="") & ~Q(valeur="")),
            models.CheckConstraint(name="rendezvous_fin_apres_debut", condition=Q(fin__gt=F("debut"))),
            models.CheckConstraint(
                name="rendezvous_une_seule_cause",
                condition=Q(redirection=None) | Q(orientation=None),
                violation_error_message="Un rendez-vous vient d’une orientation ou d’un départ, pas des deux.",
            ),
            models.CheckConstraint(
                name="rendezvous_rattachement_dit_la_cause",
                condition=Q(
                    rattachement__in=[
                        Rattachement.DEPART,
                        Rattachement.DEPART_AUTRE_HEURE,
                        Rattachement.PLACE_DE_MARCHE,
                    ],
                    redirection__isnull=False,
                )
                | Q(rattachement=Rattachement.ORIENTATION, orientation__isnull=False)
                | Q(
                    rattachement__in=[Rattachement.AUCUN, Rattachement.AMBIGU],
                    redirection=None,
                    orientation=None,
                ),
            ),
            models.CheckConstraint(
                name="rendezvous_version_sans_avance",
                condition=Q(version_le=None) | Q(version_le__lte=F("modifie_le")),
            ),
            models.CheckConstraint(
                name="rendezvous_regulateur_ou_pseudonyme",
                condition=Q(pseudonyme="") | Q(regulateur=None, regulateur_identifiant=""),
                violation_error_message="Le pseudonyme remplace le régulateur ; il n’y a jamais les deux.",
            ),
        ]

    def __str__(self) -> str:
        return f"rendez-vous {self.uuid}"

    @property
    def est_rattache(self) -> bool:
        return self.redirection_id is not None or self.orientation_id is not None


class EtatRendezVous(models.Model):
    """Un message de l’éditeur, appliqué ou non : l’histoire du rendez-vous, en ajout seul.

    `est_applique` est faux pour un message plus ancien que l’état déjà connu.
    Ne dit rien du régulateur : rien n’est à en effacer avec le temps.
    """

    rendez_vous = models.ForeignKey(RendezVous, on_delete=models.PROTECT, related_name="etats")
    statut = models.CharField("statut", max_length=10, choices=StatutRendezVous.choices)
    debut = models.DateTimeField("début")
    fin = models.DateTimeField("fin")
    effecteur_identifiant = models.CharField("identifiant du professionnel", max_length=12, blank=True)
    rattachement = models.CharField("rattachement", max_length=12, choices=Rattachement.choices)
    recu_le = models.DateTimeField("reçu le")
    version_le = models.DateTimeField("version de l’éditeur", null=True)
    est_applique = models.BooleanField("appliqué")

    class Meta:
        verbose_name = "état d’un rendez-vous"
        verbose_name_plural = "états des rendez-vous"
        indexes = [models.Index(fields=["rendez_vous", "id"], name="etatrendezvous_histoire")]
        triggers = [
            pgtrigger.Protect(
                name="etatrendezvous_en_ajout_seul", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self) -> str:
        return f"{self.statut} reçu le {self.recu_le}"
