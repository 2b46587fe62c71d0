"""Le géocodeur de l’État, joué par un serveur local."""

import json
import time

import pytest

from annuaire.connecteurs import geoplateforme
from annuaire.connecteurs.geoplateforme import GeocodeurIndisponibleError, chercher
from sas_platform.socle import appels
from sas_platform.socle.appels import Disjoncteur
from tests.service_distant import servir


def entite(lat=50.6371, lon=3.0601, **proprietes):
    defaut = {"label": "12 Rue Nationale 59000 Lille", "score": 0.97, "type": "housenumber", "citycode": "59350",
              "postcode": "59000"}  # fmt: skip
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": defaut | proprietes,
    }


@pytest.fixture
def serveur(monkeypatch):
    monkeypatch.setattr(geoplateforme, "disjoncteur", Disjoncteur())
    with servir((200, json.dumps({"type": "FeatureCollection", "features": [entite()]}).encode())) as service:
        yield service


def repondre(serveur, *entites, code=200):
    serveur.reponse = (code, json.dumps({"features": list(entites)}).encode())


def test_une_adresse_trouvee(serveur):
    (trouvee,) = chercher(serveur.url, "12 rue nationale lille", limite=3)

    assert (trouvee.lat, trouvee.lon, trouvee.code_insee, trouvee.type) == (
        50.6371,
        3.0601,
        "59350",
        "housenumber",
    )
    assert serveur.demandes == ["/service/search?q=12+rue+nationale+lille&limit=3&index=address"]


@pytest.mark.parametrize(
    "mauvaise",
    [
        pytest.param(entite(score=0.42), id="score trop bas"),
        pytest.param(entite(lat=3.06, lon=50.63), id="coordonnées échangées"),
        pytest.param(entite(lat=0.0, lon=0.0), id="hors de France"),
    ],
)
def test_un_resultat_douteux_est_ecarte(serveur, mauvaise):
    repondre(serveur, mauvaise)

    assert chercher(serveur.url, "quelque part") == []


def test_le_meilleur_score_vient_d_abord(serveur):
    repondre(serveur, entite(score=0.6, label="second"), entite(score=0.9, label="premier"))

    assert [trouvee.libelle for trouvee in chercher(serveur.url, "rue")] == ["premier", "second"]


@pytest.mark.parametrize(
    "reponse",
    [
        pytest.param((500, b"panne"), id="erreur 500"),
        pytest.param((302, b""), id="redirection"),
        pytest.param((200, b"<html>"), id="page web"),
        pytest.param((200, b'{"features": [{"properties": {}}]}'), id="entité sans géométrie"),
        pytest.param((200, b'{"features": ' + b" " * 300_000), id="réponse démesurée"),
    ],
)
def test_une_reponse_inutilisable_est_une_panne(serveur, reponse):
    serveur.reponse = reponse

    with pytest.raises(GeocodeurIndisponibleError):
        chercher(serveur.url, "12 rue secrète")


def test_un_geocodeur_lent_est_abandonne_au_bout_du_delai(serveur, monkeypatch):
    monkeypatch.setattr(geoplateforme, "DELAI_S", 0.1)
    serveur.attente = 30
    debut = time.monotonic()

    with pytest.raises(GeocodeurIndisponibleError) as panne:
        chercher(serveur.url, "12 rue secrète")

    assert time.monotonic() - debut < serveur.attente
    assert "secr" not in str(panne.value)
    assert panne.value.__cause__ is None


def test_apres_trois_echecs_on_n_appelle_plus(serveur):
    serveur.reponse = (500, b"")
    for _ in range(5):
        with pytest.raises(GeocodeurIndisponibleError):
            chercher(serveur.url, "rue")

    assert len(serveur.demandes) == 3


def test_apres_le_repos_un_essai_passe_et_referme(monkeypatch):
    horloge = [0.0]
    monkeypatch.setattr(appels.time, "monotonic", lambda: horloge[0])
    disjoncteur = Disjoncteur()
    for _ in range(3):
        disjoncteur.noter(reussi=False)

    assert not disjoncteur.laisse_passer()
    horloge[0] = 31.0
    assert disjoncteur.laisse_passer()
    assert not disjoncteur.laisse_passer()  # un seul essai à la fois
    disjoncteur.noter(reussi=True)
    assert disjoncteur.laisse_passer()
    assert disjoncteur.laisse_passer()
