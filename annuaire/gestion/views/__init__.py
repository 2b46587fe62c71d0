"""Pages de la gestion des comptes."""
