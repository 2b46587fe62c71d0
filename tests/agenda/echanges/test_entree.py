"""Un calendrier relié cache les disponibilités qu’il occupe ; on le relit, on le retire, on sait s’il échoue."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from agenda import tasks
from agenda.domaine.explication import Motif
from agenda.echanges import entree
from agenda.echanges.telechargement import LectureImpossible
from agenda.models import CalendrierExterne, PeriodeOccupee
from agenda.offre import rafraichir
from agenda.offre.explication import creneaux_expliques
from comptes.models import Trace
from orientation.lectures import offre_du_lieu
from tests.agenda.echanges.conftest import MAINTENANT
from tests.agenda.echanges.test_expansion import ics
from tests.agenda.factories import DisponibiliteFactory
from tests.annuaire.factories import LieuExerciceFactory
from tests.comptes.factories import CompteFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("heure_fixe")]

URL = "https://agenda.exemple.fr/secret-de-la-personne/a.ics"
# Mardi 24 novembre, de 9 h 10 à 10 h à Paris.
OCCUPE = ics("DTSTART:20261124T081000Z\nDTEND:20261124T090000Z\nSUMMARY:Visite chez le notaire")
VIDE = ics()


@pytest.fixture
def site(monkeypatch) -> dict[str, bytes | str]:
    """Ce que rend chaque adresse ; un texte est un échec."""
    rendus: dict[str, bytes | str] = {URL: OCCUPE}

    def telecharger(url: str) -> bytes:
        rendu = rendus[url]
        if isinstance(rendu, str):
            raise LectureImpossible(rendu)
        return rendu

    monkeypatch.setattr(entree, "telecharger", telecharger)
    return rendus


@pytest.fixture
def connecte(client, medecin) -> Client:
    client.force_login(medecin)
    return client


@pytest.fixture
def lues(django_capture_on_commit_callbacks):
    """Dans ce bloc, les lectures demandées se font aussitôt."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def adresse(lieu) -> str:
    return reverse("echanges:externes", kwargs={"lieu_id": lieu.pk})


@pytest.fixture
def ouvert(lieu):
    """Deux créneaux mardi : 9 h – 9 h 20, que le calendrier touche, et 11 h."""
    mardi = dt.date(2026, 11, 24)
    DisponibiliteFactory(lieu=lieu, premier_jour=mardi)
    DisponibiliteFactory(lieu=lieu, premier_jour=mardi, heure_debut=dt.time(11), heure_fin=dt.time(11, 20))
    rafraichir([lieu.pk], MAINTENANT)


def heures(lieu) -> list[int]:
    return [creneau.debut.hour for creneau in offre_du_lieu(lieu.pk, maintenant=MAINTENANT).creneaux]


def test_une_adresse_reliee_cache_ce_qu_elle_occupe_puis_le_rend(connecte, site, lues, lieu, ouvert, adresse):
    assert heures(lieu) == [9, 11]

    with lues():
        connecte.post(adresse, {"url": URL})
    page = connecte.get(adresse).content.decode()

    assert heures(lieu) == [11]
    motifs = {c.debut.hour: c.motif for c in creneaux_expliques(lieu, maintenant=MAINTENANT)}
    assert motifs == {8: Motif.OCCUPE, 10: None}
    assert "agenda.exemple.fr" in page
    assert "secret-de-la-personne" not in page
    assert "1 période occupée" in " ".join(page.split())

    calendrier = CalendrierExterne.objects.get()
    connecte.post(
        reverse("echanges:externe_retirer", kwargs={"lieu_id": lieu.pk, "calendrier_id": calendrier.pk})
    )

    assert heures(lieu) == [9, 11]
    assert not PeriodeOccupee.objects.exists()
    verbes = Trace.objects.filter(verbe__startswith="calendrier").values_list("verbe", "objet")
    assert list(verbes) == [
        ("calendrier.externe_relie", f"lieu:{lieu.pk}"),
        ("calendrier.externe_detache", f"lieu:{lieu.pk}"),
    ]


