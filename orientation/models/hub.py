"""Messages au Hub Santé : écrits avec ce qui les motive, remis ensuite par une tâche, suivis jusqu’au LRM."""

from __future__ import annotations

from datetime import datetime, timedelta

import pgtrigger
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from annuaire.models import Territoire
from orientation.enums import (
    EtatMessageHub,
    EvenementHub,
    MethodeHub,
    MotifNonDu,
    OrigineHub,
    StatutHub,
)

# Une panne du Hub se rattrape pendant une demi-journée ; au-delà, le rendez-vous est le plus souvent passé.
ESSAIS_MAX = 20
PREMIER_DELAI = timedelta(seconds=30)
DELAI_MAX = timedelta(hours=1)
REPRISES_MAX = 3
# Le Hub signale lui-même ce qui expire chez lui : on ne conclut à sa place qu’un peu après.
DELAI_DE_GRACE = timedelta(minutes=15)


class MessageHubQuerySet(models.QuerySet["MessageHub"]):
    def du_rendez_vous(self, uuid: object) -> MessageHubQuerySet:
        return self.filter(rendez_vous_uuid=uuid).order_by("-cree_le", "-pk")

    def dus(self, instant: datetime) -> MessageHubQuerySet:
        """À remettre maintenant. D’un même rendez-vous, un message n’en double pas un autre plus ancien."""
        avant = MessageHub.objects.filter(
            rendez_vous_uuid=OuterRef("rendez_vous_uuid"),
            etat=EtatMessageHub.A_ENVOYER,
            pk__lt=OuterRef("pk"),
        )
        prets = self.filter(etat=EtatMessageHub.A_ENVOYER, prochain_essai_le__lte=instant)
        return prets.filter(expire_le__gt=instant).exclude(Exists(avant))

    def perimes(self, instant: datetime) -> MessageHubQuerySet:
        """Qui ne partira plus, ou dont le LRM n’a rien dit à temps."""
        muets = Q(etat=EtatMessageHub.REMIS, expire_le__lte=instant - DELAI_DE_GRACE)
        return self.filter(Q(etat=EtatMessageHub.A_ENVOYER, expire_le__lte=instant) | muets)


