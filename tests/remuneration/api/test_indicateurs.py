"""L’API des indicateurs : la portée, le champ du compte, la trace, le débit, les refus, le schéma."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as reglages
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from comptes.enums import Portee, Role
from comptes.models import Compte, Jeton, Trace
from remuneration.domaine.mois import Mois
from remuneration.models import MoisMesure
from sas_platform.wsgi import application
from tests.annuaire.factories import habiliter
from tests.comptes.factories import CompteFactory, JetonFactory
from tests.remuneration.pilotage.conftest import CLOS_LE, avril, mesurer_a_la_main, nord, sud  # noqa: F401

pytestmark = pytest.mark.django_db
URL = "/api/v1/indicateurs/"
CONTROLES = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def ministere(db) -> Compte:
    compte = CompteFactory(role=Role.PILOTAGE)
    JetonFactory(compte=compte, portees=[Portee.INDICATEURS], empreinte=Jeton.empreinte_de("secret"))
    return compte


@pytest.fixture
def lire(client, ministere) -> Callable[..., Any]:
    """`lire(mois="2026-04")` avec un jeton de portée indicateurs."""
    return lambda **parametres: client.get(URL, parametres, headers={"Authorization": "Bearer secret"})


def valeurs(reponse: Any) -> dict[tuple[str | None, str, str], float | None]:
    assert reponse.status_code == 200, reponse.content
    return {
        (m["territoire"]["nom"] if m["territoire"] else None, m["code"], m["dimension"]): m["valeur"]
        for m in reponse.json()["mesures"]
    }


def test_les_indicateurs_et_leur_detail(lire, avril):  # noqa: F811
    reponse = lire(mois="2026-04")
    lues = valeurs(reponse)

    assert (reponse.json()["mois"], reponse.json()["est_clos"]) == ("2026-04", True)
    assert lues[None, "recherches", ""] == 46_540
    assert lues[None, "orientations", ""] == 21_119
    assert lues[None, "orientations", "surnumeraire"] == 7_119
    assert lues[None, "conversion", ""] == pytest.approx(21_119 / 46_540)
    assert lues["SAS du Nord", "recherches", ""] == 1_200
    assert lues["SAS du Sud", "delai_median", ""] is None


def test_on_choisit_le_mois_le_territoire_et_les_codes(lire, avril, nord):  # noqa: F811
    lues = valeurs(lire(mois="2026-03", territoire=nord.pk, code=["recherches", "participants"]))

    assert lues == {("SAS du Nord", "recherches", ""): 1_000, ("SAS du Nord", "participants", ""): 0}


def test_sans_mois_c_est_le_dernier_fini(lire, avril):  # noqa: F811
    MoisMesure.objects.create(mois=Mois(2026, 6).premier, calcule_le=CLOS_LE)

    assert lire().json()["mois"] == "2026-04"


def test_les_communes_ne_se_rendent_que_demandees(lire, avril):  # noqa: F811
    assert not any(code == "sans_resultat_commune" for _, code, _ in valeurs(lire()))
    assert valeurs(lire(code="sans_resultat_commune", territoire="france")) == {
        (None, "sans_resultat_commune", "59350"): 7,
        (None, "sans_resultat_commune", ""): 2,
    }


def test_une_longue_liste_se_lit_page_apres_page(lire, avril):  # noqa: F811
    mesurer_a_la_main(avril, None, sans_resultat_commune={f"{n:05}": 1 for n in range(1200)})

    pages = [lire(code="sans_resultat_commune", territoire="france", page=n).json() for n in (1, 2)]

    assert [len(page["mesures"]) for page in pages] == [1000, 202]
    assert pages[0]["pages"] == 2
    assert len({m["dimension"] for page in pages for m in page["mesures"]}) == 1202
    assert lire(code="sans_resultat_commune", territoire="france", page=3).status_code == 404, "elle finit"


def test_aucun_intermediaire_ne_garde_ce_que_lit_un_jeton(lire, avril):  # noqa: F811
    assert "no-store" in lire().headers["Cache-Control"]


def test_un_compte_de_territoire_n_a_que_le_sien(client, avril, nord, sud):  # noqa: F811
    compte = CompteFactory()
    habiliter(compte, Role.REFERENT, territoire=nord)
    JetonFactory(compte=compte, portees=[Portee.INDICATEURS], empreinte=Jeton.empreinte_de("local"))
    entete = {"Authorization": "Bearer local"}

    assert {nom for nom, _, _ in valeurs(client.get(URL, headers=entete))} == {"SAS du Nord"}
    for autre in ("france", sud.pk):
        refus = client.get(URL, {"territoire": autre}, headers=entete)
        assert (refus.status_code, refus.json()["code"]) == (404, "introuvable")


@pytest.mark.parametrize(
    ("role", "portees"),
    [
        pytest.param(Role.PILOTAGE, [Portee.RECHERCHE], id="un jeton d’une autre portée"),
        pytest.param(Role.OSNP, [Portee.INDICATEURS], id="un compte qui ne pilote pas"),
    ],
)
def test_sans_la_portee_ou_le_role_rien_ne_se_lit(client, avril, role, portees):  # noqa: F811
    compte = CompteFactory(role=role)
    JetonFactory(compte=compte, portees=portees, empreinte=Jeton.empreinte_de("autre"))

    reponse = client.get(URL, headers={"Authorization": "Bearer autre"})

    assert (reponse.status_code, reponse.headers["Content-Type"]) == (403, "application/problem+json")
    assert client.get(URL).status_code == 401
    assert not Trace.objects.filter(verbe="indicateurs.lus").exists()


def test_chaque_lecture_est_tracee(lire, avril, nord, ministere):  # noqa: F811
    lire(mois="2026-04", territoire=nord.pk, code="recherches")

    trace = Trace.objects.get(verbe="indicateurs.lus")
    assert (trace.acteur, trace.objet) == (ministere, "indicateurs:2026-04")
    assert trace.details == {"territoire": str(nord.pk), "codes": ["recherches"]}


@pytest.mark.parametrize(
    ("parametres", "champ"),
    [
        ({"mois": "2026-13"}, "mois"),
        ({"mois": "avril"}, "mois"),
        ({"territoire": "nord"}, "territoire"),
        ({"code": "inconnu"}, "code"),
        ({"page": "0"}, "page"),
    ],
)
def test_un_parametre_mauvais_est_dit(lire, avril, parametres, champ):  # noqa: F811
    reponse = lire(**parametres)

    assert (reponse.status_code, reponse.json()["code"]) == (400, "invalide")
    assert champ in reponse.json()["erreurs"]


@pytest.mark.parametrize("parametres", [{"mois": "2025-01"}, {"territoire": "999999"}])
def test_ce_qui_n_existe_pas_est_introuvable(lire, avril, parametres):  # noqa: F811
    assert lire(**parametres).status_code == 404


def test_sans_mois_mesure_il_n_y_a_rien(lire, db):
    assert lire(code="editeur_appels").json()["mesures"] == []
    assert lire().json()["est_clos"] is False
    assert lire(mois="2026-04").status_code == 404


def test_au_dela_du_debit_on_attend(lire, avril, settings):  # noqa: F811
    settings.INDICATEURS_APPELS_PAR_MINUTE = 2

    etats = [lire().status_code for _ in range(3)]

    assert etats == [200, 200, 429]
    assert lire().headers["Retry-After"] == "60"


@pytest.fixture
def _connexion_du_test():
    """Hors du client de Django, la fin d’une requête fermerait la connexion où vit la transaction du test."""
    signaux = (request_started, request_finished)
    for signal in signaux:
        signal.disconnect(close_old_connections)
    yield
    for signal in signaux:
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("_connexion_du_test")
def test_l_operation_se_conforme_au_schema(avril, ministere, settings):  # noqa: F811
    settings.INDICATEURS_APPELS_PAR_MINUTE = 10_000
    operation = schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", application)[URL]["GET"]

    @reglages(
        max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
    )
    @given(cas=operation.as_strategy())
    def eprouver(cas):
        reponse = cas.call(headers={"Authorization": "Bearer secret"})
        cas.validate_response(reponse, checks=CONTROLES)

    eprouver()
