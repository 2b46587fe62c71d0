"""Autour d’une orientation : appels, retrait, issues, avis au professionnel, notes de relève. Rien du patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery

from annuaire.models import Effecteur, LieuExercice, Structure, Territoire
from orientation.enums import Issue, IssueAppel, MotifAnnulation, RythmeAvis, SourceIssue
from orientation.models.orientations import Orientation, acteur_ou_pseudonyme

if TYPE_CHECKING:
    from comptes.models import Compte


def _en_ajout_seul(nom: str) -> list[pgtrigger.Trigger]:
    """Un fait ne se récrit pas ; seule la personne s’en efface, au terme de la conservation."""
    return [
        pgtrigger.ReadOnly(name=f"{nom}_immuable", exclude=["acteur", "pseudonyme"]),
        pgtrigger.Protect(name=f"{nom}_ne_s_efface_pas", operation=pgtrigger.Delete),
    ]


def _acteur() -> models.ForeignKey[Compte | None, Compte | None]:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )


class MotifRefus(models.Model):
    """Raison, courte, qu’un cabinet donne pour ne pas recevoir ; la liste se règle dans l’administration."""

    libelle = models.CharField("raison", max_length=60, unique=True)
    rang = models.PositiveSmallIntegerField("rang", default=100)
    est_actif = models.BooleanField("proposée", default=True)

    class Meta:
        verbose_name = "motif de refus d’un appel"
        verbose_name_plural = "motifs de refus d’un appel"

    def __str__(self) -> str:
        return self.libelle


class Appel(models.Model):
    """Un appel à un cabinet et ce qu’il a donné. Réservé à la régulation, jamais public."""

    acteur = _acteur()
    pseudonyme = models.CharField("pseudonyme de l’acteur", max_length=32, blank=True, editable=False)
    territoire = models.ForeignKey(
        Territoire, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    lieu = models.ForeignKey(LieuExercice, on_delete=models.CASCADE, related_name="+")
    issue = models.CharField("issue", max_length=12, choices=IssueAppel.choices)
    motif = models.ForeignKey(MotifRefus, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    le = models.DateTimeField("le")

    class Meta:
        verbose_name = "appel à un cabinet"
        verbose_name_plural = "appels aux cabinets"
        indexes = [
            models.Index(fields=["lieu", "le"], name="appel_lieu_jour"),
            models.Index(fields=["le"], name="appel_jour"),
            # Ceux que chaque recherche lit : les refus et les silences du jour (`orientation.sollicitation`).
            models.Index(
                fields=["le"], name="appel_vain", include=["lieu"], condition=~Q(issue=IssueAppel.ACCEPTE)
            ),
        ]
        constraints = [
            acteur_ou_pseudonyme("appel_acteur_ou_pseudonyme"),
            models.CheckConstraint(
                name="appel_refus_motive",
                condition=Q(issue=IssueAppel.REFUS, motif__isnull=False)
                | (~Q(issue=IssueAppel.REFUS) & Q(motif=None)),
                violation_error_message="Un refus a une raison ; les autres issues n’en ont pas.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_issue_display()} le {self.le:%d/%m/%Y %H:%M}"


class Annulation(models.Model):
    """Pourquoi une orientation a été retirée, et par qui. `apres_delai` : par un gestionnaire du territoire."""

    orientation = models.OneToOneField(Orientation, on_delete=models.PROTECT, related_name="annulation")
    acteur = _acteur()
    pseudonyme = models.CharField("pseudonyme de l’acteur", max_length=32, blank=True, editable=False)
    motif = models.CharField("motif", max_length=14, choices=MotifAnnulation.choices)
    apres_delai = models.BooleanField("après le délai du régulateur", default=False)
    le = models.DateTimeField("le")

    class Meta:
        verbose_name = "annulation d’une orientation"
        verbose_name_plural = "annulations d’orientations"
        constraints = [acteur_ou_pseudonyme("annulation_acteur_ou_pseudonyme")]
        triggers = _en_ajout_seul("annulation")

    def __str__(self) -> str:
        return f"{self.get_motif_display()}, le {self.le:%d/%m/%Y}"


class IssueOrientationQuerySet(models.QuerySet["IssueOrientation"]):
    def derniere_de(self, orientation: str = "pk") -> Subquery:
        """Sous-requête : l’issue retenue, la dernière dite (docs/adr/0024)."""
        dites = self.filter(orientation=OuterRef(orientation)).order_by("-le", "-pk")
        return Subquery(dites.values("issue")[:1])


class IssueOrientation(models.Model):
    """Ce que quelqu’un a dit, un jour, de ce qu’est devenue une orientation. En ajout seul ; la dernière l’emporte.

    Sans acteur ni pseudonyme : le logiciel d’un éditeur l’a dit.
    """

    orientation = models.ForeignKey(Orientation, on_delete=models.PROTECT, related_name="issues")
    issue = models.CharField("issue", max_length=8, choices=Issue.choices)
    source = models.CharField("source", max_length=8, choices=SourceIssue.choices)
    acteur = _acteur()
    pseudonyme = models.CharField("pseudonyme de l’acteur", max_length=32, blank=True, editable=False)
    le = models.DateTimeField("le")

    objects = IssueOrientationQuerySet.as_manager()

    class Meta:
        verbose_name = "issue d’une orientation"
        verbose_name_plural = "issues d’orientations"
        indexes = [models.Index(fields=["orientation", "-le", "-id"], name="issueorientation_derniere")]
        constraints = [
            models.CheckConstraint(
                name="issueorientation_qui_l_a_dite",
                condition=Q(source=SourceIssue.EDITEUR, acteur=None, pseudonyme="")
                | (~Q(source=SourceIssue.EDITEUR) & Q(acteur__isnull=False, pseudonyme=""))
                | (~Q(source=SourceIssue.EDITEUR) & Q(acteur=None) & ~Q(pseudonyme="")),
                violation_error_message="Une issue a un auteur, ou vient d’un logiciel de rendez-vous.",
            ),
        ]
        triggers = _en_ajout_seul("issueorientation")

    def __str__(self) -> str:
        return f"{self.get_issue_display()}, dit le {self.le:%d/%m/%Y %H:%M}"


class PreferenceAvis(models.Model):
    """Quand un professionnel, ou une structure, veut être prévenu. Sans ligne : à chaque orientation.

    `resume_jusqu_au` : instant jusqu’où le résumé du soir a déjà tout dit.
    """

    effecteur = models.OneToOneField(
        Effecteur, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    structure = models.OneToOneField(
        Structure, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    rythme = models.CharField("rythme", max_length=10, choices=RythmeAvis.choices)
    resume_jusqu_au = models.DateTimeField("résumé jusqu’au")

    class Meta:
        verbose_name = "préférence d’avis"
        verbose_name_plural = "préférences d’avis"
        constraints = [
            models.CheckConstraint(
                name="preferenceavis_effecteur_ou_structure",
                condition=Q(effecteur__isnull=False, structure=None)
                | Q(effecteur=None, structure__isnull=False),
                violation_error_message="Une préférence est d’un effecteur ou d’une structure.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_rythme_display())


class NoteReleve(models.Model):
    """Ce qu’une équipe laisse à la suivante ; s’efface après quelques jours. Aucune donnée de patient."""

    territoire = models.ForeignKey(Territoire, on_delete=models.CASCADE, related_name="+")
    auteur = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    texte = models.CharField("note", max_length=500)
    le = models.DateTimeField("le")

    class Meta:
        verbose_name = "note de relève"
        verbose_name_plural = "notes de relève"
        indexes = [models.Index(fields=["territoire", "-le"], name="notereleve_territoire")]

    def __str__(self) -> str:
        return f"note du {self.le:%d/%m/%Y %H:%M}"
