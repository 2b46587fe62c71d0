"""`manage.py lire_bundle` : une ligne JSON par entrée Slot, sans base."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.agenda.editeurs.bundles import RPPS, agenda_complet, bundle, octets, slot

MAINTENANT = "2026-11-23T09:00:00+01:00"


def _lancer(fichier: Path, **options):
    sortie, erreurs = io.StringIO(), io.StringIO()
    arguments = {"cas": "ps", "maintenant": MAINTENANT, "demandes": f"{RPPS}, 810002673899"} | options
    call_command("lire_bundle", fichier, stdout=sortie, stderr=erreurs, **arguments)
    return [json.loads(ligne) for ligne in sortie.getvalue().splitlines()]


@pytest.fixture
def fichier(tmp_path):
    chemin = tmp_path / "bundle.json"
    chemin.write_bytes(octets(bundle(slot(), slot("s2", status="busy"), *agenda_complet())))
    return chemin


def test_la_commande_dit_le_sort_de_chaque_creneau_puis_celui_du_bundle(fichier):
    garde, rejet, bilan = _lancer(fichier)

    assert (garde["id"], garde["verdict"], garde["raison"]) == ("s1", "garde", None)
    assert garde["creneau"]["debut"] == "2026-11-24T08:00:00+00:00"
    assert rejet == {"id": "s2", "verdict": "rejet", "raison": "status_not_free", "creneau": None}
    assert bilan == {"bundle": "ok", "total": 2}


def test_une_reponse_illisible_est_dite_sans_echec(tmp_path):
    chemin = tmp_path / "bundle.json"
    chemin.write_bytes(b"<html>")

    assert _lancer(chemin) == [{"bundle": "bundle_invalid", "total": 0}]


def test_un_fichier_absent_est_une_erreur_claire(tmp_path):
    with pytest.raises(CommandError, match="Fichier illisible"):
        _lancer(tmp_path / "absent.json")


@pytest.mark.parametrize(
    "maintenant", ["hier", "2026-11-23T09:00:00", "2026-11-23", "9999-12-31T23:00:00+00:00"]
)
def test_un_instant_mal_ecrit_est_une_erreur_claire(fichier, maintenant):
    with pytest.raises(CommandError, match="n’est pas un instant"):
        _lancer(fichier, maintenant=maintenant)


def test_les_hotes_declares_limitent_les_liens(fichier):
    garde, *_ = _lancer(fichier, hotes="ailleurs.fr")

    assert garde["creneau"]["lien"] == ""
