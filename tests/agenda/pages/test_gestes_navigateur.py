"""Au navigateur : étirer une série, les gestes d’un appui au téléphone, une lecture qui se finit sous les yeux."""

import datetime as dt

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from agenda.models import CalendrierExterne, Disponibilite, Indisponibilite
from agenda.offre import rafraichir
from tests.agenda.factories import DisponibiliteFactory
from tests.agenda.pages.conftest import LUNDI, MAINTENANT, MARDI
from tests.annuaire.factories import LieuExerciceFactory
from tests.navigateur import suivre

pytestmark = pytest.mark.django_db(transaction=True)

TELEPHONE = {"width": 375, "height": 812}


@pytest.fixture
def serie(lieu) -> Disponibilite:
    """De 9 h à 12 h, chaque jour de la semaine."""
    return DisponibiliteFactory(lieu=lieu, plage=True, premier_jour=LUNDI, jours=[1, 2, 3, 4, 5])


def evenement(page, jour: dt.date):
    return page.locator(f".fc-timegrid-col[data-date='{jour}'] .fc-event:not(.fc-bg-event)")


def etirer(page, jour: dt.date, pixels: int) -> None:
    """Tire vers le bas le bord inférieur de l’événement."""
    cible = evenement(page, jour)
    cible.evaluate("e => e.scrollIntoView({ block: 'center' })")
    cible.hover()
    bord = cible.locator(".fc-event-resizer-end").bounding_box()
    x, y = bord["x"] + bord["width"] / 2, bord["y"] + bord["height"] / 2
    page.mouse.move(x, y, steps=3)
    page.mouse.down()
    page.mouse.move(x, y + pixels / 2, steps=5)
    page.mouse.move(x, y + pixels, steps=5)
    page.mouse.up()


def test_etirer_une_serie_demande_jusqu_ou_et_ne_change_que_ce_qui_est_choisi(
    page, connecter, medecin, lieu, adresse, serie
):
    connecter(medecin)
    page.goto(adresse("semaine"))

    etirer(page, MARDI, 60)
    expect(page.get_by_role("dialog", name="Cette disponibilité se répète")).to_be_visible()
    suivre(page.get_by_role("button", name="Celle-ci et les suivantes"))

    expect(page.get_by_text("La disponibilité est modifiée.")).to_be_visible()
    avant, apres = Disponibilite.objects.order_by("pk")
    assert (avant.heure_fin, avant.dernier_jour) == (dt.time(12), LUNDI)
    assert apres.premier_jour == MARDI
    assert apres.heure_fin > dt.time(12)


def test_au_telephone_une_place_ce_soir_puis_plus_rien_partout_puis_retour(
    page, connecter, medecin, lieu, adresse, serie
):
    LieuExerciceFactory(effecteur=lieu.effecteur, adresse="8 rue Neuve")
    rafraichir([lieu.pk], MAINTENANT)
    connecter(medecin)
    page.set_viewport_size(TELEPHONE)
    page.goto(f"{adresse('semaine')}?vue=jour")

    suivre(page.get_by_role("button", name="+1 place ce soir"))
    expect(page.locator("#messages")).to_contain_text("Une place de plus ce soir")
    expect(page.get_by_role("link", name="Voir la semaine")).to_be_visible()

    suivre(page.get_by_role("button", name="Plus disponible aujourd’hui, dans tous les lieux"))
    expect(page.locator("#messages")).to_contain_text("dans vos 2")
    assert Indisponibilite.objects.count() == 2

    suivre(page.get_by_role("button", name="Annuler ce changement dans les 2"))
    expect(page.locator("#messages")).to_contain_text("est annulé")
    assert not Indisponibilite.objects.exists()
    debord = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert debord <= 0


def test_une_lecture_en_cours_se_finit_sans_recharger_ni_perdre_ce_qui_est_tape(
    page, connecter, medecin, lieu
):
    calendrier = CalendrierExterne.objects.create(
        lieu=lieu, url="https://agenda.exemple.fr/a.ics", cree_le=MAINTENANT, demande_le=MAINTENANT
    )
    connecter(medecin)
    page.goto(reverse("echanges:externes", kwargs={"lieu_id": lieu.pk}))
    expect(page.get_by_text("Lecture en cours")).to_be_visible()
    page.get_by_label("Adresse du calendrier").fill("https://autre.exemple.fr/b.ics")

    CalendrierExterne.objects.filter(pk=calendrier.pk).update(
        essaye_le=MAINTENANT, echec="Ce site ne répond pas."
    )

    expect(page.get_by_text("Ce site ne répond pas.")).to_be_visible()
    expect(page.get_by_text("La lecture est finie.")).to_be_visible()
    expect(page.get_by_label("Adresse du calendrier")).to_have_value("https://autre.exemple.fr/b.ics")


def test_sans_javascript_le_lien_recharge_la_page(ouvrir_page, connecter, medecin, lieu):
    calendrier = CalendrierExterne.objects.create(
        lieu=lieu, url="https://agenda.exemple.fr/a.ics", cree_le=MAINTENANT, demande_le=MAINTENANT
    )
    page = ouvrir_page(java_script_enabled=False)
    connecter(medecin, page)
    page.goto(reverse("echanges:externes", kwargs={"lieu_id": lieu.pk}))
    expect(page.get_by_text("Lecture en cours")).to_be_visible()

    CalendrierExterne.objects.filter(pk=calendrier.pk).update(lu_le=MAINTENANT, essaye_le=MAINTENANT)
    suivre(page.get_by_role("link", name="Recharger la page"))

    expect(page.get_by_text("0 période occupée à venir")).to_be_visible()
