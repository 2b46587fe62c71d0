"""Importe l’extraction en libre accès de l’Annuaire Santé (RPPS)."""

from annuaire.actions.rpps import importer_rpps
from annuaire.management.commands._import import CommandeImport


class Command(CommandeImport):
    help = "Importe l’extraction RPPS « Personne_activite » (.txt ou .zip). Simulation par défaut, rejouable."
    importer = staticmethod(importer_rpps)
