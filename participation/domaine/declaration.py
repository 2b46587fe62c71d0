"""Ce qu’un effecteur, ou une structure, déclare pour participer ; les refus et les effets de chaque réponse.

Une seule fonction par question, sans base ni horloge : le formulaire, l’action,
l’import et la rémunération posent la même. Règles P-01 à P-23 de metier.md § 4 ;
guide de l’effecteur § 2.2 à 2.4 ; FAQ du 30/01/2023.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sas_platform.socle.francais import date_longue

INDIVIDUEL, CPTS, MSP, SOS = "individuel", "cpts", "msp", "sos"
CDS = "cds"
PAR_UNE_STRUCTURE = frozenset({CPTS, MSP, SOS})

HEURES_PAR_SEMAINE = 2


@dataclass(frozen=True, slots=True)
class Declaration:
    """Les réponses d’un effecteur. `utilise_logiciel` nul : pas répondu.

    `type_structure` : celui de la structure choisie, vide s’il n’y en a pas.
    `lieux_rattaches` et `logiciels` : combien ont été choisis.
    """

    participe: bool = False
    modalite: str = ""
    type_structure: str = ""
    lieux_rattaches: int = 0
    utilise_logiciel: bool | None = None
    logiciels: int = 0
    declare_deux_heures: bool = False
    refuse_affichage: bool = False
    forfait_reorientation: bool = False

    @property
    def montre_ses_creneaux_d_editeur(self) -> bool:
        """Déclare un logiciel interfacé, et en laisse montrer les créneaux."""
        return bool(self.utilise_logiciel) and not self.refuse_affichage and self.modalite != SOS

    @property
    def editeur_admis(self) -> bool:
        """Les créneaux qu’un éditeur enverrait seraient montrés : par défaut oui, tant que rien ne dit le contraire."""
        return self.modalite != SOS and not self.refuse_affichage and self.utilise_logiciel is not False

    @property
    def agenda_saisi_ouvert(self) -> bool:
        """A-06 : qui montre les créneaux de son logiciel ne les saisit pas une seconde fois."""
        return self.modalite != SOS and not self.montre_ses_creneaux_d_editeur


@dataclass(frozen=True, slots=True)
class DeclarationStructure:
    """Les réponses d’un centre de santé ou d’une association SOS Médecins."""

    type_structure: str
    participe: bool = False
    declare_deux_heures: bool = False
    nombre_effecteurs: int = 0


@dataclass(frozen=True, slots=True)
class Refus:
    """Une réponse à corriger : le champ, et ce qu’il faut y faire."""

    champ: str
    message: str


_CHOISIR = {
    CPTS: "Veuillez sélectionner une CPTS dans les suggestions qui vous sont proposées.",
    MSP: "Veuillez sélectionner une MSP dans les suggestions qui vous sont proposées.",
    SOS: "Veuillez sélectionner une association SOS Médecins dans les suggestions qui vous sont proposées.",
}
_DECLARER = "Veuillez déclarer sur l’honneur la mise à disposition de disponibilités pour le SAS."


def pertinente(declaration: Declaration) -> Declaration:
    """La même déclaration, sans les réponses aux questions qui ne se posent plus.

    Une réponse sans objet s’efface ; jamais une déclaration sur l’honneur ne se
    coche d’elle-même (W-43).
    """
    if not declaration.participe:
        return replace(
            declaration,
            modalite="",
            type_structure="",
            lieux_rattaches=0,
            utilise_logiciel=None,
            logiciels=0,
            declare_deux_heures=False,
        )
    if declaration.modalite == SOS:
        sans = replace(declaration, lieux_rattaches=0, utilise_logiciel=None)
        return replace(sans, logiciels=0, declare_deux_heures=False)
    if declaration.modalite not in PAR_UNE_STRUCTURE:
        declaration = replace(declaration, type_structure="")
    if declaration.modalite != CPTS:
        declaration = replace(declaration, lieux_rattaches=0)
    if not declaration.montre_ses_creneaux_d_editeur:
        return replace(declaration, logiciels=0)
    return replace(declaration, declare_deux_heures=False)


def refus(declaration: Declaration) -> list[Refus]:
    """Ce qui empêche d’enregistrer, question par question ; vide si tout est bon (P-01 à P-07)."""
    return list(_refus(declaration)) if declaration.participe else []


def _refus(declaration: Declaration) -> Iterator[Refus]:
    modalite = declaration.modalite
    if modalite not in PAR_UNE_STRUCTURE | {INDIVIDUEL}:
        yield Refus("modalite", "Veuillez indiquer comment vous participez au SAS.")
        return
    if modalite in PAR_UNE_STRUCTURE and declaration.type_structure != modalite:
        yield Refus("structure", _CHOISIR[modalite])
    if modalite == CPTS and declaration.lieux_rattaches < 1:
        yield Refus("lieux", "Veuillez indiquer au moins un lieu d’activité.")
    if modalite == SOS:
        return
    if declaration.utilise_logiciel is None:
        yield Refus("utilise_logiciel", "Veuillez indiquer si vous disposez d’un logiciel de rendez-vous.")
    elif declaration.montre_ses_creneaux_d_editeur:
        if declaration.logiciels < 1:
            yield Refus("logiciels", "Veuillez indiquer au moins un logiciel de rendez-vous.")
    elif not declaration.declare_deux_heures:
        yield Refus("declare_deux_heures", _DECLARER)


def refus_structure(declaration: DeclarationStructure) -> list[Refus]:
    """Ce qui empêche d’enregistrer la participation d’une structure (P-20 à P-23)."""
    if declaration.type_structure not in (CDS, SOS):
        return [
            Refus(
                "participe",
                "Seuls un centre de santé et une association SOS Médecins participent eux-mêmes ; les membres d’une "
                "CPTS ou d’une MSP déclarent chacun leur participation.",
            )
        ]
    if not declaration.participe:
        return []
    trouves = []
    if declaration.type_structure == CDS and declaration.nombre_effecteurs < 1:
        trouves.append(
            Refus(
                "nombre_effecteurs",
                "Afin d’enregistrer votre participation au SAS, vous devez déclarer au moins un professionnel de santé.",
            )
        )
    if not declaration.declare_deux_heures:
        trouves.append(Refus("declare_deux_heures", _DECLARER))
    return trouves


@dataclass(frozen=True, slots=True)
class Droit:
    """La participation ouvre-t-elle droit à rémunération, et pourquoi."""

    ouvert: bool
    raison: str


def droit(
    declaration: Declaration,
    *,
    jour: date,
    saisie_admise_jusqu_au: date | None,
    structure_interfacee: bool = False,
) -> Droit:
    """Condition de participation au titre du `jour` ; les heures montrées et l’ouverture du SAS se jugent ailleurs.

    `saisie_admise_jusqu_au` : dernier jour où l’agenda saisi suffit ; nul, il
    suffit toujours. Depuis le 1er janvier 2026 il faut une solution interfacée,
    la sienne ou celle d’une organisation, sauf arbitrage de l’assurance maladie
    (fiche repères 2026).
    """
    if not declaration.participe:
        return Droit(False, "Vous n’acceptez pas d’être sollicité en sus de vos disponibilités.")
    if declaration.modalite == SOS:
        return Droit(True, "Votre association SOS Médecins porte vos disponibilités.")
    if declaration.montre_ses_creneaux_d_editeur:
        return Droit(True, "Les créneaux de votre logiciel interfacé sont montrés à la régulation.")
    if declaration.modalite in (CPTS, MSP) and structure_interfacee:
        return Droit(True, "Votre organisation montre ses créneaux par sa solution interfacée.")
    if not declaration.declare_deux_heures:
        return Droit(False, "Vous n’avez pas déclaré montrer deux heures de disponibilité par semaine.")
    if saisie_admise_jusqu_au is not None and jour > saisie_admise_jusqu_au:
        return Droit(
            False,
            f"Depuis le {date_longue(saisie_admise_jusqu_au + timedelta(days=1))}, la participation passe par une solution interfacée, "
            "la vôtre ou celle de votre organisation ; votre agenda saisi reste montré à la régulation.",
        )
    return Droit(True, "Vous déclarez montrer deux heures de disponibilité par semaine sur l’agenda du SAS.")


def effets(declaration: Declaration) -> list[str]:
    """Ce que la régulation verra et pourra faire, une phrase par effet, avant d’enregistrer."""
    phrases = []
    if declaration.modalite == SOS:
        phrases.append(
            "Vos agendas personnels ne sont pas montrés : les points fixes de votre association les portent."
        )
    elif declaration.montre_ses_creneaux_d_editeur:
        phrases.append("Les créneaux de votre logiciel sont montrés ; votre agenda saisi est fermé.")
    elif declaration.refuse_affichage:
        phrases.append(
            "Les créneaux de votre logiciel disparaissent aussitôt de la recherche ; votre agenda saisi est ouvert."
        )
    else:
        phrases.append("Votre agenda saisi est ouvert et ses disponibilités sont montrées.")
        if declaration.editeur_admis:
            phrases.append("Si votre logiciel de rendez-vous est interfacé, ses créneaux sont montrés aussi.")
    if not declaration.participe:
        phrases.append("La régulation ne vous sollicite pas en sus de vos disponibilités.")
        if declaration.refuse_affichage:
            phrases.append(
                "Si vous renseignez directement sur l’agenda de la plateforme numérique 2 heures par semaine, sans avoir "
                "coché « Je participe au SAS », vous n’êtes pas éligible à la rémunération SAS de l’avenant n° 9."
            )
    elif declaration.modalite in (MSP, SOS):
        organisation = "votre maison de santé" if declaration.modalite == MSP else "votre association"
        phrases.append(f"La régulation sollicite {organisation} pour vous adresser des patients en sus.")
    else:
        phrases.append("La régulation peut vous solliciter en sus de vos disponibilités.")
    if declaration.forfait_reorientation:
        phrases.append(
            "Les infirmiers d’accueil des urgences vous trouvent dans la liste du forfait de réorientation, que vous ayez "
            "un créneau libre ou non."
        )
    return phrases


def effets_structure(declaration: DeclarationStructure) -> list[str]:
    """Comme `effets`, pour un centre de santé ou une association SOS Médecins (P-22, P-23)."""
    est_un_centre = declaration.type_structure == CDS
    elle = "Votre centre" if est_un_centre else "Votre association"
    pronom = "le" if est_un_centre else "la"
    montrees = "Les disponibilités saisies dans ses agendas sont montrées à la régulation"
    if not declaration.participe:
        phrases = [
            f"{elle} ne paraît pas parmi les participants, et la régulation ne {pronom} sollicite pas en sus de ses "
            "disponibilités.",
            f"{montrees} quand même.",
        ]
        if est_un_centre:
            phrases.append(
                "Même avec 2 heures de disponibilité par semaine pour chacun de ses médecins généralistes, votre centre "
                "n’est pas éligible à la rémunération SAS de l’avenant n° 4."
            )
        return phrases
    attendues = HEURES_PAR_SEMAINE * declaration.nombre_effecteurs
    return [
        f"{elle} paraît aussitôt parmi les participants, et la régulation peut {pronom} solliciter pour prendre des "
        "patients en sus de ses disponibilités.",
        f"{montrees}.",
        f"{attendues} heures de disponibilité par semaine sont attendues : {HEURES_PAR_SEMAINE} pour chaque "
        f"professionnel déclaré ({declaration.nombre_effecteurs})."
        if est_un_centre
        else f"{HEURES_PAR_SEMAINE} heures de disponibilité par semaine sont attendues pour chaque médecin qui "
        "participe par votre association.",
    ]
