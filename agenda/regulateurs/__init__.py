"""Faire connaître aux éditeurs les comptes de régulateurs, et leur retirer ce droit aussitôt (INT_R02, docs/adr/0021)."""
