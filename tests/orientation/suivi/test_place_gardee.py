"""La place que l’on tient reste libre pour soi, dans la liste, à son rang ; les autres la lisent tenue."""

import re
from datetime import time, timedelta

import msgspec
import pytest
from django.urls import reverse

from agenda import tenues
from agenda.models import Tenue
from comptes.enums import Role
from orientation import carnet
from orientation.actions import orienter
from orientation.domaine.classement import Groupe
from orientation.echelle import marches
from orientation.lectures import page_json, rechercher
from tests.agenda.factories import DisponibiliteFactory
from tests.annuaire.factories import LieuExerciceFactory
from tests.comptes.factories import CompteFactory
from tests.orientation.conftest import identifiant, projeter, url_resultats
from tests.orientation.direct.test_direct import demander, vu_dans
from tests.participation.factories import ParticipationFactory

pytestmark = pytest.mark.django_db
TROIS_MINUTES = timedelta(minutes=3)


@pytest.fixture
def tenue(osnp, creneau, maintenant):
    """Le seul créneau du lieu, lundi à 9 h, que l’OSNP tient depuis 8 h."""
    return tenues.tenir(compte=osnp, creneau_id=identifiant(creneau), territoire=None, maintenant=maintenant)


@pytest.fixture
def confrere(medecine_generale, maintenant):
    """Un second généraliste, libre à 11 h : après le premier."""
    lieu = LieuExerciceFactory(lat=50.64)
    ParticipationFactory(effecteur=lieu.effecteur)
    DisponibiliteFactory(lieu=lieu, heure_debut=time(11), heure_fin=time(11, 20))
    projeter(lieu)
    return lieu


@pytest.fixture
def demande(connecte, jeton):
    return carnet.retrouver(connecte.session, jeton)


def gardee(compte, demande, maintenant):
    return rechercher(demande.criteres(compte.pk), maintenant=maintenant).gardee


def ids(resultats):
    return [offre.lieu.id for offre in resultats.offres]


def test_la_place_tenue_garde_son_rang_pour_qui_la_tient_seulement(
    osnp, tenue, confrere, demande, maintenant, creneau
):
    a_lui = rechercher(demande.criteres(osnp.pk), maintenant=maintenant)
    aux_autres = rechercher(demande.criteres(), maintenant=maintenant)

    assert ids(a_lui) == [f"l{creneau.lieu_id}", f"l{confrere.pk}"]
    assert a_lui.offres[0].groupe == Groupe.LIBRE_PARTICIPANT
    assert ids(aux_autres) == [f"l{confrere.pk}", f"l{creneau.lieu_id}"]
    assert (a_lui.libres, aux_autres.libres) == (2, 1)


def test_sur_une_plage_la_place_tenue_n_est_pas_comptee_prise_pour_qui_la_tient(
    osnp, plage, demande, maintenant
):
    autre = CompteFactory(role=Role.REGULATEUR)
    orienter(acteur=autre, cle="a", creneau_id=identifiant(plage), maintenant=maintenant)
    tenues.tenir(compte=osnp, creneau_id=identifiant(plage), territoire=None, maintenant=maintenant)

    lus = rechercher(demande.criteres(osnp.pk), maintenant=maintenant)
    (vu,) = lus.offres[0].creneaux
    (par_un_autre,) = rechercher(demande.criteres(), maintenant=maintenant).offres[0].creneaux

    assert (vu.prises, vu.capacite) == (1, 3)
    assert (par_un_autre.prises, par_un_autre.tenue_jusqu_a) == (2, None)


@pytest.mark.parametrize(
    ("filtres", "trouvee"),
    [
        pytest.param({"modalites": ("cabinet",)}, True, id="le bon type de consultation"),
        pytest.param({"modalites": ("domicile",)}, False, id="un autre type"),
        pytest.param({"delais": ("0-4",)}, True, id="le bon délai"),
        pytest.param({"delais": ("24-48",)}, False, id="un autre délai"),
        pytest.param({"disponibilite": "libres"}, True, id="la liste des libres"),
        pytest.param({"disponibilite": "hors"}, False, id="la liste des autres"),
    ],
)
def test_la_place_tenue_repond_aux_filtres_comme_une_place_libre(
    osnp, tenue, demande, maintenant, filtres, trouvee
):
    criteres = demande.avec(**filtres).criteres(osnp.pk)

    lus = rechercher(criteres, maintenant=maintenant, facettes=True)

    assert bool(lus.offres) is trouvee


def test_la_reponse_json_dit_la_meme_chose_que_la_page(osnp, tenue, confrere, demande, maintenant):
    criteres = demande.criteres(osnp.pk)
    page = rechercher(criteres, maintenant=maintenant)

    lues = msgspec.json.decode(page_json(criteres, maintenant=maintenant).contenu)["offres"]

    attendues = msgspec.json.decode(msgspec.json.encode(page.offres))
    for offre in attendues:
        offre["creneaux"] = [{"age_s": None} | creneau for creneau in offre["creneaux"]]
    assert lues == attendues
    assert lues[0]["creneaux"][0]["tenue_jusqu_a"] == "2026-11-02T08:03:00+01:00"


