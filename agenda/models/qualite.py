"""Ce que l’on mesure des éditeurs : appels, créneaux écartés, erreurs ; et le lien qui le montre à chacun."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from agenda.enums import EtatLot
from agenda.models.editeurs import Editeur
from comptes.models import Compte


class QualiteEditeur(models.Model):
    """Compteur par éditeur, jour (UTC) et motif : créneaux gardés, écartés par code, appels par état."""

    editeur = models.ForeignKey(Editeur, on_delete=models.CASCADE, related_name="+")
    jour = models.DateField("jour")
    motif = models.CharField("motif", max_length=40)
    nombre = models.PositiveBigIntegerField("nombre", default=0)

    class Meta:
        verbose_name = "compteur de qualité"
        verbose_name_plural = "compteurs de qualité"
        constraints = [
            models.UniqueConstraint(name="qualiteediteur_unique", fields=["editeur", "jour", "motif"]),
        ]

    def __str__(self) -> str:
        return f"{self.jour} {self.motif} : {self.nombre}"


class AppelsEditeur(models.Model):
    """Appels d’une heure (UTC) à un éditeur, par issue et par classe de durée (`agenda.domaine.latences`)."""

    editeur = models.ForeignKey(Editeur, on_delete=models.CASCADE, related_name="+")
    heure = models.DateTimeField("heure")
    etat = models.CharField("issue", max_length=15, choices=EtatLot.choices)
    classe = models.PositiveSmallIntegerField("classe de durée")
    nombre = models.PositiveIntegerField("nombre")

    class Meta:
        verbose_name = "appels d’une heure"
        verbose_name_plural = "appels par heure"
        constraints = [
            models.UniqueConstraint(
                name="appelsediteur_unique", fields=["editeur", "heure", "etat", "classe"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.heure:%d/%m %H h} {self.etat} : {self.nombre}"


class EchantillonRejet(models.Model):
    """Un créneau écarté, pour en parler avec l’éditeur : son id, et ce qui l’a fait écarter.

    `fragment` ne porte que des éléments FHIR sans donnée de patient, à la forme attendue
    (`agenda.editeurs.fragments`). Quelques-uns par motif : un nouveau remplace un ancien.
    """

    editeur = models.ForeignKey(Editeur, on_delete=models.CASCADE, related_name="+")
    raison = models.CharField("motif", max_length=40)
    rang = models.PositiveSmallIntegerField("rang")
    slot = models.CharField("id du Slot", max_length=64)
    fragment = models.TextField("fragment", max_length=600)
    le = models.DateTimeField("vu le", db_index=True)

    class Meta:
        verbose_name = "échantillon de créneau écarté"
        verbose_name_plural = "échantillons de créneaux écartés"
        constraints = [
            models.UniqueConstraint(name="echantillonrejet_unique", fields=["editeur", "raison", "rang"]),
        ]

    def __str__(self) -> str:
        return f"{self.raison} {self.rang}"


class ErreurEditeur(models.Model):
    """Dernier échec de chaque sorte chez un éditeur : l’issue, le code HTTP, ce qu’il en a dit, et combien de fois."""

    editeur = models.ForeignKey(Editeur, on_delete=models.CASCADE, related_name="+")
    etat = models.CharField("issue", max_length=15, choices=EtatLot.choices)
    code_http = models.PositiveSmallIntegerField("code HTTP", default=0)
    detail = models.CharField("ce qu’il en a dit", max_length=200, blank=True)
    le = models.DateTimeField("dernière fois", db_index=True)
    nombre = models.PositiveIntegerField("fois")

    class Meta:
        verbose_name = "erreur d’un éditeur"
        verbose_name_plural = "erreurs d’éditeurs"
        constraints = [
            models.UniqueConstraint(name="erreurediteur_unique", fields=["editeur", "etat", "code_http"]),
        ]

    def __str__(self) -> str:
        return f"{self.etat} {self.code_http or ''}".strip()


class LienEditeur(models.Model):
    """Adresse secrète où un éditeur, qui n’a pas de compte, lit la qualité de ses flux ; seule l’empreinte est gardée."""

    editeur = models.ForeignKey(Editeur, on_delete=models.CASCADE, related_name="+")
    empreinte = models.CharField(max_length=64, unique=True)
    cree_le = models.DateTimeField("créé le")
    cree_par = models.ForeignKey(Compte, on_delete=models.SET_NULL, null=True, related_name="+")
    lu_le = models.DateTimeField("dernière lecture", null=True, blank=True)
    revoque_le = models.DateTimeField("révoqué le", null=True, blank=True)

    class Meta:
        verbose_name = "lien d’un éditeur"
        verbose_name_plural = "liens des éditeurs"
        constraints = [
            models.UniqueConstraint(
                name="lienediteur_un_par_editeur",
                fields=["editeur"],
                condition=Q(revoque_le=None),
                violation_error_message="Cet éditeur a déjà un lien.",
            ),
        ]

    def __str__(self) -> str:
        return f"lien de {self.editeur_id}"
