from django.db.models import TextChoices


class Voie(TextChoices):
    """Par où passe une orientation (metier.md O-02)."""

    AGENDA_SAS = "agenda_sas", "Place de l’agenda SAS"
    SURNUMERAIRE = "surnumeraire", "En sus des disponibilités"


class TypeOrientation(TextChoices):
    """Qui oriente, et comment (metier.md O-04)."""

    OSNP_CRENEAU = "1", "Régulation, sur disponibilité"
    OSNP_SURNUMERAIRE = "2", "Régulation, en sus des disponibilités"
    IOA = "3", "Réorientation depuis les urgences"
