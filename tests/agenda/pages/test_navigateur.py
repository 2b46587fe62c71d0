"""Parcours dans un vrai navigateur : à la souris, au clavier seul, au téléphone, et d’un autre fuseau."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from agenda.models import Disponibilite, Indisponibilite
from agenda.offre import rafraichir
from annuaire.models import Specialite
from orientation.lectures import Criteres, rechercher
from tests.agenda.factories import DisponibiliteFactory, IndisponibiliteFactory, ReservationFactory
from tests.agenda.pages.conftest import LUNDI, MAINTENANT, MARDI
from tests.annuaire.factories import LieuExerciceFactory
from tests.navigateur import page_suivante, suivre

pytestmark = pytest.mark.django_db(transaction=True)

MERCREDI = dt.date(2026, 11, 25)


def proposes(lieu) -> list[str]:
    """Débuts que la régulation voit, à l’heure de Paris."""
    criteres = Criteres(
        lat=lieu.lat,
        lon=lieu.lon,
        rayon_km=10,
        specialite_ids=(Specialite.objects.get(code="SM54").pk,),
    )
    offres = rechercher(criteres, maintenant=MAINTENANT).offres
    return [
        creneau.debut.astimezone(dt.timezone(dt.timedelta(hours=1))).strftime("%a %H:%M")
        for offre in offres
        for creneau in offre.creneaux
    ]


@pytest.fixture
def semaine_chargee(lieu):
    """De tout un peu : série, créneau qui la chevauche, patient orienté, demi-journée fermée."""
    matin = DisponibiliteFactory(lieu=lieu, plage=True, premier_jour=LUNDI, jours=[1, 2, 4])
    DisponibiliteFactory(lieu=lieu, premier_jour=MARDI, heure_debut=dt.time(11), heure_fin=dt.time(11, 30))
    DisponibiliteFactory(
        lieu=lieu, plage=True, premier_jour=MERCREDI, heure_debut=dt.time(14), heure_fin=dt.time(18)
    )
    debut = dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)
    ReservationFactory(disponibilite=matin, debut=debut, fin=debut + dt.timedelta(hours=3))
    jeudi = dt.datetime(2026, 11, 26, 10, tzinfo=dt.UTC)
    IndisponibiliteFactory(lieu=lieu, periode=(jeudi, jeudi + dt.timedelta(hours=8)))
    rafraichir([lieu.pk], MAINTENANT)
    return matin


def colonne(page, jour: dt.date, heure: float) -> tuple[float, float]:
    """Le point du calendrier à ce jour et à cette heure."""
    case = page.locator(f".fc-timegrid-col[data-date='{jour}']").bounding_box()
    ligne = page.locator(f".fc-timegrid-slot-lane[data-time='{int(heure):02}:00:00']").first
    ligne.scroll_into_view_if_needed()
    rangee = ligne.bounding_box()
    demi = rangee["height"] * 2 * (heure - int(heure))
    return case["x"] + case["width"] / 2, rangee["y"] + demi + 2


def milieu(boite: dict[str, float]) -> tuple[float, float]:
    """Par ses bords, un événement s’allonge ; par son milieu, il se déplace."""
    return boite["x"] + boite["width"] / 2, boite["y"] + boite["height"] / 2


def glisser(page, depart: tuple[float, float], arrivee: tuple[float, float]) -> None:
    page.mouse.move(*depart)
    page.mouse.down()
    page.mouse.move(*arrivee, steps=8)
    page.mouse.up()


def test_les_pages_de_l_agenda_sont_accessibles(
    page, connecter, axe, capture, medecin, lieu, adresse, semaine_chargee
):
    LieuExerciceFactory(effecteur=lieu.effecteur, adresse="8 rue Neuve")
    connecter(medecin)
    cle = {"disponibilite_id": semaine_chargee.pk, "jour": MARDI}
    pages = {
        "agenda-semaine": adresse("semaine"),
        "agenda-jour": adresse("semaine") + "?vue=jour&jour=2026-11-24",
        "agenda-ouvrir": adresse("ouvrir"),
        "agenda-modifier": adresse("modifier", **cle),
        "agenda-supprimer": adresse("retirer", **cle),
        "agenda-semaines": adresse("semaines"),
        "agenda-indisponibilites": adresse("indisponibilites"),
        "agenda-imprimer": adresse("imprimer"),
    }

    for nom, url in pages.items():
        page.goto(url)
        axe(page)
        capture(page, nom)


def test_ce_qui_retient_une_saisie_se_lit(
    page, connecter, axe, capture, medecin, lieu, adresse, semaine_chargee
):
    """Chevauchement, occurrence tenue, autre fenêtre, patients attendus : quatre pages qui demandent de décider."""
    connecter(medecin)
    page.goto(adresse("ouvrir") + "?jour=2026-11-24&de=09:00&a=12:00")
    suivre(page.get_by_role("button", name="Enregistrer"))
    expect(page.get_by_text("À vérifier avant d’enregistrer")).to_be_visible()
    axe(page)
    capture(page, "agenda-avertissement")

    page.goto(adresse("modifier", disponibilite_id=semaine_chargee.pk, jour=MARDI))
    page.get_by_label("De", exact=True).fill("16:00")
    page.get_by_label("À", exact=True).fill("19:00")
    suivre(page.get_by_role("button", name="Enregistrer"))
    expect(page.get_by_text("Cette occurrence est verrouillée", exact=True)).to_be_visible()
    axe(page)
    capture(page, "agenda-verrouillee")

    Disponibilite.objects.filter(pk=semaine_chargee.pk).update(
        capacite=6, modifie_le=MAINTENANT + dt.timedelta(seconds=1)
    )
    page.get_by_text("J’ai prévenu la régulation").click()
    suivre(page.get_by_role("button", name="Déplacer quand même"))
    expect(page.get_by_text("L’agenda a changé pendant votre saisie")).to_be_visible()
    axe(page)
    capture(page, "agenda-changee")

    page.goto(adresse("indisponibilites"))
    page.get_by_label("Du", exact=True).first.fill("2026-11-24")
    page.get_by_label("Au", exact=True).first.fill("2026-11-24")
    suivre(page.get_by_role("button", name="Enregistrer"))
    expect(page.get_by_text("1 patient est déjà orienté")).to_be_visible()
    axe(page)
    capture(page, "agenda-fermeture-a-confirmer")


def test_du_calendrier_a_la_recherche_et_retour(page, connecter, medecin, lieu, adresse):
    rafraichir([lieu.pk], MAINTENANT)
    connecter(medecin)
    page.goto(adresse("semaine"))

    # Tracer une plage dans le calendrier mène au formulaire, déjà rempli.
    with page_suivante(page):
        glisser(page, colonne(page, MARDI, 9), colonne(page, MARDI, 11.5))
    expect(page.get_by_label("Jour Ou premier jour")).to_have_value("2026-11-24")
    expect(page.get_by_label("De", exact=True)).to_have_value("09:00")
    page.get_by_label("Nombre de patients").fill("3")
    page.get_by_text("Mardi", exact=True).click()
    page.get_by_text("Mercredi", exact=True).click()
    suivre(page.get_by_role("button", name="Enregistrer"))
    expect(page).to_have_url(re.compile(r"/agenda/\d+/[?]jour=2026-11-24$"))
    assert proposes(lieu) == ["Tue 09:00", "Wed 09:00"]

    # Déplacer une seule occurrence : le mercredi passe à 14 h.
    arrivee = colonne(page, MERCREDI, 15.25)
    evenement = page.locator(f".fc-timegrid-col[data-date='{MERCREDI}'] .fc-event")
    glisser(page, milieu(evenement.bounding_box()), arrivee)
    suivre(page.get_by_role("button", name="Cette occurrence seulement"))
    expect(page.get_by_text("La disponibilité est modifiée.")).to_be_visible()
    assert proposes(lieu) == ["Tue 09:00", "Wed 14:00"]

    # Fermer puis rouvrir.
    suivre(page.get_by_role("link", name="Indisponibilités"))
    page.get_by_text("Dès maintenant pour une durée indéterminée").click()
    suivre(page.get_by_role("button", name="Enregistrer"))
    expect(page.get_by_text("actuellement active")).to_be_visible()
    assert proposes(lieu) == []
    suivre(page.get_by_role("button", name="Rouvrir maintenant"))
    expect(page.get_by_text("La période est levée")).to_be_visible()
    assert proposes(lieu) == ["Tue 09:00", "Wed 14:00"]


def test_annuler_dans_le_dialogue_remet_l_evenement_a_sa_place(
    page, connecter, medecin, lieu, adresse, semaine_chargee
):
    connecter(medecin)
    page.goto(adresse("semaine") + "?jour=2026-11-30")
    lundi = dt.date(2026, 11, 30)
    arrivee = colonne(page, lundi, 15)
    evenement = page.locator(f".fc-timegrid-col[data-date='{lundi}'] .fc-event")
    avant = evenement.bounding_box()

    glisser(page, milieu(avant), arrivee)
    page.get_by_role("button", name="Ne rien changer").click()

    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(evenement.locator(".fc-event-time")).to_contain_text("09:00")
    assert evenement.bounding_box()["y"] == pytest.approx(avant["y"], abs=40)
    assert Disponibilite.objects.get(pk=semaine_chargee.pk).sauf == []


def test_la_secretaire_fait_tout_au_clavier(page, connecter, secretaire, lieu, adresse):
    """Ouvrir une série, déplacer une occurrence, fermer : sans toucher la souris ni le calendrier."""
    rafraichir([lieu.pk], MAINTENANT)
    connecter(secretaire)
    page.goto(adresse("semaine"))

    def activer(role: str, nom: str) -> None:
        page.get_by_role(role, name=nom).first.focus()
        with page_suivante(page):
            page.keyboard.press("Enter")

    def cocher(nom: str) -> None:
        page.get_by_label(nom, exact=True).focus()
        page.keyboard.press("Space")

    activer("link", "Ouvrir des disponibilités le mardi 24 novembre 2026")
    page.get_by_label("Nombre de patients").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("2")
    for jour in ("Mardi", "Mercredi"):
        cocher(jour)
    with page_suivante(page):
        page.keyboard.press("Enter")
    expect(page.get_by_text("La disponibilité est ouverte.")).to_be_visible()
    assert proposes(lieu) == ["Tue 09:00", "Wed 09:00"]

    activer("link", "Supprimer\u00a0: mercredi 25 novembre 2026 de 9\u00a0h à 11\u00a0h")
    activer("button", "Supprimer")
    expect(page.get_by_text("La disponibilité est supprimée.")).to_be_visible()
    assert proposes(lieu) == ["Tue 09:00"]

    activer("button", "Annuler ce changement")
    expect(page.get_by_text("est annulé")).to_be_visible()
    assert proposes(lieu) == ["Tue 09:00", "Wed 09:00"]

    activer("button", "Plus disponible aujourd’hui")
    expect(page.get_by_text("Vous n’êtes plus disponible aujourd’hui")).to_be_visible()
    assert Indisponibilite.objects.filter(lieu=lieu).exists()


def test_l_heure_affichee_est_celle_du_lieu_quel_que_soit_le_navigateur(page, connecter, medecin, lieu):
    """Un lieu à La Réunion, un navigateur à Paris : 9 h là-bas s’affiche et se trace à 9 h."""
    reunion = LieuExerciceFactory(effecteur=lieu.effecteur, reunion=True)
    DisponibiliteFactory(lieu=reunion, plage=True, premier_jour=MARDI)
    connecter(medecin)
    page.goto(reverse("agenda:semaine", kwargs={"lieu_id": reunion.pk}))

    expect(page.locator(".fc-event .fc-event-time")).to_contain_text("09:00")
    expect(page.locator("#liste")).to_contain_text("de 9\u00a0h à 12\u00a0h")
    with page_suivante(page):
        glisser(page, colonne(page, MERCREDI, 14), colonne(page, MERCREDI, 15.5))
    expect(page.get_by_label("De", exact=True)).to_have_value("14:00")


def test_sans_javascript_la_liste_suffit(ouvrir_page, connecter, medecin, lieu, adresse, semaine_chargee):
    page = ouvrir_page(java_script_enabled=False)
    connecter(medecin, page)
    page.goto(adresse("semaine"))

    suivre(page.get_by_role("link", name="Modifier\u00a0: mercredi 25 novembre 2026"))
    page.get_by_label("Nombre de patients").fill("9")
    suivre(page.get_by_role("button", name="Enregistrer"))

    expect(page.locator("#messages")).to_contain_text("La disponibilité est modifiée.")
    expect(page.locator(".sas-calendrier")).to_be_hidden()
    assert Disponibilite.objects.filter(lieu=lieu, capacite=9).exists()
