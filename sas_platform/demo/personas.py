"""Les personnes de la démonstration : une clé stable chacune, fictives, aux identifiants synthétiques."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from comptes.enums import Role

if TYPE_CHECKING:
    from comptes.models import Compte


@dataclass(frozen=True, slots=True)
class Persona:
    cle: str
    prenom: str
    nom: str
    identifiant_national: str
    email: str
    roles: tuple[Role, ...]
    # Ce que la personne peut faire aujourd’hui sur la plateforme, pour la page de connexion.
    peut: str
    # Nomenclatures de l’ANS : profession (10 médecin, 60 infirmier) et savoir-faire ; vides hors des soins.
    profession: str = ""
    savoir_faire: str = ""
    # Son compte n’a pas d’identifiant national : il se rattache à sa première connexion.
    a_rattacher: bool = False


CHERCHE = "cherche une offre de soins et y oriente un patient"
EFFECTEUR = (
    "tient l’agenda de ses lieux et ses indisponibilités, déclare sa participation, voit ce que voit la régulation\u00a0; "
    "il lui manque une demi-heure sur deux heures, et l’alerte du vendredi est dans sa boîte\u00a0; suit ce que vaut sa "
    "participation, acte par acte, et conteste un décompte"
)

PERSONAS = (
    Persona("osnp", "Camille", "Osmont", "899999999011", "osnp@exemple.invalid", (Role.OSNP,), CHERCHE),
    Persona(
        "regulateur",
        "Dominique",
        "Regnier",
        "899999999029",
        "regulateur@exemple.invalid",
        (Role.REGULATEUR,),
        CHERCHE,
        profession="10",
        savoir_faire="SM54",
    ),
    Persona(
        "ioa", "Inès", "Orsini", "899999999037", "ioa@exemple.invalid", (Role.IOA,), CHERCHE, profession="60"
    ),
    Persona(
        "effecteur",
        "Étienne",
        "Favier",
        "899999999045",
        "effecteur@exemple.invalid",
        (Role.EFFECTEUR,),
        EFFECTEUR,
        profession="10",
        savoir_faire="SM54",
    ),
    Persona(
        "effecteur-interface",
        "Florence",
        "Imbert",
        "899999999052",
        "effecteur-interface@exemple.invalid",
        (Role.EFFECTEUR,),
        "montre les créneaux de son logiciel, ou refuse qu’ils s’affichent\u00a0; une délégation attend son accord",
        profession="10",
        savoir_faire="SM54",
    ),
    Persona(
        "effecteur-nouveau",
        "Noé",
        "Vasseur",
        "899999999060",
        "",
        (),
        "confirme son adresse, accepte les CGU, et son compte d’effecteur est créé",
        profession="10",
        savoir_faire="SM54",
    ),
    Persona(
        "delegataire",
        "Délia",
        "Gautier",
        "899999999078",
        "delegataire@exemple.invalid",
        (Role.DELEGATAIRE,),
        "tient les agendas d’un effecteur et d’un centre de santé, importe un planning\u00a0; une autre délégation attend",
    ),
    Persona(
        "gestionnaire-structure",
        "Gilles",
        "Santini",
        "899999999086",
        "gestionnaire-structure@exemple.invalid",
        (Role.GESTIONNAIRE_STRUCTURE,),
        "règle la participation d’un centre de santé et d’une association SOS Médecins, tient leurs agendas, importe un "
        "planning, suit leurs heures\u00a0; tient les membres et la zone d’une CPTS\u00a0; dit ce que sont devenus les "
        "patients adressés en sus à chacun, et à une maison de santé",
    ),
    Persona(
        "gestionnaire-comptes",
        "Gaëlle",
        "Comte",
        "899999999094",
        "gestionnaire-comptes@exemple.invalid",
        (Role.GESTIONNAIRE_COMPTES,),
        "crée et gère les comptes de ses territoires, accorde des délégations ; cherche une offre, sans orienter",
    ),
    Persona(
        "referent",
        "René",
        "Terral",
        "899999999102",
        "referent@exemple.invalid",
        (Role.REFERENT,),
        "consulte son territoire et ses indicateurs, répond aux demandes d’assistance",
    ),
    Persona(
        "cpam",
        "Claire",
        "Pamart",
        "899999999110",
        "cpam@exemple.invalid",
        (Role.CPAM,),
        "produit les fichiers des périodes closes du Nord, répond aux contestations\u00a0; un collègue valide ce qu’elle a "
        "produit",
    ),
    Persona(
        "cpam-validation",
        "Valérie",
        "Doucet",
        "899999999167",
        "cpam-validation@exemple.invalid",
        (Role.CPAM,),
        "relit, valide et télécharge les fichiers que Claire Pamart a produits, avec leur manifeste signé",
    ),
    Persona(
        "administrateur",
        "Adèle",
        "Minard",
        "899999999128",
        "administrateur@exemple.invalid",
        (Role.ADMINISTRATEUR,),
        "administre comptes, territoires et structures, propose des règles au barème et clôt les périodes\u00a0; cherche une "
        "offre, sans orienter",
    ),
    Persona(
        "administrateur-relecture",
        "Rémi",
        "Lectour",
        "899999999185",
        "administrateur-relecture@exemple.invalid",
        (Role.ADMINISTRATEUR,),
        "relit les règles qu’Adèle Minard propose, les met en vigueur ou les écarte",
    ),
    Persona(
        "support",
        "Soline",
        "Porteau",
        "899999999136",
        "support@exemple.invalid",
        (Role.SUPPORT,),
        "répond aux demandes d’assistance et consulte les territoires",
    ),
    Persona(
        "pilotage",
        "Pierre",
        "Lotage",
        "899999999172",
        "pilotage@exemple.invalid",
        (Role.PILOTAGE,),
        "lit les indicateurs de la France et de chaque territoire, les compare, en prend les données",
    ),
    Persona(
        "compte-connu",
        "Corinne",
        "Ravel",
        "899999999144",
        "compte-connu@exemple.invalid",
        (Role.REGULATEUR,),
        "rattache son identité au compte créé par son gestionnaire, en confirmant compte-connu@exemple.invalid",
        profession="10",
        savoir_faire="SM54",
        a_rattacher=True,
    ),
    Persona(
        "sans-habilitation",
        "Sacha",
        "Hardouin",
        "899999999151",
        "",
        (),
        "n’a ni compte ni lieu d’exercice : la plateforme lui dit à qui s’adresser",
    ),
)

PAR_CLE = {persona.cle: persona for persona in PERSONAS}


def creer_comptes(effecteurs: Mapping[str, str] | None = None) -> dict[str, Compte]:
    """Crée ou remet à jour les comptes et leurs rôles ; rejouable.

    `effecteurs` donne à une persona (clé) l’identifiant national d’un effecteur
    des données générées, pour que son compte soit celui de cet effecteur.
    """
    from django.db import transaction
    from django.utils import timezone

    from comptes import cgu
    from comptes.models import Compte, Habilitation

    comptes = {}
    maintenant = timezone.now()
    with transaction.atomic():
        for persona in PERSONAS:
            if not persona.roles:
                continue
            champs = {"prenom": persona.prenom, "nom": persona.nom, "is_active": True}
            if not persona.a_rattacher:
                champs["identifiant_national"] = identifiant(persona, effecteurs)
            compte, _ = Compte.objects.update_or_create(email=persona.email, defaults=champs)
            for role in persona.roles:
                Habilitation.objects.get_or_create(compte=compte, role=role, fin_le=None)
            if version := cgu.a_accepter(compte, maintenant=maintenant):
                cgu.accepter(compte=compte, version=version, maintenant=maintenant)
            comptes[persona.cle] = compte
    return comptes


def identifiant(persona: Persona, effecteurs: Mapping[str, str] | None) -> str:
    return (effecteurs or {}).get(persona.cle, persona.identifiant_national)
