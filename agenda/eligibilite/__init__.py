"""Les deux heures de la semaine : jauge, alerte du vendredi, relevés gardés en preuve (avenant 9, indicateur 8)."""
