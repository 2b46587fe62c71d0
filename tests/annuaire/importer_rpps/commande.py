"""Jouer la commande, et voir tout ce qu’elle peut écrire."""

from io import StringIO

from django.core.management import call_command

from annuaire.models import Effecteur, LieuExercice
from tests.annuaire.extractions import ligne_rpps


def importer(fichier, *options):
    sortie, progression = StringIO(), StringIO()
    call_command("importer_rpps", str(fichier), *options, stdout=sortie, stderr=progression)
    return sortie.getvalue(), progression.getvalue()


def etat():
    """Tout ce que l’import peut écrire, identifiants compris."""
    return list(Effecteur.objects.order_by("pk").values()), list(LieuExercice.objects.order_by("pk").values())


def personnes(nombre, **valeurs):
    return [ligne_rpps(numero=f"9990000{rang:04d}", **valeurs) for rang in range(nombre)]
