"""Les valeurs qu’un fichier peut porter. La table `Colonne` dit lesquelles, dans quel ordre et sous quel en-tête.

Le format national n’est pas public : l’en-tête et l’ordre se règlent, le sens d’une valeur est ici.
"""

from __future__ import annotations

from remuneration.enums import NatureExport

_QUI = {
    "identifiant": "Identifiant précédé de son genre (RPPS:…, ADELI:…, FINESS:…, SIRET:…) : un tableur le garde en texte",
    "rpps": "RPPS seul, onze chiffres",
    "finess": "FINESS seul, neuf chiffres",
    "nom": "Nom d’exercice, ou nom de la structure",
    "prenom": "Prénom d’exercice",
    "genre": "effecteur, ou type de la structure",
    "departement": "Code du département de la caisse",
    "territoire": "Territoire du SAS",
    "calcul": "Période et version du calcul",
}
CATALOGUE: dict[str, dict[str, str]] = {
    NatureExport.PARTICIPANTS: {
        **_QUI,
        "mode": "Dernier mode de participation de la période",
        "structure": "Structure par laquelle il participe",
        "structure_identifiant": "Identifiant de cette structure, précédé de son genre",
        "debut": "Premier jour de la première déclaration de participation qui touche la période",
        "fin": "Dernier jour de participation, vide s’il participe encore",
        "interface": "Montre les créneaux de son logiciel\u00a0: O ou N",
        "refuse_affichage": "Refuse l’affichage de ses créneaux d’éditeur\u00a0: O ou N",
        "semaines": "Semaines relevées pendant la période",
        "heures_min": "Heures montrées la plus courte de ces semaines",
        "heures_moyenne": "Heures montrées en moyenne",
        "semaines_courtes": "Semaines sous le seuil",
        "inscrit": "A un compte nominatif\u00a0: O ou N\u00a0; vide pour une structure",
        "eligible": "Forfait annuel dû\u00a0: O ou N\u00a0; vide pour un trimestre",
        "motif": "Conditions du forfait qui ne sont pas remplies",
        "montant": "Montant du forfait annuel, en euros\u00a0; vide pour un trimestre",
        "regle": "Numéro de la règle appliquée au forfait",
    },
    NatureExport.ACTIVITE: {
        **_QUI,
        "mode": "Mode de participation au terme de la période",
        "prestation": "Code de la prestation\u00a0; vide si aucune ne compte ses orientations",
        "orientations": "Orientations de la période, comptées ou non",
        "type_1": "Orientations sur une disponibilité",
        "type_2": "Orientations en sus des disponibilités",
        "type_3": "Réorientations des urgences",
        "venus": "Patients venus",
        "pas_venus": "Patients non venus",
        "annulees": "Orientations annulées",
        "issue_inconnue": "Issue inconnue",
        "nombre": "Nombre que la prestation retient",
        "tranche": "Tranche atteinte",
        "du": "Somme due\u00a0: O ou N",
        "versement": "caisse, ou cotation\u00a0: le médecin cote lui-même la majoration",
        "montant": "Montant en euros",
        "regle": "Numéro de la règle appliquée",
    },
    NatureExport.ANOMALIES: {
        **_QUI,
        "anomalie": "Code de l’anomalie",
        "libelle": "L’anomalie en toutes lettres",
        "nombre": "Combien de fois",
        "detail": "Semaines ou précisions",
    },
}
ANOMALIES = {
    "semaines_courtes": "Semaines sous le seuil d’heures montrées",
    "sans_creneau": "Participe par un logiciel dont aucun agenda n’a été reçu",
    "issues_inconnues": "Issues d’orientation jamais dites",
    "doublons": "Orientations versées deux fois, comptées une fois",
    "plafond": "Actes au-delà du plafond hebdomadaire de majorations",
    "sans_compte": "Participe sans compte nominatif",
    "plusieurs_modes": "A changé de mode de participation pendant la période",
    "sans_participation": "Orientations reçues sans participer à leur date",
    "adeli": "Connu par son ancien identifiant ADELI",
}
# Ce qui désigne une ligne d’un fichier ; un rectificatif les répète.
CLES: dict[str, tuple[str, ...]] = {
    NatureExport.PARTICIPANTS: (),
    NatureExport.ACTIVITE: ("prestation", "regle"),
    NatureExport.ANOMALIES: ("anomalie",),
}
# Ce qui change d’un calcul à l’autre sans que rien n’ait changé pour le bénéficiaire.
TECHNIQUES = frozenset({"calcul"})


def champs(nature: str) -> list[tuple[str, str]]:
    return list(CATALOGUE[nature].items())
