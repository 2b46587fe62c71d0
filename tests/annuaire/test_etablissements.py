"""S’identifier par son hôpital : la page de connexion propose ceux que les territoires ont déclarés."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from annuaire.models import Territoire
from tests.comptes.conftest import parcours, psc  # noqa: F401

pytestmark = pytest.mark.django_db


def test_sans_etablissement_declare_la_page_ne_propose_rien(client):
    Territoire.objects.create(nom="Sans hôpital")

    assert 'name="etablissement"' not in client.get("/connexion/").content.decode()


def test_l_etablissement_choisi_part_chez_pro_sante_connect(client, psc):  # noqa: F811
    Territoire.objects.create(nom="Nord", fournisseur_identite="chu-fictif")
    page = client.get("/connexion/", {"next": "/mentions-legales/"}).content.decode()
    assert '<option value="chu-fictif">Nord</option>' in page
    assert 'name="next" value="/mentions-legales/"' in page

    depart = client.get("/oidc/depart/", {"etablissement": "chu-fictif", "next": "/mentions-legales/"})

    assert dict(parse_qsl(urlsplit(depart.headers["Location"]).query))["kc_idp_hint"] == "chu-fictif"
