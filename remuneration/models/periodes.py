"""Périodes, calculs, actes et décomptes : ce qui est dû, à qui, et par quelle preuve. Rien du patient."""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from annuaire.models import Departement, Effecteur, Structure, Territoire
from comptes.models import Compte
from remuneration.domaine.ecriture import euros
from remuneration.enums import Etape, Mode, MotifActe, Prestation, SourceActe
from remuneration.models.regles import Regle


class Periode(models.Model):
    """Un trimestre ou une année civils : [debut, fin[, à la date locale du lieu de consultation.

    `code` : « 2026T3 », « 2026 ».
    """

    code = models.CharField("période", max_length=6, unique=True)
    debut = models.DateField("premier jour")
    fin = models.DateField("lendemain du dernier jour")

    class Meta:
        verbose_name = "période"
        ordering = ["-debut", "-code"]
        constraints = [
            models.CheckConstraint(
                name="periode_code_bien_forme", condition=Q(code__regex=r"^[0-9]{4}(T[1-4])?$")
            ),
            models.CheckConstraint(name="periode_fin_apres_debut", condition=Q(fin__gt=F("debut"))),
        ]

    def __str__(self) -> str:
        annee, _, trimestre = self.code.partition("T")
        if not trimestre:
            return f"année {annee}"
        return f"{trimestre}{'er' if trimestre == '1' else 'e'} trimestre {annee}"

    @property
    def est_trimestre(self) -> bool:
        return "T" in self.code


