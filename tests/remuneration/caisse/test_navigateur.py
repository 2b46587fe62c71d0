"""Deux agents d’une caisse, dans un vrai navigateur : l’un produit et répond, l’autre relit, valide et télécharge."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from comptes.enums import Role
from remuneration import contestations as fils
from remuneration.models import Export
from tests.comptes.factories import CompteFactory
from tests.navigateur import examiner, suivre


@pytest.mark.django_db
@pytest.mark.usefixtures("colonnes")
def test_deux_agents_remettent_un_fichier(
    page, ouvrir_page, connecter, axe, capture, calcul, nord, favier, agent, collegue
):
    medecin = CompteFactory(role=Role.EFFECTEUR, identifiant_national=favier.identifiant_national)
    fils.ouvrir(
        periode=calcul.periode,
        departement=nord.departements.get(),
        effecteur=favier,
        texte="Il manque deux consultations du 17 juillet.",
        par=medecin,
        maintenant=datetime(2026, 11, 20, 9, tzinfo=UTC),
    )
    connecter(agent)
    page.goto("/remuneration/caisse/")
    examiner(page, axe, capture, "caisse-periodes")
    suivre(page.get_by_role("link", name="3e trimestre 2026"))
    suivre(page.get_by_role("button", name="Produire les fichiers"))
    expect(page.get_by_text("À valider", exact=True)).to_have_count(3)
    examiner(page, axe, capture, "caisse-periode")
    suivre(page.get_by_role("link", name="Activité"))
    expect(page.get_by_role("button", name="Valider")).to_have_count(0)
    suivre(page.get_by_role("link", name="3e trimestre 2026"))
    suivre(page.get_by_role("link", name="FAVIER"))
    page.get_by_label("Votre réponse").fill("Nous vérifions ces deux consultations.")
    suivre(page.get_by_role("button", name="Envoyer la réponse"))
    expect(page.get_by_text("Nous vérifions ces deux consultations.")).to_be_visible()
    examiner(page, axe, capture, "caisse-contestation")

    autre = ouvrir_page(accept_downloads=True)
    connecter(collegue, autre)
    autre.goto("/remuneration/caisse/59/2026T3/")
    suivre(autre.get_by_role("link", name="Activité"))
    examiner(autre, axe, capture, "caisse-fichier")
    suivre(autre.get_by_role("button", name="Valider"))
    suivre(autre.get_by_role("link", name="Activité"))
    with autre.expect_download() as attente:
        autre.get_by_role("button", name="Télécharger le fichier").click()
    remis = attente.value
    export = Export.objects.get(nature="activite")
    contenu = Path(remis.path()).read_bytes()
    assert remis.suggested_filename == export.nom
    assert contenu == bytes(export.contenu)
    rangs = list(csv.DictReader(io.StringIO(contenu.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert {rang["montant"] for rang in rangs} == {"105,00", "30,00"}
    autre.goto("/remuneration/caisse/59/2026T3/")
    expect(autre.get_by_text("Remis le")).to_have_count(1)
