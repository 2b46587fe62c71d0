"""La vie d’une orientation : place tenue, appels, avis, issues, correction, suivi d’équipe (docs/adr/0024)."""
