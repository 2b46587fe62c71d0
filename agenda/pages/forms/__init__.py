"""Ce que l’on saisit dans l’agenda ; les règles sont celles de `agenda.domaine.saisie`, posées sur leurs champs."""
