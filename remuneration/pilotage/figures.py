"""Les tableaux du pilotage, et le graphique de ceux qui en ont un ; la page et le CSV en écrivent les mêmes nombres."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from orientation.domaine.delais import TRANCHES
from orientation.enums import Entree, Issue, IssueAppel, NatureExterne, SuiteRecherche
from remuneration.domaine.graphique import Trace, tracer
from remuneration.domaine.indicateurs import CENTILES, INDICATEURS, Mesures, Unite, latences
from remuneration.domaine.mois import Mois
from remuneration.pilotage.ecriture import ecart, ecrire, entier

MOIS_MONTRES = 12
COMMUNES_MONTREES = 20
NATURES = {
    "premier_niveau": "Premier niveau",
    "surnumeraire": "En sus",
    "editeur": "Agenda d’éditeur",
    "ioa": "Réorientation des urgences",
}
_SIGLES = ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."]
Valeur = float | str | None


@dataclass(frozen=True, slots=True)
class Ligne:
    libelle: str
    valeurs: tuple[Valeur, ...]
    # Sous une barre du graphique, où la place manque.
    sigle: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """Un tableau : une ligne par libellé, des nombres dans chaque colonne. `traces` : colonnes du graphique."""

    code: str
    titre: str
    explication: str
    entetes: tuple[str, ...]
    lignes: list[Ligne]
    unite: Unite = Unite.NOMBRE
    traces: tuple[int, ...] = ()
    empilees: bool = True
    # Lignes que la page ne montre pas : le CSV les a toutes.
    suite: list[Ligne] = field(default_factory=list)

    @property
    def rangees(self) -> list[tuple[str, list[str]]]:
        return [
            (ligne.libelle, [v if isinstance(v, str) else ecrire(v, self.unite) for v in ligne.valeurs])
            for ligne in self.lignes
        ]

    @property
    def trace(self) -> Trace | None:
        if not self.traces or not self.lignes:
            return None
        series = [[_nombre(ligne.valeurs[colonne]) for ligne in self.lignes] for colonne in self.traces]
        trace = tracer(
            [ligne.sigle or ligne.libelle for ligne in self.lignes], series, empilees=self.empilees
        )
        graduees = [replace(repere, texte=entier(repere.valeur)) for repere in trace.graduations]
        return replace(trace, graduations=graduees)

    @property
    def legende(self) -> list[str]:
        return [self.entetes[colonne + 1] for colonne in self.traces]

    @property
    def resume(self) -> str:
        """Ce que le graphique montre, pour qui ne le voit pas ; le tableau dit le reste."""
        if not self.traces or not self.lignes:
            return ""
        totaux = [
            (sum(_nombre(ligne.valeurs[c]) for c in self.traces), ligne.libelle) for ligne in self.lignes
        ]
        haut, bas = max(totaux), min(totaux)
        return (
            f"{self.titre} : le plus haut est {entier(haut[0])} ({haut[1]}), le plus bas {entier(bas[0])} ({bas[1]}). "
            "Tous les nombres sont dans le tableau."
        )

    def pour_csv(self) -> tuple[Sequence[str], list[list[object]]]:
        return self.entetes, [
            [ligne.libelle, *map(_brut, ligne.valeurs)] for ligne in [*self.lignes, *self.suite]
        ]


def _nombre(valeur: Valeur) -> float:
    return valeur if isinstance(valeur, int | float) else 0


def _brut(valeur: Valeur) -> object:
    """Un nombre qu’un tableur français lit comme un nombre."""
    if valeur is None:
        return ""
    if isinstance(valeur, str):
        return valeur
    return int(valeur) if valeur == int(valeur) else f"{valeur:.4f}".replace(".", ",")


@dataclass(frozen=True, slots=True)
class Lecture:
    """Ce qu’une page a lu : les mesures de chaque mois pour le territoire choisi, et celles de comparaison."""

    mois: Mois
    nom: str
    par_mois: Mapping[Mois, Mesures]
    autre: str = ""
    de_l_autre: Mesures = field(default_factory=dict)

    @property
    def lues(self) -> Mesures:
        return self.par_mois.get(self.mois, {})

    @property
    def avant(self) -> Mesures:
        return self.par_mois.get(self.mois.precedent, {})

    @property
    def annee(self) -> list[Mois]:
        """Les douze derniers mois, du premier où l’on a mesuré quelque chose."""
        tous = [self.mois.plus(-n) for n in reversed(range(MOIS_MONTRES))]
        connus = [mois for mois in tous if mois in self.par_mois]
        return [mois for mois in tous if connus and mois >= connus[0]]

    def par_mois_de(self, *colonnes: tuple[str, str]) -> list[Ligne]:
        """Une ligne par mois ; chaque colonne est un (code, dimension)."""
        return [
            Ligne(
                mois.libelle,
                tuple(self.par_mois.get(mois, {}).get(code, {}).get(dim, 0) for code, dim in colonnes),
                _SIGLES[mois.numero - 1],
            )
            for mois in self.annee
        ]

    def deux_mois_de(self, code: str, libelles: Mapping[str, str]) -> list[Ligne]:
        """Une ligne par dimension : ce mois, le précédent."""
        return [
            Ligne(libelle, (self.lues.get(code, {}).get(dim, 0), self.avant.get(code, {}).get(dim, 0)), dim)
            for dim, libelle in libelles.items()
        ]

    @property
    def entetes_deux_mois(self) -> tuple[str, str]:
        return self.mois.libelle, self.mois.precedent.libelle


def synthese(lecture: Lecture) -> Figure:
    """Chaque indicateur : ce mois, le précédent, ce qui change, et le territoire de comparaison."""
    en_france = lecture.nom == "France"
    lignes = []
    for indicateur in INDICATEURS.values():
        if indicateur.en_france and not en_france:
            continue
        valeur, avant = indicateur.valeur(lecture.lues), indicateur.valeur(lecture.avant)
        cellules = [
            ecrire(valeur, indicateur.unite),
            ecrire(avant, indicateur.unite),
            ecart(valeur, avant, indicateur.unite),
        ]
        if lecture.autre:
            cellules.append(ecrire(indicateur.valeur(lecture.de_l_autre), indicateur.unite))
        lignes.append(Ligne(indicateur.libelle, tuple(cellules)))
    autre = (lecture.autre,) if lecture.autre else ()
    return Figure(
        "synthese",
        "Synthèse",
        "Ce que compte chaque indicateur est dit au bas de la page.",
        ("Indicateur", *lecture.entetes_deux_mois, "Écart", *autre),
        lignes,
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
        Ligne(ligne.libelle, ligne.valeurs, sigles.get(ligne.sigle, f"{ligne.sigle}\u00a0h"))
        for ligne in lecture.deux_mois_de("recherches_suite", libelles)
    ]
    return Figure(
        "delais",
        "Ce que trouvent les recherches",
        "Délai jusqu’au premier créneau. « sans » : aucun créneau ; « rien » : aucun professionnel.",
        ("Délai", *lecture.entetes_deux_mois),
        lignes,
        traces=(0,),
    )


def orientations(lecture: Lecture) -> Figure:
    lignes = lecture.par_mois_de(*(("orientations", nature) for nature in NATURES))
    externes = [
        sum(lecture.par_mois.get(mois, {}).get("orientations_externes", {}).values())
        for mois in lecture.annee
    ]
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


def communes(lignes: Sequence[tuple[str, str, int]]) -> Figure:
    """Les plus cherchées d’abord ; toutes dans le CSV."""
    rangees = [Ligne(f"{nom} ({code})" if code else nom, (n,)) for code, nom, n in lignes]
    return Figure(
        "communes",
        "Recherches sans résultat, par commune",
        f"Communes où l’on a cherché sans trouver personne ; les {COMMUNES_MONTREES} premières, toutes dans le CSV.",
        ("Commune cherchée", "Recherches sans résultat"),
        rangees[:COMMUNES_MONTREES],
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
            Ligne(nom, tuple(ecrire(i.valeur(lues.get(numero, {})), i.unite) for i in choisis))
            for numero, nom in noms.items()
        ],
    )


def editeurs(lues: Mesures, noms: Mapping[str, str]) -> Figure:
    lignes = []
    for code, n in sorted(lues.get("editeur_appels", {}).items(), key=lambda paire: (-paire[1], paire[0])):
        erreurs = lues.get("editeur_erreurs", {}).get(code, 0)
        durees = latences(lues, code)
        lignes.append(
            Ligne(
                noms.get(code, code),
                (
                    ecrire(n),
                    ecrire(erreurs / n, Unite.PART),
                    *(ecrire(durees[pour_cent], Unite.MILLISECONDES) for pour_cent in CENTILES),
                ),
            )
        )
    return Figure(
        "editeurs",
        "Éditeurs",
        "Appels de la plateforme à leurs logiciels, échecs, et durées que ne dépassent pas 50, 95 et 99 appels sur cent.",
        ("Éditeur", "Appels", "Échecs", *(f"p{pour_cent}" for pour_cent in CENTILES)),
        lignes,
    )


D_UN_TERRITOIRE: tuple[Callable[[Lecture], Figure], ...] = (
    synthese,
    recherches,
    delais,
    orientations,
    issues,
    offre,
    heures,
    appels,
    externes,
)
