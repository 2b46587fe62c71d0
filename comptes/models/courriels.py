"""Courriels à envoyer : écrits dans la transaction qui les motive, envoyés par une tâche."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from comptes.enums import EtatCourriel
from comptes.models.compte import Compte


class Courriel(models.Model):
    """Un message rendu, en texte et en HTML. Le corps, qui peut porter un lien secret, s’efface à l’envoi."""

    compte = models.ForeignKey(
        Compte, on_delete=models.CASCADE, null=True, blank=True, related_name="courriels"
    )
    destinataire = models.EmailField("destinataire")
    gabarit = models.CharField("gabarit", max_length=80, help_text="« comptes/bienvenue »")
    sujet = models.CharField("sujet", max_length=200)
    corps_texte = models.TextField(blank=True, editable=False)
    corps_html = models.TextField(blank=True, editable=False)
    etat = models.CharField(
        "état", max_length=10, choices=EtatCourriel.choices, default=EtatCourriel.A_ENVOYER
    )
    cree_le = models.DateTimeField("créé le", default=timezone.now)
    essais = models.PositiveSmallIntegerField("essais", default=0)
    prochain_essai_le = models.DateTimeField("prochain essai le", default=timezone.now)
    envoye_le = models.DateTimeField("envoyé le", null=True, blank=True)
    erreur = models.CharField("dernière erreur", max_length=200, blank=True)

    class Meta:
        verbose_name = "courriel"
        indexes = [
            models.Index(
                fields=["prochain_essai_le"],
                name="courriel_a_envoyer",
                condition=models.Q(etat="a_envoyer"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gabarit} {self.pk}"
