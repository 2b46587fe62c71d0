"""Publier au LRM, par le Hub Santé, chaque orientation et chaque rendez-vous (INT_L02, docs/adr/0018)."""
