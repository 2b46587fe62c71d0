"""Les indicateurs du SAS : ce que chacun compte, son unité, et comment il se tire des mesures d’un mois. Pur.

Une mesure est un nombre par (code, dimension) ; un indicateur sans calcul en est la somme. Un rapport se tire
de ses deux termes, une médiane de ses tranches : ils restent justes quand on change de mois ou de territoire.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from agenda.domaine.latences import centile
from orientation.domaine.delais import mediane_min

Mesures = Mapping[str, Mapping[str, float]]
CENTILES = (50, 95, 99)


class Unite(StrEnum):
    NOMBRE = "nombre"
    PART = "part"
    MINUTES = "minutes"
    HEURES = "heures"
    RAPPORT = "rapport"
    MILLISECONDES = "millisecondes"


@dataclass(frozen=True, slots=True)
class Indicateur:
    """`en_france` : n’a de sens que pour le pays."""

    code: str
    libelle: str
    unite: Unite
    explication: str
    calcul: Callable[[Mesures], float | None] | None = None
    en_france: bool = False

    def valeur(self, mesures: Mesures) -> float | None:
        """Rien si le mois n’a pas de quoi la dire ; un compte dont rien n’est écrit d’un mois mesuré est nul."""
        if self.calcul:
            return self.calcul(mesures)
        lue = _somme(mesures, self.code)
        return 0 if lue is None and mesures and not self.en_france else lue


def _somme(mesures: Mesures, code: str, *dimensions: str) -> float | None:
    valeurs = mesures.get(code)
    if valeurs is None:
        return None
    return sum(valeurs.get(d, 0) for d in dimensions) if dimensions else sum(valeurs.values())


def _part(haut: float | None, bas: float | None) -> float | None:
    return (haut or 0) / bas if bas else None


def _orientations(mesures: Mesures) -> float | None:
    return _somme(mesures, "orientations")


def _appels_par_orientation(mesures: Mesures) -> float | None:
    """Sans un appel noté, c’est qu’on ne les note pas."""
    appels = _somme(mesures, "appels")
    return _part(appels, _somme(mesures, "orientations", "surnumeraire")) if appels else None


def _part_venus(mesures: Mesures) -> float | None:
    return _part(_somme(mesures, "issues", "venu"), _somme(mesures, "issues", "venu", "pas_venu"))


def _heures(mesures: Mesures) -> float | None:
    semaines = mesures.get("heures_semaine")
    return sum(semaines.values()) / len(semaines) if semaines else None


def _mediane(mesures: Mesures) -> float | None:
    return mediane_min({nom: int(n) for nom, n in mesures.get("recherches_suite", {}).items()})


def latences(mesures: Mesures, editeur: str) -> dict[int, int | None]:
    """Centiles, en millisecondes, des appels à un éditeur."""
    classes = {
        int(classe): int(nombre)
        for dimension, nombre in mesures.get("editeur_latence", {}).items()
        for code, _, classe in [dimension.rpartition(":")]
        if code == editeur
    }
    return {pour_cent: centile(classes, pour_cent) for pour_cent in CENTILES}


def _rapport_de(haut: str, bas: str) -> Callable[[Mesures], float | None]:
    return lambda mesures: _part(_somme(mesures, haut), _somme(mesures, bas))


N, P = Unite.NOMBRE, Unite.PART

_LISTE = [
    Indicateur(
        "recherches",
        "Recherches",
        N,
        "Recherches d’une offre de soins, par le formulaire, un logiciel de régulation ou l’API. La rouvrir, "
        "la filtrer ou l’élargir n’en fait pas une autre.",
    ),
    Indicateur(
        "orientations",
        "Orientations par la plateforme",
        N,
        "Orientations non annulées, sur disponibilité ou en sus, réorientations des urgences, et rendez-vous "
        "pris chez un éditeur. Sans celles des outils propres aux territoires.",
    ),
    Indicateur(
        "orientations_externes",
        "Orientations par un autre outil",
        N,
        "Versées par l’outil d’un territoire ; non annulées.",
    ),
    Indicateur(
        "conversion",
        "Recherches qui mènent à une orientation",
        P,
        "Orientations par la plateforme, rapportées aux recherches.",
        lambda m: _part(_orientations(m), _somme(m, "recherches")),
    ),
    Indicateur(
        "delai_median",
        "Délai médian du premier créneau",
        Unite.MINUTES,
        "La moitié des recherches qui trouvent un créneau en trouvent un plus tôt ; d’après des tranches.",
        _mediane,
    ),
    Indicateur(
        "part_sans_creneau",
        "Recherches sans créneau",
        P,
        "Recherches qui trouvent des professionnels, mais aucun créneau.",
        lambda m: _part(_somme(m, "recherches_suite", "sans_creneau"), _somme(m, "recherches")),
    ),
    Indicateur(
        "part_sans_resultat",
        "Recherches sans résultat",
        P,
        "Recherches qui ne trouvent aucun professionnel.",
        lambda m: _part(_somme(m, "recherches_suite", "sans_resultat"), _somme(m, "recherches")),
    ),
    Indicateur(
        "part_elargies",
        "Recherches élargies",
        P,
        "Menées au-delà du rayon du lieu cherché.",
        _rapport_de("recherches_elargies", "recherches"),
    ),
    Indicateur(
        "participants",
        "Professionnels qui participent",
        N,
        "Dont la déclaration de participation valait à la fin du mois. Qui consulte dans deux territoires compte "
        "dans chacun, et une fois pour la France.",
    ),
    Indicateur(
        "interfaces",
        "Professionnels à l’agenda interfacé",
        N,
        "Dont un créneau au moins a été reçu d’un éditeur dans le mois.",
    ),
    Indicateur(
        "heures",
        "Heures offertes par semaine",
        Unite.HEURES,
        "Heures montrées, en moyenne des semaines dont le lundi est dans le mois ; au premier lieu du professionnel.",
        _heures,
    ),
    Indicateur(
        "part_venus",
        "Patients venus",
        P,
        "Parmi les orientations dont on sait si le patient est venu.",
        _part_venus,
    ),
    Indicateur(
        "issues_connues",
        "Issues connues",
        P,
        "Parmi toutes les orientations du mois, celles dont on sait ce qu’elles sont devenues.",
        lambda m: _part(_somme(m, "issues", "venu", "pas_venu", "annule"), _somme(m, "issues")),
    ),
    Indicateur(
        "appels_par_orientation",
        "Appels par orientation en sus",
        Unite.RAPPORT,
        "Appels aux cabinets, rapportés aux orientations en sus des disponibilités : les autres n’en demandent pas.",
        _appels_par_orientation,
    ),
    Indicateur(
        "part_refus",
        "Appels refusés",
        P,
        "Parmi les appels aux cabinets.",
        lambda m: _part(_somme(m, "appels", "refus"), _somme(m, "appels")),
    ),
    Indicateur(
        "part_du_dixieme",
        "Part du dixième le plus sollicité",
        P,
        "Part des orientations que reçoit le dixième des participants qui en reçoit le plus, ceux qui n’en reçoivent "
        "aucune comptés. 10 % : tous également ; 100 % : tout sur quelques-uns. Préférée à un coefficient de Gini, "
        "qui ne se lit pas sans explication. À partir de dix participants.",
    ),
    Indicateur(
        "couverture",
        "Population près d’un généraliste participant",
        P,
        "Part de la population dont la commune est, à vol d’oiseau, à moins du rayon de recherche du département "
        "d’un généraliste qui participe.",
        _rapport_de("population_couverte", "population"),
    ),
    Indicateur(
        "couverture_sas",
        "Population couverte par un SAS",
        P,
        "Part de la population des territoires où un SAS fonctionne à la fin du mois.",
        _rapport_de("population_sas", "population"),
    ),
    Indicateur(
        "departements_sas", "Départements où un SAS fonctionne", N, "À la fin du mois.", en_france=True
    ),
    Indicateur("territoires_ouverts", "SAS en fonctionnement", N, "À la fin du mois.", en_france=True),
    Indicateur(
        "sas_quotidiens",
        "SAS qui utilisent la plateforme chaque jour",
        N,
        "Parmi les SAS en fonctionnement\u00a0: une recherche au moins, deux jours sur trois du mois.",
        en_france=True,
    ),
]

INDICATEURS = {indicateur.code: indicateur for indicateur in _LISTE}

# Mesures que l’API rend aussi détaillées : ce que dit leur dimension.
DETAILS = {
    "recherches_entree": "par où l’on cherche : web, lrm, api",
    "recherches_suite": "ce que donne la recherche : sans_resultat, sans_creneau, ou les heures jusqu’au premier créneau",
    "sans_resultat_commune": "code INSEE de la commune cherchée ; vide pour un département entier",
    "orientations": "premier_niveau, surnumeraire, ioa, editeur",
    "orientations_externes": "disponibilite, en_sus, reorientation",
    "issues": "venu, pas_venu, annule, inconnu",
    "appels": "sans_reponse, refus, accepte",
    "refus": "raison donnée",
    "heures_semaine": "lundi de la semaine",
    "jours_d_usage": "sans dimension : jours du mois où l’on a cherché",
    "population": "sans dimension : habitants",
    "population_couverte": "sans dimension : habitants",
    "population_sas": "sans dimension : habitants",
    "editeur_appels": "code de l’éditeur",
    "editeur_erreurs": "code de l’éditeur",
}
