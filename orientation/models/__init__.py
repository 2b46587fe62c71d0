"""L’acte du régulateur, et ce qui en revient : orientations, départs vers un éditeur, rendez-vous, messages."""

from orientation.models.compteurs import LotDeCompteurs, RecherchesDuJour
from orientation.models.externes import (
    JetonOutil,
    OrientationExterne,
    OrientationExterneQuerySet,
    OutilTerritorial,
)
from orientation.models.hub import JournalHub, MessageHub, MessageHubQuerySet
from orientation.models.lrm import ArriveesLRM, ArriveesLRMQuerySet, LogicielRegulation
from orientation.models.orientations import Orientation, OrientationQuerySet, Redirection
from orientation.models.rendez_vous import EtatRendezVous, RendezVous, RendezVousQuerySet
from orientation.models.suivi import (
    Annulation,
    Appel,
    IssueOrientation,
    IssueOrientationQuerySet,
    MotifRefus,
    NoteReleve,
    PreferenceAvis,
)

__all__ = [
    "Annulation",
    "Appel",
    "ArriveesLRM",
    "ArriveesLRMQuerySet",
    "EtatRendezVous",
    "IssueOrientation",
    "IssueOrientationQuerySet",
    "JetonOutil",
    "JournalHub",
    "LogicielRegulation",
    "LotDeCompteurs",
    "MessageHub",
    "MessageHubQuerySet",
    "MotifRefus",
    "NoteReleve",
    "Orientation",
    "OrientationExterne",
    "OrientationExterneQuerySet",
    "OrientationQuerySet",
    "OutilTerritorial",
    "PreferenceAvis",
    "RecherchesDuJour",
    "Redirection",
    "RendezVous",
    "RendezVousQuerySet",
]
