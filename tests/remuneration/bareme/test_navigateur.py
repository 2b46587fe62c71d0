"""Le barème dans un vrai navigateur : un administrateur propose des tranches, se corrige, un autre met en vigueur."""

from datetime import date

import pytest
from playwright.sync_api import expect

from remuneration.enums import Prestation
from remuneration.models import Regle
from tests.comptes.factories import CompteFactory
from tests.navigateur import examiner, suivre
from tests.remuneration.factories import RegleFactory


@pytest.mark.django_db
def test_une_regle_a_tranches_se_propose_et_entre_en_vigueur(page, ouvrir_page, connecter, axe, capture):
    auteur, relecteur = (CompteFactory(administrateur=True) for _ in range(2))
    if not Regle.objects.filter(prestation=Prestation.ACTIVITE).exists():
        RegleFactory(debut=date(2022, 7, 6), fin=date(2026, 1, 1), tranches=[(5, 15, 70), (16, None, 210)])
    connecter(auteur)
    page.goto("/remuneration/bareme/")
    examiner(page, axe, capture, "bareme-regles")
    suivre(page.get_by_role("link", name="Proposer une règle : Forfait trimestriel d’activité"))
    page.get_by_label("À partir du", exact=True).fill("2026-01-01")
    page.get_by_label("Texte dont elle vient").fill("Avenant fictif n° 10, article 4")
    page.get_by_label("Tranche 2, à partir de").fill("18")
    suivre(page.get_by_role("button", name="Proposer"))
    expect(page.get_by_text("Rien n’est prévu de 16 à 17 actes.")).to_be_visible()
    axe(page)
    capture(page, "bareme-proposer")
    page.get_by_label("Tranche 2, à partir de").fill("16")
    suivre(page.get_by_role("button", name="Proposer"))
    expect(page.get_by_role("button", name="Mettre en vigueur")).to_have_count(0)
    regle = Regle.objects.get(auteur=auteur)

    autre = ouvrir_page()
    connecter(relecteur, autre)
    autre.goto(f"/remuneration/bareme/regles/{regle.pk}/")
    examiner(autre, axe, capture, "bareme-regle")
    suivre(autre.get_by_role("button", name="Mettre en vigueur"))
    expect(autre.get_by_text("La règle est en vigueur à partir du 01/01/2026.")).to_be_visible()
