"""Agendas reçus des éditeurs de logiciels de rendez-vous."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q, Value
from msgspec import convert, json

from agenda.domaine.offre import CreneauRecu
from agenda.domaine.recus import ecrire_creneaux, lire_creneaux
from agenda.enums import Cas, Environnement, EtatLot, Flux
from annuaire.models import Effecteur, LieuExercice, Structure
from comptes.models import Compte
from sas_platform.socle.modeles import Horodate


def flux_par_defaut() -> list[str]:
    return [Flux.PS.value]


class Editeur(Horodate):
    """Éditeur d’un logiciel de rendez-vous, dans un environnement.

    `certificat` nomme notre certificat client auprès de lui ; `cn` et `ou` sont
    ceux du certificat qu’il nous présente quand c’est lui qui appelle.
    """

    code = models.SlugField("code", unique=True)
    nom = models.CharField("nom", max_length=80)
    url_base = models.URLField("URL de base FHIR", help_text="Sans barre finale.")
    environnement = models.CharField(
        "environnement", max_length=15, choices=Environnement.choices, default=Environnement.PRODUCTION
    )
    flux = ArrayField(
        models.CharField(max_length=12, choices=Flux.choices),
        default=flux_par_defaut,
        verbose_name="flux ouverts",
    )
    certificat = models.CharField(
        "certificat client",
        max_length=80,
        blank=True,
        help_text="Nom, sans extension, dans le dossier des certificats ; vide : celui de la plateforme.",
    )
    cn = models.CharField("CN du certificat présenté", max_length=120, blank=True)
    ou = models.CharField("OU du certificat présenté", max_length=120, blank=True)
    systemes_rendez_vous = ArrayField(
        models.CharField(max_length=200),
        default=list,
        blank=True,
        verbose_name="systèmes des identifiants de rendez-vous",
        help_text="OID ou URL que portent les rendez-vous de cet éditeur.",
    )
    url_place_de_marche = models.URLField(
        "place de marché", blank=True, help_text="Page où un régulateur cherche chez cet éditeur."
    )
    origine = models.CharField("valeur du paramètre origin", max_length=40, default="sas")
    hotes_reservation = ArrayField(
        models.CharField(max_length=120),
        default=list,
        blank=True,
        verbose_name="hôtes admis des liens de réservation",
    )
    requetes_par_heure = models.PositiveIntegerField("requêtes par heure", default=3000)
    concurrence_max = models.PositiveSmallIntegerField("appels simultanés", default=4)
    periode_s = models.PositiveIntegerField("période d’interrogation (s)", default=300)
    peremption_s = models.PositiveIntegerField(
        "péremption (s)", default=3600, help_text="Âge au-delà duquel un créneau n’est plus montré."
    )
    grise_s = models.PositiveIntegerField(
        "vieillissement (s)", default=1200, help_text="Âge au-delà duquel un créneau est montré comme ancien."
    )
    est_actif = models.BooleanField("actif", default=True)
    motif_arret = models.CharField("motif de l’arrêt", max_length=300, blank=True)
    arrete_le = models.DateTimeField("arrêté le", null=True, blank=True)
    arrete_par = models.ForeignKey(
        Compte, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="arrêté par"
    )

    class Meta:
        verbose_name = "éditeur"
        constraints = [
            models.CheckConstraint(
                name="editeur_budget_utilisable",
                condition=Q(
                    requetes_par_heure__gt=0, concurrence_max__gt=0, periode_s__gt=0, peremption_s__gt=0
                ),
            ),
            models.CheckConstraint(
                name="editeur_ancien_avant_perime",
                condition=Q(grise_s__lt=F("peremption_s")),
                violation_error_message="Un créneau est montré comme ancien avant de n’être plus montré.",
            ),
            models.CheckConstraint(
                name="editeur_flux_connus",
                condition=Q(flux__contained_by=Flux.values),
                violation_error_message="Ce flux n’existe pas.",
            ),
            models.CheckConstraint(
                name="editeur_actif_sans_motif_d_arret",
                condition=Q(est_actif=False) | Q(motif_arret="", arrete_le=None),
            ),
            models.UniqueConstraint(
                name="editeur_un_par_certificat",
                fields=["cn", "ou"],
                condition=~Q(cn=""),
                violation_error_message="Un autre éditeur présente déjà ce certificat.",
            ),
        ]

    def __str__(self) -> str:
        return self.nom


class Lot(models.Model):
    """Effecteurs (25 au plus) ou associations SOS Médecins (10 au plus) interrogés ensemble chez un éditeur.

    « Vu pour la dernière fois » est noté ici : un agenda qui n’a pas changé ne
    coûte aucune écriture.
    """

    editeur = models.ForeignKey(Editeur, on_delete=models.CASCADE, related_name="lots")
    cas = models.CharField("cas", max_length=4, choices=Cas.choices, default=Cas.PS)
    numero = models.PositiveIntegerField("numéro")
    prochaine_le = models.DateTimeField("prochaine interrogation", null=True)
    interroge_le = models.DateTimeField("dernière interrogation", null=True)
    lu_le = models.DateTimeField("dernière réponse lue", null=True)
    etat = models.CharField(
        "état", max_length=15, choices=EtatLot.choices, default=EtatLot.JAMAIS, blank=True
    )
    duree_ms = models.PositiveIntegerField("durée (ms)", null=True)

    class Meta:
        verbose_name = "lot"
        constraints = [models.UniqueConstraint(name="lot_numero_par_editeur", fields=["editeur", "numero"])]
        indexes = [models.Index(fields=["prochaine_le"], name="lot_prochaine_le")]

    def __str__(self) -> str:
        return f"{self.editeur_id} lot {self.numero}"


class Raccordement(models.Model):
    """Cet effecteur, ou cette association SOS Médecins, tient un agenda chez cet éditeur.

    `memoire` et `etat` : la dernière réponse lue et l’état où elle a mis la base,
    pour ne pas juger deux fois la même (`agenda.editeurs.memoire`).
    """

    effecteur = models.ForeignKey(
        Effecteur, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    structure = models.ForeignKey(
        Structure, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="raccordements")
    editeur = models.ForeignKey(Editeur, on_delete=models.CASCADE, related_name="+")
    memoire = models.JSONField("mémoire de la dernière réponse", null=True, editable=False)
    etat = models.CharField(
        "état de la base après elle", max_length=32, blank=True, db_default="", editable=False
    )

    class Meta:
        verbose_name = "raccordement"
        constraints = [
            models.UniqueConstraint(name="raccordement_unique", fields=["effecteur", "editeur"]),
            models.UniqueConstraint(name="raccordement_structure_unique", fields=["structure", "editeur"]),
            models.CheckConstraint(
                name="raccordement_un_titulaire",
                condition=Q(effecteur__isnull=False, structure=None)
                | Q(effecteur=None, structure__isnull=False),
                violation_error_message="Un raccordement est celui d’un effecteur ou d’une association.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.effecteur_id or self.structure_id} chez {self.editeur_id}"


class CreneauxRecus(models.TextField):
    """Créneaux d’un agenda d’éditeur : une liste d’objets dans le code, le texte d’`agenda.domaine.recus` en base."""

    def from_db_value(self, value: str, *_: object) -> list[dict[str, Any]]:
        lus: list[dict[str, Any]] = json.decode(json.encode(lire_creneaux(value)))
        return lus

    def get_prep_value(self, value: Sequence[Mapping[str, Any]]) -> str:
        return ecrire_creneaux(convert(value, list[CreneauRecu])).decode()


class AgendaEditeur(models.Model):
    """Créneaux libres d’un effecteur, ou d’une association SOS Médecins, en un lieu, tels que lus chez un éditeur.

    `creneaux` : liste de `{"i": id, "d": début, "f": fin, "m": modalités, "v": visibilités,
    "l": lien ou "", "c": FINESS des CPTS s’il y en a}`, instants en minutes depuis l’époque, triés
    par début. `noms_cpts` : nom que l’éditeur donne à chacune. `appariement` : pourquoi ce lieu,
    une entrée par lieu décrit (`agenda.editeurs.appariement.Appariement`).
    """

    raccordement = models.ForeignKey(Raccordement, on_delete=models.CASCADE, related_name="agendas")
    lieu = models.ForeignKey(LieuExercice, on_delete=models.CASCADE, related_name="+")
    creneaux = CreneauxRecus("créneaux", default=list)
    telephone = models.CharField("téléphone chez l’éditeur", max_length=20, blank=True)
    noms_cpts = models.JSONField(
        "noms des CPTS chez l’éditeur", default=dict, db_default=Value({}, models.JSONField())
    )
    appariement = models.JSONField(
        "appariement du lieu", default=list, db_default=Value([], models.JSONField())
    )
    empreinte = models.CharField(max_length=32)

    class Meta:
        verbose_name = "agenda d’éditeur"
        constraints = [models.UniqueConstraint(name="agendaediteur_unique", fields=["raccordement", "lieu"])]
        indexes = [models.Index(fields=["lieu"], name="agendaediteur_lieu")]

    def __str__(self) -> str:
        return f"agenda {self.raccordement_id} en {self.lieu_id}"


class PeriodePrise(models.Model):
    """Un rendez-vous vient d’être pris en ce lieu chez un éditeur : ce qui le chevauche n’est plus libre.

    Les créneaux d’éditeur de ce lieu qui la touchent sont cachés jusqu’à la première lecture de
    leur lot demandée après `prise_le` : celle-là sait. Rien du patient, ni du rendez-vous.
    """

    lieu = models.ForeignKey(LieuExercice, on_delete=models.CASCADE, related_name="+")
    debut = models.DateTimeField("début")
    fin = models.DateTimeField("fin")
    prise_le = models.DateTimeField("prise le")

    class Meta:
        verbose_name = "période prise chez un éditeur"
        verbose_name_plural = "périodes prises chez un éditeur"
        constraints = [
            models.UniqueConstraint(name="periodeprise_unique", fields=["lieu", "debut", "fin"]),
            models.CheckConstraint(name="periodeprise_fin_apres_debut", condition=Q(fin__gt=F("debut"))),
        ]

    def __str__(self) -> str:
        return f"prise {self.lieu_id}"


class Decouverte(models.Model):
    """Dernière fois que l’on a cherché si cet effecteur tient un agenda chez cet éditeur (fhir.md § 3.3).

    `vides` : recherches de suite sans un seul créneau.
    """

    effecteur = models.ForeignKey(Effecteur, on_delete=models.CASCADE, related_name="+")
    editeur = models.ForeignKey(Editeur, on_delete=models.CASCADE, related_name="+")
    demandee_le = models.DateTimeField("demandée le")
    vides = models.PositiveSmallIntegerField("sans créneau, de suite", default=0)

    class Meta:
        verbose_name = "recherche d’éditeur"
        verbose_name_plural = "recherches d’éditeur"
        constraints = [models.UniqueConstraint(name="decouverte_unique", fields=["effecteur", "editeur"])]

    def __str__(self) -> str:
        return f"{self.effecteur_id} chez {self.editeur_id}"
