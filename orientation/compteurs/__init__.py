"""Compter les recherches sans garder l’adresse ni rien écrire en base pendant qu’on cherche (docs/adr/0030)."""
