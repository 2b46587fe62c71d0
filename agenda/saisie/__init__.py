"""L’agenda saisi, tel que le change une personne : ouvrir, modifier, retirer, fermer, revenir en arrière."""
