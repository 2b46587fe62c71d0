"""Le barème : des lignes datées, sourcées, proposées par l’un et mises en vigueur par un autre (docs/adr/0007)."""

from __future__ import annotations

from datetime import date

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from comptes.models import Compte
from remuneration.enums import Condition, EtatRegle, Mode, Prestation


class RegleQuerySet(models.QuerySet["Regle"]):
    def en_vigueur(self) -> RegleQuerySet:
        return self.filter(etat=EtatRegle.ACTIVE)

    def sur(self, debut: date, fin: date) -> RegleQuerySet:
        """En vigueur au moins un jour de [debut, fin[, la plus ancienne d’abord."""
        valides = self.en_vigueur().filter(Q(fin=None) | Q(fin__gt=debut), debut__lt=fin)
        return valides.prefetch_related("tranches").order_by("prestation", "debut")


def _hors_des_periodes_closes() -> pgtrigger.Trigger:
    """Rien ne change le barème d’une période close : ni une règle qui y commence, ni une fin qu’on y déplace."""
    return pgtrigger.Trigger(
        name="regle_hors_des_periodes_closes",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        declare=[("depuis", "date")],
        func="""
            IF TG_OP = 'UPDATE' AND OLD.etat = 'active' AND NEW.etat = 'active' THEN
                IF OLD.fin IS NOT DISTINCT FROM NEW.fin THEN RETURN NEW; END IF;
                depuis := LEAST(OLD.fin, NEW.fin);
            ELSIF NEW.etat = 'active' OR (TG_OP = 'UPDATE' AND OLD.etat = 'active') THEN
                depuis := NEW.debut;
            ELSE
                RETURN NEW;
            END IF;
            IF EXISTS (
                SELECT 1 FROM remuneration_calcul c JOIN remuneration_periode p ON p.id = c.periode_id
                WHERE c.etape = 'clos' AND p.fin > depuis
                  AND (position('T' in p.code) > 0) = (NEW.prestation <> 'participation')
            ) THEN
                RAISE EXCEPTION 'Une période close garde son barème : cette règle le changerait.'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


class Regle(models.Model):
    """Une prestation pendant [debut, fin[. En vigueur, elle ne se récrit plus : une autre lui succède.

    Les champs que la prestation n’emploie pas restent vides. `montant` est en euros,
    par an, par trimestre ou par acte selon la prestation ; les forfaits par tranche
    ont leurs montants dans `tranches`. `issues` : ce que doit être devenue une
    orientation pour compter ; vide, toute orientation non annulée.
    """

    prestation = models.CharField("prestation", max_length=20, choices=Prestation.choices)
    debut = models.DateField("à partir du")
    fin = models.DateField("jusqu’au (exclu)", null=True, blank=True)
    montant = models.DecimalField("montant (€)", max_digits=8, decimal_places=2, null=True, blank=True)
    modes = ArrayField(
        models.CharField(max_length=10, choices=Mode.choices), default=list, verbose_name="modes admis"
    )
    conditions = ArrayField(
        models.CharField(max_length=10, choices=Condition.choices), default=list, blank=True
    )
    issues = ArrayField(
        models.CharField(max_length=8), default=list, blank=True, verbose_name="issues comptées"
    )
    minutes_hebdo = models.PositiveSmallIntegerField(
        "minutes à montrer par semaine et par médecin", null=True, blank=True
    )
    semaines_manquantes_max = models.PositiveSmallIntegerField(
        "semaines sous ce seuil, au plus", null=True, blank=True
    )
    plafond_hebdo = models.PositiveSmallIntegerField("actes par semaine, au plus", null=True, blank=True)
    delai_h = models.PositiveSmallIntegerField("délai après l’orientation (h)", null=True, blank=True)
    heure_debut = models.TimeField("consultation à partir de", null=True, blank=True)
    heure_fin = models.TimeField("consultation avant", null=True, blank=True)
    modalite = models.CharField("modalité de consultation", max_length=20, blank=True)
    source = models.CharField("texte dont elle vient", max_length=300)
    remarque = models.CharField("remarque", max_length=500, blank=True)
    etat = models.CharField("état", max_length=10, choices=EtatRegle.choices, default=EtatRegle.PROPOSEE)
    auteur = models.ForeignKey(
        Compte, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="proposée par"
    )
    proposee_le = models.DateTimeField("proposée le")
    relecteur = models.ForeignKey(
        Compte, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="relue par"
    )
    relue_le = models.DateTimeField("relue le", null=True, blank=True)

    objects = RegleQuerySet.as_manager()

    class Meta:
        verbose_name = "règle de rémunération"
        verbose_name_plural = "règles de rémunération"
        constraints = [
            models.CheckConstraint(
                name="regle_fin_apres_debut",
                condition=Q(fin=None) | Q(fin__gt=F("debut")),
                violation_error_message="La règle finit avant d’avoir commencé.",
            ),
            models.CheckConstraint(
                name="regle_deux_personnes",
                condition=Q(relecteur=None) | ~Q(relecteur=F("auteur")),
                violation_error_message="Qui a proposé une règle ne la met pas en vigueur\u00a0: il y faut une autre personne.",
            ),
            models.CheckConstraint(
                name="regle_en_vigueur_relue",
                condition=Q(etat=EtatRegle.PROPOSEE, relue_le=None)
                | (~Q(etat=EtatRegle.PROPOSEE) & Q(relue_le__isnull=False)),
                violation_error_message="Une règle entre en vigueur une fois relue.",
            ),
            # Les règles livrées avec la plateforme n’ont pas d’auteur : elles se relisent dans le code.
            models.CheckConstraint(
                name="regle_en_vigueur_par_une_autre",
                condition=~Q(etat=EtatRegle.ACTIVE) | Q(auteur=None) | Q(relecteur__isnull=False),
                violation_error_message="Une règle proposée entre en vigueur par une autre personne.",
            ),
            models.CheckConstraint(
                name="regle_heures_ensemble",
                condition=Q(heure_debut=None, heure_fin=None) | Q(heure_debut__lt=F("heure_fin")),
                violation_error_message="L’heure de fin suit celle de début.",
            ),
            models.CheckConstraint(name="regle_a_une_source", condition=~Q(source="")),
            ExclusionConstraint(
                name="regle_une_seule_a_la_fois",
                expressions=[
                    ("prestation", RangeOperators.EQUAL),
                    (
                        models.Func("debut", "fin", function="daterange", output_field=DateRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(etat=EtatRegle.ACTIVE),
                violation_error_message="Une autre règle de cette prestation vaut déjà sur cette période.",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="regle_immuable", exclude=["etat", "relecteur", "relue_le", "fin"]),
            pgtrigger.Protect(name="regle_ne_s_efface_pas", operation=pgtrigger.Delete),
            _hors_des_periodes_closes(),
        ]

    def __str__(self) -> str:
        return f"{self.get_prestation_display()}, à partir du {self.debut:%d/%m/%Y}"


class Tranche(models.Model):
    """De `de` à `a` actes (comprise ; sans `a`, et au-delà), `montant` euros pour le trimestre, non cumulés."""

    regle = models.ForeignKey(Regle, on_delete=models.CASCADE, related_name="tranches")
    de = models.PositiveIntegerField("de")
    a = models.PositiveIntegerField("à", null=True, blank=True)
    montant = models.DecimalField("montant (€)", max_digits=8, decimal_places=2)

    class Meta:
        verbose_name = "tranche"
        ordering = ["de"]
        constraints = [
            models.UniqueConstraint(name="tranche_une_par_borne", fields=["regle", "de"]),
            models.CheckConstraint(
                name="tranche_bornes_en_ordre",
                condition=Q(a=None) | Q(a__gte=F("de")),
                violation_error_message="La tranche finit avant d’avoir commencé.",
            ),
        ]
        triggers = [pgtrigger.Protect(name="tranche_immuable", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.de}–{self.a}" if self.a else f"{self.de} et plus"
