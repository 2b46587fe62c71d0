"""Ce qu’un territoire contient, et qui s’en occupe."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from annuaire.models import Commune, Effecteur, LieuExercice, Perimetre, Structure, Territoire
from comptes.enums import Role
from comptes.models import Compte, Habilitation


def communes_de(territoires: QuerySet[Territoire]) -> QuerySet[Commune]:
    """Communes couvertes, d’après les codes INSEE seuls ; les arrondissements suivent leur ville."""
    nommees = territoires.filter(communes__isnull=False).values("communes")
    entiers = territoires.filter(departements__isnull=False).values("departements")
    return Commune.objects.filter(
        Q(departement__in=entiers) | Q(pk__in=nommees) | Q(commune_parente__in=nommees)
    )


def effecteurs_de(territoires: QuerySet[Territoire]) -> QuerySet[Effecteur]:
    """Ceux dont un lieu en activité est dans l’un de ces territoires."""
    lieux = LieuExercice.objects.filter(
        effecteur=OuterRef("pk"), est_actif=True, commune__in=communes_de(territoires)
    )
    return Effecteur.objects.filter(Exists(lieux))


def structures_de(territoires: QuerySet[Territoire]) -> QuerySet[Structure]:
    """Celles dont le siège, un point fixe ou la zone d’intervention touche l’un de ces territoires."""
    communes = communes_de(territoires)
    lieux = LieuExercice.objects.filter(structure=OuterRef("pk"), effecteur=None, commune__in=communes)
    zone = Structure.communes_intervention.through.objects.filter(
        structure=OuterRef("pk"), commune__in=communes
    )
    return Structure.objects.filter(Q(commune__in=communes) | Exists(lieux) | Exists(zone))


def comptes_de(territoires: QuerySet[Territoire], role: Role, *, instant: datetime) -> QuerySet[Compte]:
    """Comptes actifs qui tiennent ce rôle sur l’un de ces territoires."""
    habilitations = Habilitation.objects.filter(role=role).en_cours(instant)
    perimetres = Perimetre.objects.en_cours(instant).filter(
        habilitation__in=habilitations, territoire__in=territoires
    )
    comptes = Compte.objects.filter(is_active=True, habilitations__in=perimetres.values("habilitation"))
    return comptes.distinct().order_by("nom", "prenom", "pk")


def recouvrant(territoire: Territoire) -> QuerySet[Territoire]:
    """Autres territoires qui ont une commune en commun avec celui-ci : permis, mais signalé."""
    celui_ci = Territoire.objects.filter(pk=territoire.pk)
    communes = communes_de(celui_ci)
    autres = Territoire.objects.exclude(pk=territoire.pk).filter(
        Q(departements__in=communes.values("departement")) | Q(communes__in=communes)
    )
    return autres.distinct().order_by("nom", "pk")
