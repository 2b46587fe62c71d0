"""Ce que rend le serveur à une page ouverte : les cartes changées, l’état, l’ordre ; et à elle seule."""

import gc
import json
import re
from datetime import time, timedelta

import pytest
from django.urls import reverse

from agenda import actualisation
from agenda.editeurs.budget import Budget, File
from agenda.editeurs.ordonnanceur import budget_de
from agenda.enums import EtatLot
from agenda.models import Disponibilite, Lot
from annuaire.models import LieuExercice
from comptes.enums import Role
from comptes.sessions import VUE_LE
from orientation.direct import flux as module
from tests.agenda.factories import DisponibiliteFactory, EditeurFactory
from tests.annuaire.factories import LieuExerciceFactory
from tests.comptes.factories import CompteFactory
from tests.orientation.conftest import LUNDI_8H, projeter, url_resultats

pytestmark = pytest.mark.django_db


@pytest.fixture
def vu(connecte, creneau, jeton) -> str:
    """Ce que dit montrer la page de résultats, telle qu’elle vient d’être rendue."""
    return vu_dans(connecte.get(url_resultats(jeton)).text)


def vu_dans(html: str) -> str:
    cartes = re.findall(r'id="offre-(l\d+)"[^>]*data-version="([0-9a-f]{8})"', html)
    return "~".join(f"{lieu}.{version}" for lieu, version in cartes)


def demander(client, jeton: str, vu: str, page: int = 1):
    return client.get(reverse("direct:maintenant", kwargs={"jeton": jeton}), {"vu": vu, "page": page})


def ecouter(client, jeton: str, vu: str):
    return client.get(reverse("direct:flux", kwargs={"jeton": jeton}), {"vu": vu, "page": 1})


def evenements(reponse) -> list[tuple[str, dict]]:
    texte = b"".join(reponse.streaming_content).decode()
    lus = re.findall(r"event: (\w+)\ndata: (.*)\n\n", texte)
    return [(nom, json.loads(donnees)) for nom, donnees in lus]


def test_rien_n_a_change_rien_n_est_envoye(connecte, jeton, vu):
    reponse = demander(connecte, jeton, vu).json()

    assert reponse == {
        "a": "8\u00a0h",
        "cartes": [],
        "en_cours": False,
        "sans_reponse": [],
        "ordre_change": False,
        "pause_s": 5,
    }


def test_une_carte_changee_est_rendue_comme_la_page_la_rendrait(connecte, jeton, vu, lieu):
    DisponibiliteFactory(lieu=lieu, heure_debut=time(10), heure_fin=time(10, 20))
    projeter(lieu)

    (carte,) = demander(connecte, jeton, vu).json()["cartes"]

    html = connecte.get(url_resultats(jeton)).text
    assert carte["ancre"] == f"offre-l{lieu.pk}"
    assert f'data-version="{carte["version"]}"' in html
    assert f'<div class="sas-carte__agenda">{carte["agenda"]}</div>' in html
    assert carte["raison"] in html


def test_l_age_d_un_creneau_d_editeur_suit_sa_lecture(connecte, jeton, chez_l_editeur, maintenant):
    vu = vu_dans(connecte.get(url_resultats(jeton)).text)
    Lot.objects.update(lu_le=maintenant)

    (carte,) = demander(connecte, jeton, vu).json()["cartes"]

    assert "lu à l’instant" in carte["agenda"]


def test_une_offre_retiree_le_dit_une_fois(connecte, jeton, vu, lieu):
    LieuExercice.objects.update(est_actif=False)
    from agenda.offre import rafraichir

    rafraichir([lieu.pk], LUNDI_8H)

    (carte,) = demander(connecte, jeton, vu).json()["cartes"]

    assert "n’est plus proposée" in carte["agenda"]
    assert demander(connecte, jeton, f"l{lieu.pk}.{carte['version']}").json()["cartes"] == []


