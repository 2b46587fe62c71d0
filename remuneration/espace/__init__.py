"""« Ma participation » : ce que vaut la participation d’un professionnel ou d’une structure, et pourquoi."""
