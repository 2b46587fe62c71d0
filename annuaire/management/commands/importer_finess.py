"""Importe FINESS, ancien CSV ou JSON FINESS+."""

from annuaire.actions.finess import importer_finess
from annuaire.management.commands._import import CommandeImport


class Command(CommandeImport):
    help = "Importe FINESS (CSV « etalab », JSON FINESS+, ou leur .zip). Simulation par défaut, rejouable."
    importer = staticmethod(importer_finess)
