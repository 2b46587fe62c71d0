"""Forme de l’export des données d’une personne, version 1. Un champ ôté ou changé de sens vaut une version de plus."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

VERSION = 1
Titre = Annotated[str, Meta(description="Nom de la personne ou de la structure")]


class Forme(msgspec.Struct, forbid_unknown_fields=True):
    """Ni champ de trop, ni champ de moins."""


class Identite(Forme):
    numero: int
    nom: str
    prenom: str
    email: str | None
    identifiant_national: str | None
    carte_cpx: str
    actif: bool
    cree_le: datetime
    derniere_connexion_le: datetime | None
    mot_de_passe_change_le: datetime | None
    adresse_en_echec_depuis: datetime | None
    desactive_le: datetime | None


class Perimetre(Forme):
    territoire: str | None
    structure: str | None
    depuis: datetime
    jusqu_au: datetime | None


class Role(Forme):
    role: str
    depuis: datetime
    jusqu_au: datetime | None
    perimetres: list[Perimetre]


class Acceptation(Forme):
    version: str
    le: datetime


class Jeton(Forme):
    numero: int
    portees: list[str]
    cree_le: datetime
    expire_le: datetime
    revoque_le: datetime | None


class Delegation(Forme):
    numero: int
    titulaire: Titre
    delegataire: Titre
    depuis: datetime
    jusqu_au: datetime | None
    consentie_le: datetime | None
    revoquee_le: datetime | None


class DemandeDelegation(Forme):
    numero: int
    prenom: str
    nom: str
    email: str
    etat: str
    motif: str
    creee_le: datetime
    traitee_le: datetime | None


class Message(Forme):
    le: datetime
    texte: str
    de_vous: bool


class Demande(Forme):
    """Une demande d’assistance, sans les notes que se laissent les personnes qui la traitent."""

    numero: str
    theme: str
    nom: str
    prenom: str
    telephone: str
    email: str
    message: str
    etat: str
    cree_le: datetime
    clos_le: datetime | None
    messages: list[Message]
    fichiers: list[str]


class Courriel(Forme):
    """Sans le corps, effacé à l’envoi."""

    sujet: str
    destinataire: str
    etat: str
    cree_le: datetime
    envoye_le: datetime | None


class Disponibilite(Forme):
    genre: str
    capacite: int
    modalites: list[str]
    premier_jour: date
    dernier_jour: date | None
    jours: list[int]
    toutes_les_n_semaines: int
    de: str
    a: str
    sauf: list[date]


class Indisponibilite(Forme):
    debut: datetime
    fin: datetime | None


class SemaineType(Forme):
    nom: str
    horaires: list[dict[str, Any]]


class Sollicitation(Forme):
    """Comment la régulation joint ce lieu, et combien elle peut lui demander."""

    telephone_prive: str
    heures_d_appel: str
    max_par_jour: int | None
    max_par_semaine: int | None
    pause_jusqu_au: datetime | None


class PeriodeOccupee(Forme):
    debut: datetime
    fin: datetime


class CalendrierExterne(Forme):
    """Un calendrier relié à ce lieu. Du reste de son adresse, souvent un secret, rien ne sort."""

    site: str
    cree_le: datetime
    lu_le: datetime | None
    echec: str


class Lieu(Forme):
    numero: int
    nom: str
    adresse: str
    code_postal: str
    commune: str
    telephone: str
    source: str
    actif: bool
    informations_complementaires: str
    accueil: list[str]
    langues: list[str]
    disponibilites: list[Disponibilite]
    indisponibilites: list[Indisponibilite]
    semaines_types: list[SemaineType]
    sollicitation: Sollicitation | None
    calendriers_externes: list[CalendrierExterne]
    periodes_occupees: list[PeriodeOccupee]


class Participation(Forme):
    participe: bool
    modalite: str
    structure: str | None
    utilise_logiciel: bool | None
    logiciels: list[str]
    declare_deux_heures: bool
    refuse_affichage: bool
    forfait_reorientation: bool


class Declaration(Forme):
    """Ce que disait la participation avant et après ce changement."""

    le: datetime
    avant: dict[str, Any] | None
    apres: dict[str, Any]


class Releve(Forme):
    """Heures montrées pendant une semaine, désignée par son lundi."""

    semaine: date
    minutes: int
    seuil_min: int
    releve_le: datetime


class IssueDite(Forme):
    """Ce que l’on a dit, ce jour-là, de ce qu’est devenue une orientation."""

    orientation: str
    issue: str
    source: str
    le: datetime


class OrientationRecue(Forme):
    """Sans le régulateur, qui est une autre personne."""

    lieu: int
    debut: datetime
    enregistree_le: datetime
    annulee_le: datetime | None
    issues: list[IssueDite]


class AppelRecu(Forme):
    """Un appel de la régulation à ce lieu, et ce qu’il a donné ; sans le régulateur."""

    lieu: int
    le: datetime
    issue: str
    motif: str | None


class Effecteur(Forme):
    identifiant_national: str
    civilite: str
    nom: str
    prenom: str
    profession: str
    savoir_faire: list[str]
    conventionnement: str
    participation: Participation | None
    declarations: list[Declaration]
    releves_hebdomadaires: list[Releve]
    lieux: list[Lieu]
    avis_par_courriel: str | None
    orientations_recues: list[OrientationRecue]
    appels_recus: list[AppelRecu]


class AppelPasse(Forme):
    lieu: int
    le: datetime
    issue: str
    motif: str | None


class PlaceTenue(Forme):
    """La place gardée en ce moment, le temps d’un appel."""

    lieu: int
    debut: datetime
    expire_le: datetime


class AnnulationDecidee(Forme):
    orientation: str
    motif: str
    le: datetime


class NoteReleve(Forme):
    territoire: Titre
    texte: str
    le: datetime


class OrientationDecidee(Forme):
    lieu: int
    type: str
    debut: datetime
    enregistree_le: datetime
    annulee_le: datetime | None


class Redirection(Forme):
    lieu: int | None
    editeur: str
    le: datetime


class DeclarationDeStructure(Forme):
    """Ce que la personne a déclaré pour une structure qu’elle gère."""

    structure: Titre
    le: datetime
    avant: dict[str, Any] | None
    apres: dict[str, Any]


class GesteAgenda(Forme):
    """Un geste de la personne sur un agenda, le sien ou celui d’un autre."""

    lieu: int
    le: datetime
    libelle: str
    annule_le: datetime | None


class ImportPlanning(Forme):
    """Un fichier de planning envoyé par la personne ; ses lignes s’effacent une fois importées."""

    nom: str
    cree_le: datetime
    nombre: int
    fait_le: datetime | None
    annule_le: datetime | None


class LienCalendrier(Forme):
    """Sans l’adresse, dont le secret n’est pas gardé ; `lieu` nul : tous."""

    lieu: int | None
    cree_le: datetime
    lu_le: datetime | None
    revoque_le: datetime | None


class CompteChezEditeur(Forme):
    """Ce qu’un éditeur a reçu de la personne pour qu’elle y prenne des rendez-vous : ce numéro, son nom, son adresse."""

    editeur: str
    identifiant: str
    actif: bool
    recu_le: datetime


class Acte(Forme):
    le: datetime
    qui: str
    roles: str
    acte: str
    objet: str


class Export(Forme):
    """Tout ce que la plateforme garde sur une personne. Elle ne garde rien sur les patients."""

    version: int
    produit_le: datetime
    compte: Identite
    roles: list[Role]
    conditions_acceptees: list[Acceptation]
    jetons: list[Jeton]
    delegations_recues: list[Delegation]
    delegations_donnees: list[Delegation]
    demandes_de_delegation: list[DemandeDelegation]
    demandes_d_assistance: list[Demande]
    courriels: list[Courriel]
    effecteur: Effecteur | None
    orientations_decidees: list[OrientationDecidee]
    redirections: list[Redirection]
    appels_passes: list[AppelPasse]
    places_tenues: list[PlaceTenue]
    annulations_decidees: list[AnnulationDecidee]
    issues_dites: list[IssueDite]
    notes_de_releve: list[NoteReleve]
    declarations_de_structures: list[DeclarationDeStructure]
    gestes_sur_les_agendas: list[GesteAgenda]
    plannings_importes: list[ImportPlanning]
    liens_de_calendrier: list[LienCalendrier]
    comptes_chez_les_editeurs: list[CompteChezEditeur]
    actes_sur_mes_donnees: list[Acte]
    mes_autres_actes: list[Acte]


def schema_json() -> bytes:
    """Schéma JSON de l’export, publié dans docs/mes-donnees.schema.json."""
    return msgspec.json.format(msgspec.json.encode(msgspec.json.schema(Export)), indent=2) + b"\n"
