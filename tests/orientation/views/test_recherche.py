"""La recherche : qui la voit, ce qu’elle comprend, ce que sa page montre, où l’adresse n’apparaît jamais."""

import logging
import re
from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
import time_machine
from django.core import signing
from django.core.cache import cache
from django.urls import reverse

from agenda.offre import rafraichir
from annuaire.lectures import localiser
from comptes.enums import Role
from orientation.forms import RechercheForm
from orientation.suggestions import Quoi, signer_lieu, signer_quoi
from orientation.views.recherche import pages_a_montrer
from tests.agenda.factories import DisponibiliteFactory
from tests.annuaire.factories import CommuneFactory, DepartementFactory, EffecteurFactory, LieuExerciceFactory
from tests.comptes.factories import CompteFactory
from tests.orientation.conftest import LUNDI_8H, projeter
from tests.participation.factories import ParticipationFactory

pytestmark = pytest.mark.django_db
URL = "/recherche/"
VOIENT = {Role.OSNP, Role.REGULATEUR, Role.IOA, Role.ADMINISTRATEUR, Role.GESTIONNAIRE_COMPTES}


def url_resultats(jeton: str) -> str:
    return reverse("orientation:resultats", kwargs={"jeton": jeton})


def saint_denis() -> None:
    CommuneFactory(reunion=True)
    CommuneFactory(
        code_insee="93066",
        nom="Saint-Denis",
        departement=DepartementFactory(code="93", nom="Seine-Saint-Denis", population=1_668_670),
        codes_postaux=["93200"],
        lat=48.936,
        lon=2.357,
    )


# --- Qui --------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_la_recherche_s_ouvre_selon_le_role(client, role):
    client.force_login(CompteFactory(role=role))

    assert client.get(URL).status_code == (200 if role in VOIENT else 404)


def test_un_anonyme_est_invite_a_se_connecter(client):
    reponse = client.get(URL)

    assert reponse.status_code == 302
    assert reponse.headers["Location"].startswith("/connexion/")


@pytest.mark.parametrize("role", [Role.ADMINISTRATEUR, Role.GESTIONNAIRE_COMPTES])
def test_qui_n_oriente_pas_voit_les_creneaux_sans_lien(client, jeton, creneau, role):
    client.force_login(CompteFactory(role=role))
    reponse = client.post(URL, {"quoi": "médecine générale", "ou": "Lille"}, follow=True)

    html = reponse.content.decode()
    assert "09h00" in html
    assert "/orientations/nouvelle/" not in html
    assert "Orientation hors disponibilité" not in html


def test_un_ioa_oriente_sur_creneau_mais_pas_en_sus(client, creneau):
    CommuneFactory()
    client.force_login(CompteFactory(role=Role.IOA))

    html = client.post(URL, {"quoi": "médecine générale", "ou": "Lille"}, follow=True).content.decode()

    assert "/orientations/nouvelle/" in html
    assert "/orientations/en-sus/" not in html


# --- Ce que l’on comprend ---------------------------------------------------


@pytest.mark.parametrize("quoi", ["médecine générale", "Medecine Generale", "généraliste", "MG", "SM54"])
def test_une_specialite_se_reconnait_a_son_nom_son_synonyme_ou_son_code(medecine_generale, quoi):
    CommuneFactory()

    form = RechercheForm({"quoi": quoi, "ou": "Lille"})

    assert form.is_valid(), form.errors
    assert form.recherche().specialite_ids == (medecine_generale.pk,)


@pytest.mark.parametrize("ou", ["Lille", "lille", "59000", "59000 Lille", "12 rue Nationale, 59000 Lille"])
def test_un_lieu_sans_equivoque_est_compris(medecine_generale, ou):
    CommuneFactory()

    form = RechercheForm({"quoi": "médecine générale", "ou": ou})

    assert form.is_valid(), form.errors
    assert form.recherche().lieu["code_insee"] == "59350"
    assert form.recherche().rayon_km == 10


def test_le_rayon_demande_remplace_celui_du_departement(medecine_generale):
    CommuneFactory()

    form = RechercheForm({"quoi": "médecine générale", "ou": "Lille", "rayon_km": "42"})

    assert form.is_valid()
    assert form.recherche().rayon_km == 42