def test_un_lieu_hors_de_la_zone_cherchee_ne_livre_rien(connecte, jeton, vu):
    ailleurs = LieuExerciceFactory(reunion=True)
    DisponibiliteFactory(lieu=ailleurs)
    projeter(ailleurs)

    (carte,) = demander(connecte, jeton, f"l{ailleurs.pk}.0a1b2c3d").json()["cartes"]

    assert "n’est plus proposée" in carte["agenda"]


def test_l_ordre_change_se_dit(connecte, jeton, vu, lieu):
    Disponibilite.objects.all().delete()
    autre = LieuExerciceFactory(lat=50.64)
    DisponibiliteFactory(lieu=autre)
    projeter(lieu, autre)

    assert demander(connecte, jeton, vu).json()["ordre_change"] is True


@pytest.mark.parametrize("route", ["direct:flux", "direct:maintenant"])
@pytest.mark.parametrize(
    "vu",
    [
        "",
        "l1",
        "l1.0a1b2c3d~",
        "l1.0a1b2c3d~l1.0a1b2c3d",
        "12.0a1b2c3d",
        "l1.ZZZZZZZZ",
        "~".join(f"l{n}.0a1b2c3d" for n in range(51)),
        "l1.0a1b2c3d" + "0" * 10_000,
    ],
)
def test_ce_qui_ne_se_lit_pas_n_est_pas_suivi(connecte, jeton, route, vu):
    assert connecte.get(reverse(route, kwargs={"jeton": jeton}), {"vu": vu}).status_code == 204


@pytest.mark.parametrize("route", ["direct:flux", "direct:maintenant"])
def test_la_recherche_d_un_autre_ne_se_suit_pas(client, jeton, vu, route):
    client.force_login(CompteFactory(role=Role.OSNP))

    assert client.get(reverse(route, kwargs={"jeton": jeton}), {"vu": vu}).status_code == 204


def test_qui_ne_peut_pas_orienter_n_en_recoit_pas_les_liens(client, jeton, vu, lieu, connecte, osnp):
    osnp.habilitations.update(role=Role.ADMINISTRATEUR)
    osnp.__dict__.pop("roles", None)

    (carte,) = demander(connecte, jeton, vu).json()["cartes"]

    assert "9\u00a0h" in carte["agenda"]
    assert "<a " not in carte["agenda"]


def test_le_flux_dit_les_cartes_l_etat_puis_la_fin(connecte, jeton, vu, lieu):
    DisponibiliteFactory(lieu=lieu, heure_debut=time(10), heure_fin=time(10, 20))
    projeter(lieu)

    reponse = ecouter(connecte, jeton, vu)
    recus = evenements(reponse)

    assert reponse.headers["Content-Type"] == "text/event-stream"
    assert reponse.headers["X-Accel-Buffering"] == "no"
    assert "no-store" in reponse.headers["Cache-Control"]
    assert [nom for nom, _ in recus] == ["cartes", "etat", "fin"]
    assert recus[0][1]["cartes"][0]["ancre"] == f"offre-l{lieu.pk}"
    assert [donnees["a"] for _, donnees in recus] == ["8\u00a0h"] * 3
    assert recus[2][1] == {
        "a": "8\u00a0h",
        "en_cours": False,
        "sans_reponse": [],
        "ordre_change": False,
        "pause_s": 5,
    }


def test_le_flux_et_la_demande_disent_la_meme_chose(connecte, jeton, vu, lieu):
    DisponibiliteFactory(lieu=lieu, heure_debut=time(10), heure_fin=time(10, 20))
    projeter(lieu)

    par_flux = dict(evenements(ecouter(connecte, jeton, vu)))["cartes"]["cartes"]

    assert par_flux == demander(connecte, jeton, vu).json()["cartes"]


