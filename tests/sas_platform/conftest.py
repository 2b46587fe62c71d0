import pytest
from django.db import OperationalError, connections

from comptes import droits
from sas_platform import sonde


@pytest.fixture
def base_arretee(monkeypatch) -> None:
    """Toute connexion à la base échoue, pour l’ORM comme pour la sonde."""

    def refuser(*args: object, **kwargs: object) -> None:
        raise OperationalError("connection refused")

    base = connections["default"]
    ailleurs = base.get_connection_params() | {"host": "127.0.0.1", "port": 9}
    for methode in ("ensure_connection", "cursor", "_cursor"):
        monkeypatch.setattr(base, methode, refuser)
    monkeypatch.setattr(sonde, "parametres_de_connexion", lambda: ailleurs)


@pytest.fixture
def routes_d_essai(monkeypatch) -> None:
    """Ouvre les routes que ces tests ajoutent : une route absente de la table est fermée."""
    for route in ("echec", "echec_api"):
        monkeypatch.setitem(droits.ROUTES, route, droits.PUBLIC)
