"""Temps de trajet des cartes affichées : demandés après la page, jamais avant elle."""
