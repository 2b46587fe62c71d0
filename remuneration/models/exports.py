"""Ce que chaque caisse reçoit : des fichiers gardés octet pour octet, validés par deux personnes."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from annuaire.models import Departement
from comptes.models import Compte
from remuneration.enums import NatureExport
from remuneration.models.periodes import Calcul


class Colonne(models.Model):
    """Une colonne d’un fichier : le format national n’est pas public, il se règle ici. `champ` : voir le catalogue."""

    nature = models.CharField("fichier", max_length=12, choices=NatureExport.choices)
    rang = models.PositiveSmallIntegerField("rang")
    entete = models.CharField("en-tête", max_length=60)
    champ = models.CharField("valeur", max_length=40)

    class Meta:
        verbose_name = "colonne d’un export"
        verbose_name_plural = "colonnes des exports"
        ordering = ["nature", "rang"]
        constraints = [
            models.UniqueConstraint(name="colonne_rang_par_fichier", fields=["nature", "rang"]),
            models.UniqueConstraint(name="colonne_entete_par_fichier", fields=["nature", "entete"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_nature_display()} {self.rang}\u00a0: {self.entete}"


class Export(models.Model):
    """Un fichier pour une caisse, tel qu’il a été produit ; validé par une seconde personne, il se remet et ne change plus.

    `manifeste` dit la période, le calcul, les règles, le nombre de lignes et l’empreinte du
    fichier ; `signature` est la sienne. `rectifie` : le fichier remis qu’il corrige, et dont il porte
    les seules différences. `cles` dit de qui est chaque ligne, dans l’ordre : l’effecteur, ou moins la
    structure ; les en-têtes et l’identifiant écrit se règlent, et ne suffisent pas à la retrouver.
    """

    calcul = models.ForeignKey(Calcul, on_delete=models.PROTECT, related_name="exports")
    departement = models.ForeignKey(Departement, on_delete=models.PROTECT, related_name="+")
    nature = models.CharField("fichier", max_length=12, choices=NatureExport.choices)
    rectifie = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="rectificatifs"
    )
    nom = models.CharField("nom du fichier", max_length=150)
    contenu = models.BinaryField("contenu")
    lignes = models.PositiveIntegerField("lignes")
    cles = ArrayField(models.BigIntegerField(), default=list, verbose_name="bénéficiaire de chaque ligne")
    empreinte = models.CharField("SHA-256", max_length=64)
    manifeste = models.TextField("manifeste")
    signature = models.CharField("signature du manifeste", max_length=128)
    genere_le = models.DateTimeField("généré le")
    genere_par = models.ForeignKey(Compte, on_delete=models.PROTECT, related_name="+")
    valide_le = models.DateTimeField("validé le", null=True, blank=True)
    valide_par = models.ForeignKey(Compte, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    remis_le = models.DateTimeField("remis le", null=True, blank=True)

    class Meta:
        verbose_name = "export pour une caisse"
        verbose_name_plural = "exports pour les caisses"
        ordering = ["-genere_le", "nature"]
        constraints = [
            models.UniqueConstraint(name="export_une_fois", fields=["calcul", "departement", "nature"]),
            models.CheckConstraint(
                name="export_deux_personnes",
                condition=Q(valide_par=None) | ~Q(valide_par=F("genere_par")),
                violation_error_message="Qui a produit un fichier ne le valide pas\u00a0: il y faut une autre personne.",
            ),
            models.CheckConstraint(
                name="export_valide_avant_remise",
                condition=Q(valide_le=None, valide_par=None, remis_le=None)
                | Q(valide_le__isnull=False, valide_par__isnull=False),
                violation_error_message="Un fichier se remet une fois validé.",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="export_immuable", exclude=["valide_le", "valide_par", "remis_le"]),
            # Validé une fois, par une personne ; remis une fois. Ensuite, plus rien n’y change.
            pgtrigger.Protect(
                name="export_valide_une_fois",
                operation=pgtrigger.Update,
                condition=(
                    pgtrigger.Q(old__valide_le__isnull=False)
                    & (
                        pgtrigger.Q(old__valide_le__df=pgtrigger.F("new__valide_le"))
                        | pgtrigger.Q(old__valide_par__df=pgtrigger.F("new__valide_par"))
                    )
                )
                | (
                    pgtrigger.Q(old__remis_le__isnull=False)
                    & pgtrigger.Q(old__remis_le__df=pgtrigger.F("new__remis_le"))
                ),
            ),
            pgtrigger.Protect(
                name="export_valide_ne_s_efface_pas",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Q(old__valide_le__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.nom
