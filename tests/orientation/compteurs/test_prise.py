"""Une recherche, comptée une fois, sans adresse, sans une requête SQL de plus."""

import pytest
from django.urls import reverse
from redis.exceptions import ConnectionError as PanneRedis

from annuaire.models import Perimetre
from comptes.enums import Portee, Role
from comptes.models import Jeton
from orientation.compteurs import prise
from orientation.compteurs.versement import verser
from orientation.models import RecherchesDuJour
from sas_platform.socle.courtier import connexion
from tests.annuaire.factories import CommuneFactory, LieuExerciceFactory, TerritoireFactory, habiliter
from tests.comptes.factories import CompteFactory, JetonFactory
from tests.orientation.conftest import projeter, url_resultats
from tests.orientation.lrm.conftest import DOMICILE, appeler, lille, logiciel  # noqa: F401

pytestmark = pytest.mark.django_db


def lignes() -> list[tuple[object, ...]]:
    return list(
        RecherchesDuJour.objects.order_by("suite").values_list(
            "commune_insee", "entree", "suite", "nombre", "elargies", "delai_min"
        )
    )


def test_une_recherche_est_comptee_avec_le_delai_de_son_premier_creneau(
    connecte, jeton, creneau, medecine_generale, maintenant
):
    connecte.get(url_resultats(jeton))

    assert verser(maintenant=maintenant) == 1
    (ligne,) = RecherchesDuJour.objects.all()
    assert (str(ligne.jour), ligne.commune_insee, ligne.quoi) == (
        "2026-11-02",
        "59350",
        f"s:{medecine_generale.pk}",
    )
    assert (ligne.entree, ligne.suite, ligne.nombre, ligne.delai_min) == ("web", "1-2", 1, 60)


def test_relire_filtrer_et_feuilleter_ne_comptent_pas_une_recherche_de_plus(
    connecte, jeton, creneau, maintenant
):
    for chemin in (url_resultats(jeton), url_resultats(jeton), f"{url_resultats(jeton)}?page=2"):
        connecte.get(chemin)
    connecte.post(url_resultats(jeton), {"disponibilite": "libres"}, follow=True)

    assert verser(maintenant=maintenant) == 1


def test_elargir_marque_la_recherche_sans_en_compter_une_autre(connecte, jeton, maintenant):
    loin = LieuExerciceFactory(lat=50.7435, lon=3.0635)
    projeter(loin)
    connecte.get(url_resultats(jeton))
    for rayon in ("15", "20"):
        connecte.post(url_resultats(jeton), {"rayon_km": rayon}, follow=True)
    verser(maintenant=maintenant)

    assert lignes() == [
        ("59350", "web", "sans_creneau", 0, 1, 0),
        ("59350", "web", "sans_resultat", 1, 0, 0),
    ]


def test_sans_creneau_n_est_pas_sans_resultat(connecte, jeton, lieu, maintenant):
    projeter(lieu)
    connecte.get(url_resultats(jeton))
    verser(maintenant=maintenant)

    assert lignes() == [("59350", "web", "sans_creneau", 1, 0, 0)]


def test_le_territoire_est_celui_de_qui_cherche_et_couvre_le_point(client, jeton, creneau, maintenant):
    lille_ = CommuneFactory()
    autre, sien = TerritoireFactory(), TerritoireFactory(communes=[lille_])
    compte = CompteFactory()
    perimetre = habiliter(compte, Role.OSNP, territoire=autre)
    Perimetre.objects.create(
        habilitation=perimetre.habilitation, territoire=sien, debut_le=perimetre.debut_le
    )
    client.force_login(compte)
    reponse = client.post(reverse("orientation:recherche"), {"quoi": "médecine générale", "ou": "Lille"})
    client.get(reponse.headers["Location"])
    verser(maintenant=maintenant)

    assert RecherchesDuJour.objects.get().territoire == sien


def test_l_api_compte_ses_recherches(client, osnp, creneau, maintenant):
    CommuneFactory()
    JetonFactory(compte=osnp, portees=[Portee.RECHERCHE], empreinte=Jeton.empreinte_de("secret"))
    for page in (1, 1, 2):
        client.post(
            "/api/v1/recherches/",
            {"specialite": "SM54", "commune": "59350", "rayon_km": 20, "page": page, "par_page": 1},
            content_type="application/json",
            headers={"Authorization": "Bearer secret"},
        )
    verser(maintenant=maintenant)

    # La page 2 n’existe pas : c’est encore la première qui est rendue, et comptée.
    assert [ligne[1:3] for ligne in lignes()] == [("api", "1-2")]
    assert lignes()[0][3] == 3
    assert lignes()[0][4] == 3, "vingt kilomètres, c’est plus que le rayon de Lille"


def test_une_recherche_venue_d_un_lrm_le_dit(connecte, appeler, creneau, maintenant):  # noqa: F811
    appeler(specialty="SM54", **DOMICILE)
    verser(maintenant=maintenant)

    assert [ligne[1] for ligne in lignes()] == ["lrm"]


def test_ni_l_adresse_ni_le_nom_cherche_ne_vont_dans_les_compteurs(connecte, lieu, maintenant):
    CommuneFactory()
    projeter(lieu)
    reponse = connecte.post(reverse("orientation:recherche"), {"quoi": "Martin", "ou": "Lille"})
    connecte.get(reponse.headers["Location"])

    champs = b" ".join(connexion().hkeys(prise.COMPTEURS)).decode()

    assert '"59350", "nom", "web"' in champs
    assert "artin" not in champs.lower()
    assert "Lille" not in champs


def test_compter_ne_coute_aucune_requete_sql(connecte, jeton, creneau, compter_requetes, monkeypatch):
    connecte.get(url_resultats(jeton))
    avec = compter_requetes(lambda: connecte.get(url_resultats(jeton)))
    monkeypatch.setattr(prise, "noter", lambda *args: None)
    sans = compter_requetes(lambda: connecte.get(url_resultats(jeton)))

    assert avec == sans


def test_compter_ne_fait_qu_un_aller_retour(connecte, jeton, creneau, monkeypatch):
    appels = []
    vrai = prise.script
    monkeypatch.setattr(prise, "script", lambda texte: appels.append(texte) or vrai(texte))

    connecte.get(url_resultats(jeton))

    assert len(appels) == 1


def test_sans_courtier_la_page_est_servie(connecte, jeton, creneau, monkeypatch):
    def panne(texte):
        raise PanneRedis

    monkeypatch.setattr(prise, "script", panne)

    assert connecte.get(url_resultats(jeton)).status_code == 200
