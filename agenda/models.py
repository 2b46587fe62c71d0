"""Quand : disponibilités déclarées, créneaux reçus des éditeurs, places tenues, projection de la recherche."""

from __future__ import annotations

from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Q

from agenda.domaine.recurrence import Regle
from agenda.enums import EtatLot, Genre, ModaliteConsultation
from annuaire.models import Effecteur, LieuExercice, Specialite, Structure
from comptes.models import Compte
from sas_platform.socle.champs import PointField
from sas_platform.socle.modeles import Horodate

# --- Agenda saisi -----------------------------------------------------------


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
    ajoutées, `[modèle, clé]`. Voir `agenda.saisie.journal`.
    """

    lieu = models.ForeignKey(LieuExercice, on_delete=models.CASCADE, related_name="+")
    auteur = models.ForeignKey(Compte, on_delete=models.PROTECT, related_name="+")
    le = models.DateTimeField("le")
    libelle = models.CharField("geste", max_length=200)
    avant = models.JSONField(default=list)
    apres = models.JSONField(default=list)
    creees = models.JSONField(default=list)
    annule_le = models.DateTimeField("annulé le", null=True, blank=True)

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


class ImportPlanning(models.Model):
    """Un planning relu sans faute, qui attend sa confirmation ; puis ce qu’il a ouvert, pour l’annuler d’un bloc.

    `lignes` : `[numéro, {colonne: valeur}]`, effacées une fois importées. `gestes` :
    les `GesteAgenda` de l’import, un par lieu.
    """

    auteur = models.ForeignKey(Compte, on_delete=models.CASCADE, related_name="+")
    cree_le = models.DateTimeField("relu le")
    nom = models.CharField("fichier", max_length=100)
    lignes = models.JSONField(default=list)
    nombre = models.PositiveIntegerField("disponibilités", default=0)
    fait_le = models.DateTimeField("importé le", null=True, blank=True)
    gestes = ArrayField(models.BigIntegerField(), default=list, blank=True)
    annule_le = models.DateTimeField("annulé le", null=True, blank=True)

    class Meta:
        verbose_name = "import de planning"
        verbose_name_plural = "imports de planning"
        indexes = [models.Index(fields=["auteur", "-cree_le"], name="importplanning_auteur")]
        constraints = [
            models.CheckConstraint(
                name="importplanning_annule_apres_coup",
                condition=Q(annule_le=None) | Q(fait_le__isnull=False),
                violation_error_message="On n’annule que ce qui a été importé.",
            ),
        ]

    def __str__(self) -> str:
        return self.nom


class LienCalendrier(models.Model):
    """Adresse secrète où un logiciel de calendrier lit l’agenda d’une personne ; seule l’empreinte du secret est gardée.

    `lieu` nul : tous les lieux dont le compte tient l’agenda au moment de la lecture.
    """

    compte = models.ForeignKey(Compte, on_delete=models.CASCADE, related_name="+")
    lieu = models.ForeignKey(LieuExercice, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    empreinte = models.CharField(max_length=64, unique=True)
    cree_le = models.DateTimeField("créé le")
    lu_le = models.DateTimeField("dernière lecture", null=True, blank=True)
    revoque_le = models.DateTimeField("révoqué le", null=True, blank=True)

    class Meta:
        verbose_name = "lien de calendrier"
        verbose_name_plural = "liens de calendrier"
        constraints = [
            models.UniqueConstraint(
                name="liencalendrier_un_par_lieu",
                fields=["compte", "lieu"],
                condition=Q(revoque_le=None),
                nulls_distinct=False,
                violation_error_message="Ce calendrier a déjà un lien.",
            ),
        ]

    def __str__(self) -> str:
        return f"calendrier du compte {self.compte_id}"


class CalendrierExterne(models.Model):
    """Un calendrier iCalendar dont les périodes occupées ferment un lieu ; `url` vide : un fichier, lu une fois.

    `echec` : pourquoi la dernière lecture a échoué ; les périodes d’avant valent encore.
    """

    lieu = models.ForeignKey(LieuExercice, on_delete=models.CASCADE, related_name="+")
    url = models.CharField("adresse", max_length=500, blank=True)
    cree_le = models.DateTimeField("ajouté le")
    lu_le = models.DateTimeField("lu le", null=True, blank=True)
    essaye_le = models.DateTimeField("dernier essai", null=True, blank=True)
    echec = models.CharField("échec", max_length=200, blank=True)

    class Meta:
        verbose_name = "calendrier externe"
        verbose_name_plural = "calendriers externes"
        constraints = [
            models.UniqueConstraint(
                name="calendrierexterne_une_fois_par_lieu",
                fields=["lieu", "url"],
                condition=~Q(url=""),
                violation_error_message="Ce calendrier est déjà relié à ce lieu.",
            ),
        ]

    def __str__(self) -> str:
        return f"calendrier externe du lieu {self.lieu_id}"

    @property
    def hote(self) -> str:
        """Le site seul : le reste de l’adresse est souvent un secret."""
        return urlsplit(self.url).hostname or ""


class PeriodeOccupee(models.Model):
    """Ce qu’un calendrier externe occupe : ses bornes, et rien d’autre. Copie refaite à chaque lecture."""

    calendrier = models.ForeignKey(CalendrierExterne, on_delete=models.CASCADE, related_name="periodes")
    lieu = models.ForeignKey(LieuExercice, on_delete=models.CASCADE, related_name="+", db_index=False)
    debut = models.DateTimeField("début")
    fin = models.DateTimeField("fin")

    class Meta:
        verbose_name = "période occupée"
        verbose_name_plural = "périodes occupées"
        indexes = [models.Index(fields=["lieu", "fin"], name="periodeoccupee_lieu_fin")]
        constraints = [
            models.CheckConstraint(name="periodeoccupee_fin_apres_debut", condition=Q(fin__gt=F("debut"))),
        ]

    def __str__(self) -> str:
        return f"{self.debut:%d/%m/%Y %H:%M} – {self.fin:%d/%m/%Y %H:%M}"


class ReleveHebdomadaire(models.Model):
    """Heures montrées pendant une semaine écoulée : la preuve de la déclaration sur l’honneur. En ajout seul.

    `semaine` est son lundi. Calculé d’après les règles une fois la semaine finie
    (`agenda.eligibilite.releves`) ; rien ne se reporte d’une semaine à l’autre.
    """

    effecteur = models.ForeignKey(
        Effecteur, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    structure = models.ForeignKey(
        Structure, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    semaine = models.DateField("semaine du lundi")
    minutes = models.PositiveIntegerField("minutes montrées")
    seuil_min = models.PositiveIntegerField("minutes demandées")
    releve_le = models.DateTimeField("relevé le")

    class Meta:
        verbose_name = "relevé hebdomadaire"
        verbose_name_plural = "relevés hebdomadaires"
        constraints = [
            models.CheckConstraint(
                name="relevehebdomadaire_un_titulaire",
                condition=Q(effecteur__isnull=False, structure=None)
                | Q(effecteur=None, structure__isnull=False),
                violation_error_message="Un relevé est celui d’un effecteur ou d’une structure.",
            ),
            models.CheckConstraint(
                name="relevehebdomadaire_un_lundi",
                condition=Q(semaine__iso_week_day=1),
                violation_error_message="Une semaine se désigne par son lundi.",
            ),
            models.UniqueConstraint(
                name="relevehebdomadaire_effecteur_une_fois",
                fields=["effecteur", "semaine"],
                condition=Q(effecteur__isnull=False),
            ),
            models.UniqueConstraint(
                name="relevehebdomadaire_structure_une_fois",
                fields=["structure", "semaine"],
                condition=Q(structure__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="releve_en_ajout_seul", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.minutes} min, semaine du {self.semaine:%d/%m/%Y}"


# --- Agendas reçus des éditeurs ---------------------------------------------


class Editeur(Horodate):
    """Éditeur d’un logiciel de rendez-vous, dans un environnement."""

    code = models.SlugField("code", unique=True)
    nom = models.CharField("nom", max_length=80)
    url_base = models.URLField("URL de base FHIR", help_text="Sans barre finale.")
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
    est_actif = models.BooleanField("actif", default=True)

    class Meta:
        verbose_name = "éditeur"
        constraints = [
            models.CheckConstraint(
                name="editeur_budget_utilisable",
                condition=Q(
                    requetes_par_heure__gt=0, concurrence_max__gt=0, periode_s__gt=0, peremption_s__gt=0
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.nom


class Lot(models.Model):
    """Effecteurs (25 au plus) interrogés ensemble chez un éditeur.

    « Vu pour la dernière fois » est noté ici : un agenda qui n’a pas changé ne
    coûte aucune écriture.
    """

    editeur = models.ForeignKey(Editeur, on_delete=models.CASCADE, related_name="lots")
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
    """Cet effecteur tient un agenda chez cet éditeur.

    `memoire` et `etat` : la dernière réponse lue et l’état où elle a mis la base,
    pour ne pas juger deux fois la même (`agenda.editeurs.memoire`).
    """

    effecteur = models.ForeignKey(Effecteur, on_delete=models.CASCADE, related_name="+")
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
        ]

    def __str__(self) -> str:
        return f"{self.effecteur_id} chez {self.editeur_id}"


class AgendaEditeur(models.Model):
    """Créneaux libres d’un effecteur en un lieu, tels que lus chez un éditeur.

    `creneaux` : liste de `{"i": id, "d": début, "f": fin, "m": modalités, "v": visibilités,
    "l": lien ou ""}`, instants en minutes depuis l’époque, triés par début.
    """

    raccordement = models.ForeignKey(Raccordement, on_delete=models.CASCADE, related_name="agendas")
    lieu = models.ForeignKey(LieuExercice, on_delete=models.CASCADE, related_name="+")
    creneaux = models.JSONField("créneaux", default=list)
    telephone = models.CharField("téléphone chez l’éditeur", max_length=20, blank=True)
    empreinte = models.CharField(max_length=32)

    class Meta:
        verbose_name = "agenda d’éditeur"
        constraints = [models.UniqueConstraint(name="agendaediteur_unique", fields=["raccordement", "lieu"])]
        indexes = [models.Index(fields=["lieu"], name="agendaediteur_lieu")]

    def __str__(self) -> str:
        return f"agenda {self.raccordement_id} en {self.lieu_id}"


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


# --- Projection lue par la recherche (docs/adr/0008) -------------------------


class OffreLieu(models.Model):
    """Une ligne étroite par (lieu, spécialité) : position, groupe, premier instant libre.

    Copie reconstruite par `agenda.offre.rafraichir`. Minutes depuis
    l’époque. `premier_debut` : début du premier créneau libre ; `premier_fin` :
    minute à partir de laquelle il n’est plus proposable. Ces deux colonnes ne
    sont pas indexées, pour que leurs mises à jour restent HOT.
    """

    lieu = models.ForeignKey(LieuExercice, on_delete=models.CASCADE, related_name="+", db_index=False)
    specialite = models.ForeignKey(Specialite, on_delete=models.CASCADE, related_name="+", db_index=False)
    position = PointField("position", help_text="degrés : x = longitude, y = latitude")
    fuseau = models.PositiveSmallIntegerField("rang du fuseau dans FUSEAUX")
    participe = models.BooleanField("participe", default=False)
    en_sus = models.BooleanField("accepte en sus", default=False)
    premier_debut = models.IntegerField("premier début", null=True)
    premier_fin = models.IntegerField("fin du premier", null=True)

    class Meta:
        verbose_name = "offre d’un lieu"
        verbose_name_plural = "offres des lieux"
        constraints = [
            models.UniqueConstraint(name="offrelieu_unique", fields=["lieu", "specialite"]),
        ]
        indexes = [GistIndex(name="offrelieu_geo", fields=["specialite", "position"])]

    def __str__(self) -> str:
        return f"offre {self.lieu_id}/{self.specialite_id}"


class CarteLieu(models.Model):
    """Ce que la carte de résultat montre d’un lieu : un document par lieu, reconstruit avec `OffreLieu`.

    Quatre tableaux parallèles reprennent les créneaux du document, dans l’ordre, pour
    filtrer et trier sans le lire : `debuts`, `fins` (minute où le créneau
    n’est plus proposable), `masques` (types de consultation), `fraicheurs`
    (minute de la saisie ; négatif : le lot de l’éditeur). `lots` : ces lots, une fois chacun.
    """

    lieu = models.OneToOneField(LieuExercice, on_delete=models.CASCADE, primary_key=True, related_name="+")
    document = models.TextField("document JSON")
    debuts = ArrayField(models.IntegerField(), default=list)
    fins = ArrayField(models.IntegerField(), default=list)
    masques = ArrayField(models.PositiveSmallIntegerField(), default=list)
    fraicheurs = ArrayField(models.IntegerField(), default=list)
    lots = ArrayField(models.IntegerField(), default=list)
    empreinte = models.CharField(max_length=32)

    class Meta:
        verbose_name = "carte d’un lieu"
        verbose_name_plural = "cartes des lieux"

    def __str__(self) -> str:
        return f"carte {self.lieu_id}"


class OffrePerimee(models.Model):
    """Lieu dont l’annuaire, la participation ou un éditeur a changé : à recalculer tout de suite.

    Des déclencheurs l’écrivent (migrations 0004 et 0005), quel que soit l’auteur du
    changement : import, administration, SQL. `agenda.tasks.rafraichir_perimees` la vide.
    """

    lieu_id = models.BigIntegerField(primary_key=True)

    class Meta:
        verbose_name = "offre périmée"
        verbose_name_plural = "offres périmées"

    def __str__(self) -> str:
        return f"lieu {self.lieu_id}"
