"""L’acte du régulateur, et ce qui en revient : orientations, départs vers un éditeur, rendez-vous, messages."""

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

__all__ = [
    "ArriveesLRM",
    "ArriveesLRMQuerySet",
    "EtatRendezVous",
    "JetonOutil",
    "JournalHub",
    "LogicielRegulation",
    "MessageHub",
    "MessageHubQuerySet",
    "Orientation",
    "OrientationExterne",
    "OrientationExterneQuerySet",
    "OrientationQuerySet",
    "OutilTerritorial",
    "Redirection",
    "RendezVous",
    "RendezVousQuerySet",
]
