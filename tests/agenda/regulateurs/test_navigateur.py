"""La fiche d’un compte, dans un navigateur : elle mène à ce que les éditeurs en savent."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from agenda.enums import EtatEnvoi
from agenda.models.regulateurs import ESSAIS_MAX
from comptes.enums import Role
from tests.agenda.factories import CopieRegulateurFactory, EnvoiRegulateurFactory
from tests.comptes.factories import CompteFactory
from tests.navigateur import suivre

pytestmark = pytest.mark.django_db(transaction=True)


def test_le_support_lit_et_renvoie_depuis_la_fiche(page, connecter, axe, capture):
    compte = CompteFactory(osnp=True, prenom="Alix", nom="Osmont")
    CopieRegulateurFactory(
        compte=compte,
        editeur__nom="Medilog",
        peut_etre_active=True,
        acquittee_le=datetime(2026, 11, 2, 8, tzinfo=UTC),
    )
    EnvoiRegulateurFactory(
        copie=CopieRegulateurFactory(compte=compte, editeur__nom="Rendez-vous SA", editeur__est_actif=False),
        etat=EtatEnvoi.ABANDONNE,
        essais=ESSAIS_MAX,
        reponse="HTTP 403\u00a0: OU inconnue",
    )
    connecter(CompteFactory(role=Role.SUPPORT))
    page.goto(reverse("gestion:compte", kwargs={"compte_id": compte.pk}))
    suivre(page.get_by_role("link", name="Ce compte chez les éditeurs"))
    expect(page.get_by_text("OU inconnue")).to_be_visible()
    axe(page)
    capture(page, "compte-chez-les-editeurs")

    suivre(page.get_by_role("button", name="Renvoyer à Rendez-vous SA"))
    expect(page.get_by_text("L’envoi est refait")).to_be_visible()
    axe(page)
    capture(page, "compte-chez-les-editeurs-renvoye")
