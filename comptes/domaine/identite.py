"""Identité lue chez Pro Santé Connect : ce que la plateforme en retient, et rien d’autre.

Toute feuille de la réponse peut manquer, être vide ou d’un autre type :
`SubjectRefPro` est absent pour qui n’est pas professionnel de santé, un
exercice peut n’avoir aucune activité ou être listé deux fois, une identité
d’essai porte un numéro sans chiffres. Rien de cela n’est une erreur ; seul
l’identifiant national est indispensable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

LONGUEUR_IDENTIFIANT = 64
LONGUEUR_NOM = 100
LONGUEUR_CODE = 20
LONGUEUR_LIBELLE = 200
# Au-delà, ce n’est plus une personne : la session ne grossit pas sans fin.
NOMBRE_MAX = 50

# TRE_G15, les professions que Pro Santé Connect transmet le plus souvent.
PROFESSIONS = {
    "10": "Médecin",
    "21": "Pharmacien",
    "26": "Audioprothésiste",
    "28": "Opticien-lunetier",
    "40": "Chirurgien-dentiste",
    "50": "Sage-femme",
    "60": "Infirmier",
    "70": "Masseur-kinésithérapeute",
    "80": "Pédicure-podologue",
    "91": "Orthophoniste",
    "92": "Orthoptiste",
    "93": "Psychologue",
    "94": "Ergothérapeute",
    "95": "Diététicien",
    "96": "Psychomotricien",
    "98": "Manipulateur en électroradiologie médicale",
}
# TRE_R09 ; un civil ne se précise pas.
CATEGORIES = {"M": "militaire", "E": "étudiant", "F": "fonctionnaire"}
# TRE_R23.
MODES = {"L": "libéral", "S": "salarié", "B": "bénévole"}


class IdentiteIncomplete(ValueError):
    """La réponse ne porte pas d’identifiant national (`SubjectNameID`)."""


@dataclass(frozen=True, slots=True)
class AutreIdentifiant:
    numero: str
    origine: str  # RPPS, ADELI, EDIT (identité d’essai)…


@dataclass(frozen=True, slots=True)
class Activite:
    mode: str
    secteur: str
    structure: str  # enseigne, sinon raison sociale
    finess: str
    siret: str
    code_postal: str


@dataclass(frozen=True, slots=True)
class Exercice:
    profession: str
    categorie: str
    savoir_faire: str
    nom: str
    prenom: str
    activites: tuple[Activite, ...] = ()

    @property
    def libelle(self) -> str:
        """« Médecin », ou le code s’il est inconnu."""
        return PROFESSIONS.get(self.profession) or (
            f"Profession {self.profession}" if self.profession else "Profession non précisée"
        )

    @property
    def precisions(self) -> list[str]:
        """Ce qui distingue cet exercice d’un autre, ligne à ligne : « salarié, CENTRE HOSPITALIER FICTIF »."""
        activites = [
            ", ".join(filter(None, (MODES.get(activite.mode, ""), activite.structure)))
            for activite in self.activites
        ]
        savoir_faire = f"savoir-faire {self.savoir_faire}" if self.savoir_faire else ""
        lignes = (CATEGORIES.get(self.categorie, ""), *activites, savoir_faire)
        return list(dict.fromkeys(filter(None, lignes)))


@dataclass(frozen=True, slots=True)
class Identite:
    """Une personne ; la clé est `identifiant_national`, préfixe compris, jamais le `sub` de Pro Santé Connect."""

    identifiant_national: str
    prenom: str = ""
    nom: str = ""
    exercices: tuple[Exercice, ...] = ()
    autres_identifiants: tuple[AutreIdentifiant, ...] = ()

    def __str__(self) -> str:
        return f"{self.prenom} {self.nom}".strip()

    @property
    def professions(self) -> frozenset[str]:
        return frozenset(exercice.profession for exercice in self.exercices if exercice.profession)

    def en_donnees(self) -> dict[str, Any]:
        """En types que la session sait garder ; `relire` en est l’inverse."""
        return asdict(self)


def lire(champs: Mapping[str, Any]) -> Identite:
    """Identité tirée de la réponse `userinfo`. Lève `IdentiteIncomplete`, et rien d’autre."""
    identifiant = _texte(champs.get("SubjectNameID"), LONGUEUR_IDENTIFIANT)
    if not identifiant:
        raise IdentiteIncomplete("SubjectNameID absent")
    return Identite(
        identifiant_national=identifiant,
        prenom=_texte(champs.get("given_name"), LONGUEUR_NOM),
        nom=_texte(champs.get("family_name"), LONGUEUR_NOM),
        exercices=_exercices(champs.get("SubjectRefPro")),
        autres_identifiants=_autres(champs.get("otherIds")),
    )


def relire(donnees: Mapping[str, Any]) -> Identite:
    """Identité rendue par `Identite.en_donnees`."""
    exercices = (
        Exercice(**exercice | {"activites": tuple(Activite(**a) for a in exercice["activites"])})
        for exercice in donnees["exercices"]
    )
    autres = (AutreIdentifiant(**autre) for autre in donnees["autres_identifiants"])
    return Identite(**{**donnees, "exercices": tuple(exercices), "autres_identifiants": tuple(autres)})


def _exercices(reference: object) -> tuple[Exercice, ...]:
    """Exercices sans doublon : celui qui est listé deux fois réunit ses activités."""
    liste = reference.get("exercices") if isinstance(reference, dict) else None
    reunis: dict[Exercice, tuple[Activite, ...]] = {}
    for brut in _objets(liste):
        exercice = Exercice(
            profession=_texte(brut.get("codeProfession"), LONGUEUR_CODE),
            categorie=_texte(brut.get("codeCategorieProfessionnelle"), LONGUEUR_CODE),
            savoir_faire=_texte(brut.get("codeSavoirFaire"), LONGUEUR_CODE),
            nom=_texte(brut.get("nomDexercice"), LONGUEUR_NOM),
            prenom=_texte(brut.get("prenomDexercice"), LONGUEUR_NOM),
        )
        activites = reunis.get(exercice, ()) + tuple(map(_activite, _objets(brut.get("activities"))))
        reunis[exercice] = tuple(dict.fromkeys(activites))
    return tuple(replace(exercice, activites=activites) for exercice, activites in reunis.items())


def _activite(brut: Mapping[str, Any]) -> Activite:
    noms = (brut.get("enseigneCommercialeSite"), brut.get("raisonSocialeSite"))
    return Activite(
        mode=_texte(brut.get("codeModeExercice"), LONGUEUR_CODE),
        secteur=_texte(brut.get("codeSecteurDactivite"), LONGUEUR_CODE),
        structure=next(filter(None, (_texte(nom, LONGUEUR_LIBELLE) for nom in noms)), ""),
        finess=_texte(brut.get("numeroFinessSite"), LONGUEUR_CODE),
        siret=_texte(brut.get("numeroSiretSite"), LONGUEUR_CODE),
        code_postal=_texte(brut.get("codePostal"), LONGUEUR_CODE),
    )


def _autres(liste: object) -> tuple[AutreIdentifiant, ...]:
    lus = (
        AutreIdentifiant(
            _texte(brut.get("identifiant"), LONGUEUR_IDENTIFIANT), _texte(brut.get("origine"), LONGUEUR_CODE)
        )
        for brut in _objets(liste)
    )
    return tuple(dict.fromkeys(autre for autre in lus if autre.numero))


def _objets(liste: object) -> list[dict[str, Any]]:
    return [brut for brut in liste if isinstance(brut, dict)][:NOMBRE_MAX] if isinstance(liste, list) else []


def _texte(valeur: object, longueur: int) -> str:
    """Texte d’une ligne, sans signe de commande : la base refuse le nul, l’écran n’attend pas le reste."""
    if not isinstance(valeur, str):
        return ""
    lisible = "".join(signe if signe.isprintable() else " " for signe in valeur)
    return " ".join(lisible.split())[:longueur].strip()
