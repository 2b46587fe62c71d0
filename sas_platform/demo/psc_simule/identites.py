"""Ce que Pro Santé Connect dit de chaque persona, avec les bizarreries de ses vraies réponses.

Feuilles vides, exercice listé deux fois ou sans activités, deux identifiants,
`SubjectRefPro` absent hors des professions de santé : un client qui ne lirait
que des réponses propres échouerait en vrai.
"""

from __future__ import annotations

from typing import Any

from sas_platform.demo.personas import Persona

ACTIVITE = {
    "codeModeExercice": "L",
    "codeSecteurDactivite": "SA07",
    "codeSectionPharmacien": "",
    "codeRole": "",
    "codeGenreActivite": "GENR01",
    "numeroSiretSite": "",
    "numeroSirenSite": "",
    "numeroFinessSite": "",
    "numeroFinessetablissementJuridique": "",
    "identifiantTechniqueDeLaStructure": "R99999",
    "raisonSocialeSite": "CABINET MEDICAL FICTIF",
    "enseigneCommercialeSite": "",
    "numeroVoie": "12",
    "codeTypeDeVoie": "R",
    "libelleVoie": "NATIONALE",
    "codePostal": "59000",
    "codeCommune": "",
    "codePays": "",
    "telephone": "",
    "adresseEMail": "",
}
HOPITAL = ACTIVITE | {
    "codeModeExercice": "S",
    "codeSecteurDactivite": "SA01",
    "numeroFinessSite": "599900001",
    "identifiantTechniqueDeLaStructure": "F599900001",
    "raisonSocialeSite": "CENTRE HOSPITALIER FICTIF",
    "enseigneCommercialeSite": "Hôpital Fictif",
}


def sub(numero: str) -> str:
    return f"f:00000000-0000-4000-8000-000000000000:{numero}"


def champs(persona: Persona, numero: str) -> dict[str, Any]:
    """Réponse `userinfo` ; sans `SubjectRefPro` hors des professions de santé."""
    communs: dict[str, Any] = {
        "sub": sub(numero),
        "SubjectNameID": numero,
        "preferred_username": numero,
        "given_name": persona.prenom,
        "family_name": persona.nom,
        "email_verified": False,
        "PSI_Locale": "1.2.250.1.213.1.3.1.1",
        "UITVersion": "1.0",
        "Mode_Acces_Raison": "",
        "Acces_Regulation_Medicale": "FAUX",
        "Palier_Authentification": "APPPRIP3^1.2.250.1.213.1.5.1.1.1",
        "otherIds": [{"identifiant": numero, "origine": "RPPS", "qualite": 1}],
    }
    if not persona.profession:
        return communs
    exercices = [_exercice(persona, persona.profession, persona.savoir_faire)]
    if persona.cle == "effecteur":
        # Libéral et hospitalier ; le premier exercice revient une seconde fois, avec une autre activité.
        exercices = [
            exercices[0],
            exercices[0] | {"activities": [ACTIVITE, HOPITAL]},
            _exercice(persona, persona.profession, "SM26") | {"codeCategorieProfessionnelle": "M"},
        ]
        del exercices[2]["activities"]
        communs["otherIds"].append({"identifiant": "591234567", "origine": "ADELI", "qualite": 1})
    return communs | {
        "Secteur_Activite": "SA07^1.2.250.1.71.4.2.4",
        "SubjectOrganization": "CABINET MEDICAL FICTIF",
        "SubjectOrganizationID": "R99999",
        "SubjectRole": [f"{persona.profession}^1.2.250.1.213.1.1.5.5"],
        "SubjectRefPro": {"codeCivilite": "", "exercices": exercices},
    }


def _exercice(persona: Persona, profession: str, savoir_faire: str) -> dict[str, Any]:
    return {
        "codeProfession": profession,
        "codeCategorieProfessionnelle": "C",
        "codeCiviliteDexercice": "DR" if profession == "10" else "",
        "nomDexercice": persona.nom,
        "prenomDexercice": persona.prenom,
        "codeTypeSavoirFaire": "S" if savoir_faire else "",
        "codeSavoirFaire": savoir_faire,
        "activities": [ACTIVITE],
    }
