"""Où en est chaque éditeur : état, disponibilité, latence, volumes, rejets. Un nombre fixe de requêtes.

Les comptes sont ceux d’`agenda.editeurs.mesures`, par heure et par jour UTC : « 24 heures »
et « 7 jours » finissent à l’heure en cours et commencent à une heure ronde.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import Max, Q, QuerySet, Sum

from agenda.domaine.latences import centile
from agenda.domaine.motifs import TOUS
from agenda.editeurs import certificats, ordonnanceur
from agenda.editeurs.budget import Disjoncteur, EtatBudget
from agenda.editeurs.certificats import CertificatInutilisable
from agenda.editeurs.verdicts import GARDE
from agenda.enums import EtatLot
from agenda.models import AppelsEditeur, Editeur, Lot, QualiteEditeur
from sas_platform.socle.memoire import memoriser

JOUR, SEMAINE = timedelta(days=1), timedelta(days=7)


@dataclass(slots=True)
class Appels:
    """Des appels ajoutés. Une connexion impossible n’a pas de durée : elle compte comme échec, sans latence."""

    issues: Counter[str] = field(default_factory=Counter)
    classes: Counter[int] = field(default_factory=Counter)

    def ajouter(self, etat: str, classe: int, nombre: int) -> None:
        self.issues[etat] += nombre
        if etat != EtatLot.RESEAU:
            self.classes[classe] += nombre

    @property
    def total(self) -> int:
        return self.issues.total()

    @property
    def reussis(self) -> int:
        return self.issues[EtatLot.REUSSI]

    @property
    def disponibilite(self) -> float | None:
        """Pour cent d’appels dont la réponse a été lue ; rien sans appel."""
        return 100 * self.reussis / self.total if self.total else None

    @property
    def p50(self) -> int | None:
        return centile(self.classes, 50)

    @property
    def p95(self) -> int | None:
        return centile(self.classes, 95)

    @property
    def p99(self) -> int | None:
        return centile(self.classes, 99)


@dataclass(frozen=True, slots=True)
class Volumes:
    """Professionnels ou associations raccordés, lieux où l’éditeur tient un agenda, créneaux qu’il y a montrés."""

    titulaires: int = 0
    lieux: int = 0
    creneaux: int = 0


@dataclass(frozen=True, slots=True)
class Etat:
    """`couleur` : celle du badge, sous son nom dans le DSFR."""

    libelle: str
    couleur: str
    precision: str = ""


@dataclass(frozen=True, slots=True)
class Certificat:
    """Notre certificat auprès de l’éditeur. `defaut` : pourquoi il ne sert pas, ou bientôt plus."""

    expire_le: datetime | None
    defaut: str = ""


@dataclass(slots=True)
class Tableau:
    """Une ligne de la liste, et la tête de la page d’un éditeur."""

    editeur: Editeur
    etat: Etat
    budget: EtatBudget | None
    certificat: Certificat
    volumes: Volumes
    lu_le: datetime | None
    jour: Appels
    semaine: Appels
    heure_passee: int  # appels de la dernière heure ronde
    gardes: int
    ecartes: int

    @property
    def part_ecartee(self) -> float | None:
        recus = self.gardes + self.ecartes
        return 100 * self.ecartes / recus if recus else None


def tableaux(editeurs: QuerySet[Editeur], maintenant: datetime) -> list[Tableau]:
    """Un par éditeur, dans l’ordre de leurs noms."""
    choisis = list(editeurs.select_related("arrete_par").order_by("nom", "pk"))
    numeros = [editeur.pk for editeur in choisis]
    jour, semaine, heure_passee = _appels(numeros, maintenant)
    rejets = _rejets(numeros, maintenant)
    lus = dict(
        Lot.objects.filter(editeur__in=numeros).order_by().values_list("editeur").annotate(le=Max("lu_le"))
    )
    volumes = _volumes(None)
    lignes = []
    for editeur in choisis:
        budget = ordonnanceur.etat_de(editeur)
        gardes, ecartes = rejets[editeur.pk]
        lignes.append(
            Tableau(
                editeur=editeur,
                etat=etat(editeur, budget, lus.get(editeur.pk), maintenant),
                budget=budget,
                certificat=certificat(editeur, maintenant),
                volumes=volumes.get(editeur.pk, Volumes()),
                lu_le=lus.get(editeur.pk),
                jour=jour[editeur.pk],
                semaine=semaine[editeur.pk],
                heure_passee=heure_passee[editeur.pk],
                gardes=gardes,
                ecartes=ecartes,
            )
        )
    return lignes


def heure_ronde(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _appels(
    numeros: Iterable[int], maintenant: datetime
) -> tuple[dict[int, Appels], dict[int, Appels], Counter[int]]:
    """Appels des 24 dernières heures, des 7 derniers jours, et nombre de ceux de l’heure ronde d’avant."""
    heure = heure_ronde(maintenant)
    depuis = Q(heure__gt=heure - JOUR)
    lignes = (
        AppelsEditeur.objects.filter(editeur__in=numeros, heure__gt=heure - SEMAINE)
        .order_by()
        .values_list("editeur", "etat", "classe")
        .annotate(
            en_tout=Sum("nombre"),
            du_jour=Sum("nombre", filter=depuis),
            de_l_heure=Sum("nombre", filter=Q(heure=heure - timedelta(hours=1))),
        )
    )
    jour: dict[int, Appels] = defaultdict(Appels)
    semaine: dict[int, Appels] = defaultdict(Appels)
    heure_passee: Counter[int] = Counter()
    for numero, issue, classe, en_tout, du_jour, de_l_heure in lignes:
        semaine[numero].ajouter(issue, classe, en_tout)
        if du_jour:
            jour[numero].ajouter(issue, classe, du_jour)
        heure_passee[numero] += de_l_heure or 0
    return jour, semaine, heure_passee


def _rejets(numeros: Iterable[int], maintenant: datetime) -> dict[int, tuple[int, int]]:
    """Créneaux gardés, créneaux écartés, des sept derniers jours UTC."""
    premier = maintenant.astimezone(UTC).date() - timedelta(days=6)
    lignes = (
        QualiteEditeur.objects.filter(editeur__in=numeros, jour__gte=premier)
        .order_by()
        .values_list("editeur")
        .annotate(
            gardes=Sum("nombre", filter=Q(motif=GARDE)), ecartes=Sum("nombre", filter=Q(motif__in=TOUS))
        )
    )
    comptes = {numero: (gardes or 0, ecartes or 0) for numero, gardes, ecartes in lignes}
    return defaultdict(lambda: (0, 0), comptes)


@memoriser(duree_s=300, taille=1)
def _volumes(_: None) -> dict[int, Volumes]:
    """Lit les agendas de tous les éditeurs : une seconde à l’échelle du pays, d’où la mémoire."""
    with connection.cursor() as curseur:
        curseur.execute(
            """
            SELECT r.editeur_id, count(DISTINCT r.id), count(DISTINCT a.lieu_id),
                coalesce(sum(json_array_length(a.creneaux::json)), 0)
            FROM agenda_raccordement r LEFT JOIN agenda_agendaediteur a ON a.raccordement_id = r.id
            GROUP BY r.editeur_id
            """
        )
        return {editeur_id: Volumes(*map(int, nombres)) for editeur_id, *nombres in curseur.fetchall()}


def etat(editeur: Editeur, budget: EtatBudget | None, lu_le: datetime | None, maintenant: datetime) -> Etat:
    """Le plus grave d’abord : ce qui arrête tout, puis ce qui retarde."""
    if not editeur.est_actif:
        return Etat("Arrêté", "error", editeur.motif_arret)
    if budget is None:
        return Etat(
            "État inconnu",
            "warning",
            "Le courtier ne répond pas\u00a0: budgets et disjoncteur ne se lisent pas.",
        )
    if budget.disjoncteur == Disjoncteur.OUVERT:
        return Etat("Disjoncteur ouvert", "error", f"Un essai dans {budget.rouvre_dans_s} secondes.")
    if budget.disjoncteur == Disjoncteur.ESSAI:
        return Etat("Disjoncteur entrouvert", "warning", "Un seul appel passe, à l’essai.")
    if budget.attente_s:
        return Etat("Ralenti", "warning", f"L’éditeur demande d’attendre {budget.attente_s} secondes.")
    if budget.allure < 1:
        return Etat(
            "Ralenti", "warning", f"{budget.debit} requêtes par heure au plus, le temps qu’il se remette."
        )
    if lu_le is None:
        return Etat("Jamais lu", "new", "Aucune réponse n’a encore été lue.")
    if maintenant - lu_le > timedelta(seconds=editeur.peremption_s):
        return Etat(
            "Muet", "error", "Sa dernière réponse est trop ancienne\u00a0: ses créneaux ne se montrent plus."
        )
    return Etat("En service", "success")


def certificat(editeur: Editeur, maintenant: datetime) -> Certificat:
    try:
        terme = certificats.echeance(editeur)
    except CertificatInutilisable as refus:
        return Certificat(None, str(refus))
    if terme is None:
        return Certificat(None, "aucun certificat client")
    if terme <= maintenant:
        return Certificat(terme, "expiré")
    return Certificat(terme, "expire bientôt" if terme <= maintenant + certificats.PREAVIS else "")
