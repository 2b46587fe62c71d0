"""L’acte du régulateur, et ce qui en revient : orientations, départs vers un éditeur, rendez-vous, messages."""

from orientation.models.orientations import Orientation, OrientationQuerySet, Redirection

__all__ = ["Orientation", "OrientationQuerySet", "Redirection"]
