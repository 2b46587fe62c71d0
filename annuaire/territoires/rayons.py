"""Rayons de recherche que des territoires ont réglés autrement que leurs départements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from annuaire.models import Commune, RayonTerritoire, Territoire


def rayons_en_cours(codes_insee: Collection[str]) -> dict[str, RayonTerritoire]:
    """Réglage qui vaut pour chacune de ces communes ; absentes, celles que ne couvre aucun territoire réglé.

    De deux territoires réglés, celui qui nomme la commune l’emporte sur celui qui
    tient le département, puis le réglage le plus récent. Une requête quand aucun
    territoire n’a de réglage, quatre au plus sinon.
    """
    codes = {code for code in codes_insee if code}
    reglages = list(RayonTerritoire.objects.filter(fin_le=None).order_by("-debut_le", "-pk")) if codes else []
    if not reglages:
        return {}
    territoires = [reglage.territoire_id for reglage in reglages]
    entiers: dict[str, set[int]] = defaultdict(set)
    nommees: dict[str, set[int]] = defaultdict(set)
    for territoire, departement in Territoire.departements.through.objects.filter(
        territoire__in=territoires
    ).values_list("territoire_id", "departement_id"):
        entiers[departement].add(territoire)
    communes = Commune.objects.in_bulk(codes)
    visees = codes | {c.commune_parente_id for c in communes.values() if c.commune_parente_id}
    for territoire, nommee in Territoire.communes.through.objects.filter(
        territoire__in=territoires, commune__in=visees
    ).values_list("territoire_id", "commune_id"):
        nommees[nommee].add(territoire)
    trouves = {}
    for code, commune in communes.items():
        nommants = nommees[code] | nommees[commune.commune_parente_id or ""]
        for candidats in (nommants, entiers[commune.departement_id]):
            choisi = next((r for r in reglages if r.territoire_id in candidats), None)
            if choisi is not None:
                trouves[code] = choisi
                break
    return trouves
