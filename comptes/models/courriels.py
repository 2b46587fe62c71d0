"""Courriels à envoyer : écrits dans la transaction qui les motive, envoyés par une tâche."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone

from comptes.enums import EtatCourriel
from comptes.models.compte import Compte

# Une panne du serveur de messagerie se rattrape pendant un peu plus d’une journée, puis le courriel est abandonné.
ESSAIS_MAX = 14
PREMIER_DELAI = timedelta(minutes=1)
DELAI_MAX = timedelta(hours=4)


class CourrielQuerySet(models.QuerySet["Courriel"]):
    def dus(self, instant: datetime) -> CourrielQuerySet:
        return self.filter(etat=EtatCourriel.A_ENVOYER, prochain_essai_le__lte=instant)


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

    objects = CourrielQuerySet.as_manager()

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

    def marquer_envoye(self, *, le: datetime) -> None:
        self.envoye_le = le
        self.erreur = ""
        self._clore(EtatCourriel.ENVOYE)

    def marquer_rejete(self, *, le: datetime, erreur: str) -> None:
        """Le serveur du destinataire refuse pour de bon : inutile d’insister."""
        self.prochain_essai_le = le
        self.erreur = erreur[:200]
        self._clore(EtatCourriel.REJETE)

    def noter_echec(self, *, le: datetime, erreur: str) -> None:
        """Remet l’envoi à plus tard, de plus en plus tard ; abandonne après `ESSAIS_MAX` essais."""
        self.erreur = erreur[:200]
        self.essais += 1
        if self.essais >= ESSAIS_MAX:
            self._clore(EtatCourriel.ABANDONNE)
            return
        self.prochain_essai_le = le + min(PREMIER_DELAI * 2 ** (self.essais - 1), DELAI_MAX)
        self.save(update_fields=["erreur", "essais", "prochain_essai_le"])

    def _clore(self, etat: EtatCourriel) -> None:
        self.etat = etat
        self.corps_texte = self.corps_html = ""
        self.save()
