"""Ce que la trace désigne par un numéro, dit par ce à quoi on le reconnaît."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from annuaire.models import Effecteur, LieuExercice, Structure
from comptes.verbes import OBJETS, libelle_de_l_objet


def libelles_des_objets(objets: Iterable[str]) -> dict[str, str]:
    """« lieu:12 » → « lieu d’exercice, 5 rue des Lilas, 59000 Lille » ; une requête par genre que l’annuaire nomme."""
    numeros: dict[str, set[int]] = defaultdict(set)
    libelles = {}
    for objet in objets:
        genre, _, numero = objet.partition(":")
        if numero.isdecimal():
            numeros[genre].add(int(numero))
        libelles[objet] = libelle_de_l_objet(objet)
    lieux = LieuExercice.objects.select_related("commune").filter(pk__in=numeros["lieu"])
    noms = {("lieu", lieu.pk): lieu.adresse_complete for lieu in lieux}
    noms |= {("effecteur", e.pk): str(e) for e in Effecteur.objects.filter(pk__in=numeros["effecteur"])}
    noms |= {("structure", s.pk): s.nom for s in Structure.objects.filter(pk__in=numeros["structure"])}
    return libelles | {f"{genre}:{pk}": f"{OBJETS[genre]}, {nom}" for (genre, pk), nom in noms.items()}
