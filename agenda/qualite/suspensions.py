"""Ce qu’un régulateur doit savoir d’un éditeur arrêté : des agendas existent, que l’on n’interroge pas."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q

from agenda.models import Editeur, Raccordement
from annuaire.models import LieuExercice
from sas_platform.socle.memoire import memoriser


def suspendus_pour(lieu_ids: Collection[int]) -> list[str]:
    """Noms des éditeurs arrêtés où tiennent un agenda ceux qui consultent en ces lieux ; le plus souvent aucun."""
    arretes = _arretes(None)
    if not arretes or not lieu_ids:
        return []
    lieux = LieuExercice.objects.filter(pk__in=lieu_ids)
    concernes = Raccordement.objects.filter(editeur__in=arretes).filter(
        Q(Exists(lieux.filter(effecteur=OuterRef("effecteur"))))
        | Q(Exists(lieux.filter(structure=OuterRef("structure"), effecteur=None)))
    )
    return sorted(set(concernes.values_list("editeur__nom", flat=True)))


@memoriser(duree_s=3, taille=1)
def _arretes(_: None) -> tuple[int, ...]:
    return tuple(Editeur.objects.filter(est_actif=False).values_list("pk", flat=True))