@pytest.mark.parametrize("rayon", ["0", "-3", "301", "dix"])
def test_un_rayon_impossible_est_refuse_sur_son_champ(medecine_generale, rayon):
    CommuneFactory()

    form = RechercheForm({"quoi": "médecine générale", "ou": "Lille", "rayon_km": rayon})

    assert list(form.errors) == ["rayon_km"]


def test_une_commune_homonyme_se_precise_sans_javascript(connecte, medecine_generale):
    saint_denis()

    reponse = connecte.post(URL, {"quoi": "médecine générale", "ou": "Saint-Denis"})

    html = reponse.content.decode()
    assert "Vouliez-vous dire" in html
    assert "Saint-Denis (93200)" in html
    assert "Saint-Denis (97400)" in html


def test_le_bouton_vouliez_vous_dire_l_emporte_sur_le_texte(connecte, medecine_generale):
    saint_denis()
    reponse = connecte.post(URL, {"quoi": "médecine générale", "ou": "Saint-Denis"})
    choix = {libelle: valeur for valeur, libelle in reponse.context["form"].choix_ou}

    reponse = connecte.post(
        URL,
        {"quoi": "médecine générale", "ou": "Saint-Denis", "ou_retenu": choix["Saint-Denis (97400)"]},
        follow=True,
    )

    assert "Saint-Denis (97400)" in reponse.content.decode()


def test_un_choix_de_la_liste_garde_ses_coordonnees_sans_geocoder(
    medecine_generale, compter_requetes, monkeypatch
):
    CommuneFactory()
    (lille,) = localiser("Lille")
    monkeypatch.setattr("orientation.suggestions.geocoder", lambda texte: pytest.fail("géocodé deux fois"))
    donnees = {"quoi": "médecine générale", "ou": lille.libelle, "ou_choisi": signer_lieu(lille)}

    form = RechercheForm(donnees)

    assert form.is_valid()
    assert (form.recherche().lieu["lat"], form.recherche().lieu["lon"]) == (lille.lat, lille.lon)


def test_un_texte_modifie_apres_le_choix_l_emporte(medecine_generale):
    saint_denis()
    CommuneFactory()
    (lille,) = localiser("Lille")

    form = RechercheForm(
        {"quoi": "médecine générale", "ou": "97400 Saint-Denis", "ou_choisi": signer_lieu(lille)}
    )

    assert form.is_valid()
    assert form.recherche().lieu["code_insee"] == "97411"


@pytest.mark.parametrize("sel", ["orientation.lieu", "autre"])
def test_un_choix_falsifie_est_ignore(medecine_generale, sel):
    CommuneFactory()
    (lille,) = localiser("Lille")
    faux = signing.dumps({"libelle": lille.libelle, "lat": 0}, salt=sel, key="pas-la-cle")

    form = RechercheForm({"quoi": "médecine générale", "ou": lille.libelle, "ou_choisi": faux})

    assert form.is_valid()
    assert form.recherche().lieu["lat"] == lille.lat


def test_un_lieu_inconnu_est_une_erreur_du_champ(connecte, medecine_generale):
    CommuneFactory()

    reponse = connecte.post(URL, {"quoi": "médecine générale", "ou": "Zzyzx"})

    assert "ou" in reponse.context["form"].errors
    assert "n’est pas reconnue" in reponse.content.decode()


def test_un_quoi_inconnu_est_une_erreur_du_champ(connecte, medecine_generale):
    CommuneFactory()

    reponse = connecte.post(URL, {"quoi": "plomberie", "ou": "Lille"})

    assert list(reponse.context["form"].errors) == ["quoi"]


def test_on_cherche_aussi_par_nom(connecte, lieu, maintenant):
    projeter(lieu)

    reponse = connecte.post(URL, {"quoi": "Camille MARTIN", "ou": "Lille"}, follow=True)

    assert "Camille MARTIN" in reponse.content.decode()
    assert reponse.context["resultats"].total == 1


# --- Suggestions ------------------------------------------------------------


