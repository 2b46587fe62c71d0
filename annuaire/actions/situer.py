"""Situe une adresse de référentiel : sa commune, des coordonnées, leur précision, son fuseau."""

from __future__ import annotations

from dataclasses import dataclass, replace

from annuaire.domaine.fuseaux import fuseau_de
from annuaire.enums import PrecisionGeo
from annuaire.models import Commune, Departement, Structure
from sas_platform.socle.textes import normaliser


@dataclass(frozen=True, slots=True)
class PlaceSituee:
    commune: str
    departement: str
    lat: float
    lon: float
    precision: str
    fuseau: str
    structure: int | None = None


def place_de(commune: Commune, departement: Departement) -> PlaceSituee | None:
    """Le centre de la commune, à défaut celui du département ; rien si ni l’un ni l’autre n’est connu."""
    est_situee = commune.lat is not None and commune.lon is not None
    lat, lon = (commune.lat, commune.lon) if est_situee else (departement.lat, departement.lon)
    if lat is None or lon is None:
        return None
    return PlaceSituee(
        commune=commune.pk,
        departement=departement.pk,
        lat=lat,
        lon=lon,
        precision=(PrecisionGeo.COMMUNE if est_situee else PrecisionGeo.DEPARTEMENT).value,
        fuseau=fuseau_de(commune.pk, departement.fuseau),
    )


class Situeur:
    """Communes et structures en mémoire (vingt mégaoctets) : un import en demande deux millions."""

    def __init__(self) -> None:
        departements = {departement.pk: departement for departement in Departement.objects.all()}
        self._places: dict[str, PlaceSituee] = {}
        self._par_code_postal: dict[str, list[tuple[str, str]]] = {}
        for commune in Commune.objects.order_by("-population", "pk").iterator():
            place = place_de(commune, departements[commune.departement_id])
            if place is None:
                continue
            self._places[commune.pk] = place
            for code in commune.codes_postaux:
                self._par_code_postal.setdefault(code, []).append((commune.nom_recherche, commune.pk))
        self._structures = {
            structure[0]: structure[1:]
            for structure in Structure.objects.filter(finess__isnull=False).values_list(
                "finess", "pk", "lat", "lon"
            )
        }

    def situer(
        self, code_insee: str, code_postal: str, nom: str = "", finess: str = ""
    ) -> PlaceSituee | None:
        """La position du site s’il est connu par son FINESS, sinon celle de la commune.

        Une commune absente ou disparue (fusion) est retrouvée par le code postal et le nom ; à
        défaut, la plus peuplée de ce code postal. Rien si ni l’un ni l’autre n’est connu.
        """
        place = self._places.get(code_insee) or self._places.get(self._par_la_poste(code_postal, nom))
        if place is None or finess not in self._structures:
            return place
        structure, lat, lon = self._structures[finess]
        if lat is None or lon is None:
            return replace(place, structure=structure)
        return replace(place, structure=structure, lat=lat, lon=lon, precision=PrecisionGeo.NUMERO.value)

    def _par_la_poste(self, code_postal: str, nom: str) -> str:
        candidates = self._par_code_postal.get(code_postal, ())
        normalise = normaliser(nom)
        for nom_connu, code in candidates:
            if nom_connu == normalise:
                return code
        return candidates[0][1] if candidates else ""