class Calcul(models.Model):
    """Un calcul d’une période. Le premier clos l’arrête ; ce qui arrive ensuite fait un calcul rectificatif, `version` + 1.

    Une version non close se recalcule entière ; une version close ne change plus, ni elle,
    ni ses règles, ni ses lignes (déclencheurs). Un rectificatif garde les règles de la première.
    """

    periode = models.ForeignKey(Periode, on_delete=models.PROTECT, related_name="calculs")
    version = models.PositiveSmallIntegerField("version", default=1)
    etape = models.CharField("étape", max_length=10, choices=Etape.choices, default=Etape.A_FAIRE)
    regles = models.ManyToManyField(Regle, related_name="+", blank=True)
    arrete_le = models.DateTimeField("faits connus jusqu’au", null=True, blank=True)
    fait_le = models.DateTimeField("calculé le", null=True, blank=True)
    clos_le = models.DateTimeField("clos le", null=True, blank=True)
    clos_par = models.ForeignKey(Compte, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    motif = models.CharField("motif du rectificatif", max_length=300, blank=True)

    class Meta:
        verbose_name = "calcul d’une période"
        verbose_name_plural = "calculs des périodes"
        ordering = ["periode", "-version"]
        constraints = [
            models.UniqueConstraint(name="calcul_une_fois_par_version", fields=["periode", "version"]),
            models.UniqueConstraint(
                name="calcul_un_seul_ouvert",
                fields=["periode"],
                condition=~Q(etape=Etape.CLOS),
                violation_error_message="Un calcul de cette période est déjà ouvert.",
            ),
            models.CheckConstraint(
                name="calcul_clos_date",
                condition=Q(etape=Etape.CLOS, clos_le__isnull=False)
                | (~Q(etape=Etape.CLOS) & Q(clos_le=None)),
            ),
            models.CheckConstraint(
                name="calcul_rectificatif_motive",
                condition=Q(version=1) | ~Q(motif=""),
                violation_error_message="Un rectificatif a un motif.",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="calcul_clos_immuable",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__etape="clos"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.periode}, version {self.version}"


_REFUS_SI_CLOS = """
    IF EXISTS (
        SELECT FROM remuneration_calcul WHERE etape = 'clos' AND id IN (SELECT calcul_id FROM {lignes})
    ) THEN
        RAISE EXCEPTION 'Ce calcul est clos\u00a0: une correction est un rectificatif.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""
_REFUS_DE_VIDER = """
    IF EXISTS (SELECT FROM remuneration_calcul WHERE etape = 'clos') THEN
        RAISE EXCEPTION 'Des calculs sont clos\u00a0: leurs lignes ne s’effacent pas.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""


def _sauf_dans_un_calcul_clos(nom: str) -> list[pgtrigger.Trigger]:
    """Ni ajout, ni changement, ni effacement dans un calcul clos : la base le refuse, quel que soit le chemin.

    Par instruction, et non par ligne : un trimestre national ajoute deux millions d’actes d’un coup.
    """

    def trigger(
        suffixe: str, operation: pgtrigger.Operation, lignes: str, **tables: str
    ) -> pgtrigger.Trigger:
        return pgtrigger.Trigger(
            name=f"{nom}_clos_{suffixe}",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=pgtrigger.Referencing(**tables),
            func=_REFUS_SI_CLOS.format(lignes=lignes),
        )

    return [
        trigger("ajout", pgtrigger.Insert, "apres", new="apres"),
        trigger(
            "changement",
            pgtrigger.Update,
            "avant UNION ALL SELECT calcul_id FROM apres",
            old="avant",
            new="apres",
        ),
        trigger("retrait", pgtrigger.Delete, "avant", old="avant"),
        pgtrigger.Trigger(
            name=f"{nom}_clos_vidage",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func=_REFUS_DE_VIDER,
        ),
    ]


_UN_BENEFICIAIRE = Q(effecteur__isnull=False, structure=None) | Q(effecteur=None, structure__isnull=False)


# Deux millions d’actes s’ajoutent d’un coup : vérifier quatre clés par ligne, et tenir un index pour chacune,
# triplerait la durée. Ces numéros viennent, dans la même instruction, de tables qui les tiennent (docs/adr/0029).
_SANS_CLE_EN_BASE: Any = {"db_constraint": False, "db_index": False}


class Acte(models.Model):
    """Une orientation vue par le barème : comptée ou non, et pourquoi ; les majorations qu’elle permet.

    `source` et `numero` la désignent sans la tenir : la preuve survit à la purge du détail.
    `jour` et `semaine` (son lundi) sont à la date du lieu ; `rang` est celui de l’acte parmi
    ceux qui ouvrent droit à majoration dans la semaine, vide s’il n’y ouvre pas droit.
    """

    calcul = models.ForeignKey(Calcul, on_delete=models.PROTECT, related_name="actes", **_SANS_CLE_EN_BASE)
    source = models.CharField("source", max_length=12, choices=SourceActe.choices)
    numero = models.BigIntegerField("numéro dans la source")
    effecteur = models.ForeignKey(
        Effecteur, on_delete=models.PROTECT, null=True, blank=True, related_name="+", **_SANS_CLE_EN_BASE
    )
    structure = models.ForeignKey(
        Structure, on_delete=models.PROTECT, null=True, blank=True, related_name="+", **_SANS_CLE_EN_BASE
    )
    territoire = models.ForeignKey(
        Territoire, on_delete=models.PROTECT, null=True, blank=True, related_name="+", **_SANS_CLE_EN_BASE
    )
    orientee_le = models.DateTimeField("orientée le")
    debut = models.DateTimeField("consultation le")
    jour = models.DateField("jour, à l’heure du lieu")
    semaine = models.DateField("semaine du lundi")
    type = models.CharField("type d’orientation", max_length=1)
    issue = models.CharField("issue", max_length=8, blank=True)
    motif = models.CharField("compté ou non", max_length=16, choices=MotifActe.choices)
    majorations = ArrayField(models.CharField(max_length=20, choices=Prestation.choices), default=list)
    rang = models.PositiveSmallIntegerField("rang dans la semaine", null=True, blank=True)

    class Meta:
        verbose_name = "acte"
        indexes = [
            models.Index(fields=["calcul", "effecteur"], name="acte_effecteur"),
            models.Index(
                fields=["calcul", "structure"], name="acte_structure", condition=Q(structure__isnull=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(name="acte_une_fois", fields=["calcul", "source", "numero"]),
            models.CheckConstraint(name="acte_un_beneficiaire", condition=_UN_BENEFICIAIRE),
        ]
        triggers = _sauf_dans_un_calcul_clos("acte")

    def __str__(self) -> str:
        return f"{self.source} {self.numero}"


class Decompte(models.Model):
    """Ce qu’une prestation vaut à un bénéficiaire pour une période, dû ou non, avec sa preuve.

    `departement` est celui de la caisse : le lieu d’exercice principal. `nombre` : actes comptés,
    semaines, ou médecins d’un centre, selon la prestation. `conditions` : code → (remplie, phrase).
    `preuve` : valeurs simples, relisibles sans la plateforme.
    """

    calcul = models.ForeignKey(Calcul, on_delete=models.PROTECT, related_name="decomptes")
    prestation = models.CharField("prestation", max_length=20, choices=Prestation.choices)
    regle = models.ForeignKey(Regle, on_delete=models.PROTECT, related_name="+")
    effecteur = models.ForeignKey(
        Effecteur, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    structure = models.ForeignKey(
        Structure, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    departement = models.ForeignKey(Departement, on_delete=models.PROTECT, related_name="+")
    territoire = models.ForeignKey(
        Territoire, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    mode = models.CharField("mode", max_length=10, choices=Mode.choices, blank=True)
    nombre = models.PositiveIntegerField("nombre")
    est_du = models.BooleanField("dû")
    montant = models.DecimalField("montant (€)", max_digits=10, decimal_places=2)
    conditions = models.JSONField("conditions", default=dict)
    preuve = models.JSONField("preuve", default=dict)

    class Meta:
        verbose_name = "décompte"
        indexes = [
            models.Index(fields=["effecteur", "calcul"], name="decompte_effecteur"),
            models.Index(fields=["structure", "calcul"], name="decompte_structure"),
            models.Index(fields=["calcul", "departement"], name="decompte_caisse"),
        ]
        constraints = [
            models.UniqueConstraint(
                name="decompte_effecteur_une_fois",
                fields=["calcul", "prestation", "regle", "effecteur"],
                condition=Q(effecteur__isnull=False),
            ),
            models.UniqueConstraint(
                name="decompte_structure_une_fois",
                fields=["calcul", "prestation", "regle", "structure"],
                condition=Q(structure__isnull=False),
            ),
            models.CheckConstraint(name="decompte_un_beneficiaire", condition=_UN_BENEFICIAIRE),
            models.CheckConstraint(
                name="decompte_montant_si_du", condition=Q(est_du=True, montant__gte=0) | Q(montant=0)
            ),
        ]
        triggers = _sauf_dans_un_calcul_clos("decompte")

    def __str__(self) -> str:
        return f"{self.get_prestation_display()}\u00a0: {euros(self.montant)}"