def test_les_suggestions_de_lieux_se_groupent_et_sont_signees(connecte):
    saint_denis()

    html = connecte.post("/recherche/suggestions/ou/", {"texte": "saint-denis"}).content.decode()

    assert html.index('aria-label="Villes"') < html.index("Saint-Denis (97400)")
    assert html.index("Saint-Denis (97400)") < html.index('aria-label="Départements"')
    assert "data-valeur=" in html


def test_les_suggestions_ne_se_lisent_pas_en_get(connecte):
    assert connecte.get("/recherche/suggestions/ou/?texte=lille").status_code == 405


@pytest.mark.parametrize("texte", ["", "li", "x" * 5000, "%", "\\", "'; DROP TABLE"])
def test_des_suggestions_sans_rien_de_sur_sont_vides_ou_sages(connecte, medecine_generale, texte):
    for champ in ("quoi", "ou"):
        assert connecte.post(f"/recherche/suggestions/{champ}/", {"texte": texte}).status_code == 200


def test_les_suggestions_de_quoi_donnent_specialites_et_noms(connecte, lieu):
    html = connecte.post("/recherche/suggestions/quoi/", {"texte": "martin"}).content.decode()

    assert 'data-libelle="Camille MARTIN"' in html
    assert (
        "Médecine générale"
        in connecte.post("/recherche/suggestions/quoi/", {"texte": "médec"}).content.decode()
    )


def test_sans_texte_les_recherches_de_la_session_sont_proposees(connecte, jeton):
    html = connecte.post("/recherche/suggestions/quoi/", {"texte": ""}).content.decode()

    assert "Dernières recherches" in html
    assert "Médecine générale" in html


# --- Résultats --------------------------------------------------------------


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
        "09h00 – 09h20",
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

    assert "Aucune offre de soins n’est disponible dans les 48 h" in html
    assert "Hors disponibilité</h2>" in html
    assert "/orientations/en-sus/" in html
    assert "Élargir à 15 km" in html


def test_rien_du_tout_propose_d_elargir(connecte, jeton):
    html = connecte.get(url_resultats(jeton)).content.decode().replace("\u00a0", " ")

    assert "Aucune offre de soins n’est disponible dans les 48 h" in html
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
    hors = connecte.post(url_resultats(jeton), {"disponibilite": "hors"}, follow=True)

    teleconsultation = connecte.post(
        url_resultats(jeton), {"filtrer": "oui", "modalites": "teleconsultation"}, follow=True
    )

    assert libres.context["resultats"].total == hors.context["resultats"].total == 1
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
    assert "14h00 – 14h20" in html


def test_outre_mer_aujourd_hui_est_le_jour_du_lieu(connecte, medecine_generale):
    lieu = LieuExerciceFactory(reunion=True)
    DisponibiliteFactory(
        lieu=lieu, premier_jour=date(2026, 11, 3), heure_debut=time(14), heure_fin=time(14, 20)
    )
    mardi_1h = datetime(2026, 11, 2, 21, tzinfo=UTC)  # à La Réunion ; lundi 22 h à Paris
    rafraichir([lieu.pk], mardi_1h)

    with time_machine.travel(mardi_1h, tick=False):
        html = connecte.post(URL, {"quoi": "médecine générale", "ou": "97400"}, follow=True).content.decode()

    assert html.index("Aujourd’hui") < html.index("14h00") < html.index("Demain")


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
    remplir(1)
    connecte.get(url_resultats(jeton))
    avec_une = compter_requetes(lambda: connecte.get(url_resultats(jeton)))

    remplir(30)

    assert compter_requetes(lambda: connecte.get(url_resultats(jeton))) == avec_une
    assert avec_une <= 12


def test_modifier_la_recherche_reprend_ce_qui_a_ete_demande(connecte, jeton):
    html = connecte.get(URL, {"recherche": jeton}).content.decode()

    assert 'value="Médecine générale"' in html
    assert 'value="Lille (59000)"' in html


def test_un_choix_de_quoi_signe_est_repris_tel_quel(medecine_generale):
    CommuneFactory()
    quoi = Quoi("Médecine générale", (medecine_generale.pk,))

    form = RechercheForm({"quoi": quoi.libelle, "quoi_choisi": signer_quoi(quoi), "ou": "Lille"})

    assert form.is_valid()
    assert form.recherche().specialite_ids == (medecine_generale.pk,)
