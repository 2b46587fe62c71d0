"""La page d’un éditeur : jour par jour, motif par motif, flux par flux."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Q, QuerySet, Sum
from django.db.models.functions import TruncDay

from agenda.domaine.motifs import AVERTISSEMENTS, TOUS, Motif
from agenda.editeurs.verdicts import GARDE
from agenda.enums import Cas, EtatCopie, EtatLot, Flux, RegleAppariement
from agenda.models import (
    AppelsEditeur,
    EchantillonRejet,
    Editeur,
    ErreurEditeur,
    Lot,
    QualiteEditeur,
)
from agenda.qualite.lectures import Appels
from agenda.regulateurs.lectures import Suivi, de_l_editeur

JOURS = 14
RENDEZ_VOUS_RECU = "rdv_recu"
RENDEZ_VOUS_REFUSE = "rdv_refuse_"


@dataclass(slots=True)
class JourEditeur:
    """Un jour UTC."""

    jour: date
    appels: Appels = field(default_factory=Appels)
    gardes: int = 0
    ecartes: int = 0
    rendez_vous: int = 0
    rendez_vous_refuses: int = 0


@dataclass(frozen=True, slots=True)
class Rejet:
    """Un motif d’écart sur `JOURS` jours."""

    code: str
    motif: Motif
    nombre: int
    echantillons: list[EchantillonRejet]


@dataclass(frozen=True, slots=True)
class EtatFlux:
    """`sante` : ce qui s’en dit en une phrase ; `couleur` : celle du badge."""

    flux: Flux
    est_ouvert: bool
    sante: str
    couleur: str = ""


@dataclass(frozen=True, slots=True)
class Fiche:
    jours: list[JourEditeur]
    rejets: list[Rejet]
    avertissements: list[tuple[str, int]]
    refus: list[tuple[str, int]]
    erreurs: QuerySet[ErreurEditeur]
    flux: list[EtatFlux]
    suivi: Suivi
    appariements: list[tuple[RegleAppariement, int]]


def fiche(editeur: Editeur, maintenant: datetime) -> Fiche:
    premier = maintenant.astimezone(UTC).date() - timedelta(days=JOURS - 1)
    compteurs = list(
        QualiteEditeur.objects.filter(editeur=editeur, jour__gte=premier).values_list(
            "jour", "motif", "nombre"
        )
    )
    motifs: Counter[str] = Counter()
    for _, motif, nombre in compteurs:
        motifs[motif] += nombre
    jours = _jours(editeur, compteurs, premier)
    suivi = de_l_editeur(editeur)
    return Fiche(
        jours=jours,
        rejets=_rejets(editeur, motifs),
        avertissements=[
            (phrase, motifs[f"avert_{nom}"])
            for nom, phrase in AVERTISSEMENTS.items()
            if motifs[f"avert_{nom}"]
        ],
        refus=[
            (motif.removeprefix(RENDEZ_VOUS_REFUSE), nombre)
            for motif, nombre in sorted(motifs.items())
            if motif.startswith(RENDEZ_VOUS_REFUSE)
        ],
        erreurs=ErreurEditeur.objects.filter(editeur=editeur).order_by("-le", "pk"),
        flux=_flux(editeur, jours, suivi),
        suivi=suivi,
        appariements=_appariements(editeur.pk),
    )


def _jours(editeur: Editeur, compteurs: list[tuple[date, str, int]], premier: date) -> list[JourEditeur]:
    """Du plus récent au plus ancien, sans les jours où il ne s’est rien passé."""
    jours: dict[date, JourEditeur] = {}

    def du(jour: date) -> JourEditeur:
        return jours.setdefault(jour, JourEditeur(jour))

    for jour, motif, nombre in compteurs:
        if motif == GARDE:
            du(jour).gardes += nombre
        elif motif in TOUS:
            du(jour).ecartes += nombre
        elif motif == RENDEZ_VOUS_RECU:
            du(jour).rendez_vous += nombre
        elif motif.startswith(RENDEZ_VOUS_REFUSE):
            du(jour).rendez_vous_refuses += nombre
    appels = (
        AppelsEditeur.objects.filter(
            editeur=editeur, heure__gte=datetime.combine(premier, time.min, tzinfo=UTC)
        )
        .annotate(jour=TruncDay("heure", tzinfo=UTC))
        .order_by()
        .values_list("jour", "etat", "classe")
        .annotate(total=Sum("nombre"))
    )
    for jour, etat, classe, total in appels:
        du(jour.date()).appels.ajouter(etat, classe, total)
    return sorted(jours.values(), key=lambda ligne: ligne.jour, reverse=True)


def _rejets(editeur: Editeur, motifs: Counter[str]) -> list[Rejet]:
    """Du plus fréquent au moins fréquent."""
    exemples: dict[str, list[EchantillonRejet]] = defaultdict(list)
    for exemple in EchantillonRejet.objects.filter(editeur=editeur).order_by("-le", "rang"):
        exemples[exemple.raison].append(exemple)
    rejets = [
        Rejet(code, motif, motifs[code], exemples[code])
        for code, motif in TOUS.items()
        if motifs[code] or exemples[code]
    ]
    return sorted(rejets, key=lambda rejet: -rejet.nombre)


def _flux(editeur: Editeur, jours: list[JourEditeur], suivi: Suivi) -> list[EtatFlux]:
    lots = {
        ligne["cas"]: ligne
        for ligne in Lot.objects.filter(editeur=editeur)
        .order_by()
        .values("cas")
        .annotate(
            nombre=Count("pk"),
            lus=Count("pk", filter=Q(etat=EtatLot.REUSSI)),
            jamais=Count("pk", filter=Q(etat=EtatLot.JAMAIS)),
            lu_le=Max("lu_le"),
        )
    }
    etats = [
        EtatFlux(flux, flux in editeur.flux, *_sante_des_lots(lots.get(Cas(flux.value))))
        for flux in (Flux.PS, Flux.CPTS, Flux.SOS)
    ]
    attendus = suivi.nombres[EtatCopie.EN_ATTENTE]
    echecs, incomplets = suivi.nombres[EtatCopie.EN_ECHEC], suivi.nombres[EtatCopie.INCOMPLET]
    etats.append(
        EtatFlux(
            Flux.COMPTES,
            Flux.COMPTES in editeur.flux,
            f"{suivi.nombres[EtatCopie.A_JOUR]} à jour, {attendus} en attente, {echecs} en échec, "
            f"{incomplets} incomplet{'s' if incomplets > 1 else ''}",
            "error" if echecs else ("new" if attendus else ""),
        )
    )
    recus = sum(jour.rendez_vous for jour in jours)
    refuses = sum(jour.rendez_vous_refuses for jour in jours)
    etats.append(
        EtatFlux(
            Flux.RENDEZ_VOUS,
            Flux.RENDEZ_VOUS in editeur.flux,
            f"{recus} reçus et {refuses} refusés en {JOURS} jours",
            "warning" if refuses else "",
        )
    )
    return etats


def _sante_des_lots(lots: Mapping[str, Any] | None) -> tuple[str, str]:
    if lots is None:
        return "personne à demander", ""
    nombre, lus, jamais = lots["nombre"], lots["lus"], lots["jamais"]
    s = "s" if nombre > 1 else ""
    if jamais == nombre:
        return f"{nombre} lot{s}, jamais interrogé{s}", "new"
    phrase = f"{lus} lot{'s' if lus > 1 else ''} sur {nombre} à leur dernière interrogation réussie"
    return phrase, "success" if lus == nombre - jamais else "warning"


def _appariements(editeur_id: int) -> list[tuple[RegleAppariement, int]]:
    """Combien de lieux chaque règle a reconnus, de la plus sûre à la moins sûre."""
    with connection.cursor() as curseur:
        curseur.execute(
            """
            SELECT d->>'regle', count(*) FROM agenda_raccordement r
            JOIN agenda_agendaediteur a ON a.raccordement_id = r.id
            CROSS JOIN jsonb_array_elements(a.appariement) d
            WHERE r.editeur_id = %s GROUP BY 1
            """,
            [editeur_id],
        )
        nombres = dict(curseur.fetchall())
    return [(regle, nombres[regle.value]) for regle in RegleAppariement if regle.value in nombres]
