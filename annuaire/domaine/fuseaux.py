"""Fuseau horaire d’une commune : celui de son département, sauf dans les archipels de Polynésie."""

# Ceux des territoires français. La projection de l’offre en garde le rang : n’ajouter qu’à la fin.
FUSEAUX = (
    "Europe/Paris",
    "America/Guadeloupe",
    "America/Martinique",
    "America/Cayenne",
    "Indian/Reunion",
    "Indian/Mayotte",
    "America/Miquelon",
    "America/St_Barthelemy",
    "America/Marigot",
    "Pacific/Wallis",
    "Pacific/Tahiti",
    "Pacific/Marquesas",
    "Pacific/Gambier",
    "Pacific/Noumea",
    "Indian/Kerguelen",
)
_DE_COMMUNE = {
    "98719": "Pacific/Gambier",
    "98718": "Pacific/Marquesas",  # Fatu-Hiva
    "98723": "Pacific/Marquesas",  # Hiva-Oa
    "98731": "Pacific/Marquesas",  # Nuku-Hiva
    "98746": "Pacific/Marquesas",  # Tahuata
    "98756": "Pacific/Marquesas",  # Ua-Huka
    "98757": "Pacific/Marquesas",  # Ua-Pou
}


def fuseau_de(code_insee: str, fuseau_du_departement: str) -> str:
    return _DE_COMMUNE.get(code_insee, fuseau_du_departement)
