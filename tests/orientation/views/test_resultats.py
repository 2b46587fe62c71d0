"""La page de résultats : ce que dit une carte, les filtres, la pagination."""

import logging
import re
from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
import time_machine
from django.core.cache import cache

from agenda.offre import rafraichir
from annuaire.lectures import localiser
from comptes.enums import Role
from orientation.suggestions import signer_lieu
from orientation.views.resultats import pages_a_montrer
from sas_platform.socle.memoire import tout_oublier
from tests.agenda.factories import DisponibiliteFactory
from tests.annuaire.factories import CommuneFactory, EffecteurFactory, LieuExerciceFactory
from tests.comptes.factories import CompteFactory
from tests.orientation.conftest import LUNDI_8H, projeter, url_resultats
from tests.participation.factories import ParticipationFactory

pytestmark = pytest.mark.django_db
URL = "/recherche/"


def test_la_carte_dit_tout_ce_qu_il_faut_pour_appeler_et_orienter(connecte, jeton, creneau, lieu):
    html = connecte.get(url_resultats(jeton)).content.decode()

    for attendu in (
        "Camille MARTIN",
        "Médecin",
        "Médecine générale",
        "Conventionné secteur 1",
        "12 rue Nationale, 59000 Lille",
        'href="tel:+33353010001"',
        "03 53 01 00 01",
        "9\u00a0h – 9\u00a0h\u00a020",
        "Agenda SAS",
        "Participe au SAS",
        "résultats pour",
        "Lille (59000)",
        "Rayon de 10 km",
        "centre de la commune",
    ):
        assert attendu in html, attendu


def test_la_fraicheur_d_un_creneau_d_editeur_est_dite(connecte, jeton, chez_l_editeur):
    html = connecte.get(url_resultats(jeton)).content.decode().replace("\u00a0", " ")

    assert "lu il y a 4 min" in html
    assert chez_l_editeur.raccordement.editeur.nom in html


def test_l_adresse_cherchee_n_est_ni_dans_l_url_ni_dans_le_cookie_ni_en_cache_ni_au_journal(
    connecte, medecine_generale, caplog
):
    CommuneFactory()
    adresse = replace(localiser("59000")[0], libelle="3 impasse Tres-Privee, 59000 Lille")
    demande = {"quoi": "médecine générale", "ou": adresse.libelle}
    caplog.set_level(logging.DEBUG)

    choisie = connecte.post(URL, demande | {"ou_choisi": signer_lieu(adresse)}, follow=True)
    tapee = connecte.post(URL, demande, follow=True)
    connecte.post("/recherche/suggestions/ou/", {"texte": adresse.libelle})

    assert adresse.libelle in choisie.content.decode()
    visibles = [url for reponse in (choisie, tapee) for url, _ in reponse.redirect_chain]
    visibles += [cookie.value for cookie in connecte.cookies.values()]
    visibles += [cle.decode() for cle in cache._cache.get_client().keys("*")]
    visibles.append(caplog.text)
    assert [mot for mot in ("Privee", "Lille", "59000", "59350") for texte in visibles if mot in texte] == []
    assert "no-store" in choisie.headers["Cache-Control"]


def test_un_jeton_inconnu_ramene_a_la_recherche(connecte):
    reponse = connecte.get(url_resultats("inconnu"), follow=True)

    assert reponse.redirect_chain == [(URL, 302)]
    assert "n’est plus disponible" in reponse.content.decode()


def test_le_jeton_d_un_autre_ne_montre_rien(client, jeton, connecte):
    client.force_login(CompteFactory(role=Role.OSNP))

    assert client.get(url_resultats(jeton)).status_code == 302


def test_un_texte_hostile_est_echappe(connecte, jeton, creneau, lieu, maintenant):
    lieu.informations_complementaires = "<script>alert('x')</script> " + "mot " * 40
    lieu.adresse = '"><img src=x onerror=alert(1)>'
    lieu.save()
    projeter(lieu)

    html = connecte.get(url_resultats(jeton)).content.decode()

    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "&lt;script&gt;" in html


def test_les_informations_longues_se_deplient(connecte, jeton, creneau, lieu, maintenant):
    lieu.informations_complementaires = "Sonner au portail vert. " * 10
    lieu.save()
    projeter(lieu)

    html = connecte.get(url_resultats(jeton)).content.decode()

    assert '<details class="sas-infos">' in html


def test_rien_de_libre_montre_l_offre_hors_disponibilite(connecte, jeton, lieu, maintenant):
    projeter(lieu)

    html = connecte.get(url_resultats(jeton)).content.decode().replace("\u00a0", " ")

    assert "Aucune offre de soins n’est disponible dans les 3 jours" in html
    assert "Hors disponibilité</h2>" in html
    assert "/orientations/en-sus/" in html
    assert "Élargir à 15 km" in html


def test_rien_du_tout_propose_d_elargir(connecte, jeton):
    html = connecte.get(url_resultats(jeton)).content.decode().replace("\u00a0", " ")

    assert "Aucune offre de soins n’est disponible dans les 3 jours" in html
    assert "Élargir à 15 km" in html


def test_elargir_en_un_clic_trouve_plus_loin(connecte, jeton, medecine_generale, maintenant):
    loin = LieuExerciceFactory(lat=50.7435, lon=3.0635)  # douze kilomètres au nord
    DisponibiliteFactory(lieu=loin)
    projeter(loin)
    assert connecte.get(url_resultats(jeton)).context["resultats"].total == 0

    reponse = connecte.post(url_resultats(jeton), {"rayon_km": "15"}, follow=True)

    assert reponse.context["resultats"].total == 1
    assert "?" not in reponse.redirect_chain[0][0]


