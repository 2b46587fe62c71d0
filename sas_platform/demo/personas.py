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


CHERCHE = "cherche une offre de soins et y oriente un patient"
PAS_ENCORE = "se connecte ; les pages de ce rôle ne sont pas encore ouvertes"

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
        PAS_ENCORE,
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
        PAS_ENCORE,
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
        "la plateforme lui dit à qui s’adresser",
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
        PAS_ENCORE,
    ),
    Persona(
        "gestionnaire-structure",
        "Gilles",
        "Santini",
        "899999999086",
        "gestionnaire-structure@exemple.invalid",
        (Role.GESTIONNAIRE_STRUCTURE,),
        PAS_ENCORE,
    ),
    Persona(
        "gestionnaire-comptes",
        "Gaëlle",
        "Comte",
        "899999999094",
        "gestionnaire-comptes@exemple.invalid",
        (Role.GESTIONNAIRE_COMPTES,),
        "cherche une offre de soins, sans orienter",
    ),
    Persona(
        "referent", "René", "Terral", "899999999102", "referent@exemple.invalid", (Role.REFERENT,), PAS_ENCORE
    ),
    Persona("cpam", "Claire", "Pamart", "899999999110", "cpam@exemple.invalid", (Role.CPAM,), PAS_ENCORE),
    Persona(
        "administrateur",
        "Adèle",
        "Minard",
        "899999999128",
        "administrateur@exemple.invalid",
        (Role.ADMINISTRATEUR,),
        "administre les comptes, les habilitations et les agendas ; cherche une offre, sans orienter",
    ),
)

PAR_CLE = {persona.cle: persona for persona in PERSONAS}


def creer_comptes(effecteurs: Mapping[str, str] | None = None) -> dict[str, Compte]:
    """Crée ou remet à jour les comptes et leurs rôles ; rejouable.

    `effecteurs` donne à une persona (clé) l’identifiant national d’un effecteur
    des données générées, pour que son compte soit celui de cet effecteur.
    """
    from django.db import transaction

    from comptes.models import Compte, Habilitation

    comptes = {}
    with transaction.atomic():
        for persona in PERSONAS:
            if not persona.roles:
                continue
            compte, _ = Compte.objects.update_or_create(
                email=persona.email,
                defaults={
                    "identifiant_national": identifiant(persona, effecteurs),
                    "prenom": persona.prenom,
                    "nom": persona.nom,
                    "is_active": True,
                },
            )
            for role in persona.roles:
                Habilitation.objects.get_or_create(compte=compte, role=role, fin_le=None)
            comptes[persona.cle] = compte
    return comptes


def identifiant(persona: Persona, effecteurs: Mapping[str, str] | None) -> str:
    return (effecteurs or {}).get(persona.cle, persona.identifiant_national)
