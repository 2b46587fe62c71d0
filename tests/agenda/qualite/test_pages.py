"""Les pages du support : ce qu’elles disent, vides ou pleines, en un nombre fixe de requêtes."""

import datetime as dt

import pytest
from django.urls import reverse

from agenda.editeurs.budget import PANNES_DE_SUITE, Permis
from agenda.editeurs.mesures import compter
from agenda.editeurs.ordonnanceur import budget_de
from agenda.enums import Flux
from agenda.models import AgendaEditeur, Editeur
from agenda.qualite.lectures import etat
from tests.agenda.editeurs.bundles import MAINTENANT, RPPS
from tests.agenda.factories import AgendaEditeurFactory, EditeurFactory, EnvoiRegulateurFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("a_neuf_heures")]


@pytest.fixture
def a_neuf_heures(horloge):
    horloge.move_to(MAINTENANT + dt.timedelta(minutes=1))


def _page(client, nom, **arguments):
    return client.get(reverse(f"qualite:{nom}", kwargs=arguments)).content.decode()


def test_la_liste_vide_le_dit(support):
    assert "Aucun éditeur n’est déclaré" in _page(support, "liste")


def test_un_editeur_que_l_on_n_a_jamais_lu_le_dit(support):
    neuf = EditeurFactory()

    assert "Jamais lu" in _page(support, "liste")
    page = _page(support, "editeur", editeur_id=neuf.pk)
    for vide in ("Aucun créneau écarté", "Aucun appel", "Aucun lieu décrit", "Aucune."):
        assert vide in page


def test_la_page_montre_les_rejets_expliques_leurs_exemples_et_les_erreurs(support, editeur):
    page = _page(support, "editeur", editeur_id=editeur.pk)

    assert "status_not_free" in page
    assert "Le créneau n’est pas libre." in page
    assert "occupe" in page
    assert "{&quot;status&quot;: &quot;busy&quot;}" in page
    assert "HTTP 503 : maintenance" in page
    assert "délai dépassé" in page
    assert "Même adresse\u00a0: 1" in page


def test_le_nombre_de_requetes_de_la_liste_ne_grandit_pas_avec_les_editeurs(
    support, editeur, compter_requetes
):
    url = reverse("qualite:liste")
    support.get(url)
    avec_un = compter_requetes(lambda: support.get(url))

    for _ in range(4):
        AgendaEditeurFactory()

    assert Editeur.objects.count() == 5
    assert compter_requetes(lambda: support.get(url)) <= avec_un


def test_les_rendez_vous_recus_et_refuses_se_comptent_par_jour(support, editeur):
    compter(editeur.pk, {"rdv_recu": 3, "rdv_refuse_systeme": 2}, MAINTENANT)

    fiche = support.get(reverse("qualite:editeur", kwargs={"editeur_id": editeur.pk})).context["fiche"]

    assert [(jour.rendez_vous, jour.rendez_vous_refuses) for jour in fiche.jours] == [(3, 2)]
    assert fiche.refus == [("systeme", 2)]


def test_les_comptes_de_regulateurs_en_echec_se_voient(support, editeur):
    envoi = EnvoiRegulateurFactory(essais=12, copie__editeur=editeur, reponse="HTTP 500")

    page = _page(support, "editeur", editeur_id=editeur.pk)

    assert "1 en échec" in page
    assert str(envoi.copie.compte) in page


def test_le_disjoncteur_ouvert_se_voit(support, editeur):
    budget = budget_de(editeur)
    for rang in range(PANNES_DE_SUITE):
        budget.finir_appel(Permis(rang, "j"), reussi=False, ralentir=True)

    assert "Disjoncteur ouvert" in _page(support, "liste")
    budget.finir_appel(Permis(0, "j"), reussi=True)
    assert "Ralenti" in _page(support, "liste")


def test_un_editeur_sans_reponse_depuis_la_peremption_est_muet(editeur):
    vu = budget_de(editeur).etat()
    perime = MAINTENANT + dt.timedelta(seconds=editeur.peremption_s)

    assert etat(editeur, vu, MAINTENANT, perime).libelle == "En service"
    assert etat(editeur, vu, MAINTENANT, perime + dt.timedelta(seconds=1)).libelle == "Muet"
    assert etat(editeur, None, MAINTENANT, perime).libelle == "État inconnu"


@pytest.mark.parametrize("cherche", [RPPS, RPPS[1:], f" {RPPS[1:6]} {RPPS[6:]} "])
def test_un_professionnel_se_retrouve_par_son_numero(support, editeur, cherche):
    reponse = support.get(reverse("qualite:lieux", kwargs={"editeur_id": editeur.pk}), {"q": cherche})

    (un,) = reponse.context["appariements"]
    assert un.lieu == AgendaEditeur.objects.get().lieu
    assert "12 rue Nationale" in reponse.content.decode()


@pytest.mark.parametrize("cherche", ["dupont", "123", "' OR 1=1"])
def test_une_recherche_illisible_ne_montre_personne(support, editeur, cherche):
    page = support.get(reverse("qualite:lieux", kwargs={"editeur_id": editeur.pk}), {"q": cherche})

    assert "Onze chiffres" in page.content.decode()
    assert page.context["appariements"] == []


def test_sans_recherche_seuls_les_lieux_crees_d_apres_l_editeur_se_montrent(support, editeur):
    url = reverse("qualite:lieux", kwargs={"editeur_id": editeur.pk})
    assert support.get(url).context["appariements"] == []

    AgendaEditeur.objects.update(appariement=[{"regle": "creation", "editeur": "1 rue X"}])

    assert [un.regle.value for un in support.get(url).context["appariements"]] == ["creation"]


def test_la_page_arretee_dit_pourquoi_et_par_qui(administrateur, editeur):
    qui = administrateur.get(reverse("qualite:liste")).wsgi_request.user
    Editeur.objects.update(
        est_actif=False, motif_arret="Réponses fausses", arrete_le=MAINTENANT, arrete_par=qui
    )

    page = _page(administrateur, "editeur", editeur_id=editeur.pk)

    assert "Réponses fausses" in page
    assert f"par {qui}" in page
    assert "Reprendre" in page


def test_un_flux_ferme_ne_dit_rien_de_sa_sante(support, editeur):
    fiche = support.get(reverse("qualite:editeur", kwargs={"editeur_id": editeur.pk})).context["fiche"]

    assert {un.flux: un.est_ouvert for un in fiche.flux} == {
        flux: flux in (Flux.PS, Flux.COMPTES) for flux in Flux
    }
    (ps,) = (un for un in fiche.flux if un.flux == Flux.PS)
    assert (ps.couleur, ps.sante) == ("success", "1 lot sur 1 à leur dernière interrogation réussie")
