"""Un envoi que la fin de la session arrête : la personne l’apprend, et retrouve sa page."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.messages import get_messages

pytestmark = pytest.mark.django_db
CE_SOIR = "/agenda/7/ce-soir/"
PERDU = "Votre dernier envoi n’est pas enregistré"


def suite(reponse) -> str:
    assert urlsplit(reponse.url).path == "/connexion/"
    return parse_qs(urlsplit(reponse.url).query).get("next", [""])[0]


def test_apres_un_envoi_on_revient_a_la_page_d_ou_il_partait(client):
    page = "http://testserver/agenda/7/?vue=jour&jour=2026-12-07"

    reponse = client.post(CE_SOIR, headers={"referer": page})

    assert suite(reponse) == "/agenda/7/?vue=jour&jour=2026-12-07"
    assert PERDU in client.get(reponse.url).content.decode()


@pytest.mark.parametrize(
    "depuis", ["", "https://ailleurs.exemple.invalid/agenda/7/", "http://testserver:81/x/"]
)
def test_sans_page_connue_on_arrive_a_l_accueil_de_son_role(client, depuis):
    assert suite(client.post(CE_SOIR, headers={"referer": depuis})) == ""


def test_ce_qu_un_script_envoie_de_lui_meme_ne_se_dit_pas(client):
    reponse = client.post(CE_SOIR, headers={"sec-fetch-mode": "cors"})

    assert not list(get_messages(reponse.wsgi_request))


def test_apres_une_lecture_on_revient_a_l_adresse_demandee(client):
    reponse = client.get("/agenda/7/?vue=jour")

    assert suite(reponse) == "/agenda/7/?vue=jour"
    assert PERDU not in client.get(reponse.url).content.decode()
