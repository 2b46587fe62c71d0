"""Un éditeur de logiciels de rendez-vous, simulé : serveur FHIR R4 et page de réservation, données propres."""