def test_filtrer_par_disponibilite_et_par_type_de_consultation(connecte, jeton, creneau, maintenant):
    autre = LieuExerciceFactory()
    projeter(autre)
    libres = connecte.post(url_resultats(jeton), {"disponibilite": "libres"}, follow=True)
    en_sus = connecte.post(url_resultats(jeton), {"disponibilite": "en_sus"}, follow=True)

    teleconsultation = connecte.post(
        url_resultats(jeton), {"filtrer": "oui", "modalites": "teleconsultation"}, follow=True
    )

    assert libres.context["resultats"].total == en_sus.context["resultats"].total == 1
    assert teleconsultation.context["resultats"].libres == 0


def test_un_filtre_falsifie_est_refuse_sans_casser_la_page(connecte, jeton):
    reponse = connecte.post(url_resultats(jeton), {"rayon_km": "999999"}, follow=True)

    assert reponse.status_code == 200
    assert reponse.context["resultats"].rayon_km == 10


def test_le_fuseau_local_est_annonce_outre_mer(connecte, medecine_generale, maintenant):
    lieu = LieuExerciceFactory(reunion=True)
    DisponibiliteFactory(lieu=lieu, heure_debut=time(14), heure_fin=time(14, 20))
    projeter(lieu)

    html = connecte.post(URL, {"quoi": "médecine générale", "ou": "97400"}, follow=True).content.decode()

    assert "fuseau horaire local" in html
    assert "14\u00a0h – 14\u00a0h\u00a020" in html


def test_outre_mer_aujourd_hui_est_le_jour_du_lieu(connecte, medecine_generale):
    lieu = LieuExerciceFactory(reunion=True)
    DisponibiliteFactory(
        lieu=lieu, premier_jour=date(2026, 11, 3), heure_debut=time(14), heure_fin=time(14, 20)
    )
    mardi_1h = datetime(2026, 11, 2, 21, tzinfo=UTC)  # à La Réunion ; lundi 22 h à Paris
    rafraichir([lieu.pk], mardi_1h)

    with time_machine.travel(mardi_1h, tick=False):
        html = connecte.post(URL, {"quoi": "médecine générale", "ou": "97400"}, follow=True).content.decode()

    assert html.index("Aujourd’hui") < html.index("14\u00a0h – 14") < html.index("Demain <span>")


def remplir(nombre: int) -> None:
    for n in range(nombre):
        effecteur = EffecteurFactory()
        ParticipationFactory(effecteur=effecteur)
        lieu = LieuExerciceFactory(effecteur=effecteur, lat=50.63 + n / 1000)
        DisponibiliteFactory(lieu=lieu, heure_debut=time(9 + n % 8), heure_fin=time(9 + n % 8, 20))
        rafraichir([lieu.pk], LUNDI_8H)


def test_la_pagination_dit_le_vrai_total_et_ne_saute_ni_ne_repete_personne(connecte, jeton):
    remplir(23)

    pages = [connecte.get(f"{url_resultats(jeton)}?page={n}") for n in (1, 2, 3)]

    ancres = [ancre for page in pages for ancre in re.findall(r'id="(offre-l\d+)"', page.content.decode())]
    assert len(ancres) == len(set(ancres)) == 23
    assert "23 offres" in pages[0].content.decode()
    assert 'href="?page=3"' in pages[0].content.decode()


def test_au_dela_de_la_derniere_page_tout_parle_de_la_derniere(connecte, jeton):
    remplir(12)

    page = connecte.get(url_resultats(jeton), {"page": 9}).content.decode()

    assert 'data-page="2"' in page
    assert 'data-page="9"' not in page
    assert re.search(r'aria-current="page"\s+title="Page 2"', page)
    assert page.count('name="page" value="2"') == 1


@pytest.mark.parametrize("page", ["0", "-1", "abc", "99999999999999999999", "1.5", ""])
def test_une_page_absurde_rend_la_premiere(connecte, jeton, creneau, page):
    reponse = connecte.get(url_resultats(jeton), {"page": page})

    assert reponse.context["resultats"].page == 1


def test_une_page_au_dela_rend_la_derniere(connecte, jeton):
    remplir(11)

    assert connecte.get(url_resultats(jeton), {"page": "50"}).context["resultats"].page == 2


@pytest.mark.parametrize(
    ("courante", "derniere", "attendu"),
    [
        (1, 1, [1]),
        (1, 3, [1, 2, 3]),
        (1, 9, [1, 2, None, 9]),
        (5, 9, [1, None, 4, 5, 6, None, 9]),
        (9, 9, [1, None, 8, 9]),
    ],
)
def test_les_numeros_de_page_montres(courante, derniere, attendu):
    assert pages_a_montrer(courante, derniere) == attendu


def test_le_nombre_de_requetes_ne_depend_pas_du_nombre_d_offres(connecte, jeton, compter_requetes):
    remplir(12)  # deux pages : seule la dernière lit les places de marché
    connecte.get(url_resultats(jeton))

    def page() -> None:
        tout_oublier()  # ce que le processus retient un moment se relit à chaque fois
        connecte.get(url_resultats(jeton))

    avec_douze = compter_requetes(page)

    remplir(30)

    assert compter_requetes(page) == avec_douze
    assert avec_douze <= 12
