"""Le parcours d’un médecin : ce qui lui manque, un acte à dire, un trimestre clos, une contestation ouverte puis close."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from remuneration.domaine.periodes import bornes, trimestre_de
from remuneration.models import Contestation, Periode, Regle
from sas_platform.socle.tableurs import en_csv
from tests.navigateur import examiner, suivre
from tests.remuneration.calcul.monde import declarer, orienter
from tests.remuneration.factories import (
    ActeFactory,
    CalculFactory,
    DecompteFactory,
    ExportFactory,
    clore_pour_essai,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def trimestre_clos(regles_semees, effecteur, lieu, agent):
    """Celui d’avant : des majorations, un acte sans issue, un fichier retiré par la caisse."""
    debut, _ = bornes(trimestre_de(timezone.now().date()))
    code = trimestre_de(debut - timedelta(days=1))
    calcul = CalculFactory(periode__code=code)
    regle = Regle.objects.get(prestation="majoration_snp")
    DecompteFactory(
        calcul=calcul,
        effecteur=effecteur,
        regle=regle,
        departement=lieu.commune.departement,
        nombre=2,
        montant=Decimal(30),
        preuve={"permises": 2, "plafond_hebdo": 30, "medecins": 1, "semaines_plafonnees": []},
    )
    calcul.regles.add(regle)
    ActeFactory(calcul=calcul, effecteur=effecteur)
    ActeFactory(
        calcul=calcul, effecteur=effecteur, motif="issue_inconnue", issue="", majorations=[], rang=None
    )
    clore_pour_essai(calcul)
    maintenant = timezone.now()
    ExportFactory(
        calcul=calcul,
        departement=lieu.commune.departement,
        nom=f"activite_SAS-Nord_{code}_v1_0123456789abcdef.csv",
        contenu=en_csv(["identifiant", "prestation", "montant"], [["RPPS:1", "majoration_snp", "30,00"]]),
        cles=[effecteur.pk],
        valide_par=agent,
        valide_le=maintenant,
        remis_le=maintenant,
    )
    return calcul.periode


def test_un_medecin_suit_sa_participation_et_conteste(
    page, connecter, compte, lieu, trimestre_clos, axe, capture
):
    declarer(lieu.effecteur)
    a_dire = orienter(lieu, timezone.now() - timedelta(minutes=5), issue="")
    connecter(compte)
    page.goto("/tableau-de-bord/")

    suivre(page.get_by_role("link", name="Ce que vaut votre participation"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Ma participation")
    page.locator("summary", has_text="Règle appliquée").first.click()
    examiner(page, axe, capture, "participation-en-cours")

    suivre(page.get_by_role("link", name="Le dire, acte par acte"))
    examiner(page, axe, capture, "participation-actes")
    suivre(page.get_by_role("button", name=re.compile("^Patient venu")))
    expect(page.get_by_text("1 acte compté", exact=True)).to_be_visible()
    assert a_dire.issues.get().issue == "venu"

    suivre(page.get_by_role("link", name="Périodes passées"))
    examiner(page, axe, capture, "participation-periodes")
    titre = str(Periode.objects.get())
    suivre(page.get_by_role("link", name=titre))
    page.locator("summary", has_text="1 ligne à ce nom").click()
    expect(page.get_by_role("row", name="montant 30,00")).to_be_visible()
    examiner(page, axe, capture, "participation-periode")
    with page.expect_download() as telecharge:
        page.get_by_role("link", name=re.compile("Toutes les preuves")).click()
    assert telecharge.value.suggested_filename == f"preuves-sas-{trimestre_clos.code}.pdf"

    suivre(page.get_by_role("link", name="Contester ce décompte"))
    examiner(page, axe, capture, "participation-contester")
    suivre(page.get_by_role("button", name="Ouvrir la contestation"))
    axe(page)
    page.get_by_label(re.compile("Votre message")).fill("Il manque une consultation de fin de trimestre.")
    suivre(page.get_by_role("button", name="Ouvrir la contestation"))
    examiner(page, axe, capture, "participation-contestation")
    suivre(page.get_by_role("button", name=re.compile("^Clore")))
    expect(page.get_by_text("Ce fil est clos.")).to_be_visible()
    assert Contestation.objects.get().etat == "close"
