"""Ce que chacun peut savoir de ses propres données : qui les a lues ou changées, et leur copie.

À la racine et non dans l’annuaire : une demande d’assistance, une orientation
ou un agenda y paraissent à côté du compte (docs/adr/0011).
"""
