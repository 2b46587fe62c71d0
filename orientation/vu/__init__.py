"""« Ce que voit la régulation » : sa propre carte, et pourquoi chaque créneau caché l’est."""
