"""Après un geste, on revient d’où l’on vient : à la vue d’un jour, au jour que l’on regardait."""

import datetime as dt

import pytest
from django.urls import reverse

from agenda.models import Indisponibilite
from tests.agenda.factories import DisponibiliteFactory
from tests.agenda.pages.conftest import MARDI
from tests.agenda.pages.test_saisie import PLAGE

pytestmark = pytest.mark.django_db

JOUR = f"vue=jour&jour={MARDI}"


@pytest.fixture
def connecte(client, medecin):
    client.force_login(medecin)
    return client


@pytest.fixture
def occurrence(lieu):
    ligne = DisponibiliteFactory(lieu=lieu, plage=True, premier_jour=MARDI)
    return {"disponibilite_id": ligne.pk, "jour": MARDI}


def formulaire(page) -> dict[str, object]:
    return {nom: champ for nom, champ in page.context["form"].initial.items() if champ is not None}


def test_la_vue_d_un_jour_mene_partout_avec_elle(connecte, adresse, occurrence):
    page = connecte.get(f"{adresse('semaine')}?{JOUR}").content.decode()

    for vers in ("ouvrir", "semaines", "indisponibilites", "imprimer"):
        liens = [lien for lien in page.split('href="')[1:] if lien.startswith(adresse(vers))]
        assert liens
        assert all("vue=jour" in lien.partition('"')[0] for lien in liens), vers
    for nom in ("modifier", "retirer"):
        assert f"{adresse(nom, **occurrence)}?vue=jour" in page


@pytest.mark.parametrize("nom", ["ouvrir", "semaines", "indisponibilites", "imprimer"])
def test_revenir_sans_rien_faire_ramene_au_meme_jour(connecte, adresse, nom):
    page = connecte.get(f"{adresse(nom)}?{JOUR}")

    assert page.context["agenda"] == f"{adresse('semaine')}?{JOUR}"
    assert f'{adresse("semaine")}?{JOUR.replace("&", "&amp;")}"' in page.content.decode()


@pytest.mark.parametrize("route", ["vu:lieu", "echanges:externes"])
def test_les_pages_voisines_ramenent_aussi_au_meme_jour(connecte, lieu, adresse, route):
    page = connecte.get(f"{reverse(route, kwargs={'lieu_id': lieu.pk})}?{JOUR}")

    assert page.context["agenda"] == f"{adresse('semaine')}?{JOUR}"


def test_ouvrir_modifier_et_supprimer_depuis_un_jour_y_reviennent(connecte, adresse, occurrence):
    ouvert = connecte.post(f"{adresse('ouvrir')}?{JOUR}", PLAGE | {"premier_jour": "2026-11-26"})
    assert ouvert.headers["Location"] == f"{adresse('semaine')}?vue=jour&jour=2026-11-26"

    page = connecte.get(f"{adresse('modifier', **occurrence)}?vue=jour")
    assert page.context["adresse"] == f"{adresse('modifier', **occurrence)}?vue=jour"
    change = formulaire(page) | {"heure_debut": "14:00", "heure_fin": "15:00"}
    modifie = connecte.post(page.context["adresse"], change)
    assert modifie.headers["Location"] == f"{adresse('semaine')}?{JOUR}"

    (reste,) = connecte.get(f"{adresse('semaine')}?{JOUR}").context["jours"][0].occurrences
    nouvelle = {"disponibilite_id": reste.disponibilite.pk, "jour": MARDI}
    supprime = connecte.post(
        f"{adresse('retirer', **nouvelle)}?vue=jour", {"vue_le": reste.disponibilite.modifie_le.isoformat()}
    )
    assert supprime.headers["Location"] == f"{adresse('semaine')}?{JOUR}"


def test_un_glisser_et_une_annulation_depuis_un_jour_y_reviennent(connecte, adresse, occurrence, lieu):
    page = connecte.get(f"{adresse('semaine')}?{JOUR}")
    (evenement,) = page.context["calendrier"]["evenements"]
    glisse = connecte.post(
        evenement["deplacer"],
        {
            "premier_jour": MARDI,
            "heure_debut": "14:00",
            "heure_fin": "17:00",
            "vue_le": evenement["vue_le"],
            "portee": "cette",
        },
    )
    assert glisse.headers["Location"] == f"{adresse('semaine')}?{JOUR}"

    geste = connecte.get(glisse.headers["Location"]).context["geste"]
    defait = connecte.post(adresse("annuler", geste_id=geste.pk), {"jour": MARDI, "vue": "jour"})
    assert defait.headers["Location"] == f"{adresse('semaine')}?{JOUR}"


def test_d_un_appui_depuis_la_vue_d_un_jour_on_voit_aujourd_hui_dans_la_meme_vue(connecte, adresse):
    for nom in ("ce_soir", "fermer_aujourd_hui"):
        assert connecte.post(adresse(nom), {"vue": "jour"}).headers["Location"] == (
            f"{adresse('semaine')}?vue=jour"
        )
        assert connecte.post(adresse(nom), {"vue": "semaine"}).headers["Location"] == adresse("semaine")


def test_une_vue_ou_un_jour_illisibles_ne_genent_pas_le_retour(connecte, adresse):
    for suite in ("?vue=%22%3E&jour=hier", "?vue=mois", "?jour=2026-99-99"):
        page = connecte.get(adresse("indisponibilites") + suite)
        assert page.context["agenda"] == adresse("semaine")


def test_plus_disponible_partout_ferme_tous_les_lieux_et_s_annule_d_un_seul_geste(connecte, lieu, adresse):
    from tests.annuaire.factories import LieuExerciceFactory

    LieuExerciceFactory(effecteur=lieu.effecteur, reunion=True)

    page = connecte.post(adresse("fermer_aujourd_hui"), {"partout": ""}, follow=True)

    assert "dans vos 2\u00a0lieux d’exercice" in page.content.decode()
    assert "Annuler ce changement dans les 2" in page.content.decode()
    assert sorted(
        (p.upper - p.lower) // dt.timedelta(hours=1)
        for p in Indisponibilite.objects.values_list("periode", flat=True)
    ) == [13, 16]
    defait = connecte.post(adresse("annuler", geste_id=page.context["geste"].pk), follow=True)
    assert "est annulé, dans les 2\u00a0lieux" in defait.content.decode()
    assert not Indisponibilite.objects.exists()
