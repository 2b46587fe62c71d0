"""Agenda saisi : ce qui est déclaré ouvert ou fermé, les places tenues, les gestes qui l’ont changé."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from agenda.domaine.recurrence import Regle
from agenda.enums import Genre, ModaliteConsultation
from annuaire.models import LieuExercice
from comptes.models import Compte
from sas_platform.socle.modeles import Horodate


class Disponibilite(Horodate):
    """Ce qui est déclaré ouvert, une fois ou chaque semaine, à l’heure murale du lieu (docs/adr/0004)."""

    lieu = models.ForeignKey(LieuExercice, on_delete=models.CASCADE, related_name="+")
    genre = models.CharField("genre", max_length=10, choices=Genre.choices)
    capacite = models.PositiveSmallIntegerField("nombre de patients", default=1)
    modalites = ArrayField(
        models.CharField(max_length=20, choices=ModaliteConsultation.choices),
        verbose_name="types de consultation",
    )
    premier_jour = models.DateField("premier jour")
    dernier_jour = models.DateField("dernier jour", null=True, blank=True)
    jours = ArrayField(
        models.PositiveSmallIntegerField(),
        default=list,
        blank=True,
        verbose_name="jours de la semaine",
        help_text="1 pour lundi … 7 pour dimanche ; vide pour une seule fois, le premier jour.",
    )
    toutes_les_n_semaines = models.PositiveSmallIntegerField("toutes les n semaines", default=1)
    heure_debut = models.TimeField("de")
    heure_fin = models.TimeField("à")
    sauf = ArrayField(models.DateField(), default=list, blank=True, verbose_name="sauf les jours")

    class Meta:
        verbose_name = "disponibilité"
        indexes = [models.Index(fields=["lieu"], name="disponibilite_lieu")]
        constraints = [
            models.CheckConstraint(
                name="disponibilite_fin_apres_debut",
                condition=Q(heure_fin__gt=F("heure_debut")),
                violation_error_message="L’heure de fin doit suivre l’heure de début.",
            ),
            models.CheckConstraint(
                name="disponibilite_repetition_dans_l_ordre",
                condition=Q(dernier_jour=None) | Q(dernier_jour__gte=F("premier_jour")),
                violation_error_message="La répétition finit avant d’avoir commencé.",
            ),
            models.CheckConstraint(
                name="disponibilite_capacite_selon_le_genre",
                condition=Q(genre=Genre.CRENEAU, capacite=1) | Q(genre=Genre.PLAGE, capacite__range=(1, 200)),
                violation_error_message="Un créneau reçoit un seul patient ; une plage, de 1 à 200.",
            ),
            models.CheckConstraint(
                name="disponibilite_au_moins_une_modalite",
                condition=Q(modalites__len__gte=1) & Q(modalites__contained_by=ModaliteConsultation.values),
                violation_error_message="Veuillez sélectionner au moins un type de consultation.",
            ),
            models.CheckConstraint(
                name="disponibilite_jours_de_la_semaine",
                condition=Q(jours__contained_by=[1, 2, 3, 4, 5, 6, 7]),
                violation_error_message="Un jour de la semaine va de 1 (lundi) à 7 (dimanche).",
            ),
            models.CheckConstraint(
                name="disponibilite_rythme_en_semaines",
                condition=Q(toutes_les_n_semaines__range=(1, 52)),
                violation_error_message="La répétition va d’une à 52 semaines.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_genre_display()} {self.heure_debut:%H:%M}–{self.heure_fin:%H:%M}"

    def regle(self, fuseau: str) -> Regle:
        """Règle pure, à l’heure murale de `fuseau`, le fuseau du lieu."""
        return Regle(
            premier_jour=self.premier_jour,
            dernier_jour=self.dernier_jour,
            jours=frozenset(self.jours),
            toutes_les_n_semaines=self.toutes_les_n_semaines,
            heure_debut=self.heure_debut,
            heure_fin=self.heure_fin,
            fuseau=ZoneInfo(fuseau),
            sauf=frozenset(self.sauf),
        )


class Indisponibilite(Horodate):
    """Période qui ferme un lieu : [début, fin[ ; sans fin si elle n’est pas connue."""

    lieu = models.ForeignKey(LieuExercice, on_delete=models.CASCADE, related_name="+")
    periode = DateTimeRangeField("période")

    class Meta:
        verbose_name = "indisponibilité"
        constraints = [
            ExclusionConstraint(
                name="indisponibilite_sans_chevauchement",
                expressions=[("lieu", RangeOperators.EQUAL), ("periode", RangeOperators.OVERLAPS)],
                violation_error_message="Cette période en recouvre une autre.",
            ),
            models.CheckConstraint(
                name="indisponibilite_a_un_debut",
                condition=Q(periode__isempty=False, periode__startswith__isnull=False),
                violation_error_message="Une période a un début, et une durée.",
            ),
        ]

    def __str__(self) -> str:
        return f"indisponibilité {self.periode}"


class Reservation(models.Model):
    """Une place tenue sur une occurrence : (disponibilité, début, rang), jamais sur une copie.

    `fin` est celle que le régulateur a lue, bords rognés par une indisponibilité compris.
    """

    disponibilite = models.ForeignKey(Disponibilite, on_delete=models.PROTECT, related_name="+")
    debut = models.DateTimeField("début de l’occurrence")
    fin = models.DateTimeField("fin de l’occurrence")
    rang = models.PositiveSmallIntegerField("rang de la place")
    prise_le = models.DateTimeField("prise le")
    annulee_le = models.DateTimeField("annulée le", null=True, blank=True)

    class Meta:
        verbose_name = "réservation"
        constraints = [
            models.UniqueConstraint(
                name="reservation_une_place_une_fois",
                fields=["disponibilite", "debut", "rang"],
                condition=Q(annulee_le=None),
                violation_error_message="Cette place vient d’être prise.",
            ),
            models.CheckConstraint(name="reservation_rang_a_partir_de_un", condition=Q(rang__gte=1)),
            models.CheckConstraint(name="reservation_fin_apres_debut", condition=Q(fin__gt=F("debut"))),
        ]

    def __str__(self) -> str:
        return f"place {self.rang} du {self.debut:%d/%m/%Y %H:%M}"


class GesteAgenda(models.Model):
    """Un geste sur l’agenda d’un lieu, avec de quoi revenir en arrière.

    `avant` et `apres` : lignes touchées, sérialisées ; `creees` : lignes
    ajoutées, `[modèle, clé]`. Voir `agenda.saisie.journal`. `groupe` : ce que la
    personne a fait d’un seul geste, en plusieurs lieux ; il s’annule d’un bloc.
    """

    lieu = models.ForeignKey(LieuExercice, on_delete=models.CASCADE, related_name="+")
    auteur = models.ForeignKey(Compte, on_delete=models.PROTECT, related_name="+")
    le = models.DateTimeField("le")
    libelle = models.CharField("geste", max_length=200)
    avant = models.JSONField(default=list)
    apres = models.JSONField(default=list)
    creees = models.JSONField(default=list)
    annule_le = models.DateTimeField("annulé le", null=True, blank=True)
    groupe = models.UUIDField("groupe", null=True, blank=True, db_index=True)

    class Meta:
        verbose_name = "geste sur un agenda"
        verbose_name_plural = "gestes sur un agenda"
        indexes = [models.Index(fields=["lieu", "-le"], name="gesteagenda_lieu")]

    def __str__(self) -> str:
        return self.libelle


class SemaineType(Horodate):
    """Une semaine modèle d’un lieu : des horaires par jour, à rejouer quand on veut.

    `horaires` : liste de `{"jour", "debut", "fin", "genre", "capacite", "modalites"}`, heures « HH:MM ».
    """

    lieu = models.ForeignKey(LieuExercice, on_delete=models.CASCADE, related_name="+")
    nom = models.CharField("nom", max_length=60)
    horaires = models.JSONField("horaires", default=list)

    class Meta:
        verbose_name = "semaine type"
        verbose_name_plural = "semaines types"
        constraints = [
            models.UniqueConstraint(
                name="semainetype_nom_par_lieu",
                fields=["lieu", "nom"],
                violation_error_message="Une semaine type de ce lieu porte déjà ce nom.",
            ),
        ]

    def __str__(self) -> str:
        return self.nom
