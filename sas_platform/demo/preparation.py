"""Ce que la démonstration et les mesures préparent de la même façon."""

import shutil
from collections.abc import Callable

from sas_platform.demo.etat import RACINE, STATIQUES, Jalon, empreinte_fichiers

GRAINE = "1"


def collecter_statiques(gerer: Callable[..., None]) -> str | None:
    """Rassemble les fichiers statiques s’ils ont changé, ou s’ils ont été rassemblés à moitié."""
    jalon = Jalon("statiques")
    sources = [RACINE / "requirements" / "demo.txt", RACINE / "static", *RACINE.glob("*/static")]
    matiere = {"empreinte": empreinte_fichiers(source for source in sources if source != STATIQUES)}
    if jalon.vaut(matiere) and (STATIQUES / "staticfiles.json").is_file():
        return "inchangés"
    jalon.lever()
    shutil.rmtree(STATIQUES, ignore_errors=True)
    gerer("collectstatic", "--no-input")
    jalon.poser(matiere)
    return None


def charger_donnees(gerer: Callable[..., None], echelle: str) -> None:
    """Communes, nomenclatures, puis effecteurs et agendas fictifs, les mêmes à chaque fois."""
    gerer("importer_communes", "--ecrire")
    gerer("generer_donnees", "--graine", GRAINE, "--echelle", echelle, "--ecrire")
