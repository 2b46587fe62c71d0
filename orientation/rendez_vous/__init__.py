"""Retour des rendez-vous par les éditeurs (INT_R03), sous `/fhir/`."""
