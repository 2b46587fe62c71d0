"""Tenir à jour les cartes que montre une page de résultats (docs/adr/0019)."""
