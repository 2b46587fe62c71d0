"""La recherche : une instruction SQL, et les offres d’une page (docs/adr/0008, 0025)."""

from orientation.lectures.criteres import (
    DELAIS,
    DISPONIBILITES,
    EN_SUS,
    FORFAIT,
    HORS,
    LIBRES,
    NON_RENSEIGNE,
    OUI,
    TOUTES,
    Criteres,
    Page,
)
from orientation.lectures.en_json import PageJson, page_json
from orientation.lectures.instruction import instruction, parametres_de
from orientation.lectures.offres import (
    CptsGroupee,
    Facettes,
    Offre,
    Resultats,
    compter,
    offre_du_lieu,
    recherche_lancee,
    rechercher,
)

__all__ = [
    "DELAIS",
    "DISPONIBILITES",
    "EN_SUS",
    "FORFAIT",
    "HORS",
    "LIBRES",
    "NON_RENSEIGNE",
    "OUI",
    "TOUTES",
    "CptsGroupee",
    "Criteres",
    "Facettes",
    "Offre",
    "Page",
    "PageJson",
    "Resultats",
    "compter",
    "instruction",
    "offre_du_lieu",
    "page_json",
    "parametres_de",
    "recherche_lancee",
    "rechercher",
]
