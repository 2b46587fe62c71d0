"""Recherche ouverte depuis un logiciel de régulation médicale (INT_L01)."""
