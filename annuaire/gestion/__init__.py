"""Gérer les comptes : les chercher, les créer, les modifier, les clore, chacun dans ses territoires."""
