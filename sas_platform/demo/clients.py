"""Clients de chaque éditeur simulé, tirés de l’annuaire : ceux qui lui sont raccordés, et eux seuls."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from agenda.models import Editeur
    from annuaire.models import Effecteur, LieuExercice, Structure

SPECIALITE = "SM54"


def clients(editeur: Editeur, maintenant: datetime) -> dict[str, Any]:
    """Contenu du fichier que lit l’éditeur simulé (`editeur_simule.titulaires.Annuaire`)."""
    from agenda.models import Raccordement
    from annuaire.models import Effecteur, Structure

    raccordements = Raccordement.objects.filter(editeur=editeur)
    effecteurs = Effecteur.objects.filter(pk__in=raccordements.values("effecteur")).order_by("pk")
    associations = Structure.objects.filter(pk__in=raccordements.values("structure")).order_by("pk")
    lieux: dict[int | None, list[dict[str, str]]] = defaultdict(list)
    for lieu in _lieux().filter(effecteur__in=effecteurs):
        lieux[lieu.effecteur_id].append(_lieu(lieu))
    points: dict[int | None, list[dict[str, str]]] = defaultdict(list)
    for point in _lieux().filter(structure__in=associations, effecteur=None):
        points[point.structure_id].append(_lieu(point))
    cpts = _cpts(effecteurs, maintenant)
    return {
        "praticiens": [
            {
                "identifiant_national": effecteur.identifiant_national,
                "nom": effecteur.nom,
                "prenom": effecteur.prenom,
                "specialite": SPECIALITE,
                "lieux": lieux[effecteur.pk],
                "cpts": [{"finess": f"1{c.finess}", "nom": c.nom} for c in cpts[effecteur.pk]],
            }
            for effecteur in effecteurs
        ],
        "associations": [
            {"siret": f"3{association.siret}", "nom": association.nom, "lieux": points[association.pk]}
            for association in associations
        ],
    }


def _lieux() -> QuerySet[LieuExercice]:
    from annuaire.models import LieuExercice

    return LieuExercice.objects.filter(est_actif=True).select_related("commune").order_by("pk")


def _lieu(lieu: LieuExercice) -> dict[str, str]:
    return {
        "idnst": _identifiant_de_structure(lieu),
        "nom": lieu.nom,
        "ligne": lieu.adresse,
        "ville": lieu.commune.nom,
        "code_postal": lieu.code_postal,
        "telephone": lieu.telephone,
        "fuseau": lieu.fuseau,
    }


def _identifiant_de_structure(lieu: LieuExercice) -> str:
    """IDNST_IMPLICITE : le type de l’identifiant (1 FINESS, 3 SIRET) puis sa valeur ; vide s’il n’y en a pas."""
    if lieu.finess:
        return f"1{lieu.finess}"
    return f"3{lieu.siret}" if lieu.siret else ""


def _cpts(effecteurs: QuerySet[Effecteur], maintenant: datetime) -> dict[int | None, list[Structure]]:
    """CPTS de chaque effecteur : celle par laquelle il participe, et celles qui comptent un de ses lieux."""
    from annuaire.enums import TypeStructure
    from annuaire.models import Rattachement
    from participation.enums import Modalite
    from participation.models import Participation

    participations = Participation.objects.filter(
        effecteur__in=effecteurs, participe=True, modalite=Modalite.CPTS
    ).select_related("structure")
    rattachements = (
        Rattachement.objects.en_cours(maintenant)
        .filter(lieu__effecteur__in=effecteurs, structure__type=TypeStructure.CPTS)
        .select_related("structure", "lieu")
    )
    trouvees: dict[int | None, dict[int, Structure]] = defaultdict(dict)
    for participation in participations:
        if participation.structure is not None and participation.structure.finess:
            trouvees[participation.effecteur_id][participation.structure.pk] = participation.structure
    for rattachement in rattachements:
        if rattachement.structure.finess:
            trouvees[rattachement.lieu.effecteur_id][rattachement.structure.pk] = rattachement.structure
    return defaultdict(list, {pk: list(structures.values()) for pk, structures in trouvees.items()})
