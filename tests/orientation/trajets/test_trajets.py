"""Temps de trajet des cartes affichées : calculé, gardé, ou estimé en le disant."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from tests.annuaire.factories import LieuExerciceFactory


@pytest.fixture(autouse=True)
def cache_vide():
    cache.clear()


def demander(client, jeton, *lieux):
    url = reverse("trajets:durees", kwargs={"jeton": jeton})
    return client.get(url, {"lieux": "~".join(f"l{lieu.pk}" for lieu in lieux)})


def textes(reponse):
    return [texte.replace("\u00a0", " ") for texte in reponse.json()["trajets"].values()]


def test_sans_service_une_estimation_qui_se_dit_telle(connecte, jeton, lieu):
    (texte,) = textes(demander(connecte, jeton, lieu))

    assert texte.startswith("≈ ")
    assert texte.endswith("min en voiture depuis le centre (estimation)")


def test_avec_le_service_la_duree_calculee(connecte, jeton, lieu, service):
    assert textes(demander(connecte, jeton, lieu)) == ["≈ 12 min en voiture depuis le centre"]


def test_le_service_en_panne_laisse_l_estimation(connecte, jeton, lieu, service):
    service.reponse = (500, b"")

    reponse = demander(connecte, jeton, lieu)

    assert textes(reponse)[0].endswith("(estimation)")
    assert reponse.json()["a_preciser"] is False


def test_une_duree_deja_calculee_ne_se_redemande_pas(connecte, jeton, lieu, service):
    demander(connecte, jeton, lieu)
    demander(connecte, jeton, lieu)

    assert len(service.demandes) == 1


def test_la_limite_d_appels_par_seconde_est_respectee_et_la_page_peut_redemander(
    connecte, jeton, lieu, service
):
    autres = [LieuExerciceFactory(lat=50.6 + rang / 100, lon=3.1) for rang in range(6)]

    reponse = demander(connecte, jeton, lieu, *autres)

    assert len(service.demandes) == 5
    assert len(reponse.json()["trajets"]) == 7
    assert reponse.json()["a_preciser"] is True


def test_la_cle_du_cache_ne_dit_ni_adresse_ni_coordonnees(connecte, jeton, lieu, service, monkeypatch):
    cles = []
    monkeypatch.setattr(cache, "set_many", lambda valeurs, *reste: cles.extend(valeurs))

    demander(connecte, jeton, lieu)

    (cle,) = cles
    assert cle.startswith("trajet:")
    assert "50." not in cle
    assert "lille" not in cle.lower()


def test_depuis_un_departement_aucune_duree_n_est_dite(connecte, jeton, lieu, medecine_generale):
    url = reverse("orientation:recherche")
    autre = connecte.post(url, {"quoi": "médecine générale", "ou": "59"}).headers["Location"].split("/")[-2]

    assert demander(connecte, autre, lieu).json()["trajets"] == {}


@pytest.mark.parametrize("lieux", ["", "l12~x", "l1;drop", "~".join(f"l{n}" for n in range(60))])
def test_des_lieux_illisibles_ne_disent_rien(connecte, jeton, lieux):
    reponse = connecte.get(reverse("trajets:durees", kwargs={"jeton": jeton}), {"lieux": lieux})

    assert reponse.status_code == 204


def test_une_recherche_oubliee_ne_dit_rien(connecte, lieu):
    assert demander(connecte, "inconnue", lieu).status_code == 204


def test_le_nombre_de_requetes_ne_depend_pas_du_nombre_de_lieux(connecte, jeton, lieu, compter_requetes):
    autres = LieuExerciceFactory.create_batch(8)
    seul = compter_requetes(lambda: demander(connecte, jeton, lieu))

    assert compter_requetes(lambda: demander(connecte, jeton, lieu, *autres)) == seul
