"""Le lien d’un éditeur : secret, seul, révocable, sans nom de personne."""

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from agenda.models import Editeur, LienEditeur
from agenda.qualite import actions
from agenda.qualite.views.liens import PAGES_PAR_MINUTE
from comptes.enums import Role
from comptes.models import Trace
from tests.agenda.editeurs.bundles import MAINTENANT, agenda_complet, bundle, octets, slot
from tests.agenda.factories import EditeurFactory, EnvoiRegulateurFactory
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent():
    return CompteFactory(role=Role.SUPPORT, nom="Reconnaissable", prenom="Camille")


@pytest.fixture
def secret(editeur, agent):
    return actions.donner_un_lien(editeur=editeur, acteur=agent, maintenant=MAINTENANT)


def _page(secret, nom="page", client=None, **options):
    return (client or Client()).get(reverse(f"qualite:{nom}", kwargs={"secret": secret}), **options)


def test_le_support_donne_un_lien_qui_ne_se_montre_qu_une_fois(support, editeur):
    url = reverse("qualite:lien", kwargs={"editeur_id": editeur.pk})

    adresse = support.post(url).context["adresse"]

    secret = adresse.rstrip("/").rsplit("/", 1)[1]
    assert _page(secret).status_code == 200
    assert secret not in support.get(url).content.decode()
    assert secret not in str(LienEditeur.objects.values())
    assert Trace.objects.get(verbe="editeur.lien_cree").objet == f"editeur:{editeur.pk}"


def test_la_page_de_l_editeur_est_celle_du_support_sans_aucun_nom(secret, editeur, agent):
    envoi = EnvoiRegulateurFactory(
        essais=12, copie__editeur=editeur, copie__compte__nom="Regulatrice", reponse="HTTP 500 Regulatrice"
    )
    Editeur.objects.filter(pk=editeur.pk).update(
        est_actif=False, motif_arret="Réponses fausses", arrete_le=MAINTENANT, arrete_par=agent
    )

    page = _page(secret).content.decode()

    for dit in ("Doctoplan", "status_not_free", "HTTP 503 : maintenance", "Réponses fausses", "1 en échec"):
        assert dit in page
    for tu in ("Reconnaissable", "Regulatrice", str(envoi.copie.compte.email), "Réglages", "Révoquer"):
        assert tu not in page
    assert LienEditeur.objects.get().lu_le is not None


def test_un_editeur_ne_lit_que_le_sien(secret):
    EditeurFactory(nom="Concurrent")

    assert "Concurrent" not in _page(secret).content.decode()


def test_l_adresse_ne_s_indexe_pas_et_ne_part_pas_dans_les_en_tetes(secret):
    page, lecteur = _page(secret), _page(secret, "lecteur_par_lien")

    assert page["Referrer-Policy"] == "no-referrer"
    # « no-referrer » ferait refuser le formulaire ; l’origine seule ne dit rien du secret.
    assert lecteur["Referrer-Policy"] == "strict-origin"
    for reponse in (page, lecteur):
        assert reponse["X-Robots-Tag"] == "noindex, nofollow"
        assert "no-store" in reponse["Cache-Control"]


def test_renouveler_ferme_l_ancien_lien(secret, editeur, agent):
    nouveau = actions.donner_un_lien(editeur=editeur, acteur=agent, maintenant=MAINTENANT)

    assert _page(secret).status_code == 404
    assert _page(nouveau).status_code == 200


def test_un_lien_revoque_n_existe_plus(support, secret, editeur):
    support.post(reverse("qualite:lien_revoquer", kwargs={"editeur_id": editeur.pk}))

    assert _page(secret).status_code == _page(secret, "lecteur_par_lien").status_code == 404
    lecteur = reverse("qualite:lecteur_par_lien", kwargs={"secret": secret})
    assert Client().post(lecteur, {"cas": "ps", "texte": "{}"}).status_code == 404
    assert Trace.objects.filter(verbe="editeur.lien_revoque").count() == 1


@pytest.mark.parametrize("faux", ["x", "a" * 43, "a" * 5_000, "..%2f", "é"])
def test_un_secret_faux_n_ouvre_rien(secret, faux):
    assert _page(faux).status_code == 404


def test_un_editeur_n_a_qu_un_lien_ouvert(secret, editeur):
    with pytest.raises(IntegrityError, match="lienediteur_un_par_editeur"), transaction.atomic():
        LienEditeur.objects.create(editeur=editeur, empreinte="autre", cree_le=MAINTENANT)


def test_l_editeur_relit_un_bundle_juge_sur_ses_propres_hotes(secret, editeur):
    url = reverse("qualite:lecteur_par_lien", kwargs={"secret": secret})
    saisie = {"cas": "ps", "maintenant": MAINTENANT.isoformat()}
    texte = octets(bundle(slot(), *agenda_complet())).decode()

    refuse = Client().post(url, saisie | {"texte": texte}).content.decode()
    admis = Client().post(
        url, saisie | {"texte": texte.replace("rdv.exemple.fr", editeur.hotes_reservation[0])}
    )

    assert "son hôte n’est pas déclaré" in refuse
    assert "avec lien" in admis.content.decode()


def test_une_lecture_trop_frequente_attend(secret):
    etats = {_page(secret).status_code for _ in range(PAGES_PAR_MINUTE)}

    assert etats == {200}
    assert _page(secret).status_code == 429
    cache.clear()
    assert _page(secret).status_code == 200
