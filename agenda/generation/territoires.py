"""Les communes de la base, prêtes au tirage."""

from __future__ import annotations

from collections.abc import Collection

from agenda.generation.geographie import Place, Territoire
from annuaire.domaine.fuseaux import fuseau_de
from annuaire.models import Commune

VILLES_A_ARRONDISSEMENTS = ("75056", "69123", "13055")


class CommunesAbsentesError(Exception):
    """Il n’y a pas de commune où tirer ; le message est montrable."""


def lire_territoires(departements: Collection[str] = ()) -> dict[str, Territoire]:
    """Communes habitées et situées, par département ; sous la clé vide, toutes.

    Sans `departements`, le pays entier. Lève `CommunesAbsentesError`.
    """
    lignes = (
        Commune.objects.exclude(codes_postaux=[])
        .exclude(code_insee__in=VILLES_A_ARRONDISSEMENTS)  # leurs arrondissements les remplacent
        .filter(population__gt=0, lat__isnull=False)
        .select_related("departement")
        .order_by("pk")
    )
    if departements:
        lignes = lignes.filter(departement__in=departements)
    places: dict[str, list[Place]] = {}
    for commune in lignes:
        departement = commune.departement
        place = Place(
            code_insee=commune.pk,
            nom=commune.nom,
            code_postal=commune.codes_postaux[0],
            departement=departement.pk,
            region=departement.region,
            fuseau=fuseau_de(commune.pk, departement.fuseau),
            population=commune.population,
            lat=commune.lat or 0.0,
            lon=commune.lon or 0.0,
        )
        places.setdefault(departement.pk, []).append(place)
    if not places:
        raise CommunesAbsentesError("Aucune commune : lancez d’abord « importer_communes --ecrire ».")
    territoires = {code: Territoire(groupe) for code, groupe in places.items()}
    territoires[""] = Territoire([place for groupe in places.values() for place in groupe])
    return territoires
