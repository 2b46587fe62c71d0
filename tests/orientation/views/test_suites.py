"""Après l’orientation : notification, annulation, liste du jour ; et le départ chez l’éditeur."""

from datetime import time, timedelta

import pytest
from django.urls import reverse

from agenda.offre import rafraichir
from comptes.enums import Role
from orientation.actions import orienter
from orientation.enums import Issue, SourceIssue
from orientation.models import IssueOrientation, Redirection
from tests.agenda.factories import DisponibiliteFactory
from tests.comptes.factories import CompteFactory
from tests.orientation.conftest import identifiant, identifiants
from tests.orientation.factories import OrientationFactory

pytestmark = pytest.mark.django_db
ORIENTENT = {Role.OSNP, Role.REGULATEUR, Role.IOA}


# --- Notification, annulation, liste ----------------------------------------


@pytest.mark.parametrize("route", ["orientation:orientation", "orientation:annulation"])
def test_l_orientation_d_un_autre_est_introuvable(connecte, route, maintenant):
    autre = OrientationFactory()

    chemin = reverse(route, kwargs={"uuid": autre.uuid})

    assert connecte.get(chemin).status_code == 404
    assert connecte.post(chemin).status_code in (404, 405)


def test_annuler_demande_une_confirmation_et_rend_la_place(connecte, osnp, creneau, maintenant):
    orientation = orienter(acteur=osnp, cle="a", creneau_id=identifiant(creneau), maintenant=maintenant)
    chemin = reverse("orientation:annulation", kwargs={"uuid": orientation.uuid})
    demande = connecte.get(chemin)
    assert identifiants(creneau.lieu_id) == []

    reponse = connecte.post(chemin, {"motif": "erreur"}, follow=True)

    assert "Garder l’orientation" in demande.content.decode()
    assert "Orientation annulée" in reponse.content.decode()
    assert len(identifiants(creneau.lieu_id)) == 1


def test_annuler_deux_fois_donne_un_409(connecte, osnp, creneau, maintenant):
    orientation = orienter(acteur=osnp, cle="a", creneau_id=identifiant(creneau), maintenant=maintenant)
    chemin = reverse("orientation:annulation", kwargs={"uuid": orientation.uuid})
    connecte.post(chemin, {"motif": "erreur"})

    reponse = connecte.post(chemin, {"motif": "erreur"})

    assert reponse.status_code == 409
    assert "déjà annulée" in reponse.content.decode()


@pytest.mark.parametrize("apres", [timedelta(hours=-1), timedelta(hours=1)], ids=["avant", "après"])
def test_une_place_passee_n_est_pas_dite_proposee_de_nouveau(connecte, osnp, maintenant, apres):
    orientation = OrientationFactory(acteur=osnp)
    orientation.annulee_le = orientation.fin + apres
    orientation.save()

    page = connecte.get(reverse("orientation:orientation", args=[orientation.uuid])).content.decode()

    assert ("de nouveau proposée" in page) is (apres < timedelta(0))


def test_la_liste_ne_montre_que_mes_orientations_du_jour(connecte, osnp, maintenant):
    la_mienne = OrientationFactory(acteur=osnp, prise_le=maintenant)
    OrientationFactory(acteur=osnp, prise_le=maintenant - timedelta(hours=9))
    OrientationFactory(prise_le=maintenant)

    lignes = connecte.get("/orientations/").context["lignes"]

    assert [ligne["orientation"] for ligne in lignes] == [la_mienne]


def test_ce_que_le_cabinet_en_a_dit_se_lit_sur_mes_orientations(connecte, osnp, maintenant):
    """Un rendez-vous que le professionnel annule avant l’heure : le patient est à rappeler."""
    orientation = OrientationFactory(acteur=osnp, prise_le=maintenant)
    IssueOrientation.objects.create(
        orientation=orientation,
        issue=Issue.ANNULE,
        source=SourceIssue.LIEN,
        acteur=CompteFactory(),
        le=maintenant,
    )

    for chemin in ("/orientations/", f"/orientations/{orientation.uuid}/"):
        assert Issue.ANNULE.label in connecte.get(chemin).content.decode()


def test_la_liste_ne_fait_pas_une_requete_par_ligne(connecte, osnp, maintenant, compter_requetes):
    OrientationFactory(acteur=osnp, prise_le=maintenant)
    connecte.get("/orientations/")
    avec_une = compter_requetes(lambda: connecte.get("/orientations/"))

    OrientationFactory.create_batch(9, acteur=osnp, prise_le=maintenant)

    assert compter_requetes(lambda: connecte.get("/orientations/")) == avec_une


def test_la_liste_vide_le_dit(connecte, maintenant):
    assert "Aucune orientation aujourd’hui" in connecte.get("/orientations/").content.decode()


# --- Départ chez l’éditeur --------------------------------------------------


def url_redirection(creneau_id: str) -> str:
    return reverse("orientation:rediriger", kwargs={"creneau_id": creneau_id})


def test_le_creneau_d_un_editeur_ouvre_son_site_avec_l_origine(connecte, chez_l_editeur):
    (creneau_id,) = identifiants(chez_l_editeur.lieu_id)

    reponse = connecte.post(url_redirection(creneau_id))

    assert reponse.status_code == 303
    assert reponse.headers["Location"].endswith("/rdv?creneau=1&origin=sas")
    assert Redirection.objects.count() == 1


def test_un_depart_ne_se_fait_pas_en_get(connecte, chez_l_editeur):
    (creneau_id,) = identifiants(chez_l_editeur.lieu_id)

    assert connecte.get(url_redirection(creneau_id)).status_code == 405
    assert not Redirection.objects.exists()


def test_un_creneau_d_editeur_disparu_donne_un_410_et_des_alternatives(
    connecte, jeton, chez_l_editeur, maintenant
):
    (creneau_id,) = identifiants(chez_l_editeur.lieu_id)
    chez_l_editeur.creneaux = []
    chez_l_editeur.save()
    autre = DisponibiliteFactory(heure_debut=time(10), heure_fin=time(10, 20)).lieu
    rafraichir([chez_l_editeur.lieu_id, autre.pk], maintenant)

    reponse = connecte.post(url_redirection(creneau_id), {"recherche": jeton})

    assert reponse.status_code == 410
    assert "10\u00a0h – 10\u00a0h\u00a020" in reponse.content.decode()


@pytest.mark.parametrize("role", Role)
def test_seuls_ceux_qui_orientent_partent_chez_l_editeur(client, chez_l_editeur, role):
    (creneau_id,) = identifiants(chez_l_editeur.lieu_id)
    client.force_login(CompteFactory(role=role))

    assert client.post(url_redirection(creneau_id)).status_code == (303 if role in ORIENTENT else 404)
