"""Un monde à deux territoires, et une personne de chaque sorte dans l’un et dans l’autre."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from agenda.models import CopieRegulateur, Editeur
from annuaire.models import (
    Delegation,
    DemandeDelegation,
    Effecteur,
    LieuExercice,
    Rattachement,
    Structure,
    Territoire,
)
from assistance.models import PieceJointe, Ticket
from comptes.enums import Role
from comptes.models import Compte
from orientation.models import MessageHub, Orientation
from remuneration.models import Contestation, Export, Regle
from tests.agenda.factories import CopieRegulateurFactory, EditeurFactory
from tests.annuaire.factories import (
    CommuneFactory,
    EffecteurFactory,
    LieuExerciceFactory,
    StructureFactory,
    TerritoireFactory,
    habiliter,
)
from tests.assistance.factories import PieceFactory, TicketFactory
from tests.comptes.factories import DEBUT, CompteFactory
from tests.orientation.factories import MessageHubFactory, OrientationFactory
from tests.remuneration.factories import (
    CalculFactory,
    ContestationFactory,
    ExportFactory,
    RegleFactory,
    clore_pour_essai,
)


@dataclass
class Monde:
    """Un effecteur de Lille et ce qui l’entoure ; les mêmes rôles à La Réunion, qui n’ont rien à y voir."""

    territoire: Territoire
    effecteur: Effecteur
    lieu: LieuExercice
    structure: Structure
    point_fixe: LieuExercice
    delegation: Delegation
    a_consentir: Delegation
    demande: DemandeDelegation
    propose: Rattachement
    membre: Rattachement
    orientation: Orientation
    message_hub: MessageHub
    editeur: Editeur
    copie: CopieRegulateur
    ticket: Ticket
    piece: PieceJointe
    osnp: Compte
    regle: Regle
    export: Export
    contestation: Contestation
    comptes: dict[str, Compte] = field(default_factory=dict)


def creer_le_monde() -> Monde:
    lille, saint_denis = CommuneFactory(), CommuneFactory(reunion=True)
    nord = TerritoireFactory(nom="SAS Nord", departements=[lille.departement])
    reunion = TerritoireFactory(nom="SAS Réunion", departements=[saint_denis.departement])
    effecteur, ailleurs = EffecteurFactory(), EffecteurFactory()
    lieu = LieuExerciceFactory(effecteur=effecteur)
    LieuExerciceFactory(effecteur=ailleurs, reunion=True)
    structure = StructureFactory(sos=True, nom="SOS Médecins Lille", commune=lille)
    structure_ailleurs = StructureFactory(sos=True, nom="SOS Médecins Réunion", commune=saint_denis)
    comptes = _comptes(nord, reunion, effecteur, ailleurs, structure, structure_ailleurs)
    titulaire, delegataire = comptes["titulaire"], comptes["délégataire"]
    veille = timezone.now() - timedelta(days=1)
    delegation = Delegation.objects.create(
        delegataire=delegataire,
        effecteur=effecteur,
        debut_le=veille,
        consentie_le=veille,
        consentie_par=titulaire,
    )
    Delegation.objects.create(
        delegataire=delegataire,
        structure=structure,
        debut_le=veille,
        consentie_le=veille,
        consentie_par=comptes["responsable"],
    )
    osnp = CompteFactory()
    habiliter(osnp, Role.OSNP, territoire=nord)
    ticket = TicketFactory(auteur=titulaire, territoire=nord)
    confrere = LieuExerciceFactory(effecteur=EffecteurFactory())
    export = ExportFactory(calcul=clore_pour_essai(CalculFactory()), departement=lille.departement)
    return Monde(
        territoire=nord,
        effecteur=effecteur,
        lieu=lieu,
        structure=structure,
        point_fixe=LieuExerciceFactory(de_structure=True, structure=structure),
        delegation=delegation,
        a_consentir=Delegation.objects.create(
            delegataire=CompteFactory(role=Role.DELEGATAIRE), effecteur=effecteur, debut_le=veille
        ),
        demande=DemandeDelegation.objects.create(
            demandeur=titulaire,
            effecteur=effecteur,
            prenom="Délia",
            nom="Gautier",
            email="delia@exemple.invalid",
            commune=lille,
        ),
        propose=Rattachement.objects.create(structure=structure, lieu=lieu, debut_le=DEBUT),
        membre=Rattachement.objects.create(structure=structure, lieu=confrere, debut_le=DEBUT),
        orientation=OrientationFactory(acteur=comptes["régulateur"], territoire=nord),
        message_hub=MessageHubFactory(territoire=nord),
        editeur=EditeurFactory(),
        copie=CopieRegulateurFactory(compte=osnp),
        ticket=ticket,
        piece=PieceFactory(ticket=ticket),
        osnp=osnp,
        regle=RegleFactory(proposee=True),
        export=export,
        contestation=ContestationFactory(
            periode=export.calcul.periode, effecteur=effecteur, departement=lille.departement
        ),
        comptes=comptes,
    )


def _comptes(
    nord: Territoire,
    reunion: Territoire,
    effecteur: Effecteur,
    ailleurs: Effecteur,
    structure: Structure,
    structure_ailleurs: Structure,
) -> dict[str, Compte]:
    comptes = {
        "titulaire": CompteFactory(role=Role.EFFECTEUR, identifiant_national=effecteur.identifiant_national),
        "confrère d’ailleurs": CompteFactory(
            role=Role.EFFECTEUR, identifiant_national=ailleurs.identifiant_national
        ),
        "délégataire": CompteFactory(role=Role.DELEGATAIRE),
        "délégataire d’ailleurs": CompteFactory(role=Role.DELEGATAIRE),
        "régulateur": CompteFactory(role=Role.OSNP),
        "autre régulateur": CompteFactory(role=Role.REGULATEUR),
        "IOA": CompteFactory(role=Role.IOA),
        "support": CompteFactory(role=Role.SUPPORT),
        "administrateur": CompteFactory(administrateur=True),
        "sans rôle": CompteFactory(),
    }
    portees: dict[str, tuple[Role, dict[str, Any]]] = {
        "responsable": (Role.GESTIONNAIRE_STRUCTURE, {"structure": structure}),
        "responsable d’ailleurs": (Role.GESTIONNAIRE_STRUCTURE, {"structure": structure_ailleurs}),
        "gestionnaire": (Role.GESTIONNAIRE_COMPTES, {"territoire": nord}),
        "gestionnaire d’ailleurs": (Role.GESTIONNAIRE_COMPTES, {"territoire": reunion}),
        "référent": (Role.REFERENT, {"territoire": nord}),
        "référent d’ailleurs": (Role.REFERENT, {"territoire": reunion}),
        "agent de CPAM": (Role.CPAM, {"territoire": nord}),
        "agent de CPAM d’ailleurs": (Role.CPAM, {"territoire": reunion}),
    }
    for nom, (role, portee) in portees.items():
        comptes[nom] = CompteFactory()
        habiliter(comptes[nom], role, **portee)
    return comptes
