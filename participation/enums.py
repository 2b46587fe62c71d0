from django.db.models import TextChoices


class Modalite(TextChoices):
    """Comment un effecteur participe (metier.md § 4.1)."""

    INDIVIDUEL = "individuel", "À titre individuel"
    CPTS = "cpts", "Via ma CPTS"
    MSP = "msp", "Via ma MSP"
    SOS = "sos", "Via mon association SOS Médecins"
