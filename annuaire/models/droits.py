"""Au nom de quoi l’on agit : périmètres des rôles, délégations, rattachements aux structures."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from annuaire.enums import EtatDelegation, EtatDemande
from annuaire.models.effecteurs import Effecteur, LieuExercice, Structure
from annuaire.models.referentiels import Commune
from annuaire.models.territoires import Territoire
from comptes.models import Compte, Habilitation
from sas_platform.socle.champs import periode
from sas_platform.socle.jours import dernier_jour
from sas_platform.socle.modeles import Horodate


class DateQuerySet(models.QuerySet):
    """Lignes datées par `debut_le` et `fin_le`, intervalle fermé puis ouvert."""

    def en_cours(self, instant: datetime) -> DateQuerySet:
        return self.filter(Q(fin_le=None) | Q(fin_le__gt=instant), debut_le__lte=instant)


class Perimetre(models.Model):
    """Ce sur quoi porte un rôle : un territoire ou une structure, sur une période.

    Un effecteur n’en a pas besoin : son champ est sa propre identité nationale.
    Un délégataire non plus : ses délégations le disent.
    """

    habilitation = models.ForeignKey(Habilitation, on_delete=models.CASCADE, related_name="+")
    territoire = models.ForeignKey(
        Territoire, on_delete=models.PROTECT, null=True, blank=True, related_name="perimetres"
    )
    structure = models.ForeignKey(
        Structure, on_delete=models.PROTECT, null=True, blank=True, related_name="perimetres"
    )
    debut_le = models.DateTimeField("depuis", default=timezone.now)
    fin_le = models.DateTimeField("jusqu’au", null=True, blank=True)

    objects = DateQuerySet.as_manager()

    class Meta:
        verbose_name = "périmètre"
        constraints = [
            models.CheckConstraint(
                name="perimetre_territoire_ou_structure",
                condition=Q(territoire__isnull=False, structure=None)
                | Q(territoire=None, structure__isnull=False),
                violation_error_message="Un périmètre est un territoire ou une structure.",
            ),
            models.CheckConstraint(
                name="perimetre_fin_apres_debut",
                condition=Q(fin_le=None) | Q(fin_le__gt=F("debut_le")),
                violation_error_message="Le périmètre finit avant d’avoir commencé.",
            ),
            models.UniqueConstraint(
                name="perimetre_territoire_ouvert_une_fois",
                fields=["habilitation", "territoire"],
                condition=Q(fin_le=None, territoire__isnull=False),
                violation_error_message="Ce territoire est déjà dans le périmètre.",
            ),
            models.UniqueConstraint(
                name="perimetre_structure_ouverte_une_fois",
                fields=["habilitation", "structure"],
                condition=Q(fin_le=None, structure__isnull=False),
                violation_error_message="Cette structure est déjà dans le périmètre.",
            ),
        ]

    def __str__(self) -> str:
        return f"périmètre {self.pk}"


_UN_TITULAIRE = Q(effecteur__isnull=False, structure=None) | Q(effecteur=None, structure__isnull=False)


class DemandeDelegationQuerySet(models.QuerySet["DemandeDelegation"]):
    def avec_compte_connu(self) -> DemandeDelegationQuerySet:
        """Ajoute `a_un_compte` : l’adresse demandée est celle d’un compte."""
        return self.annotate(a_un_compte=Exists(Compte.objects.filter(email=OuterRef("email"))))

    def pour_liste(self) -> DemandeDelegationQuerySet:
        """Tout ce que lit une ligne de liste ; la plus ancienne d’abord."""
        liees = self.select_related("effecteur", "structure", "commune", "demandeur")
        return liees.prefetch_related("lieux__commune").order_by("creee_le", "pk")


class DemandeDelegation(models.Model):
    """Un effecteur, ou le gestionnaire d’une structure, demande qu’une personne agisse pour lui.

    Adressée aux gestionnaires de comptes du territoire de la ville nommée (U-22).
    """

    demandeur = models.ForeignKey(Compte, on_delete=models.CASCADE, related_name="+")
    effecteur = models.ForeignKey(
        Effecteur, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    structure = models.ForeignKey(
        Structure, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    prenom = models.CharField("prénom du délégataire", max_length=100)
    nom = models.CharField("nom du délégataire", max_length=100)
    email = models.EmailField("adresse électronique du délégataire")
    commune = models.ForeignKey(
        Commune, on_delete=models.PROTECT, related_name="+", verbose_name="ville d’exercice"
    )
    lieux = models.ManyToManyField(
        LieuExercice, blank=True, related_name="+", verbose_name="lieux concernés (tous si vide)"
    )
    fin_date = models.DateField("jusqu’au", null=True, blank=True)
    etat = models.CharField("état", max_length=10, choices=EtatDemande.choices, default=EtatDemande.OUVERTE)
    motif = models.CharField("motif du refus", max_length=300, blank=True)
    creee_le = models.DateTimeField("demandée le", default=timezone.now)
    traitee_le = models.DateTimeField("traitée le", null=True, blank=True)
    traitee_par = models.ForeignKey(Compte, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = DemandeDelegationQuerySet.as_manager()

    class Meta:
        verbose_name = "demande de délégation"
        verbose_name_plural = "demandes de délégation"
        constraints = [
            models.CheckConstraint(
                name="demande_delegation_un_titulaire",
                condition=_UN_TITULAIRE,
                violation_error_message="Une délégation vaut pour un effecteur ou pour une structure.",
            ),
            models.CheckConstraint(
                name="demande_delegation_traitee_datee",
                condition=Q(etat="ouverte", traitee_le=None)
                | (~Q(etat="ouverte") & Q(traitee_le__isnull=False)),
                violation_error_message="Une demande close porte sa date.",
            ),
            models.UniqueConstraint(
                name="demande_delegation_effecteur_ouverte_une_fois",
                fields=["effecteur", "email"],
                condition=Q(etat="ouverte", effecteur__isnull=False),
                violation_error_message="Une demande est déjà en cours pour cette personne.",
            ),
            models.UniqueConstraint(
                name="demande_delegation_structure_ouverte_une_fois",
                fields=["structure", "email"],
                condition=Q(etat="ouverte", structure__isnull=False),
                violation_error_message="Une demande est déjà en cours pour cette personne.",
            ),
        ]

    def __str__(self) -> str:
        return f"demande de délégation {self.pk}"

    @property
    def titulaire(self) -> Effecteur | Structure:
        titulaire = self.effecteur or self.structure
        assert titulaire is not None
        return titulaire


class DelegationQuerySet(models.QuerySet["Delegation"]):
    def en_vigueur(self, instant: datetime) -> DelegationQuerySet:
        """Consenties, commencées, ni finies ni révoquées : les seules qui donnent un droit."""
        return self.vivantes(instant).filter(debut_le__lte=instant, consentie_le__lte=instant)

    def vivantes(self, instant: datetime) -> DelegationQuerySet:
        """Ni révoquées ni finies, consenties ou non."""
        return self.filter(Q(fin_le=None) | Q(fin_le__gt=instant), revoquee_le=None)

    def closes(self, instant: datetime) -> DelegationQuerySet:
        return self.filter(Q(revoquee_le__isnull=False) | Q(fin_le__lte=instant))

    def pour_liste(self) -> DelegationQuerySet:
        """Tout ce que lit une ligne de liste ; la plus récente d’abord."""
        liees = self.select_related("delegataire", "effecteur", "structure", "demande")
        return liees.prefetch_related("lieux__commune").order_by("-debut_le", "-pk")


class Delegation(Horodate):
    """Droit d’agir au nom d’un effecteur ou d’une structure : consenti, daté, révocable à tout moment.

    `lieux` vide : tous les lieux du titulaire. Sans consentement elle ne donne
    aucun droit, même accordée par un gestionnaire de comptes.
    """

    delegataire = models.ForeignKey(Compte, on_delete=models.PROTECT, related_name="delegations")
    effecteur = models.ForeignKey(
        Effecteur, on_delete=models.CASCADE, null=True, blank=True, related_name="delegations"
    )
    structure = models.ForeignKey(
        Structure, on_delete=models.CASCADE, null=True, blank=True, related_name="delegations"
    )
    lieux = models.ManyToManyField(
        LieuExercice, blank=True, related_name="+", verbose_name="lieux concernés (tous si vide)"
    )
    demande = models.OneToOneField(
        DemandeDelegation, on_delete=models.SET_NULL, null=True, blank=True, related_name="delegation"
    )
    accordee_par = models.ForeignKey(Compte, on_delete=models.PROTECT, null=True, related_name="+")
    debut_le = models.DateTimeField("depuis", default=timezone.now)
    fin_le = models.DateTimeField("jusqu’au", null=True, blank=True)
    consentie_le = models.DateTimeField("consentie le", null=True, blank=True)
    consentie_par = models.ForeignKey(
        Compte, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    revoquee_le = models.DateTimeField("révoquée le", null=True, blank=True)
    revoquee_par = models.ForeignKey(
        Compte, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = DelegationQuerySet.as_manager()

    class Meta:
        verbose_name = "délégation"
        constraints = [
            models.CheckConstraint(
                name="delegation_un_titulaire",
                condition=_UN_TITULAIRE,
                violation_error_message="Une délégation vaut pour un effecteur ou pour une structure.",
            ),
            models.CheckConstraint(
                name="delegation_fin_apres_debut",
                condition=Q(fin_le=None) | Q(fin_le__gt=F("debut_le")),
                violation_error_message="La délégation finit avant d’avoir commencé.",
            ),
            models.CheckConstraint(
                name="delegation_consentement_signe",
                condition=Q(consentie_le=None, consentie_par=None)
                | Q(consentie_le__isnull=False, consentie_par__isnull=False),
                violation_error_message="Un consentement porte sa date et son auteur.",
            ),
            ExclusionConstraint(
                name="delegation_effecteur_sans_chevauchement",
                expressions=[
                    ("delegataire", RangeOperators.EQUAL),
                    ("effecteur", RangeOperators.EQUAL),
                    (periode(), RangeOperators.OVERLAPS),
                ],
                condition=Q(revoquee_le=None, effecteur__isnull=False),
                violation_error_message="Cette personne a déjà délégation de cet effecteur.",
            ),
            ExclusionConstraint(
                name="delegation_structure_sans_chevauchement",
                expressions=[
                    ("delegataire", RangeOperators.EQUAL),
                    ("structure", RangeOperators.EQUAL),
                    (periode(), RangeOperators.OVERLAPS),
                ],
                condition=Q(revoquee_le=None, structure__isnull=False),
                violation_error_message="Cette personne a déjà délégation de cette structure.",
            ),
        ]

    def __str__(self) -> str:
        return f"délégation {self.pk}"

    @property
    def dernier_jour(self) -> date | None:
        """Celui de la demande, qui se compte à l’heure de sa ville ; sinon à l’heure de Paris."""
        if self.demande is not None:
            return self.demande.fin_date
        return self.fin_le and dernier_jour(self.fin_le, ZoneInfo(settings.TIME_ZONE))

    @property
    def titulaire(self) -> Effecteur | Structure:
        titulaire = self.effecteur or self.structure
        assert titulaire is not None
        return titulaire

    def etat(self, instant: datetime) -> EtatDelegation:
        if self.revoquee_le:
            return EtatDelegation.REVOQUEE if self.consentie_le else EtatDelegation.NON_CONSENTIE
        if self.fin_le and self.fin_le <= instant:
            return EtatDelegation.FINIE
        return EtatDelegation.EN_VIGUEUR if self.consentie_le else EtatDelegation.A_CONSENTIR


class RattachementQuerySet(models.QuerySet["Rattachement"]):
    def en_cours(self, instant: datetime) -> RattachementQuerySet:
        """Acceptés et ni finis ni à venir : les seuls qui comptent."""
        return self.ouverts(instant).filter(accepte_le__lte=instant, debut_le__lte=instant)

    def ouverts(self, instant: datetime) -> RattachementQuerySet:
        """Acceptés ou seulement proposés."""
        return self.filter(Q(fin_le=None) | Q(fin_le__gt=instant))

    def pour_liste(self) -> RattachementQuerySet:
        """Tout ce que lit une ligne de liste."""
        liees = self.select_related("structure", "lieu__commune", "lieu__effecteur__profession")
        return liees.order_by("lieu__effecteur__nom_recherche", "pk")


class Rattachement(models.Model):
    """Un lieu d’exercice, choisi par l’effecteur, qui compte parmi les membres d’une structure (CPTS, MSP…).

    Le gestionnaire de la structure le propose ; il ne compte, et n’ouvre l’agenda
    du lieu, qu’une fois accepté par l’effecteur, qui en sort quand il veut.
    """

    structure = models.ForeignKey(Structure, on_delete=models.CASCADE, related_name="rattachements")
    lieu = models.ForeignKey(LieuExercice, on_delete=models.CASCADE, related_name="rattachements")
    debut_le = models.DateTimeField("depuis", default=timezone.now)
    fin_le = models.DateTimeField("jusqu’au", null=True, blank=True)
    accepte_le = models.DateTimeField("accepté par l’effecteur le", null=True, blank=True)
    cree_par = models.ForeignKey(Compte, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = RattachementQuerySet.as_manager()

    class Meta:
        verbose_name = "rattachement"
        constraints = [
            models.CheckConstraint(
                name="rattachement_fin_apres_debut",
                condition=Q(fin_le=None) | Q(fin_le__gt=F("debut_le")),
                violation_error_message="Le rattachement finit avant d’avoir commencé.",
            ),
            models.UniqueConstraint(
                name="rattachement_ouvert_une_fois",
                fields=["structure", "lieu"],
                condition=Q(fin_le=None),
                violation_error_message="Ce lieu est déjà rattaché à cette structure.",
            ),
        ]

    def __str__(self) -> str:
        return f"rattachement {self.pk}"
