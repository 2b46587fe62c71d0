"""Comptes de régulateurs chez les éditeurs (INT_R02, docs/adr/0021) : ce qu’ils en savent, ce qu’ils doivent apprendre."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from agenda.domaine.regulateurs import Personne, corps
from agenda.enums import EtatCopie, EtatEnvoi, Flux
from agenda.models.editeurs import Editeur
from comptes.models import Compte

# Une création ou une mise à jour s’abandonne après une demi-journée : la connexion suivante la reprendra.
ESSAIS_MAX = 12
PREMIER_DELAI = timedelta(seconds=30)
DELAI_MAX = timedelta(hours=4)
# Une désactivation n’attend pas si longtemps, et ne s’abandonne jamais : le droit est retiré.
DELAI_MAX_RETRAIT = timedelta(minutes=30)
EN_SUSPENS = (EtatEnvoi.A_ENVOYER, EtatEnvoi.ABANDONNE)


class CopieRegulateur(models.Model):
    """Ce qu’un éditeur sait du compte d’un régulateur.

    `identifiant` (« système|valeur ») et `empreinte` sont ceux du dernier message
    acquitté ; l’empreinte s’efface dès qu’un autre part, puisqu’on ne sait plus.
    `identifiant_essaye` : celui qu’un message resté sans réponse a peut-être posé.
    `peut_etre_active` : vrai du premier essai d’activation jusqu’à ce qu’une
    désactivation soit acquittée. `bail` : le processus qui est en train d’appeler.
    """

    # Un compte ne s’efface pas tant qu’un éditeur peut le connaître : il s’anonymise.
    compte = models.ForeignKey(Compte, on_delete=models.PROTECT, related_name="+")
    editeur = models.ForeignKey(Editeur, on_delete=models.CASCADE, related_name="+")
    identifiant = models.CharField("identifiant acquitté", max_length=120, blank=True)
    identifiant_essaye = models.CharField("identifiant essayé", max_length=120, blank=True)
    empreinte = models.CharField("empreinte du message acquitté", max_length=64, blank=True)
    peut_etre_active = models.BooleanField("peut-être actif chez l’éditeur", default=False)
    manque = models.CharField("ce qui manque au compte", max_length=120, blank=True)
    acquittee_le = models.DateTimeField("acquittée le", null=True, blank=True)
    bail = models.UUIDField(null=True, editable=False)
    bail_jusqu_a = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "compte de régulateur chez un éditeur"
        verbose_name_plural = "comptes de régulateurs chez les éditeurs"
        constraints = [
            models.UniqueConstraint(name="copieregulateur_unique", fields=["compte", "editeur"]),
            models.UniqueConstraint(
                name="copieregulateur_identifiant_a_un_compte",
                fields=["editeur", "identifiant"],
                condition=~Q(identifiant=""),
            ),
            models.CheckConstraint(
                name="copieregulateur_bail_entier",
                condition=Q(bail=None, bail_jusqu_a=None) | Q(bail__isnull=False, bail_jusqu_a__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"compte {self.compte_id} chez {self.editeur_id}"

    def etat(self, suspens: EnvoiRegulateur | None) -> EtatCopie:
        """`suspens` : son envoi qui n’est pas acquitté, s’il y en a un."""
        if suspens is not None:
            return EtatCopie.EN_ECHEC if suspens.est_en_echec else EtatCopie.EN_ATTENTE
        if self.manque:
            return EtatCopie.INCOMPLET
        if self.acquittee_le is None:
            return EtatCopie.INCONNU
        return EtatCopie.A_JOUR if self.peut_etre_active else EtatCopie.FERME


class EnvoiRegulateurQuerySet(models.QuerySet["EnvoiRegulateur"]):
    def en_suspens(self) -> EnvoiRegulateurQuerySet:
        return self.filter(etat__in=EN_SUSPENS)

    def dus(self, instant: datetime) -> EnvoiRegulateurQuerySet:
        return self.vers_un_editeur_ouvert().filter(etat=EtatEnvoi.A_ENVOYER, prochain_essai_le__lte=instant)

    def vers_un_editeur_ouvert(self) -> EnvoiRegulateurQuerySet:
        return self.filter(copie__editeur__est_actif=True, copie__editeur__flux__contains=[Flux.COMPTES])


class EnvoiRegulateur(models.Model):
    """Un état à faire connaître à un éditeur ; un seul attend à la fois, le plus récent.

    `personne` dit tout ce que porte le message : il part entier même si le compte
    a été effacé depuis, et s’efface dès qu’il est acquitté ou remplacé. `methode`
    et `cible` sont ceux du dernier essai.
    """

    copie = models.ForeignKey(CopieRegulateur, on_delete=models.CASCADE, related_name="envois")
    personne = models.JSONField("personne", null=True, blank=True, editable=False)
    actif = models.BooleanField("actif")
    etat = models.CharField("état", max_length=10, choices=EtatEnvoi.choices, default=EtatEnvoi.A_ENVOYER)
    methode = models.CharField("méthode", max_length=4, blank=True)
    cible = models.CharField("identifiant interrogé", max_length=120, blank=True)
    cree_le = models.DateTimeField("créé le", default=timezone.now)
    essais = models.PositiveSmallIntegerField("essais", default=0)
    prochain_essai_le = models.DateTimeField("prochain essai le", default=timezone.now)
    clos_le = models.DateTimeField("acquitté ou remplacé le", null=True, blank=True)
    reponse = models.CharField("dernière réponse", max_length=200, blank=True)

    objects = EnvoiRegulateurQuerySet.as_manager()

    class Meta:
        verbose_name = "envoi d’un compte à un éditeur"
        verbose_name_plural = "envois de comptes aux éditeurs"
        indexes = [
            models.Index(
                fields=["prochain_essai_le"], name="envoiregulateur_a_envoyer", condition=Q(etat="a_envoyer")
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                name="envoiregulateur_un_seul_en_suspens",
                fields=["copie"],
                condition=Q(etat__in=["a_envoyer", "abandonne"]),
            ),
            models.CheckConstraint(
                name="envoiregulateur_personne_tant_qu_il_attend",
                condition=Q(etat__in=["a_envoyer", "abandonne"], personne__isnull=False, clos_le=None)
                | Q(etat__in=["acquitte", "remplace"], personne=None, clos_le__isnull=False, cible=""),
            ),
            # Le droit est retiré : ce qui le dit à l’éditeur attend autant qu’il faut.
            models.CheckConstraint(
                name="envoiregulateur_retrait_jamais_abandonne",
                condition=Q(actif=True) | ~Q(etat="abandonne"),
            ),
        ]

    def __str__(self) -> str:
        return f"envoi {self.pk}"

    @property
    def est_en_echec(self) -> bool:
        return self.essais >= ESSAIS_MAX

    @property
    def qui(self) -> Personne:
        assert self.personne is not None  # `envoiregulateur_personne_tant_qu_il_attend`
        return Personne(**self.personne)

    @property
    def corps(self) -> dict[str, Any]:
        """La ressource Practitioner à envoyer ; vide une fois l’envoi clos."""
        return corps(self.qui, actif=self.actif) if self.personne else {}

    def clore(self, etat: EtatEnvoi, *, le: datetime) -> None:
        self.etat, self.clos_le = etat, le
        self.personne, self.cible = None, ""
        if etat == EtatEnvoi.REMPLACE:
            self.reponse = ""  # l’éditeur a pu y nommer quelqu’un
        self.save()

    def relancer(self, *, le: datetime) -> None:
        self.etat, self.essais, self.prochain_essai_le = EtatEnvoi.A_ENVOYER, 0, le
        self.save(update_fields=["etat", "essais", "prochain_essai_le"])

    def noter_echec(self, *, le: datetime, reponse: str, attente_s: int, hasard: float) -> None:
        """Remet l’essai à plus tard ; abandonne une activation après `ESSAIS_MAX`. `hasard` : de 0 à 1.

        Le délai double à chaque essai, à un cinquième près : des envois qui ont
        échoué ensemble ne reviennent pas ensemble.
        """
        plafond = DELAI_MAX if self.actif else DELAI_MAX_RETRAIT
        delai = min(PREMIER_DELAI * 2 ** max(0, self.essais - 1), plafond) * (0.8 + 0.4 * hasard)
        self.prochain_essai_le = le + max(delai, timedelta(seconds=attente_s))
        self.reponse = reponse[:200]
        if self.actif and self.est_en_echec:
            self.etat = EtatEnvoi.ABANDONNE
        self.save(update_fields=["prochain_essai_le", "reponse", "etat"])


class RegulateurAComparer(models.Model):
    """Compte dont une connexion, un rôle ou l’identité vient de changer : à comparer à ce que savent les éditeurs.

    Des déclencheurs l’écrivent (migration 0019), dans la transaction du changement
    et quel qu’en soit le chemin. `personne` : l’identité
    d’avant, quand le changement la retire ; il faut la redire pour désactiver.
    """

    compte_id = models.BigIntegerField(primary_key=True)
    est_connexion = models.BooleanField(default=False)
    personne = models.JSONField(null=True)

    class Meta:
        verbose_name = "régulateur à comparer"
        verbose_name_plural = "régulateurs à comparer"

    def __str__(self) -> str:
        return str(self.compte_id)
