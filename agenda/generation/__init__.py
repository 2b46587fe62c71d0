"""Données fictives mais vraisemblables, les mêmes pour une même graine : démonstration, tests, mesures."""
