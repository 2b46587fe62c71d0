"""Pages communes : accueil, mentions, sonde de santé."""