def test_un_fichier_se_lit_une_fois_et_n_en_garde_que_les_bornes(connecte, lieu, ouvert, adresse):
    connecte.post(adresse, {"fichier": SimpleUploadedFile("a.ics", OCCUPE)})

    assert heures(lieu) == [11]
    assert list(PeriodeOccupee.objects.values_list("debut", "fin")) == [
        (dt.datetime(2026, 11, 24, 8, 10, tzinfo=dt.UTC), dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC))
    ]
    assert "notaire" not in str([*CalendrierExterne.objects.values(), *PeriodeOccupee.objects.values()])
    assert entree.calendriers_dus(MAINTENANT + dt.timedelta(days=1)) == []


@pytest.mark.parametrize(
    ("donnees", "message"),
    [
        pytest.param({}, "Donnez une adresse, ou un fichier.", id="rien"),
        pytest.param({"url": "http://exemple.fr/a"}, "https://", id="en clair"),
        pytest.param({"url": "https://127.0.0.1/a"}, "site public", id="boucle locale"),
        pytest.param({"fichier": SimpleUploadedFile("a.ics", b"<html>")}, "iCalendar", id="page web"),
        pytest.param({"fichier": SimpleUploadedFile("a.ics", b"x" * 1_000_002)}, "1 Mo", id="trop gros"),
    ],
)
def test_ce_qui_ne_se_lit_pas_n_est_pas_relie_et_dit_pourquoi(connecte, adresse, donnees, message):
    assert message in connecte.post(adresse, donnees).content.decode()
    assert not CalendrierExterne.objects.exists()


def test_le_meme_calendrier_ne_se_relie_pas_deux_fois(connecte, site, adresse):
    connecte.post(adresse, {"url": URL})

    assert "déjà relié" in connecte.post(adresse, {"url": URL}).content.decode()
    assert CalendrierExterne.objects.count() == 1


def test_un_lieu_ne_relie_pas_un_nombre_sans_fin_de_calendriers(connecte, adresse):
    for _ in range(entree.PAR_LIEU_MAX):
        connecte.post(adresse, {"fichier": SimpleUploadedFile("a.ics", VIDE)})

    page = connecte.post(adresse, {"fichier": SimpleUploadedFile("a.ics", VIDE)}).content.decode()

    assert "retirez-en un" in page
    assert CalendrierExterne.objects.count() == entree.PAR_LIEU_MAX


def test_la_tache_relit_les_calendriers_dus_et_rend_ce_qui_s_est_libere(
    connecte, site, lues, lieu, ouvert, adresse, heure_fixe
):
    with lues():
        connecte.post(adresse, {"url": URL})
    calendrier = CalendrierExterne.objects.get()
    assert entree.calendriers_dus(MAINTENANT) == []
    heure_fixe.shift(entree.PERIODE_DE_LECTURE)
    assert entree.calendriers_dus(MAINTENANT + entree.PERIODE_DE_LECTURE) == [calendrier.pk]
    site[URL] = VIDE

    assert tasks.actualiser_calendrier(calendrier.pk)

    assert heures(lieu) == [9, 11]


def test_un_site_en_panne_laisse_les_periodes_et_se_voit_sur_la_page(
    connecte, site, lues, lieu, ouvert, adresse, heure_fixe, medecin
):
    with lues():
        connecte.post(adresse, {"url": URL})
    calendrier = CalendrierExterne.objects.get()
    heure_fixe.shift(dt.timedelta(minutes=20))
    site[URL] = "Ce site ne répond pas."

    assert not tasks.actualiser_calendrier(calendrier.pk)

    assert heures(lieu) == [11]
    page = " ".join(connecte.get(adresse).content.decode().split())
    assert "Lu il y a 20 minutes" in page
    assert "Ce site ne répond pas." in page

    site[URL] = OCCUPE
    with lues():
        connecte.post(
            reverse("echanges:externe_relire", kwargs={"lieu_id": lieu.pk, "calendrier_id": calendrier.pk})
        )
    assert "Ce site ne répond pas." not in connecte.get(adresse).content.decode()


def test_la_tache_d_un_calendrier_retire_ne_fait_rien(db):
    assert tasks.actualiser_calendrier(123) is False


