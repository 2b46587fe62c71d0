"""Ce qu’un gestionnaire veut d’un compte, et l’état qu’il en avait sous les yeux."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from annuaire.champs import Champ
from annuaire.gestion.portee import non_finies, perimetres_visibles
from annuaire.models import Effecteur, Perimetre, Structure
from comptes.droits import roles_accordables
from comptes.enums import Role
from comptes.models import Compte

PARIS = ZoneInfo("Europe/Paris")
# Rôles dont le périmètre est une liste de territoires, saisie par le gestionnaire (U-11).
TERRITORIAUX = (Role.OSNP, Role.REGULATEUR, Role.IOA, Role.REFERENT, Role.GESTIONNAIRE_COMPTES)

# Nom de champ → valeurs, comme le formulaire les renvoie : deux états se comparent champ par champ.
Etat = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class RoleVoulu:
    fin_le: datetime | None = None
    territoires: frozenset[int] = frozenset()
    structures: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Saisie:
    email: str
    nom: str
    prenom: str
    identifiant_national: str | None
    numero_cpx: str
    roles: Mapping[Role, RoleVoulu]
    # Titulaires dont le délégataire tiendra l’agenda, quand ils y auront consenti.
    titulaires: tuple[Effecteur | Structure, ...] = ()


def etat_du_compte(compte: Compte, acteur: Compte, champ: Champ, *, instant: datetime) -> Etat:
    """Ce que montre le formulaire à `acteur` : ni les rôles ni les territoires qu’il ne gère pas."""
    etat: Etat = {
        "email": [compte.email or ""],
        "identifiant": [compte.identifiant_national or ""],
        "nom": [compte.nom],
        "prenom": [compte.prenom],
        "numero_cpx": [compte.numero_cpx],
        "roles": [],
        "structures": [],
    }
    habilitations = compte.habilitations.filter(non_finies(instant), role__in=roles_accordables(acteur.roles))
    perimetres = Perimetre.objects.filter(non_finies(instant), habilitation__in=habilitations)
    tous = set(perimetres.values_list("habilitation", flat=True))
    visibles = list(
        perimetres_visibles(perimetres, champ).values_list("habilitation", "territoire", "structure")
    )
    for habilitation in habilitations.order_by("role", "pk"):
        siens = [(territoire, structure) for pk, territoire, structure in visibles if pk == habilitation.pk]
        if habilitation.pk in tous and not siens:
            continue  # le rôle ne vaut que chez d’autres
        role = habilitation.role
        etat["roles"].append(role)
        etat[f"fin_{role}"] = [habilitation.dernier_jour.isoformat() if habilitation.dernier_jour else ""]
        if role in TERRITORIAUX:
            etat[f"territoires_{role}"] = sorted(str(territoire) for territoire, _ in siens if territoire)
        etat["structures"] += [str(structure) for _, structure in siens if structure]
    etat["structures"].sort()
    return etat
