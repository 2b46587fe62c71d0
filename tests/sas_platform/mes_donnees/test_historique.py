"""Chacun voit qui a lu ou changé ses données, et rien de celles d’autrui."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from annuaire.models import Delegation
from assistance.enums import Destination, Profil
from assistance.models import Theme, Ticket
from comptes.enums import Role
from comptes.models import Compte, Trace
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory
from tests.comptes.factories import CompteFactory, HabilitationFactory, JetonFactory
from tests.navigateur import suivre

pytestmark = pytest.mark.django_db
URL = "/mon-compte/historique/"
LE = datetime(2026, 3, 17, 8, tzinfo=UTC)


@pytest.fixture
def moi():
    return CompteFactory(effecteur=True, prenom="Alix", nom="Martin")


@pytest.fixture
def gestionnaire():
    return CompteFactory(role=Role.GESTIONNAIRE_COMPTES, prenom="Camille", nom="Gestion")


def tracer(
    objet: str, acteur: Compte | None = None, verbe: str = "compte.modifie", le: datetime = LE
) -> Trace:
    return Trace.objects.create(le=le, acteur=acteur, verbe=verbe, objet=objet)


def texte(client, **filtre: str) -> str:
    """La partie du tableau, espaces ramenées à une."""
    page = client.get(URL, filtre).content.decode()
    return " ".join(re.sub("<[^>]+>", " ", page.partition("<h2")[2].partition("</main>")[0]).split())


def creer_ticket(auteur: Compte) -> Ticket:
    theme = Theme.objects.create(profil=Profil.EFFECTEUR, libelle="x", destination=Destination.SUPPORT_N1)
    champs = {"nom": "x", "prenom": "x", "telephone": "x", "email": "x@exemple.invalid", "message": "x"}
    return Ticket.objects.create(
        numero="T1",
        auteur=auteur,
        profil=Profil.EFFECTEUR,
        theme=theme,
        destination=Destination.SUPPORT_N1,
        empreinte_suivi="e",
        **champs,
    )


OBJETS = {
    "compte": lambda moi: f"compte:{moi.pk}",
    "fiche": lambda moi: f"effecteur:{EffecteurFactory(identifiant_national=moi.identifiant_national).pk}",
    "lieu": lambda moi: (
        f"lieu:{LieuExerciceFactory(effecteur__identifiant_national=moi.identifiant_national).pk}"
    ),
    "délégation reçue": lambda moi: (
        f"delegation:{Delegation.objects.create(delegataire=moi, effecteur=EffecteurFactory()).pk}"
    ),
    "délégation donnée": lambda moi: "delegation:{}".format(
        Delegation.objects.create(
            delegataire=CompteFactory(),
            effecteur=EffecteurFactory(identifiant_national=moi.identifiant_national),
        ).pk
    ),
    "jeton": lambda moi: f"jeton:{JetonFactory(compte=moi).pk}",
    "demande d’assistance": lambda moi: f"demande:{creer_ticket(moi).pk}",
}


@pytest.mark.parametrize("genre", OBJETS)
def test_chacun_voit_ce_qui_touche_ses_donnees_et_nul_autre(client, moi, gestionnaire, genre):
    tracer(OBJETS[genre](moi), gestionnaire)

    client.force_login(moi)
    assert "Camille Gestion Gestionnaire de comptes" in texte(client)
    client.force_login(CompteFactory(effecteur=True))
    assert "Aucune ligne" in texte(client)


def test_sans_identifiant_national_on_ne_voit_pas_les_fiches_des_autres(client):
    client.force_login(CompteFactory(osnp=True))
    tracer(f"lieu:{LieuExerciceFactory().pk}")
    tracer(f"lieu:{LieuExerciceFactory(de_structure=True).pk}")

    assert "Aucune ligne" in texte(client)


def test_les_actes_se_lisent_en_francais_les_siens_a_part(client, moi, gestionnaire):
    objet = f"compte:{moi.pk}"
    tracer(objet, moi, "connexion")
    tracer(objet, None, "compte.anonymise")
    tracer(objet, gestionnaire, "compte.lu")
    client.force_login(moi)

    lignes = texte(client)

    assert (
        "17 mars 2026 à 9 h Consultation du compte (votre compte) Camille Gestion Gestionnaire de comptes"
        in lignes
    )
    assert "Effacement de l’identité du compte (votre compte) La plateforme" in lignes
    assert "Connexion (votre compte) Vous" in lignes


def test_le_role_montre_est_celui_d_alors(client, moi):
    acteur = HabilitationFactory(role=Role.REFERENT, finie=True).compte
    tracer(f"compte:{moi.pk}", acteur, le=LE)
    HabilitationFactory(compte=acteur, role=Role.CPAM, debut_le=datetime(2026, 7, 1, tzinfo=UTC))
    client.force_login(moi)

    lignes = texte(client)
    assert "Référent territorial" in lignes
    assert "CPAM" not in lignes


def test_un_lieu_se_reconnait_a_son_adresse(client, moi, gestionnaire):
    lieu = LieuExerciceFactory(
        effecteur__identifiant_national=moi.identifiant_national, adresse="3 rue Basse", code_postal="59000"
    )
    tracer(f"lieu:{lieu.pk}", gestionnaire)
    client.force_login(moi)

    assert "lieu d’exercice, 3 rue Basse, 59000 Lille" in texte(client)


@pytest.mark.parametrize(
    ("filtre", "vues"),
    [
        pytest.param({}, {"2026-03-16", "2026-03-17", "2026-03-18"}, id="tout"),
        pytest.param({"du": "2026-03-17"}, {"2026-03-17", "2026-03-18"}, id="du, compris"),
        pytest.param({"au": "2026-03-17"}, {"2026-03-16", "2026-03-17"}, id="au, compris"),
        pytest.param({"verbe": "connexion"}, {"2026-03-18"}, id="verbe"),
        pytest.param({"qui": "soi"}, {"2026-03-18"}, id="moi"),
        pytest.param({"qui": "autres"}, {"2026-03-16", "2026-03-17"}, id="les autres et la plateforme"),
        pytest.param({"verbe": "inconnu"}, {"2026-03-16", "2026-03-17", "2026-03-18"}, id="verbe inconnu"),
        pytest.param({"du": "hier"}, {"2026-03-16", "2026-03-17", "2026-03-18"}, id="date illisible"),
    ],
)
def test_le_filtre_retient_la_periode_le_verbe_et_l_auteur(client, moi, gestionnaire, filtre, vues):
    objet = f"compte:{moi.pk}"
    tracer(objet, None, "compte.anonymise", datetime(2026, 3, 16, 22, 59, 59, tzinfo=UTC))
    tracer(objet, gestionnaire, "compte.modifie", datetime(2026, 3, 16, 23, tzinfo=UTC))
    tracer(objet, moi, "connexion", datetime(2026, 3, 17, 23, tzinfo=UTC))
    client.force_login(moi)

    reponse = client.get(URL, filtre)

    assert {f"{timezone.localtime(ligne.le):%Y-%m-%d}" for ligne in reponse.context["lignes"]} == vues


def test_une_periode_a_l_envers_se_dit_sur_le_champ(client, moi):
    client.force_login(moi)

    page = client.get(URL, {"du": "2026-03-17", "au": "2026-03-16"}).content.decode()

    assert "La période finit avant d’avoir commencé." in page


def test_une_annee_impossible_se_dit_sur_le_champ(client, moi):
    client.force_login(moi)

    assert "Choisissez une année de 2000 à 2100." in client.get(URL, {"au": "9999-12-31"}).content.decode()


def test_la_page_suivante_garde_le_filtre(client, moi):
    for _ in range(26):
        tracer(f"compte:{moi.pk}", moi, "connexion")
    client.force_login(moi)

    premiere = client.get(URL, {"qui": "soi"}).content.decode()
    seconde = client.get(URL, {"qui": "soi", "page": "2"})

    assert 'href="?qui=soi&amp;page=2"' in premiere
    assert len(seconde.context["lignes"]) == 1


def test_l_historique_ne_fait_pas_une_requete_par_ligne(client, moi, compter_requetes):
    client.force_login(moi)
    tracer(f"compte:{moi.pk}", CompteFactory(role=Role.CPAM))
    client.get(URL)  # la première ouvre la session
    avec_une = compter_requetes(lambda: client.get(URL))

    for _ in range(9):
        tracer(f"compte:{moi.pk}", CompteFactory(role=Role.CPAM))

    assert compter_requetes(lambda: client.get(URL)) == avec_une <= 12


def test_l_anonyme_va_se_connecter_et_rien_ne_se_garde_en_cache(client, moi):
    assert client.get(URL).headers["Location"].startswith("/connexion/")
    client.force_login(moi)
    assert "no-store" in client.get(URL).headers["Cache-Control"]
    assert client.post(URL).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_la_page_se_lit_au_bureau_et_au_telephone(page, connecter, axe, capture):
    moi = CompteFactory(effecteur=True, prenom="Alix", nom="Martin")
    gestionnaire = CompteFactory(role=Role.GESTIONNAIRE_COMPTES, prenom="Camille", nom="Gestion")
    for rang in range(13):
        tracer(f"compte:{moi.pk}", moi, "connexion", LE.replace(day=rang + 1))
        tracer(f"compte:{moi.pk}", gestionnaire, "compte.lu", LE.replace(day=rang + 1, hour=9))
    connecter(moi)
    page.goto(URL)

    expect(page.locator("h1")).to_have_text("Qui a lu ou changé mes données")
    axe(page)
    capture(page, "historique")
    page.select_option("select[name=qui]", "autres")
    suivre(page.get_by_role("button", name="Filtrer"))
    expect(page.get_by_role("heading", name="13 lignes", exact=True)).to_be_visible()
    expect(page.locator("li.sas-acte")).to_have_count(13)
    page.fill("input[name=du]", "2026-03-20")
    suivre(page.get_by_role("button", name="Filtrer"))
    expect(page.get_by_text("Aucune ligne ne répond à ce filtre.")).to_be_visible()
    axe(page)
