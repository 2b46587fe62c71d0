"""Le parcours d’un référent : son territoire, un autre mois, les chiffres clés, la page publique ; au bureau et au téléphone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from annuaire.models import Perimetre
from comptes.enums import Role
from orientation.domaine.delais import TRANCHES
from tests.annuaire.factories import CommuneFactory, habiliter
from tests.comptes.factories import CompteFactory
from tests.navigateur import suivre
from tests.remuneration.pilotage.conftest import AVRIL, mesurer_a_la_main

pytestmark = pytest.mark.django_db


def remplir(nord) -> None:
    """Huit mois au SAS du Nord, et dans toute la France."""
    for rang in range(8):
        for territoire, echelle in ((nord, 1), (None, 40)):
            mesurer_a_la_main(
                AVRIL.plus(-rang),
                territoire,
                recherches=(1900 - 130 * rang) * echelle,
                recherches_entree={"web": (1400 - 100 * rang) * echelle, "lrm": (450 - 30 * rang) * echelle, "api": 50 * echelle},
                recherches_suite={nom: (300 - 30 * n) * echelle for n, nom in enumerate(TRANCHES.values())}
                | {"sans_creneau": 250 * echelle, "sans_resultat": 90 * echelle},
                orientations={"premier_niveau": 410 * echelle, "surnumeraire": (300 - 9 * rang) * echelle, "editeur": 120 * echelle, "ioa": 30},
                orientations_externes={"en_sus": 60},
                issues={"venu": 500 * echelle, "pas_venu": 60 * echelle, "annule": 40 * echelle, "inconnu": 230 * echelle},
                participants=(420 - 12 * rang) * echelle,
                interfaces=(510 - 20 * rang) * echelle,
                heures_semaine={"2026-04-06": 820.5, "2026-04-13": 840, "2026-04-20": 790, "2026-04-27": 610},
                appels={"accepte": 290, "refus": 120, "sans_reponse": 80},
                refus={"Plus de place ce jour-là": 90, "Ne prend pas de nouveau patient": 30},
                part_du_dixieme=0.34,
                population=2_600_000 * echelle,
                population_couverte=2_300_000 * echelle,
                population_sas=2_600_000 * echelle,
                sans_resultat_commune={"59350": 41, "": 12},
                departements_sas=96,
                sas_quotidiens=91,
                territoires_ouverts=94,
            )  # fmt: skip


def test_un_referent_lit_son_territoire_et_ce_que_chacun_peut_lire(connecter, page, axe, capture, nord, sud):
    nord.departements.add(CommuneFactory().departement)
    remplir(nord)
    mesurer_a_la_main(AVRIL, sud, recherches=4, orientations={"surnumeraire": 2}, participants=3)
    compte = CompteFactory()
    perimetre = habiliter(compte, Role.REFERENT, territoire=nord)
    Perimetre.objects.create(habilitation=perimetre.habilitation, territoire=sud, debut_le=perimetre.debut_le)
    connecter(compte)

    page.goto("/")
    suivre(page.get_by_role("navigation", name="Menu principal").get_by_role("link", name="Pilotage"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Pilotage : SAS du Nord, avril 2026")
    expect(page.get_by_role("img", name="Recherches, mois par mois", exact=False)).to_be_visible()
    expect(page.get_by_role("table", name="Orientations, mois par mois")).to_contain_text("septembre 2025")
    axe(page)
    capture(page, "pilotage-accueil")

    page.get_by_label("Mois", exact=True).select_option("2026-02")
    page.get_by_label("Comparer avec", exact=True).select_option(label="SAS du Sud")
    suivre(page.get_by_role("button", name="Afficher"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Pilotage : SAS du Nord, février 2026")
    synthese = page.get_by_role("table", name="Synthèse")
    expect(synthese.get_by_role("columnheader", name="SAS du Sud")).to_be_visible()
    expect(page.get_by_role("img", name="Plan du territoire", exact=False)).to_be_visible()
    with page.expect_download() as telechargement:
        page.get_by_role("link", name="Ces données en CSV : Synthèse").click()
    assert telechargement.value.suggested_filename == "sas-synthese-2026-02.csv"

    suivre(page.get_by_role("link", name="Chiffres clés du déploiement national"))
    expect(page.get_by_text("91 SAS")).to_be_visible()
    axe(page)
    capture(page, "pilotage-chiffres-cles")

    suivre(page.get_by_role("contentinfo").get_by_role("link", name="Indicateurs", exact=True))
    expect(page.get_by_role("heading", level=1)).to_have_text("Indicateurs du Service d’Accès aux Soins")
    expect(page.get_by_role("table", name="Par territoire")).to_contain_text("masqué")
    axe(page)
    capture(page, "pilotage-publics")
    page.set_viewport_size({"width": 375, "height": 812})
    axe(page)
