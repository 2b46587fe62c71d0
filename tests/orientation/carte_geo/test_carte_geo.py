"""La carte montre les offres de la liste, dans le même ordre, et relance la recherche sans rien dire dans l’adresse."""

import pytest
from django.urls import reverse

from orientation import carnet
from orientation.carte_geo import lectures
from orientation.suggestions import en_lieu
from orientation.views.csp import hote_du_fond_de_carte
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory
from tests.orientation.conftest import projeter, url_resultats


def epingles(client, jeton):
    return client.get(reverse("carte_geo:epingles", kwargs={"jeton": jeton}))


def relancer(client, jeton, **donnees):
    return client.post(reverse("carte_geo:relancer", kwargs={"jeton": jeton}), donnees)


def test_les_epingles_sont_les_offres_de_la_liste_dans_le_meme_ordre(connecte, jeton, creneau):
    confrere = LieuExerciceFactory(effecteur=EffecteurFactory(nom="PETIT", prenom="Luc"))
    projeter(confrere)

    donnees = epingles(connecte, jeton).json()

    liste = connecte.get(url_resultats(jeton)).content.decode()
    ancres = [point["ancre"] for point in donnees["points"]]
    assert sorted(ancres, key=liste.index) == ancres
    assert [point["rang"] for point in donnees["points"]] == [1, 2]
    assert [point["etat"] for point in donnees["points"]] == ["aujourd_hui", "sans"]
    assert donnees["total"] == 2


def test_une_epingle_dit_a_quelle_page_est_sa_carte(connecte, jeton, lieu, monkeypatch, maintenant):
    projeter(lieu, *LieuExerciceFactory.create_batch(2))
    recherche = carnet.retrouver(connecte.session, jeton)

    lus, _ = lectures.points(recherche, maintenant=maintenant, par_page=2)

    assert [point.page for point in lus] == [1, 1, 2]


def test_le_nombre_d_epingles_est_borne_et_le_total_dit(connecte, jeton, lieu, monkeypatch):
    monkeypatch.setattr(lectures, "POINTS_MAX", 2)
    projeter(lieu, *LieuExerciceFactory.create_batch(2))

    donnees = epingles(connecte, jeton).json()

    assert len(donnees["points"]) == 2
    assert donnees["total"] == 3


def test_sans_reglage_aucun_fond_de_plan_exterieur(connecte, jeton, lieu):
    assert epingles(connecte, jeton).json()["tuiles"] == ""
    politique = connecte.get(url_resultats(jeton)).headers["Content-Security-Policy"]
    assert "img-src 'self' data:;" in politique + ";"


def test_le_fond_de_plan_regle_est_le_seul_hote_etranger_admis(connecte, jeton, lieu, settings):
    settings.CARTE_TUILES_URL = "https://tuiles.exemple.invalid/wmts?x={x}&y={y}&z={z}"

    assert epingles(connecte, jeton).json()["tuiles"] == settings.CARTE_TUILES_URL
    assert hote_du_fond_de_carte(settings.CARTE_TUILES_URL) == ["https://tuiles.exemple.invalid"]


def test_une_recherche_oubliee_n_a_pas_de_carte(connecte):
    assert epingles(connecte, "inconnue").status_code == 204
    assert relancer(connecte, "inconnue", lat=50.6, lon=3.0, rayon_km=5).headers["Location"] == "/recherche/"


def test_relancer_cherche_autour_du_point_et_garde_le_reste(connecte, jeton, lieu):
    reponse = relancer(connecte, jeton, lat="50.64123456", lon="3.05", rayon_km="7.6")

    assert "50." not in reponse.headers["Location"]
    nouvelle = carnet.retrouver(connecte.session, reponse.headers["Location"].split("/")[-2])
    assert (nouvelle.lieu["lat"], nouvelle.lieu["lon"]) == (50.64123, 3.05)
    assert nouvelle.rayon_km == 8
    assert en_lieu(nouvelle.lieu).code_insee == "59350"
    assert nouvelle.quoi == "Médecine générale"


@pytest.mark.parametrize(
    "donnees",
    [
        pytest.param({"lat": "12.5", "lon": "99.1", "rayon_km": "5"}, id="hors de France"),
        pytest.param({"lat": "nan", "lon": "3", "rayon_km": "5"}, id="pas un nombre"),
        pytest.param({"lat": "91", "lon": "3", "rayon_km": "5"}, id="hors du globe"),
        pytest.param({"lat": "50.6", "lon": "3", "rayon_km": "-4"}, id="rayon négatif"),
        pytest.param({}, id="rien"),
    ],
)
def test_une_zone_impossible_laisse_la_recherche_telle_quelle(connecte, jeton, donnees):
    reponse = relancer(connecte, jeton, **donnees)

    assert reponse.headers["Location"] == url_resultats(jeton)
    assert "hors de France" in connecte.get(url_resultats(jeton)).content.decode()


def test_le_rayon_reste_dans_ce_que_la_recherche_admet(connecte, jeton, lieu):
    for demande, retenu in (("0.2", 1), ("15000", 300)):
        reponse = relancer(connecte, jeton, lat="50.6", lon="3", rayon_km=demande)
        nouvelle = carnet.retrouver(connecte.session, reponse.headers["Location"].split("/")[-2])
        assert nouvelle.rayon_km == retenu


def test_la_relance_ne_se_lit_pas_en_get(connecte, jeton):
    assert connecte.get(reverse("carte_geo:relancer", kwargs={"jeton": jeton})).status_code == 405
