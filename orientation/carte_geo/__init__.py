"""La carte des résultats : les offres de la liste, posées sur un plan, et la recherche relancée d’un point."""
