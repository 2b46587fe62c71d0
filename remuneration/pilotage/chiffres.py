"""Chiffres clés d’un mois, pour toute la France : ceux de la présentation aux référents, et leur version publique."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from remuneration.domaine.indicateurs import INDICATEURS, Mesures, Unite
from remuneration.domaine.masquage import SEUIL, masquer
from remuneration.domaine.mois import Mois
from remuneration.pilotage.ecriture import ecrire
from remuneration.pilotage.figures import NATURES, Lecture
from remuneration.pilotage.tableaux import Figure, Ligne, Valeur

MASQUE = "masqué"
SANS_TERRITOIRE = "Sans territoire"


@dataclass(frozen=True, slots=True)
class ChiffresCles:
    """Des textes prêts à lire. `sas` : départements, population, SAS quotidiens."""

    mois: Mois
    departements: str
    population: str
    quotidiens: str
    territoires: str
    recherches: str
    participants: str
    orientations: str
    interfaces: str
    premier_niveau: str
    surnumeraires: str
    d_editeur: str
    reorientations: str
    recherches_par_mois: Figure
    orientations_par_mois: Figure
    interfacages: Figure

    @property
    def figures(self) -> list[Figure]:
        return [self.recherches_par_mois, self.orientations_par_mois, self.interfacages]


def chiffres_cles(lecture: Lecture, interfacages: Mapping[str, int]) -> ChiffresCles:
    """Tels qu’ils sont. `interfacages` : ceux d’aujourd’hui, quel que soit le mois."""
    lues = lecture.lues

    def dire(code: str) -> str:
        indicateur = INDICATEURS[code]
        return ecrire(indicateur.valeur(lues), indicateur.unite)

    natures = lues.get("orientations", {})
    return ChiffresCles(
        mois=lecture.mois,
        departements=dire("departements_sas"),
        population=ecrire(INDICATEURS["couverture_sas"].valeur(lues), Unite.PART),
        quotidiens=dire("sas_quotidiens"),
        territoires=dire("territoires_ouverts"),
        recherches=dire("recherches"),
        participants=dire("participants"),
        orientations=dire("orientations"),
        interfaces=dire("interfaces"),
        premier_niveau=ecrire(natures.get("premier_niveau", 0)),
        surnumeraires=ecrire(natures.get("surnumeraire", 0)),
        d_editeur=ecrire(natures.get("editeur", 0)),
        reorientations=ecrire(natures.get("ioa", 0)),
        recherches_par_mois=_recherches_par_mois(lecture),
        orientations_par_mois=_orientations_par_mois(lecture),
        interfacages=_interfacages(interfacages),
    )


def _recherches_par_mois(lecture: Lecture) -> Figure:
    return Figure(
        "recherches-par-mois",
        "Nombre de recherches mensuelles",
        "Dont celles ouvertes depuis un logiciel de régulation médicale.",
        ("Mois", "Recherches", "Dont depuis un logiciel de régulation"),
        lecture.par_mois_de(("recherches", ""), ("recherches_entree", "lrm")),
        traces=(0, 1),
        empilees=False,
    )


def _orientations_par_mois(lecture: Lecture) -> Figure:
    return Figure(
        "orientations-par-mois",
        "Nombre d’orientations mensuelles",
        "Par la plateforme, non annulées.",
        ("Mois", *NATURES.values()),
        lecture.par_mois_de(*(("orientations", nature) for nature in NATURES)),
        traces=(0, 1, 2, 3),
    )


def _interfacages(nombres: Mapping[str, int]) -> Figure:
    return Figure(
        "interfacages",
        "Avancement de l’interopérabilité",
        "En service aujourd’hui.",
        ("Cas d’usage", "En service"),
        [Ligne(libelle, (nombre,)) for libelle, nombre in nombres.items()],
    )


# --- Ce que chacun peut lire ----------------------------------------------------

# Une somme publiée : ses parts sont des dimensions, ou des territoires.
PUBLICS = ("recherches", "orientations", "participants")


@dataclass(frozen=True, slots=True)
class Publication:
    """Un mois, masqué : les nombres du pays, les orientations par nature, et les territoires."""

    mois: Mois
    france: list[tuple[str, str]]
    natures: list[tuple[str, str]]
    territoires: Figure


def publier(
    mois: Mois, france: Mesures, par_territoire: Mapping[int, Mesures], noms: Mapping[int, str]
) -> Publication:
    """Rien de petit, et rien de petit qui se retrouve par différence (`masquage`).

    Un total qui doit être masqué dans une de ses sommes l’est dans toutes, et leurs parts avec lui.
    """
    natures = {nature: int(france.get("orientations", {}).get(nature, 0)) for nature in NATURES}
    total_natures = masquer(natures, sum(natures.values()))
    colonnes = {}
    for code in PUBLICS:
        total = int(INDICATEURS[code].valeur(france) or 0)
        parts = {str(t): int(INDICATEURS[code].valeur(lues) or 0) for t, lues in par_territoire.items()}
        # Ce qui n’est d’aucun territoire est une part de plus : sans elle, un seul trou se comblerait.
        if code != "participants" and (reste := total - sum(parts.values())) > 0:
            parts[SANS_TERRITOIRE] = reste
        colonnes[code] = masquer(parts, total)
    if total_natures[1] is None or colonnes["orientations"][1] is None:
        total_natures = dict.fromkeys(natures), None
        colonnes["orientations"] = dict.fromkeys(colonnes["orientations"][0]), None
    totaux = {code: total for code, (_, total) in colonnes.items()}
    return Publication(
        mois=mois,
        france=_france(france, totaux),
        natures=[(libelle, _publie(total_natures[0][nature])) for nature, libelle in NATURES.items()],
        territoires=_table(colonnes, noms),
    )


def _publie(valeur: float | None) -> str:
    return MASQUE if valeur is None else ecrire(valeur)


def _cellule(valeur: int | None) -> Valeur:
    return MASQUE if valeur is None else valeur


def _france(france: Mesures, totaux: Mapping[str, int | None]) -> list[tuple[str, str]]:
    """Les interfacés n’ont pas de part publiée : leur seul nombre se masque s’il est petit."""
    interfaces = int(INDICATEURS["interfaces"].valeur(france) or 0)
    lignes = [(INDICATEURS[code].libelle, _publie(totaux[code])) for code in PUBLICS]
    lignes.append((INDICATEURS["interfaces"].libelle, _publie(interfaces if interfaces >= SEUIL else None)))
    if totaux["recherches"] is not None and totaux["orientations"] is not None:
        lignes.append(
            (INDICATEURS["conversion"].libelle, ecrire(INDICATEURS["conversion"].valeur(france), Unite.PART))
        )
    # Ni recherche ni patient : des départements et des habitants.
    for code in ("couverture_sas", "couverture", "departements_sas"):
        indicateur = INDICATEURS[code]
        lignes.append((indicateur.libelle, ecrire(indicateur.valeur(france), indicateur.unite)))
    return lignes


def _table(
    colonnes: Mapping[str, tuple[Mapping[str, int | None], int | None]], noms: Mapping[int, str]
) -> Figure:
    cles: Sequence[str] = [*map(str, noms)]
    if any(SANS_TERRITOIRE in parts for parts, _ in colonnes.values()):
        cles = [*cles, SANS_TERRITOIRE]
    libelles = {str(numero): nom for numero, nom in noms.items()} | {SANS_TERRITOIRE: SANS_TERRITOIRE}

    def cellules(cle: str) -> tuple[Valeur, ...]:
        return tuple(_cellule(parts[cle]) if cle in parts else "—" for parts, _ in colonnes.values())

    france = tuple(_cellule(total) for _, total in colonnes.values())
    return Figure(
        "territoires",
        "Par territoire",
        f"Un nombre inférieur à {SEUIL} est masqué, et d’autres avec lui pour qu’il ne se déduise pas du total.",
        ("Territoire", *(INDICATEURS[code].libelle for code in PUBLICS)),
        [*(Ligne(libelles[cle], cellules(cle)) for cle in cles), Ligne("France", france)],
    )
