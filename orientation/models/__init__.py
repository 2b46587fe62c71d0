"""L’acte du régulateur, et ce qui en revient : orientations, départs vers un éditeur, rendez-vous, messages."""

from orientation.models.hub import JournalHub, MessageHub, MessageHubQuerySet
from orientation.models.orientations import Orientation, OrientationQuerySet, Redirection
from orientation.models.rendez_vous import EtatRendezVous, RendezVous, RendezVousQuerySet

__all__ = [
    "EtatRendezVous",
    "JournalHub",
    "MessageHub",
    "MessageHubQuerySet",
    "Orientation",
    "OrientationQuerySet",
    "Redirection",
    "RendezVous",
    "RendezVousQuerySet",
]
