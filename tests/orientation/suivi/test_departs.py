"""Le suivi montre les départs vers un éditeur à côté des orientations, et le rendez-vous qui en est revenu."""

from datetime import timedelta

import pytest
from django.urls import reverse

from comptes.enums import Role
from orientation.enums import Rattachement, StatutRendezVous
from tests.annuaire.factories import TerritoireFactory, habiliter
from tests.comptes.factories import CompteFactory
from tests.orientation.factories import RedirectionFactory, RendezVousFactory

pytestmark = pytest.mark.django_db
URL = reverse("suivi:tableau")


@pytest.fixture
def nord(db):
    return TerritoireFactory(nom="SAS Nord")


@pytest.fixture
def equipier(nord):
    compte = CompteFactory()
    habiliter(compte, Role.OSNP, territoire=nord)
    return compte


@pytest.fixture
def depart(osnp, nord, maintenant):
    return RedirectionFactory(acteur=osnp, territoire=nord, le=maintenant)


def revenu(depart, statut=StatutRendezVous.CONFIRME):
    return RendezVousFactory(
        editeur=depart.editeur,
        redirection=depart,
        rattachement=Rattachement.DEPART,
        regulateur=depart.acteur,
        lieu=depart.lieu,
        effecteur=depart.lieu.effecteur,
        statut=statut,
    )


def lire(client, compte, **filtre) -> str:
    client.force_login(compte)
    return " ".join(client.get(URL, filtre).content.decode().split())


def test_l_equipe_lit_les_departs_de_son_territoire_et_ce_qui_en_est_revenu(client, equipier, depart):
    revenu(depart)

    page = lire(client, equipier)

    assert str(depart.lieu.effecteur) in page
    assert "Rendez-vous confirmé par l’éditeur" in page
    assert f", par {depart.acteur}" in page


def test_un_depart_sans_rendez_vous_annonce_le_dit(client, osnp, depart):
    assert "Pas de rendez-vous annoncé par l’éditeur." in lire(client, osnp)


def test_un_depart_vers_la_place_de_marche_montre_le_rendez_vous_retrouve(client, osnp, nord, maintenant):
    depart = RedirectionFactory(acteur=osnp, territoire=nord, le=maintenant, lieu=None, debut=None, fin=None)
    RendezVousFactory(
        editeur=depart.editeur,
        redirection=depart,
        rattachement=Rattachement.PLACE_DE_MARCHE,
        regulateur=osnp,
    )

    page = lire(client, osnp)

    assert "Place de marché" in page
    assert "Pas de rendez-vous annoncé" not in page


def test_les_departs_d_un_autre_territoire_ne_se_lisent_pas(client, depart):
    ailleurs = CompteFactory()
    habiliter(ailleurs, Role.OSNP, territoire=TerritoireFactory(nom="SAS Sud"))

    assert "Aucun départ." in lire(client, ailleurs)


@pytest.mark.parametrize(
    ("filtre", "montre"),
    [
        pytest.param({}, True, id="sans filtre"),
        pytest.param({"genre": "depart"}, True, id="les départs"),
        pytest.param({"genre": "creneau"}, False, id="un autre genre"),
        pytest.param({"qui": "miennes"}, False, id="les siens seulement"),
        pytest.param({"etat": "prise"}, True, id="rendez-vous pris"),
        pytest.param({"etat": "annulee"}, False, id="rendez-vous annulé"),
        pytest.param({"etat": "venu"}, False, id="patient venu"),
        pytest.param({"etat": "sans_issue"}, False, id="rien d’annoncé"),
        pytest.param({"du": "2026-11-01", "au": "2026-11-01"}, False, id="la veille"),
    ],
)
def test_les_filtres_du_suivi_valent_pour_les_departs(client, equipier, depart, filtre, montre):
    revenu(depart)

    assert ("Aucun départ." not in lire(client, equipier, **filtre)) is montre


def test_le_suivi_ne_fait_pas_une_requete_par_depart(client, equipier, depart, compter_requetes, maintenant):
    revenu(depart)
    lire(client, equipier)  # les caches du processus sont pleins
    avec_un = compter_requetes(lambda: client.get(URL))

    for n in range(5):
        autre = RedirectionFactory(
            acteur=depart.acteur, territoire=depart.territoire, le=maintenant - timedelta(minutes=n)
        )
        revenu(autre)

    assert compter_requetes(lambda: client.get(URL)) == avec_un
