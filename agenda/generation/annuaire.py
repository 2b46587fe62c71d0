"""Effecteurs, structures et lieux fictifs, un flux de lignes prêtes à copier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from agenda.generation.echelles import Echelle
from agenda.generation.geographie import Place, Territoire, position
from agenda.generation.noms import ENSEIGNES, INFORMATIONS, NOMS, PRENOMS, VOIES
from annuaire.domaine.identifiants import cle_luhn
from annuaire.enums import Conventionnement, TypeStructure

Metier = tuple[str, tuple[str, ...]]  # profession, savoir-faire
GENERALISTE: Metier = ("10", ("SM54",))
# Poids : l’ordre de grandeur des effectifs libéraux.
AUTRES: dict[Metier, int] = {
    ("60", ()): 36,
    ("70", ()): 24,
    ("40", ()): 14,
    ("50", ()): 8,
    ("93", ()): 5,
    ("91", ()): 4,
    ("10", ("SM40",)): 3,
    ("10", ("SM42",)): 2,
    ("10", ("SM04",)): 1,
    ("10", ("SM15",)): 1,
    ("10", ("SM38",)): 1,
    ("10", ("SM20",)): 1,
}
NOMBRE_DE_LIEUX = (1,) * 14 + (2,) * 4 + (3, 5)
SECTEURS = (
    (Conventionnement.SECTEUR_1,) * 7 + (Conventionnement.SECTEUR_2,) * 2 + (Conventionnement.SECTEUR_1_DP,)
)
NOMS_STRUCTURES = {
    TypeStructure.CDS: "Centre de santé {nom} de {commune}",
    TypeStructure.MSP: "Maison de santé pluriprofessionnelle {nom} de {commune}",
    TypeStructure.CPTS: "CPTS Territoire de {commune} et environs",
    TypeStructure.SOS: "SOS Médecins {commune}",
}
CATEGORIES = {
    TypeStructure.CDS: "124",
    TypeStructure.MSP: "603",
    TypeStructure.CPTS: "604",
    TypeStructure.SOS: "",
}


@dataclass(frozen=True, slots=True)
class StructureFictive:
    id: int
    type: TypeStructure
    nom: str
    finess: str | None
    siret: str
    categorie: str
    place: Place
    adresse: str
    lat: float
    lon: float
    telephone: str


@dataclass(frozen=True, slots=True)
class LieuFictif:
    id: int
    effecteur_id: int | None
    structure: StructureFictive | None
    cle: str
    nom: str
    place: Place
    adresse: str
    lat: float
    lon: float
    telephone: str
    mode: str
    secteur: str
    informations: str


@dataclass(frozen=True, slots=True)
class EffecteurFictif:
    id: int
    identifiant: str
    civilite: str
    nom: str
    prenom: str
    profession: str
    savoir_faire: tuple[str, ...]
    conventionnement: Conventionnement
    lieux: tuple[LieuFictif, ...]

    @property
    def est_generaliste(self) -> bool:
        return "SM54" in self.savoir_faire


class Generateur:
    """Un monde par graine : mêmes lignes à chaque passage, dans le même ordre."""

    def __init__(self, *, graine: int, echelle: Echelle, territoires: Mapping[str, Territoire]) -> None:
        self._hasard = Random(f"{graine}/annuaire")  # noqa: S311 : du vraisemblable, pas un secret
        self._echelle = echelle
        self._territoires = territoires
        self._lieux = 0

    def structures(self) -> list[tuple[StructureFictive, LieuFictif]]:
        """Chaque structure avec le lieu où elle reçoit elle-même."""
        paires: list[tuple[StructureFictive, LieuFictif]] = []
        for type_, nombre in self._echelle.structures:
            for rang in range(nombre):
                structure = self._structure(len(paires) + 1, TypeStructure(type_), self._territoire(rang))
                paires.append((structure, self._lieu_de_structure(structure)))
        return paires

    def effecteurs(self, structures: Sequence[StructureFictive]) -> Iterator[EffecteurFictif]:
        """Les généralistes d’abord, puis les autres professions jusqu’au nombre de lieux de l’échelle."""
        accueils: dict[str, list[StructureFictive]] = {}
        for structure in structures:
            if structure.type in (TypeStructure.CDS, TypeStructure.MSP):
                accueils.setdefault(structure.place.departement, []).append(structure)
        metiers, poids = list(AUTRES), list(AUTRES.values())
        restants = self._echelle.effecteurs
        for rang in range(1, self._echelle.effecteurs + 1):
            est_generaliste = rang <= self._echelle.generalistes
            metier = GENERALISTE if est_generaliste else self._hasard.choices(metiers, poids)[0]
            libres = self._echelle.lieux - self._lieux
            nombre = self._hasard.choice(NOMBRE_DE_LIEUX)
            if rang == self._echelle.effecteurs:
                nombre = libres
            nombre = max(1, min(nombre, libres - restants + 1))
            restants -= 1
            yield self._effecteur(rang, metier, nombre, accueils)

    def _effecteur(
        self,
        rang: int,
        metier: Metier,
        nombre: int,
        accueils: Mapping[str, list[StructureFictive]],
    ) -> EffecteurFictif:
        hasard, (profession, savoir_faire) = self._hasard, metier
        nom = hasard.choice(NOMS)
        if hasard.random() < 0.25:
            nom = f"{nom}-{hasard.choice(NOMS)}"
        place = self._territoire(rang).tirer(hasard)
        accueillants = accueils.get(place.departement, ())
        numero = f"999{rang:07d}"
        return EffecteurFictif(
            id=rang,
            identifiant=f"8{numero}{cle_luhn(numero)}",
            civilite="DR" if profession in ("10", "40") else "",
            nom=nom,
            prenom=hasard.choice(PRENOMS),
            profession=profession,
            savoir_faire=savoir_faire,
            conventionnement=hasard.choice(SECTEURS),
            lieux=tuple(self._lieu(rang, n, nom, place, accueillants) for n in range(nombre)),
        )

    def _lieu(
        self, effecteur: int, numero: int, nom: str, place: Place, accueillants: Sequence[StructureFictive]
    ) -> LieuFictif:
        """Premier lieu dans la commune de l’effecteur ; les autres dans son département. Un sur dix en structure."""
        hasard = self._hasard
        self._lieux += 1
        structure = hasard.choice(accueillants) if accueillants and hasard.random() < 0.1 else None
        if structure is not None:
            ici, adresse, lat, lon = structure.place, structure.adresse, structure.lat, structure.lon
            salarie = structure.type == TypeStructure.CDS
        else:
            ici = place if not numero else self._territoires[place.departement].tirer(hasard)
            adresse, (lat, lon), salarie = _adresse(hasard), position(ici, hasard), False
        enseigne = hasard.choice(ENSEIGNES) if hasard.random() < 0.3 else ""
        return LieuFictif(
            id=self._lieux,
            effecteur_id=effecteur,
            structure=structure,
            cle=f"fictif-{effecteur}-{numero}",
            nom=structure.nom if structure else enseigne.format(nom=nom.title(), commune=ici.nom),
            place=ici,
            adresse=adresse,
            lat=lat,
            lon=lon,
            telephone=_telephone(ici, hasard),
            mode="S" if salarie else "L",
            secteur="SA05" if salarie else hasard.choice(("SA07", "SA08", "SA09")),
            informations=hasard.choice(INFORMATIONS),
        )

    def _structure(self, rang: int, type_: TypeStructure, territoire: Territoire) -> StructureFictive:
        hasard = self._hasard
        place = territoire.tirer(hasard)
        lat, lon = position(place, hasard)
        siret, finess = f"99900{rang:08d}", f"99{rang:06d}"
        est_sos = type_ == TypeStructure.SOS  # connu par son SIRET, sans FINESS (metier.md S-24)
        return StructureFictive(
            id=rang,
            type=type_,
            nom=NOMS_STRUCTURES[type_].format(nom=hasard.choice(PRENOMS), commune=place.nom),
            finess=None if est_sos else finess + cle_luhn(finess),
            siret=siret + cle_luhn(siret),
            categorie=CATEGORIES[type_],
            place=place,
            adresse=_adresse(hasard),
            lat=lat,
            lon=lon,
            telephone=_telephone(place, hasard),
        )

    def _lieu_de_structure(self, structure: StructureFictive) -> LieuFictif:
        self._lieux += 1
        return LieuFictif(
            id=self._lieux,
            effecteur_id=None,
            structure=structure,
            cle=structure.finess or structure.siret,
            nom=structure.nom,
            place=structure.place,
            adresse=structure.adresse,
            lat=structure.lat,
            lon=structure.lon,
            telephone=structure.telephone,
            mode="",
            secteur="SA05" if structure.type == TypeStructure.CDS else "",
            informations="",
        )

    def _territoire(self, rang: int) -> Territoire:
        """Le pays, ou le département dont c’est le tour : les parts de l’échelle reviennent régulièrement."""
        if not self._echelle.departements:
            return self._territoires[""]
        total = sum(part for _, part in self._echelle.departements)
        curseur = rang * 997 % total  # 997, premier, parcourt toutes les parts avant de recommencer
        for code, part in self._echelle.departements:
            if curseur < part:
                return self._territoires[code]
            curseur -= part
        raise AssertionError("parts épuisées")


def _adresse(hasard: Random) -> str:
    suffixe = " bis" if hasard.random() < 0.1 else ""
    return f"{hasard.randint(1, 180)}{suffixe} {hasard.choice(VOIES)}"


def _telephone(place: Place, hasard: Random) -> str:
    return f"{place.prefixe_telephone}{hasard.randint(0, 9999):04d}"