class MessageHub(models.Model):
    """Un rendez-vous tel qu’il est publié au LRM d’un territoire, avec son enveloppe. Aucune donnée de patient.

    `rendez_vous_uuid` est l’`appointmentId` du message : le nôtre. `non_du` dit
    un rendez-vous qui n’a pas à partir : il n’a pas de contenu, et `motif` dit
    pourquoi. Un message repris après une erreur, ou renvoyé, est un nouveau
    message, dont `precedent` est celui-ci.
    """

    distribution_id = models.CharField("identifiant de distribution", max_length=120, unique=True)
    origine = models.CharField("origine", max_length=12, choices=OrigineHub.choices)
    rendez_vous_uuid = models.UUIDField("identifiant du rendez-vous", db_index=True)
    methode = models.CharField("méthode", max_length=20, choices=MethodeHub.choices)
    statut = models.CharField("statut du rendez-vous", max_length=10, choices=StatutHub.choices)
    territoire = models.ForeignKey(
        Territoire, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    destinataire = models.CharField("LRM destinataire", max_length=60, blank=True)
    contenu = models.JSONField("contenu", null=True, blank=True, editable=False)
    etat = models.CharField(
        "état", max_length=10, choices=EtatMessageHub.choices, default=EtatMessageHub.A_ENVOYER
    )
    motif = models.CharField("motif", max_length=20, choices=MotifNonDu.choices, blank=True)
    cree_le = models.DateTimeField("créé le", default=timezone.now)
    expire_le = models.DateTimeField("expire le", null=True, blank=True)
    essais = models.PositiveSmallIntegerField("essais", default=0)
    prochain_essai_le = models.DateTimeField("prochain essai le", default=timezone.now)
    remis_le = models.DateTimeField("remis le", null=True, blank=True)
    precedent = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="suivants"
    )
    reprises = models.PositiveSmallIntegerField("reprises", default=0)

    objects = MessageHubQuerySet.as_manager()

    class Meta:
        verbose_name = "message au Hub Santé"
        verbose_name_plural = "messages au Hub Santé"
        indexes = [
            models.Index(
                fields=["prochain_essai_le"], name="messagehub_a_envoyer", condition=Q(etat="a_envoyer")
            ),
            models.Index(fields=["-cree_le", "-id"], name="messagehub_recents"),
        ]
        constraints = [
            models.CheckConstraint(
                name="messagehub_contenu_sauf_non_du",
                condition=Q(etat=EtatMessageHub.NON_DU, contenu__isnull=True, expire_le=None) & ~Q(motif="")
                | ~Q(etat=EtatMessageHub.NON_DU)
                & Q(motif="", contenu__isnull=False, expire_le__isnull=False)
                & ~Q(destinataire=""),
                violation_error_message="Un message qui n’a pas à partir a un motif et pas de contenu ; les autres, l’inverse.",
            ),
            models.CheckConstraint(
                name="messagehub_expire_apres_creation",
                condition=Q(expire_le=None) | Q(expire_le__gt=F("cree_le")),
            ),
        ]

    def __str__(self) -> str:
        return self.distribution_id

    @property
    def appointment(self) -> dict[str, object]:
        """Le rendez-vous, sorti de ses enveloppes."""
        assert self.contenu is not None  # un message non dû n’en a pas : `messagehub_contenu_sauf_non_du`
        publie: dict[str, object] = self.contenu["content"][0]["jsonContent"]["embeddedJsonContent"][
            "message"
        ]["appointment"]
        return publie

    def marquer_remis(self, *, le: datetime) -> None:
        """Confirmé par le courtier du Hub : l’acquittement technique."""
        self.etat, self.remis_le, self.essais = EtatMessageHub.REMIS, le, self.essais + 1
        self.save(update_fields=["etat", "remis_le", "essais"])
        self.noter(EvenementHub.REMIS, le=le)

    def noter_echec(self, evenement: EvenementHub, *, le: datetime, detail: str) -> None:
        """Remet l’envoi à plus tard, de plus en plus tard ; abandonne après `ESSAIS_MAX` essais."""
        self.essais += 1
        self.prochain_essai_le = le + min(PREMIER_DELAI * 2 ** (self.essais - 1), DELAI_MAX)
        if self.essais >= ESSAIS_MAX:
            self.etat = EtatMessageHub.ABANDONNE
        self.save(update_fields=["essais", "prochain_essai_le", "etat"])
        self.noter(evenement, le=le, detail=detail)

    def passer_a(
        self, etat: EtatMessageHub, evenement: EvenementHub, *, le: datetime, detail: str = ""
    ) -> None:
        self.etat = etat
        self.save(update_fields=["etat"])
        self.noter(evenement, le=le, detail=detail)

    def noter(self, evenement: EvenementHub, *, le: datetime, detail: str = "") -> JournalHub:
        return JournalHub.objects.create(message=self, evenement=evenement, le=le, detail=detail)


class JournalHub(models.Model):
    """Ce qui est arrivé à un message, en ajout seul ; ou un retour que rien ne rattache à un message.

    `empreinte` est celle du retour reçu : le même, redonné par le courtier ou
    redit par le LRM, ne s’écrit pas deux fois. Le retour lui-même n’est pas gardé.
    """

    message = models.ForeignKey(
        MessageHub, on_delete=models.CASCADE, null=True, blank=True, related_name="journal"
    )
    evenement = models.CharField("événement", max_length=10, choices=EvenementHub.choices)
    le = models.DateTimeField("le")
    code = models.PositiveIntegerField("code d’erreur", null=True, blank=True)
    detail = models.CharField("détail", max_length=500, blank=True)
    reference = models.CharField("message désigné", max_length=120, blank=True)
    empreinte = models.CharField("empreinte du retour", max_length=64, null=True, blank=True, unique=True)

    class Meta:
        verbose_name = "suivi d’un message au Hub Santé"
        verbose_name_plural = "suivi des messages au Hub Santé"
        indexes = [
            models.Index(fields=["-le", "-id"], name="journalhub_orphelins", condition=Q(message=None))
        ]
        triggers = [pgtrigger.Protect(name="en_ajout_seul", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.get_evenement_display()} {self.le:%d/%m/%Y %H:%M}"