def test_l_api_dit_de_qui_cherche_seul_la_place_qu_il_tient(osnp, tenue, demande, maintenant):
    def cherchee_par(compte):
        criteres = demande.criteres(compte.pk)
        lus = msgspec.json.decode(page_json(criteres, maintenant=maintenant).contenu)
        return [creneau.get("tenue_jusqu_a") for offre in lus["offres"] for creneau in offre["creneaux"]]

    assert cherchee_par(osnp) == ["2026-11-02T08:03:00+01:00"]
    assert cherchee_par(CompteFactory(role=Role.REGULATEUR)) == []


def test_la_page_la_marque_et_propose_de_prolonger_ou_de_rendre(connecte, tenue, jeton, creneau):
    html = connecte.get(url_resultats(jeton)).text

    assert "tenue par vous jusqu’à 8\u00a0h\u00a003" in html
    assert "Prolonger de 3 minutes" in html
    assert "Rendre la place" in html
    assert "Aucun créneau libre dans les 3 jours" not in html
    assert "place tenue par un autre" not in html


def test_un_autre_regulateur_la_lit_tenue_et_ne_peut_la_choisir(client, tenue, jeton, creneau, connecte):
    demande = carnet.retrouver(connecte.session, jeton)
    client.force_login(CompteFactory(role=Role.REGULATEUR))
    session = client.session
    autre_jeton = carnet.garder(session, demande)
    session.save()

    html = client.get(url_resultats(autre_jeton)).text

    assert "Lundi à 9\u00a0h\u00a0: place tenue par un autre régulateur, en cours d’appel" in html
    assert identifiant_de(tenue) not in html
    assert "tenue par vous" not in html


def identifiant_de(tenue):
    return f"d{tenue.disponibilite_id}-{int(tenue.debut.timestamp()) // 60}"


def test_ouvrir_une_place_tenue_par_un_autre_dit_pourquoi(client, tenue):
    client.force_login(CompteFactory(role=Role.REGULATEUR))

    reponse = client.get(reverse("orientation:orienter", kwargs={"creneau_id": identifiant_de(tenue)}))

    assert reponse.status_code == 409
    assert "Cette place est tenue par un autre régulateur, en cours d’appel." in reponse.text


def test_le_temps_passe_la_marque_s_efface(osnp, tenue, demande, maintenant):
    assert gardee(osnp, demande, maintenant + TROIS_MINUTES - timedelta(seconds=1)) is not None
    assert gardee(osnp, demande, maintenant + TROIS_MINUTES) is None


def test_une_place_fermee_entre_temps_n_est_plus_montree(osnp, tenue, creneau, demande, maintenant):
    creneau.delete()

    assert gardee(osnp, demande, maintenant) is None


def test_l_echelle_compte_la_place_tenue_comme_libre(osnp, tenue, demande, maintenant):
    """Chercher parmi les filtres, sans perdre la place que l’on tient dans les comptes."""
    sans_reponse = demande.avec(modalites=("domicile",))
    lus = rechercher(sans_reponse.criteres(osnp.pk), maintenant=maintenant)

    proposees = marches(sans_reponse, lus, listes=["toutes"], maintenant=maintenant)

    assert {m.code: m.libres for m in proposees}["filtres"] == 1


def test_la_page_ouverte_marque_la_place_des_qu_elle_est_tenue(connecte, osnp, jeton, creneau, maintenant):
    vu = vu_dans(connecte.get(url_resultats(jeton)).text)
    tenues.tenir(compte=osnp, creneau_id=identifiant(creneau), territoire=None, maintenant=maintenant)

    (carte,) = demander(connecte, jeton, vu).json()["cartes"]

    assert "tenue par vous jusqu’à 8\u00a0h\u00a003" in carte["agenda"]


def test_le_bouton_d_un_creneau_tient_la_place_et_ramene_a_sa_carte(connecte, jeton, creneau, osnp):
    html = connecte.get(url_resultats(jeton)).text
    action = re.search(r'class="sas-tenir" form="tenir" formaction="([^"]+)"', html)[1]

    reponse = connecte.post(action, {"recherche": jeton, "page": "1"})

    assert reponse.headers["Location"] == f"{url_resultats(jeton)}#offre-l{creneau.lieu_id}"
    assert Tenue.objects.get().compte == osnp
    assert 'class="sas-tenir"' not in connecte.get(url_resultats(jeton)).text


@pytest.mark.parametrize("geste", ["prolonger", "rendre"])
def test_prolonger_et_rendre_depuis_les_resultats_y_ramenent(connecte, jeton, tenue, creneau, geste):
    url = reverse(f"suivi:{geste}", kwargs={"creneau_id": identifiant_de(tenue)})

    reponse = connecte.post(url, {"recherche": jeton, "page": "2"})

    assert reponse.headers["Location"] == f"{url_resultats(jeton)}?page=2#offre-l{creneau.lieu_id}"


def test_prolongee_elle_ne_propose_plus_de_l_etre(connecte, jeton, tenue, osnp, maintenant):
    tenues.prolonger(compte=osnp, maintenant=maintenant)

    html = connecte.get(url_resultats(jeton)).text

    assert "tenue par vous jusqu’à 8\u00a0h\u00a006" in html
    assert "Prolonger de 3 minutes" not in html
