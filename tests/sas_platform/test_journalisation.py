"""Le journal dit ce qui s’est passé, jamais ce qui a été saisi."""

import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog
from celery import shared_task
from django.db import IntegrityError
from django.test import Client
from django.urls import path
from django.utils.functional import SimpleLazyObject
from structlog.stdlib import ProcessorFormatter

from comptes.models import Compte, Jeton
from sas_platform import journalisation
from sas_platform import urls as vraies_urls
from sas_platform.demo.personas import creer_comptes
from tests.comptes.factories import CompteFactory, JetonFactory
from tests.test_projet import chemins

ADRESSE = "12 rue des Lilas Marcq-en-Baroeul"


def echouer(request):
    raise ValueError(f"adresse refusée : {request.POST.get('adresse', ADRESSE)}")


echouer.login_required = False
urlpatterns = [path("echec/", echouer, name="echec"), *vraies_urls.urlpatterns]
handler500 = vraies_urls.handler500


@pytest.fixture
def lignes() -> Iterator[Callable[[], list[dict]]]:
    """Lignes du journal écrites depuis le dernier appel, lues en JSON."""
    sortie = next(p for p in logging.getLogger().handlers if isinstance(p.formatter, ProcessorFormatter))
    tampon = io.StringIO()
    vraie = sortie.setStream(tampon)

    def lire() -> list[dict]:
        texte = tampon.getvalue()
        tampon.seek(0)
        tampon.truncate()
        return [json.loads(ligne) for ligne in texte.splitlines()]

    yield lire
    sortie.setStream(vraie)


@pytest.mark.django_db
def test_une_requete_donne_une_ligne_avec_route_etat_et_compte(client, lignes):
    compte = CompteFactory(osnp=True)
    client.force_login(compte)
    lignes()

    client.get("/", HTTP_X_REQUEST_ID="requete-0001")

    (ligne,) = [ligne for ligne in lignes() if ligne["event"] == "requete"]
    assert ligne["route"] == "accueil"
    assert ligne["etat"] == 200
    assert ligne["compte"] == compte.pk
    assert ligne["requete"] == "requete-0001"


@pytest.mark.django_db
def test_un_appel_de_l_api_dit_le_compte_de_son_jeton(client, lignes):
    jeton = JetonFactory(empreinte=Jeton.empreinte_de("bon"))

    for secret in ("bon", "faux"):
        entetes = {"Authorization": f"Bearer {secret}"}
        client.post("/api/v1/recherches/", {}, content_type="application/json", headers=entetes)

    assert [(ligne["etat"], ligne["compte"]) for ligne in lignes() if ligne["event"] == "requete"] == [
        (400, jeton.compte_id),
        (401, None),
    ]


@pytest.mark.django_db
def test_la_deconnexion_dit_qui_s_en_va(client, lignes):
    compte = CompteFactory(osnp=True)
    client.force_login(compte)

    client.post("/deconnexion/")
    client.get("/")

    assert [ligne["compte"] for ligne in lignes() if ligne["event"] == "requete"] == [compte.pk, None]


def test_le_journal_ne_fait_pas_lire_qui_demande(rf):
    requete = rf.get("/")
    requete.user = SimpleLazyObject(lambda: pytest.fail("lu pour le journal"))

    assert journalisation._compte(requete) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("recu", "repris"),
    [
        pytest.param("requete-0001", True, id="bien formé"),
        pytest.param("court", False, id="trop court"),
        pytest.param("x" * 65, False, id="trop long"),
        pytest.param('a"}{"injecte":1', False, id="injection"),
        pytest.param("", False, id="absent"),
    ],
)
def test_l_identifiant_de_requete_n_est_repris_que_bien_forme(client, recu, repris):
    rendu = client.get("/", HTTP_X_REQUEST_ID=recu).headers["X-Request-ID"]

    assert (rendu == recu) is repris
    assert journalisation._IDENTIFIANT.fullmatch(rendu)


@pytest.mark.django_db
def test_une_adresse_envoyee_a_toutes_les_vues_n_atteint_jamais_le_journal(lignes):
    """Dans l’URL, le corps, un en-tête : rien n’en reste, que la page réponde ou qu’elle échoue."""
    creer_comptes()
    client = Client(raise_request_exception=False)
    client.force_login(Compte.objects.get(email="osnp@exemple.invalid"))

    for _, chemin in chemins():
        client.get(chemin, {"adresse": ADRESSE, "q": ADRESSE, "next": ADRESSE, "address": ADRESSE})
        client.post(
            chemin,
            {"adresse": ADRESSE, "q": ADRESSE, "commune": ADRESSE},
            HTTP_REFERER=f"http://a/?q={ADRESSE}",
        )
        client.post(chemin, {"specialite": ADRESSE, "adresse": ADRESSE}, content_type="application/json")
    client.get(f"/recherche/{ADRESSE}/")
    client.force_login(Compte.objects.get(email="osnp@exemple.invalid"))

    textes = [json.dumps(ligne, ensure_ascii=False) for ligne in lignes()]
    assert textes
    assert not [texte for texte in textes if "Lilas" in texte or "Marcq" in texte]


@pytest.mark.django_db
@pytest.mark.urls("tests.sas_platform.test_journalisation")
@pytest.mark.usefixtures("routes_d_essai")
def test_une_exception_est_journalisee_sans_son_message(lignes):
    reponse = Client(raise_request_exception=False).post("/echec/", {"adresse": ADRESSE})

    assert reponse.status_code == 500
    tout = lignes()
    (ligne,) = [ligne for ligne in tout if ligne["event"] == "exception"]
    assert ligne["exception"]["type"] == "builtins.ValueError"
    assert any("test_journalisation" in trame for trame in ligne["exception"]["pile"])
    assert ADRESSE not in json.dumps(tout, ensure_ascii=False)


@pytest.mark.django_db
def test_une_erreur_de_base_garde_son_code_et_sa_contrainte():
    compte = CompteFactory(email="deja@exemple.invalid")
    with pytest.raises(IntegrityError) as echec:
        Compte.objects.create(email=compte.email, nom="Doublon")

    description = journalisation.decrire(echec.value)

    assert description["cause"]["sqlstate"] == "23505"
    assert "email" in description["cause"]["contrainte"]
    assert "deja@" not in json.dumps(description)


@shared_task
def tache_d_essai() -> dict:
    return structlog.contextvars.get_contextvars()


def test_l_identifiant_de_requete_part_avec_la_tache():
    entetes: dict = {}
    with structlog.contextvars.bound_contextvars(requete="requete-0001"):
        journalisation._joindre(headers=entetes)

    assert entetes == {"requete": "requete-0001"}


def test_une_tache_reprend_l_identifiant_et_rend_le_contexte():
    with structlog.contextvars.bound_contextvars(requete="requete-0001"):
        pendant = tache_d_essai.apply(headers={"requete": "requete-0002"}).get()
        apres = structlog.contextvars.get_contextvars()

    assert pendant["tache"].endswith("tache_d_essai")
    assert apres == {"requete": "requete-0001"}
