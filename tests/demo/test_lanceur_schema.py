"""Le schéma de la base au lancement : laissé, complété ou refait, selon où le lancement précédent s’est arrêté."""

from argparse import Namespace

import pytest

from sas_platform.demo import lanceur
from sas_platform.demo.lanceur import Demonstration


@pytest.fixture
def gestes() -> list[str]:
    return []


@pytest.fixture
def demonstration(tmp_path, monkeypatch, gestes) -> Demonstration:
    """Une démonstration dont les commandes ne font que se noter."""
    monkeypatch.setattr(lanceur.postgres, "recreer_base", lambda url: gestes.append("refaire"))
    neuve = Demonstration(Namespace(echelle="locale"), superviseur=None)
    for jalon in (neuve.donnees, neuve.schema, neuve.raccordements):
        jalon.fichier = tmp_path / jalon.fichier.name
    neuve.env = {"DATABASE_URL": "postgres://sas@127.0.0.1:1/sas"}
    neuve.services = Namespace(base_externe=None)
    neuve._gerer = lambda commande, *options: gestes.append(commande)
    return neuve


def lancee_une_fois(demonstration: Demonstration, gestes: list[str]) -> Demonstration:
    demonstration._migrer()
    demonstration.donnees.poser({"echelle": "locale"})
    gestes.clear()
    return demonstration


def test_une_base_neuve_se_cree_puis_ne_se_touche_plus(demonstration, gestes):
    demonstration._migrer()
    assert gestes == ["refaire", "migrate"]

    assert lancee_une_fois(demonstration, gestes)._migrer() == "à jour"
    assert gestes == []


def test_tuee_avant_la_fin_de_ses_donnees_elle_refait_sa_base(demonstration, gestes):
    lancee_une_fois(demonstration, gestes).donnees.lever()

    demonstration._migrer()

    assert gestes == ["refaire", "migrate"]


def test_une_migration_de_plus_complete_la_base(demonstration, gestes):
    appliquees = lancee_une_fois(demonstration, gestes).schema.lire()
    appliquees.popitem()
    demonstration.schema.poser(appliquees)

    demonstration._migrer()

    assert gestes == ["migrate"]


def test_une_migration_reecrite_refait_la_base(demonstration, gestes):
    appliquees = lancee_une_fois(demonstration, gestes).schema.lire()
    demonstration.schema.poser(appliquees | {next(iter(appliquees)): "autre"})

    assert demonstration._migrer() == "migrations réécrites, base refaite"
    assert gestes == ["refaire", "migrate"]


def test_une_base_designee_ne_se_refait_jamais(demonstration, gestes):
    demonstration.services.base_externe = demonstration.env["DATABASE_URL"]

    demonstration._migrer()

    assert gestes == ["migrate"]