def test_au_dela_de_leur_nombre_les_flux_sont_refuses_et_une_place_rendue_resert(
    connecte, jeton, vu, settings
):
    settings.DIRECT_FLUX_MAX = 1
    premier = ecouter(connecte, jeton, vu)

    refuse = ecouter(connecte, jeton, vu)
    for fermer in premier._resource_closers:  # le navigateur est parti sans rien lire
        fermer()
    ensuite = ecouter(connecte, jeton, vu)

    assert (refuse.status_code, refuse.headers["Retry-After"]) == (503, "5")
    assert [nom for nom, _ in evenements(ensuite)] == ["etat", "fin"]
    assert module.PLACES._prises == 0


def test_un_flux_que_personne_ne_sert_rend_sa_place(connecte, jeton, vu):
    """Un intergiciel qui échoue après la vue jette la réponse sans la fermer."""
    jete = ecouter(connecte, jeton, vu)
    jete._resource_closers.clear()

    del jete
    gc.collect()

    assert module.PLACES._prises == 0


def test_sans_courtier_la_page_se_compare_quand_meme(connecte, jeton, vu, lieu, monkeypatch):
    def en_panne():
        raise module.redis.ConnectionError

    monkeypatch.setattr(module, "ecouter", en_panne)
    monkeypatch.setattr(Budget, "attendus", lambda *_: en_panne())
    DisponibiliteFactory(lieu=lieu, heure_debut=time(10), heure_fin=time(10, 20))
    projeter(lieu)

    assert [nom for nom, _ in evenements(ecouter(connecte, jeton, vu))] == ["cartes", "fin"]


def test_la_page_sait_que_des_editeurs_sont_interroges(connecte, jeton, chez_l_editeur):
    vu = vu_dans(connecte.get(url_resultats(jeton)).text)
    lot = chez_l_editeur.raccordement.lot
    budget_de(lot.editeur).retenir(File.IMMEDIAT, [lot.pk], places=9, duree_s=60)

    pendant = demander(connecte, jeton, vu).json()
    budget_de(lot.editeur).liberer(File.IMMEDIAT, [lot.pk])
    Lot.objects.update(etat=EtatLot.DELAI)
    apres = demander(connecte, jeton, vu).json()

    assert (pendant["en_cours"], pendant["sans_reponse"]) == (True, [])
    assert (apres["en_cours"], apres["sans_reponse"]) == (False, [lot.editeur.nom])


def test_une_page_ouverte_ne_prolonge_pas_la_session(connecte, jeton, vu, maintenant):
    session = connecte.session
    session[VUE_LE] = (maintenant - timedelta(minutes=10)).isoformat()
    session.save()

    demander(connecte, jeton, vu)
    apres_le_direct = connecte.session[VUE_LE]
    connecte.get(url_resultats(jeton))

    assert apres_le_direct == (maintenant - timedelta(minutes=10)).isoformat()
    assert connecte.session[VUE_LE] == maintenant.isoformat()


def test_le_nombre_de_requetes_ne_suit_pas_celui_des_cartes(connecte, jeton, vu, lieu, compter_requetes):
    une = compter_requetes(lambda: demander(connecte, jeton, vu))
    autres = [LieuExerciceFactory(lat=50.64) for _ in range(5)]
    for autre in autres:
        DisponibiliteFactory(lieu=autre)
    projeter(*autres)
    beaucoup = vu_dans(connecte.get(url_resultats(jeton)).text)

    assert beaucoup.count("~") == 5
    assert compter_requetes(lambda: demander(connecte, jeton, beaucoup)) == une


def test_un_editeur_inactif_n_est_pas_attendu(connecte, jeton, chez_l_editeur):
    EditeurFactory()
    editeur = chez_l_editeur.raccordement.editeur
    (lot,) = actualisation.lots_montres([chez_l_editeur.lieu_id])
    assert lot.budget == budget_de(editeur)

    type(editeur).objects.update(est_actif=False)

    assert actualisation.lots_montres([chez_l_editeur.lieu_id]) == []
