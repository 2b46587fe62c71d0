"""Structures que l’on gère, leurs membres, leurs points fixes."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from annuaire.champs import champ, structures_du
from annuaire.enums import TypeStructure
from annuaire.models import Commune, Effecteur, LieuExercice, Rattachement, Structure
from comptes.enums import Action
from comptes.models import Compte
from sas_platform.socle.textes import normaliser

# Les centres de santé et les maisons de santé viennent de FINESS avec leurs adresses.
A_POINTS_FIXES = (TypeStructure.SOS, TypeStructure.SNP)


def gerees_par(compte: Compte, *, instant: datetime) -> QuerySet[Structure]:
    return structures_du(champ(compte, Action.GERER_STRUCTURES, instant=instant))


def pour_liste(structures: QuerySet[Structure], *, instant: datetime) -> QuerySet[Structure]:
    """Tout ce que lit une carte, avec `nombre_membres`."""
    ouverts = Q(rattachements__accepte_le__lte=instant) & (
        Q(rattachements__fin_le=None) | Q(rattachements__fin_le__gt=instant)
    )
    comptees = structures.annotate(
        nombre_membres=Count("rattachements__lieu__effecteur", filter=ouverts, distinct=True)
    )
    return comptees.select_related("commune").order_by("nom", "pk")


def repondant(structures: QuerySet[Structure], texte: str) -> QuerySet[Structure]:
    """Celles dont le nom contient ces mots, ou dont c’est le FINESS ou le SIRET."""
    numero = "".join(texte.split()).upper()
    par_nom = Q()
    for mot in normaliser(texte[:100]).split():
        par_nom &= Q(nom_recherche__contains=mot)
    return structures.filter(par_nom | Q(finess=numero) | Q(siret=numero))


def membres_de(structure: Structure, *, instant: datetime) -> QuerySet[Rattachement]:
    """Rattachements acceptés ou proposés."""
    return Rattachement.objects.filter(structure=structure).ouverts(instant).pour_liste()


def points_fixes_de(structure: Structure) -> QuerySet[LieuExercice]:
    lieux = LieuExercice.objects.filter(structure=structure, effecteur=None)
    return lieux.select_related("commune").order_by("-est_actif", "nom", "pk")


def lieux_rattachables(
    effecteur: Effecteur, structure: Structure, *, instant: datetime
) -> QuerySet[LieuExercice]:
    """Lieux en activité de cet effecteur, pas encore membres de la structure ni proposés."""
    deja = Rattachement.objects.filter(structure=structure).ouverts(instant).values("lieu")
    lieux = effecteur.lieux.filter(est_actif=True).exclude(pk__in=deja)
    return lieux.select_related("commune").order_by("pk")


def rattachements_de(effecteur: Effecteur, *, instant: datetime) -> QuerySet[Rattachement]:
    """Structures dont cet effecteur est membre, ou qui le lui proposent."""
    return Rattachement.objects.filter(lieu__effecteur=effecteur).ouverts(instant).pour_liste()


def zone_de(structure: Structure) -> list[Commune]:
    return list(structure.communes_intervention.select_related("departement").order_by("pk"))


def version_de_la_zone(communes: list[Commune]) -> str:
    return empreinte(" ".join(sorted(commune.pk for commune in communes)))


def empreinte(texte: str) -> str:
    """Version d’un texte, pour savoir s’il a changé pendant qu’on le modifiait."""
    return hashlib.sha256(texte.encode()).hexdigest()[:32]
