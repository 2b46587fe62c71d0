"""Choisit les mesures, charge les données si la base est vide, écrit les lignes."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from agenda.models import OffreLieu
from agenda.offre import balayer
from tests.mesures.agenda import agenda_visible_ms, prise_de_place
from tests.mesures.charge import recherche_sous_charge
from tests.mesures.cycle import cycle_interrogation
from tests.mesures.endurance import endurance
from tests.mesures.geocodage import geocodage_local
from tests.mesures.lignes import Ligne, dire
from tests.mesures.pages_agenda import import_planning, page_agenda, saisie_visible_ms, tableau_de_bord
from tests.mesures.recherche_http import poids_page_ko, recherche_html, recherche_json, requetes_par_page
from tests.mesures.recherche_sql import recherche_sql
from tests.mesures.regime import regime_interrogation
from tests.mesures.reglages import ECHELLES, Reglages
from tests.mesures.remuneration import indicateurs
from tests.mesures.rpps import import_rpps
from tests.mesures.tenues import premiere_carte_ms, tenue_et_confirmation

Mesure = Callable[[Reglages], Iterable[Ligne]]

# Celles qui changent les agendas viennent après celles qui les lisent.
MESURES: Mapping[str, Mesure] = {
    "recherche_sql": recherche_sql,
    "recherche_json": recherche_json,
    "recherche_html": recherche_html,
    "requetes_par_page": requetes_par_page,
    "premiere_carte_ms": premiere_carte_ms,
    "poids_page_ko": poids_page_ko,
    "geocodage_local": geocodage_local,
    "page_agenda": page_agenda,
    "tableau_de_bord": tableau_de_bord,
    "agenda_visible_ms": agenda_visible_ms,
    "saisie_visible_ms": saisie_visible_ms,
    "import_planning": import_planning,
    "prise_de_place": prise_de_place,
    "tenue_et_confirmation": tenue_et_confirmation,
    "cycle_interrogation": cycle_interrogation,
    "regime_interrogation": regime_interrogation,
    "recherche_sous_charge": recherche_sous_charge,
    "endurance": endurance,
    "import_rpps": import_rpps,
    "indicateurs": indicateurs,
}


def executer(arguments: Sequence[str]) -> int:
    options = _analyser(arguments)
    reglages = ECHELLES[options.echelle]
    charger_si_vide(reglages.echelle)
    choisies = [options.seulement] if options.seulement else list(MESURES)
    return mesurer(choisies, reglages)


def mesurer(noms: Sequence[str], reglages: Reglages) -> int:
    """Écrit une ligne JSON par mesure ; rend 1 si l’une n’a pas pu se faire, après avoir joué les autres."""
    manquees = 0
    for nom in noms:
        dire(nom)
        try:
            balayer(timezone.now())  # comme l’horloge, chaque minute : les données sont là depuis des heures
            for ligne in MESURES[nom](reglages):
                sys.stdout.write(ligne.en_json(reglages.echelle) + "\n")
                sys.stdout.flush()
        except Exception:
            traceback.print_exc(file=sys.stderr)
            dire(f"{nom} : n’a pas pu se faire")
            manquees += 1
    return 1 if manquees else 0


def charger_si_vide(echelle: str) -> None:
    """Données fictives de l’échelle, dans une base jetable qui n’en a pas encore ; sans effet sinon."""
    if "agenda_offrelieu" in connection.introspection.table_names() and OffreLieu.objects.exists():
        return
    dire(f"base vide : données à l’échelle {echelle}")
    call_command("migrate", interactive=False, stdout=sys.stderr, verbosity=0)
    call_command("importer_communes", ecrire=True, stdout=sys.stderr)
    call_command("generer_donnees", graine=1, echelle=echelle, ecrire=True, stdout=sys.stderr)
    call_command("reconstruire_offre", ecrire=True, stdout=sys.stderr)


def _analyser(arguments: Sequence[str]) -> argparse.Namespace:
    analyseur = argparse.ArgumentParser(prog="python -m tests.mesures")
    analyseur.add_argument("--echelle", choices=sorted(ECHELLES), default="locale")
    analyseur.add_argument("--seulement", choices=list(MESURES), metavar="NOM", help="une seule mesure")
    return analyseur.parse_args(arguments)