def test_le_lieu_ou_le_calendrier_d_un_autre_n_existe_pas(connecte, site, lieu, adresse):
    connecte.post(adresse, {"url": URL})
    calendrier = CalendrierExterne.objects.get()
    autre = CompteFactory(effecteur=True)
    le_sien = LieuExerciceFactory(effecteur__identifiant_national=autre.identifiant_national)
    client = Client()
    client.force_login(autre)

    assert client.get(adresse).status_code == 404
    for lieu_id in (lieu.pk, le_sien.pk):
        for nom in ("externe_retirer", "externe_relire"):
            vers = reverse(f"echanges:{nom}", kwargs={"lieu_id": lieu_id, "calendrier_id": calendrier.pk})
            assert client.post(vers).status_code == 404
    assert CalendrierExterne.objects.exists()


def test_la_premiere_lecture_n_attend_pas_et_se_voit_puis_dit_son_echec(
    connecte, site, lues, lieu, ouvert, adresse
):
    """La page répond sans rien télécharger ; la tâche vient ensuite."""
    site[URL] = "Ce site ne répond pas."

    with lues():
        page = connecte.post(adresse, {"url": URL}, follow=True).content.decode()
        assert "Lecture en cours" in page
        assert "Ce site ne répond pas." not in page
        assert CalendrierExterne.objects.get().est_en_lecture

    page = connecte.get(adresse).content.decode()
    assert "Lecture en cours" not in page
    assert "Ce site ne répond pas." in page
    assert "Jamais lu" in page
    assert heures(lieu) == [9, 11]


def test_une_lecture_demandee_et_perdue_se_fait_au_passage_suivant(connecte, site, lues, lieu, adresse):
    connecte.post(adresse, {"url": URL})  # la tâche ne part pas
    calendrier = CalendrierExterne.objects.get()
    assert entree.calendriers_dus(MAINTENANT) == [calendrier.pk]

    tasks.actualiser_calendrier(calendrier.pk)
    assert entree.calendriers_dus(MAINTENANT) == []


def occupees(lieu) -> list[tuple[str, str]]:
    lues = PeriodeOccupee.objects.filter(lieu=lieu).order_by("debut").values_list("debut", "fin")
    return [(f"{debut:%H:%M}", f"{fin:%H:%M}") for debut, fin in lues]


def test_le_passe_reste_ce_qu_il_a_cache_quoi_que_devienne_le_calendrier(
    connecte, site, lues, lieu, adresse, heure_fixe
):
    """Les relevés d’heures le relisent la semaine finie : ni la relecture, ni le retrait ne le changent."""
    site[URL] = ics(
        "DTSTART:20261123T080000Z\nDTEND:20261123T100000Z", "DTSTART:20261123T140000Z\nDTEND:20261123T150000Z"
    )
    with lues():
        connecte.post(adresse, {"url": URL})
    calendrier = CalendrierExterne.objects.get()
    heure_fixe.shift(dt.timedelta(hours=2))  # 9 h UTC : le premier événement est en cours
    entree.actualiser(calendrier, maintenant=MAINTENANT + dt.timedelta(hours=2))
    assert occupees(lieu) == [("08:00", "10:00"), ("14:00", "15:00")]

    site[URL] = VIDE
    entree.actualiser(calendrier, maintenant=MAINTENANT + dt.timedelta(hours=2))
    assert occupees(lieu) == [("08:00", "09:00")]
    calendrier.refresh_from_db()
    entree.detacher(
        calendrier=calendrier,
        auteur=CompteFactory(),
        maintenant=MAINTENANT + dt.timedelta(hours=2),
    )
    assert occupees(lieu) == [("08:00", "09:00")]

    assert entree.oublier_le_passe(MAINTENANT + dt.timedelta(weeks=9)) == 0
    assert entree.oublier_le_passe(MAINTENANT + dt.timedelta(weeks=11)) == 1


def test_la_page_coute_autant_avec_beaucoup_de_periodes(connecte, lieu, adresse, compter_requetes):
    connecte.post(adresse, {"fichier": SimpleUploadedFile("a.ics", OCCUPE)})
    peu = compter_requetes(lambda: connecte.get(adresse))
    connecte.post(adresse, {"fichier": SimpleUploadedFile("b.ics", OCCUPE)})

    assert compter_requetes(lambda: connecte.get(adresse)) == peu
