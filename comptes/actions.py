"""Ce qui s’écrit au sujet des comptes."""

from typing import Any

from comptes.models import Compte, Trace


def tracer(*, acteur: Compte | None, verbe: str, objet: str, **details: Any) -> Trace:
    """Ajoute une ligne à la trace. À appeler en dernier : elle tient un verrou jusqu’à la fin de la transaction."""
    return Trace.objects.create(acteur=acteur, verbe=verbe, objet=objet, details=details)
