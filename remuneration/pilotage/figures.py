"""Ce que montre le tableau de bord : une fonction par tableau, d’après ce que la page a lu."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from orientation.domaine.delais import TRANCHES
from orientation.enums import Entree, Issue, IssueAppel, NatureExterne, SuiteRecherche
from remuneration.domaine.carte import Lieu, dessiner
from remuneration.domaine.indicateurs import CENTILES, INDICATEURS, Mesures, Unite, latences
from remuneration.domaine.mois import Mois
from remuneration.pilotage.lectures import CommuneCherchee
from remuneration.pilotage.tableaux import Figure, Ligne

MOIS_MONTRES = 12
COMMUNES_MONTREES = 20
NATURES = {
    "premier_niveau": "Premier niveau",
    "surnumeraire": "En sus",
    "editeur": "Agenda d’éditeur",
    "ioa": "Réorientation des urgences",
}
_SIGLES = ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."]


@dataclass(frozen=True, slots=True)
class Lecture:
    """Ce qu’une page a lu : les mesures de chaque mois pour le territoire choisi, et celles de comparaison."""

    mois: Mois
    nom: str
    par_mois: Mapping[Mois, Mesures]
    autre: str = ""
    par_mois_de_l_autre: Mapping[Mois, Mesures] = field(default_factory=dict)

    @property
    def lues(self) -> Mesures:
        return self.par_mois.get(self.mois, {})

    @property
    def de_l_autre(self) -> Mesures:
        return self.par_mois_de_l_autre.get(self.mois, {})

    @property
    def avant(self) -> Mesures:
        return self.par_mois.get(self.mois.precedent, {})

    @property
    def annee(self) -> list[Mois]:
        """Les douze derniers mois, du premier où l’on a mesuré quelque chose."""
        tous = [self.mois.plus(-n) for n in reversed(range(MOIS_MONTRES))]
        connus = [mois for mois in tous if mois in self.par_mois]
        return [mois for mois in tous if connus and mois >= connus[0]]

    def ligne_du(self, mois: Mois, valeurs: Iterable[float | None]) -> Ligne:
        return Ligne(mois.libelle, tuple(valeurs), _SIGLES[mois.numero - 1])

    def par_mois_de(self, *colonnes: tuple[str, str]) -> list[Ligne]:
        """Une ligne par mois ; chaque colonne est un (code, dimension). Un mois qui n’est pas mesuré ne dit rien."""
        return [
            self.ligne_du(mois, (_compte(self.par_mois.get(mois, {}), code, dim) for code, dim in colonnes))
            for mois in self.annee
        ]

    def deux_mois_de(self, code: str, libelles: Mapping[str, str]) -> list[Ligne]:
        """Une ligne par dimension : ce mois, le précédent."""
        return [
            Ligne(libelle, (_compte(self.lues, code, dim), _compte(self.avant, code, dim)), dim)
            for dim, libelle in libelles.items()
        ]

    @property
    def entetes_deux_mois(self) -> tuple[str, str]:
        return self.mois.libelle, self.mois.precedent.libelle


def _compte(lues: Mesures, code: str, dimension: str) -> float | None:
    return lues.get(code, {}).get(dimension, 0) if lues else None


def synthese(lecture: Lecture) -> Figure:
    """Chaque indicateur : ce mois, le précédent, ce qui change, et le territoire de comparaison."""
    en_france = lecture.nom == "France"
    lignes = []
    for indicateur in INDICATEURS.values():
        if indicateur.en_france and not en_france:
            continue
        valeur, avant = indicateur.valeur(lecture.lues), indicateur.valeur(lecture.avant)
        change = None if valeur is None or avant is None else valeur - avant
        de_l_autre = (indicateur.valeur(lecture.de_l_autre),) if lecture.autre else ()
        lignes.append(Ligne(indicateur.libelle, (valeur, avant, change, *de_l_autre), unite=indicateur.unite))
    autre = (lecture.autre,) if lecture.autre else ()
    return Figure(
        "synthese",
        "Synthèse",
        "Ce que compte chaque indicateur est dit au bas de la page.",
        ("Indicateur", *lecture.entetes_deux_mois, "Écart", *autre),
        lignes,
        ecarts=(2,),
    )


def recherches(lecture: Lecture) -> Figure:
    return Figure(
        "recherches",
        "Recherches, mois par mois",
        "Par où elles sont entrées.",
        ("Mois", *Entree.labels),
        lecture.par_mois_de(*(("recherches_entree", entree) for entree in Entree.values)),
        traces=(0, 1, 2),
    )


def delais(lecture: Lecture) -> Figure:
    libelles = {
        nom: str(SuiteRecherche(nom).label) for nom in [*TRANCHES.values(), "sans_creneau", "sans_resultat"]
    }
    sigles = {"sans_creneau": "sans", "sans_resultat": "rien"}
    lignes = [
        Ligne(ligne.libelle, ligne.valeurs, sigles.get(ligne.sigle, ligne.sigle))
        for ligne in lecture.deux_mois_de("recherches_suite", libelles)
    ]
    return Figure(
        "delais",
        "Ce que trouvent les recherches",
        "Délai jusqu’au premier créneau, en heures. « sans » : aucun créneau ; « rien » : aucun professionnel.",
        ("Délai", *lecture.entetes_deux_mois),
        lignes,
        traces=(0,),
    )


def orientations(lecture: Lecture) -> Figure:
    lignes = lecture.par_mois_de(*(("orientations", nature) for nature in NATURES))
    versees = INDICATEURS["orientations_externes"]
    externes = [versees.valeur(lecture.par_mois.get(mois, {})) for mois in lecture.annee]
    return Figure(
        "orientations",
        "Orientations, mois par mois",
        "Non annulées. Celles d’un autre outil sont versées par les territoires qui en ont un.",
        ("Mois", *NATURES.values(), "Autre outil"),
        [Ligne(li.libelle, (*li.valeurs, n), li.sigle) for li, n in zip(lignes, externes, strict=True)],
        traces=(0, 1, 2, 3, 4),
    )


def issues(lecture: Lecture) -> Figure:
    libelles = {**{issue.value: str(issue.label) for issue in Issue}, "inconnu": "Issue inconnue"}
    sigles = {"venu": "venu", "pas_venu": "pas venu", "annule": "annulé", "inconnu": "inconnue"}
    lignes = lecture.deux_mois_de("issues", libelles)
    return Figure(
        "issues",
        "Ce que sont devenues les orientations",
        "Toutes celles du mois, d’un autre outil comprises.",
        ("Issue", *lecture.entetes_deux_mois),
        [Ligne(ligne.libelle, ligne.valeurs, sigles[ligne.sigle]) for ligne in lignes],
        traces=(0, 1),
        empilees=False,
    )


def offre(lecture: Lecture) -> Figure:
    return Figure(
        "offre",
        "Professionnels, mois par mois",
        "Ceux qui participent, et ceux dont un créneau au moins a été reçu d’un éditeur.",
        ("Mois", "Participent", "Agenda interfacé"),
        lecture.par_mois_de(("participants", ""), ("interfaces", "")),
        traces=(0, 1),
        empilees=False,
    )


def heures(lecture: Lecture) -> Figure:
    semaines = sorted(lecture.lues.get("heures_semaine", {}).items())
    return Figure(
        "heures",
        "Heures offertes, semaine par semaine",
        "Heures montrées pendant les semaines dont le lundi est dans le mois.",
        ("Semaine du", "Heures"),
        [
            Ligne(f"{jour:%d/%m/%Y}", (n,), f"{jour:%d/%m}")
            for jour, n in ((date.fromisoformat(semaine), n) for semaine, n in semaines)
        ],
        Unite.HEURES,
        traces=(0,),
    )


def appels(lecture: Lecture) -> Figure:
    libelles = {issue.value: str(issue.label) for issue in IssueAppel}
    refus = {motif: f"Refus : {motif}" for motif in sorted(lecture.lues.get("refus", {}))}
    return Figure(
        "appels",
        "Appels aux cabinets",
        "Ce qu’ils ont donné, et les raisons des refus.",
        ("Appels", *lecture.entetes_deux_mois),
        [*lecture.deux_mois_de("appels", libelles), *lecture.deux_mois_de("refus", refus)],
    )


def externes(lecture: Lecture) -> Figure:
    libelles = {nature.value: str(nature.label) for nature in NatureExterne}
    return Figure(
        "externes",
        "Orientations par un autre outil",
        "Versées par l’outil d’un territoire.",
        ("Nature", *lecture.entetes_deux_mois),
        lecture.deux_mois_de("orientations_externes", libelles),
    )


def mois_par_mois(code: str) -> Callable[[Lecture], Figure]:
    """Un seul indicateur, et le même dans le territoire de comparaison."""
    indicateur = INDICATEURS[code]

    def figure(lecture: Lecture) -> Figure:
        suites = [lecture.par_mois, *([lecture.par_mois_de_l_autre] if lecture.autre else [])]
        return Figure(
            code,
            f"{indicateur.libelle}, mois par mois",
            indicateur.explication,
            ("Mois", lecture.nom, *([lecture.autre] if lecture.autre else [])),
            [
                lecture.ligne_du(mois, (indicateur.valeur(suite.get(mois, {})) for suite in suites))
                for mois in lecture.annee
            ],
            indicateur.unite,
            traces=tuple(range(len(suites))),
            empilees=False,
        )

    return figure


def communes(lues: Sequence[CommuneCherchee], fond: Sequence[tuple[float, float]]) -> Figure:
    """Les plus cherchées d’abord ; toutes sur la carte et dans le CSV. `fond` : les communes du territoire."""
    rangees = [Ligne(f"{lue.nom} ({lue.code})" if lue.code else lue.nom, (lue.nombre,)) for lue in lues]
    situees = [Lieu(lue.nom, lue.nombre, *lue.position) for lue in lues if lue.position]
    premieres = (
        f"\u00a0; les {COMMUNES_MONTREES} premières, toutes dans le CSV"
        if len(rangees) > COMMUNES_MONTREES
        else ""
    )
    return Figure(
        "communes",
        "Recherches sans résultat, par commune",
        f"Communes où l’on a cherché sans trouver personne{premieres}.",
        ("Commune cherchée", "Recherches sans résultat"),
        rangees[:COMMUNES_MONTREES],
        carte=dessiner(fond, situees),
        suite=rangees[COMMUNES_MONTREES:],
    )


# Ce que l’on compare d’un territoire à l’autre.
COMPARES = ("recherches", "orientations", "conversion", "delai_median", "part_sans_resultat", "participants", "interfaces", "couverture", "part_venus", "part_du_dixieme")  # fmt: skip


def territoires(noms: Mapping[int | None, str], lues: Mapping[int | None, Mesures], mois: Mois) -> Figure:
    choisis = [INDICATEURS[code] for code in COMPARES]
    return Figure(
        "territoires",
        "D’un territoire à l’autre",
        f"En {mois.libelle}.",
        ("Territoire", *(indicateur.libelle for indicateur in choisis)),
        [
            Ligne(nom, tuple(indicateur.valeur(lues.get(numero, {})) for indicateur in choisis))
            for numero, nom in noms.items()
        ],
        unites=tuple(indicateur.unite for indicateur in choisis),
    )


def editeurs(lues: Mesures, noms: Mapping[str, str]) -> Figure:
    lignes = []
    for code, n in sorted(lues.get("editeur_appels", {}).items(), key=lambda paire: (-paire[1], paire[0])):
        echecs = lues.get("editeur_erreurs", {}).get(code, 0) / n
        lignes.append(Ligne(noms.get(code, code), (n, echecs, *latences(lues, code).values())))
    return Figure(
        "editeurs",
        "Éditeurs",
        "Appels de la plateforme à leurs logiciels, échecs, et durées que ne dépassent pas 50, 95 et 99 appels sur cent.",
        ("Éditeur", "Appels", "Échecs", *(f"p{pour_cent}" for pour_cent in CENTILES)),
        lignes,
        unites=(Unite.NOMBRE, Unite.PART, *[Unite.MILLISECONDES] * len(CENTILES)),
    )


D_UN_TERRITOIRE: tuple[Callable[[Lecture], Figure], ...] = (
    synthese,
    recherches,
    orientations,
    mois_par_mois("conversion"),
    delais,
    mois_par_mois("delai_median"),
    issues,
    offre,
    heures,
    appels,
    mois_par_mois("appels_par_orientation"),
    mois_par_mois("part_du_dixieme"),
    mois_par_mois("couverture"),
    externes,
)
