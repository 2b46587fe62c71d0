"""La part de l’export qui vient de la fiche d’un effecteur : participation, lieux, agenda, orientations reçues."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import time
from typing import Any, TypeVar

from django.db.models import Model, Prefetch

from agenda.models import (
    CalendrierExterne,
    Disponibilite,
    Indisponibilite,
    PeriodeOccupee,
    ReleveHebdomadaire,
    SemaineType,
)
from annuaire.models import Effecteur, LieuExercice
from orientation.models import Appel, IssueOrientation, Orientation, PreferenceAvis
from participation.models import Participation, Sollicitation, VersionParticipation
from sas_platform.mes_donnees import schema

T = TypeVar("T")


def copier(forme: type[schema.Forme], objet: Model, **autres: Any) -> Any:
    """Remplit `forme` des champs du même nom ; les autres se donnent."""
    champs = {nom: getattr(objet, nom) for nom in forme.__struct_fields__ if nom not in autres}
    return forme(**champs, **autres)


def fiche(effecteur: Effecteur) -> schema.Effecteur:
    participation = Participation.objects.filter(effecteur=effecteur).select_related("structure").first()
    recues = Orientation.objects.filter(lieu__effecteur=effecteur).order_by("pk")
    declarations = VersionParticipation.objects.filter(effecteur=effecteur).order_by("pk")
    appels = Appel.objects.filter(lieu__effecteur=effecteur)
    preference = PreferenceAvis.objects.filter(effecteur=effecteur).first()
    releves = ReleveHebdomadaire.objects.filter(effecteur=effecteur).order_by("semaine", "pk")
    return copier(
        schema.Effecteur,
        effecteur,
        profession=effecteur.profession.libelle,
        savoir_faire=list(effecteur.savoir_faire),
        participation=_participation(participation) if participation else None,
        declarations=[copier(schema.Declaration, declaration) for declaration in declarations],
        releves_hebdomadaires=[copier(schema.Releve, releve) for releve in releves],
        lieux=_lieux(effecteur),
        orientations_recues=[
            schema.OrientationRecue(
                lieu=orientation.lieu_id,
                debut=orientation.debut,
                enregistree_le=orientation.prise_le,
                annulee_le=orientation.annulee_le,
                issues=issues_de(orientation.issues.all()),
            )
            for orientation in recues.prefetch_related(
                Prefetch(
                    "issues", IssueOrientation.objects.select_related("orientation").order_by("le", "pk")
                )
            )
        ],
        avis_par_courriel=preference.get_rythme_display() if preference else None,
        appels_recus=[
            schema.AppelRecu(
                lieu=appel.lieu_id,
                le=appel.le,
                issue=appel.get_issue_display(),
                motif=appel.motif.libelle if appel.motif else None,
            )
            for appel in appels.select_related("motif").order_by("pk")
        ],
    )


def issues_de(issues: Iterable[IssueOrientation]) -> list[schema.IssueDite]:
    return [
        schema.IssueDite(
            orientation=str(issue.orientation.uuid),
            issue=issue.get_issue_display(),
            source=issue.get_source_display(),
            le=issue.le,
        )
        for issue in issues
    ]


def _participation(participation: Participation) -> schema.Participation:
    structure = participation.structure.nom if participation.structure else None
    return copier(schema.Participation, participation, structure=structure)


def _lieux(effecteur: Effecteur) -> list[schema.Lieu]:
    lieux = LieuExercice.objects.filter(effecteur=effecteur)
    disponibilites = _par_lieu(
        (
            regle.lieu_id,
            copier(schema.Disponibilite, regle, de=_heure(regle.heure_debut), a=_heure(regle.heure_fin)),
        )
        for regle in Disponibilite.objects.filter(lieu__in=lieux).order_by("pk")
    )
    fermetures = _par_lieu(
        (f.lieu_id, schema.Indisponibilite(debut=f.periode.lower, fin=f.periode.upper))
        for f in Indisponibilite.objects.filter(lieu__in=lieux).order_by("pk")
    )
    semaines = _par_lieu(
        (semaine.lieu_id, copier(schema.SemaineType, semaine))
        for semaine in SemaineType.objects.filter(lieu__in=lieux).order_by("pk")
    )
    consignes = _par_lieu(
        (consigne.lieu_id, copier(schema.Sollicitation, consigne))
        for consigne in Sollicitation.objects.filter(lieu__in=lieux)
    )
    calendriers = _par_lieu(
        (c.lieu_id, copier(schema.CalendrierExterne, c, site=c.hote))
        for c in CalendrierExterne.objects.filter(lieu__in=lieux).order_by("pk")
    )
    occupees = _par_lieu(
        (periode.lieu_id, copier(schema.PeriodeOccupee, periode))
        for periode in PeriodeOccupee.objects.filter(lieu__in=lieux).order_by("debut", "pk")
    )
    return [
        copier(
            schema.Lieu,
            lieu,
            numero=lieu.pk,
            commune=lieu.commune.nom,
            source=lieu.get_source_display(),
            actif=lieu.est_actif,
            disponibilites=disponibilites[lieu.pk],
            indisponibilites=fermetures[lieu.pk],
            semaines_types=semaines[lieu.pk],
            sollicitation=next(iter(consignes[lieu.pk]), None),
            calendriers_externes=calendriers[lieu.pk],
            periodes_occupees=occupees[lieu.pk],
        )
        for lieu in lieux.select_related("commune").order_by("pk")
    ]


def _heure(heure: time) -> str:
    return f"{heure:%H:%M}"


def _par_lieu(couples: Iterable[tuple[int, T]]) -> dict[int, list[T]]:
    ranges: dict[int, list[T]] = defaultdict(list)
    for lieu, valeur in couples:
        ranges[lieu].append(valeur)
    return ranges
