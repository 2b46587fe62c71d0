"""Le tableau de bord, les chiffres clés, la page publique : qui voit quoi, et que les nombres sont ceux des mesures."""

from __future__ import annotations

import csv
import io

import pytest
from django.urls import reverse

from comptes.enums import Role
from remuneration.domaine.mois import Mois
from remuneration.models import MesureMensuelle, MoisMesure
from remuneration.pilotage.chiffres import MASQUE
from tests.agenda.factories import EditeurFactory
from tests.annuaire.factories import CommuneFactory, TerritoireFactory, habiliter
from tests.comptes.factories import CompteFactory
from tests.orientation.factories import LogicielRegulationFactory
from tests.remuneration.pilotage.conftest import AVRIL, CLOS_LE, mesurer_a_la_main

pytestmark = pytest.mark.django_db
ACCUEIL = "/pilotage/"


def texte(reponse) -> str:
    html = reponse.content.decode().replace("\u00a0", " ").replace("\u202f", " ")
    return " ".join(html.split())


def connecter(client, role: Role, territoire=None):
    compte = CompteFactory() if territoire else CompteFactory(role=role)
    if territoire:
        habiliter(compte, role, territoire=territoire)
    client.force_login(compte)
    return client


def lire_csv(reponse) -> list[list[str]]:
    assert reponse.status_code == 200
    return list(csv.reader(io.StringIO(reponse.content.decode("utf-8-sig")), delimiter=";"))


# --- Qui voit quoi -----------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.REFERENT, Role.GESTIONNAIRE_COMPTES])
def test_un_referent_et_un_gestionnaire_ne_voient_que_leur_territoire(client, avril, nord, sud, role):
    connecter(client, role, nord)

    page = client.get(ACCUEIL)

    assert "Pilotage : SAS du Nord, avril 2026" in texte(page)
    assert "SAS du Sud" not in texte(page)
    assert client.get(ACCUEIL, {"territoire": sud.pk}).status_code == 404
    assert client.get(ACCUEIL, {"avec": sud.pk}).status_code == 404
    assert client.get(ACCUEIL, {"territoire": "france"}).status_code == 404
    assert client.get("/pilotage/synthese.csv", {"territoire": sud.pk}).status_code == 404


def test_un_referent_se_compare_a_la_france(client, avril, nord):
    connecter(client, Role.REFERENT, nord)

    lignes = lire_csv(client.get("/pilotage/conversion.csv", {"avec": "france"}))

    assert lignes[0] == ["Mois", "SAS du Nord (part)", "France (part)"]
    assert lignes[-1] == ["avril 2026", "0,25", "0,4538"]


@pytest.mark.parametrize("role", [Role.PILOTAGE, Role.ADMINISTRATEUR])
def test_le_pilotage_national_voit_la_france_et_chaque_territoire(client, avril, sud, role):
    connecter(client, role)

    assert "Pilotage : France, avril 2026" in texte(client.get(ACCUEIL))
    assert "Pilotage : SAS du Sud" in texte(client.get(ACCUEIL, {"territoire": sud.pk}))


@pytest.mark.parametrize("role", [Role.OSNP, Role.EFFECTEUR, Role.CPAM, Role.SUPPORT])
def test_les_autres_roles_n_ont_pas_de_pilotage(client, avril, role):
    connecter(client, role)

    assert client.get(ACCUEIL).status_code == 404
    assert "Pilotage" not in texte(client.get("/"))


def test_le_menu_y_mene_qui_pilote(client, avril, nord):
    connecter(client, Role.REFERENT, nord)

    assert f'href="{ACCUEIL}"' in texte(client.get("/"))


def test_sans_mois_mesure_la_page_le_dit(client, nord):
    connecter(client, Role.REFERENT, nord)

    assert "Rien à montrer encore" in texte(client.get(ACCUEIL))
    assert client.get("/pilotage/synthese.csv").status_code == 302
    assert "Rien à montrer encore" in texte(client.get("/pilotage/chiffres-cles/"))


def test_un_referent_sans_territoire_n_a_rien_a_voir(client, avril):
    client.force_login(CompteFactory(role=Role.REFERENT))

    assert "Rien à montrer encore" in texte(client.get(ACCUEIL))


# --- Le tableau de bord --------------------------------------------------------------


def test_la_synthese_compare_au_mois_precedent_et_a_un_autre_territoire(client, avril, nord):
    connecter(client, Role.PILOTAGE)

    html = texte(client.get(ACCUEIL, {"avec": nord.pk}))
    lignes = {
        ligne[0]: ligne[1:] for ligne in lire_csv(client.get("/pilotage/synthese.csv", {"avec": nord.pk}))
    }

    assert lignes["Indicateur"] == ["avril 2026", "mars 2026", "Écart", "SAS du Nord"]
    assert lignes["Recherches"] == ["46540", "40000", "6540", "1200"]
    assert lignes["Orientations par la plateforme"] == ["21119", "20000", "1119", "300"]
    assert lignes["Recherches qui mènent à une orientation (part)"] == ["0,4538", "0,5", "-0,0462", "0,25"]
    assert lignes["Délai médian du premier créneau (minutes)"] == ["40", "", "", ""]
    assert lignes["Heures offertes par semaine (heures)"][0] == "12,5"
    assert lignes["Patients venus (part)"][0] == "0,9"
    assert lignes["Population près d’un généraliste participant (part)"][0] == "0,85"
    for cellule in ("46 540", "+6 540", "45,4 %", "−4,6 pts", "40 min", "12,5 h", "90,0 %", "n. d."):
        assert f">{cellule}</td>" in html


def test_chaque_graphique_a_son_tableau_ouvert_et_son_csv(client, avril):
    connecter(client, Role.PILOTAGE)

    html = texte(client.get(ACCUEIL))

    assert html.count('<svg class="sas-graphique"') >= 5
    assert html.count("<details open>") == html.count("Ces données en CSV")
    for code in (
        "recherches",
        "delais",
        "orientations",
        "conversion",
        "delai_median",
        "issues",
        "offre",
        "appels_par_orientation",
        "part_du_dixieme",
        "couverture",
        "heures",
        "territoires",
        "editeurs",
    ):
        assert f'href="{reverse("pilotage:donnees", kwargs={"code": code})}?' in html
    assert "style=" not in html.partition("<main")[2]


def test_le_csv_a_les_nombres_du_tableau(client, avril):
    connecter(client, Role.PILOTAGE)

    lignes = lire_csv(client.get("/pilotage/orientations.csv"))

    assert lignes[-1] == ["avril 2026", "9000", "7119", "5000", "0", "0"]
    editeurs = lire_csv(client.get("/pilotage/editeurs.csv"))
    assert editeurs[0][2:4] == ["Échecs (part)", "p50 (millisecondes)"]
    assert editeurs[1][:3] == ["agenda", "200", "0,015"]
    assert client.get("/pilotage/inconnu.csv").status_code == 404


def test_le_csv_a_toutes_les_communes_sans_resultat(client, avril):
    CommuneFactory()
    mesurer_a_la_main(AVRIL, None, sans_resultat_commune={f"{n:05}": 1 for n in range(30)})
    connecter(client, Role.PILOTAGE)

    lignes = lire_csv(client.get("/pilotage/communes.csv"))

    assert lignes[1:3] == [["Lille (59350)", "7"], ["Département entier", "2"]]
    assert len(lignes) == 33
    html = texte(client.get(ACCUEIL))
    assert "00029" not in html
    assert "les 20 premières, toutes dans le CSV" in html
    assert "les 20 premières" not in texte(client.get(ACCUEIL, {"mois": "2026-03"}))


def test_un_indicateur_se_compare_mois_par_mois(client, avril, nord):
    connecter(client, Role.PILOTAGE)

    lignes = lire_csv(client.get("/pilotage/conversion.csv", {"avec": nord.pk}))

    assert lignes == [
        ["Mois", "France (part)", "SAS du Nord (part)"],
        ["mars 2026", "0,5", "0"],
        ["avril 2026", "0,4538", "0,25"],
    ]


def test_la_carte_montre_les_communes_cherchees_en_vain(client, avril, nord):
    """Sur celles du territoire, sans rien demander à un tiers ; ce qui est hors du plan est dit."""
    lille = CommuneFactory()
    nord.departements.add(lille.departement)
    CommuneFactory(code_insee="59178", nom="Douai", lat=50.37, lon=3.08)
    CommuneFactory(code_insee="13055", nom="Marseille", lat=43.3, lon=5.37, departement__code="13")
    mesurer_a_la_main(AVRIL, nord, sans_resultat_commune={"59350": 7, "13055": 1, "": 2})
    connecter(client, Role.PILOTAGE)

    html = texte(client.get(ACCUEIL, {"territoire": nord.pk}))

    assert "<title>Lille : 7</title>" in html
    assert "Marseille : 1" not in html
    assert "Cherchées hors du plan : 1." in html
    assert "sas-plan" not in texte(client.get(ACCUEIL, {"territoire": nord.pk, "mois": "2026-03"}))


def test_le_nombre_de_requetes_ne_depend_pas_du_nombre_de_territoires(client, avril, compter_requetes):
    connecter(client, Role.PILOTAGE)
    client.get(ACCUEIL)
    avec_deux = compter_requetes(lambda: client.get(ACCUEIL))
    for numero in range(10):
        mesurer_a_la_main(AVRIL, TerritoireFactory(), recherches=numero)

    assert compter_requetes(lambda: client.get(ACCUEIL)) == avec_deux
    assert avec_deux <= 15


@pytest.mark.parametrize("mois", ["2026-13", "1999-01", "2026-07", "'; drop"])
def test_un_mois_que_l_on_n_a_pas_mesure_n_existe_pas(client, avril, mois):
    connecter(client, Role.PILOTAGE)

    assert client.get(ACCUEIL, {"mois": mois}).status_code == 404


def test_un_mois_en_cours_est_dit_provisoire(client, avril):
    MoisMesure.objects.create(mois=Mois(2026, 5).premier, calcule_le=CLOS_LE.replace(month=5, day=20))
    connecter(client, Role.PILOTAGE)

    html = texte(client.get(ACCUEIL))

    assert "mai 2026 (provisoire)" in html
    assert "Pilotage : France, avril 2026" in html, "le dernier mois fini se montre d’abord"


# --- Les chiffres clés ------------------------------------------------------------------


def test_les_chiffres_cles_sont_ceux_de_la_presentation_aux_referents(client, avril, nord):
    """« Indicateurs clés avril 2026 » (présentation du 5 mai 2026)."""
    connecter(client, Role.REFERENT, nord)

    html = texte(client.get("/pilotage/chiffres-cles/"))

    assert "Chiffres clés, avril 2026" in html
    assert (
        "dans <strong>96 départements</strong> permet de couvrir <strong>98,0 % de la population</strong>"
        in html
    )
    assert "<strong>91 SAS</strong>" in html
    for nombre in ("46 540", "17 057", "21 119", "55 420"):
        assert f"<dd>{nombre}</dd>" in html.replace("<dd> ", "<dd>").replace(" </dd>", "</dd>")
    assert "De premier niveau : <strong>9 000</strong>" in html
    assert "Surnuméraires : <strong>7 119</strong>" in html
    assert "par l’agenda d’un éditeur : <strong>5 000</strong>" in html
    assert "Nombre de recherches mensuelles" in html
    lignes = lire_csv(client.get("/pilotage/chiffres-cles/recherches-par-mois.csv", {"mois": "2026-04"}))
    assert lignes[1:] == [["mars 2026", "40000", "0"], ["avril 2026", "46540", "6000"]]


def test_les_chiffres_cles_disent_ce_qui_est_interface(client, avril, nord):
    """« Statut d’avancement des travaux », par cas d’usage (même présentation)."""
    EditeurFactory(flux=["ps", "cpts"], url_place_de_marche="https://place.exemple.invalid/")
    EditeurFactory(flux=["ps"])
    EditeurFactory(flux=["sos"], est_actif=False)
    LogicielRegulationFactory(territoire=nord)
    connecter(client, Role.REFERENT, nord)

    lignes = lire_csv(client.get("/pilotage/chiffres-cles/interfacages.csv", {"mois": "2026-04"}))

    assert [ligne[1] for ligne in lignes[1:]] == ["2", "1", "1", "0", "1", "1"]
    assert "Avancement de l’interopérabilité" in texte(client.get("/pilotage/chiffres-cles/"))


def test_les_chiffres_cles_se_lisent_pour_tout_mois(client, avril):
    connecter(client, Role.PILOTAGE)

    assert "40 000" in texte(client.get("/pilotage/chiffres-cles/", {"mois": "2026-03"}))


# --- La page publique --------------------------------------------------------------------


def test_la_page_publique_se_lit_sans_compte_et_se_garde(client, avril):
    reponse = client.get("/indicateurs/")

    assert reponse.status_code == 200
    assert "46 540" in texte(reponse)
    assert reponse.headers["Cache-Control"] == "public, max-age=3600"
    assert not reponse.cookies
    assert "/indicateurs/" in texte(client.get("/"))


def test_la_page_publique_d_une_personne_connectee_ne_se_garde_pas(client, avril):
    connecter(client, Role.PILOTAGE)

    assert "public" not in client.get("/indicateurs/").headers["Cache-Control"]


def test_un_petit_nombre_ne_se_lit_pas_ni_ne_se_deduit(client, avril, nord, sud):
    MesureMensuelle.objects.filter(territoire=None, code="recherches").update(valeur=1_208)

    lignes = lire_csv(client.get("/indicateurs/territoires.csv", {"mois": "2026-04"}))
    par_nom = {ligne[0]: ligne[1:] for ligne in lignes}

    # Huit recherches au Sud : le Nord est masqué avec lui, sans quoi la France le dirait.
    assert par_nom["SAS du Sud"] == [MASQUE, MASQUE, MASQUE]
    assert par_nom["SAS du Nord"][0] == MASQUE
    assert par_nom["France"][0] == "1208"


def test_ce_qui_n_est_d_aucun_territoire_est_une_part_comme_une_autre(client, avril):
    lignes = lire_csv(client.get("/indicateurs/territoires.csv", {"mois": "2026-04"}))
    par_nom = {ligne[0]: ligne[1:] for ligne in lignes}

    assert par_nom["SAS du Sud"][0] == MASQUE
    assert par_nom["Sans territoire"][0] == "45332"


def test_un_territoire_sans_sas_ou_rien_n_a_ete_fait_n_est_pas_publie(client, avril, nord):
    """Sa population est mesurée, mais son zéro masquerait les nombres des autres."""
    ferme = TerritoireFactory(nom="SAS à venir")
    mesurer_a_la_main(AVRIL, ferme, population=12_000)

    assert "SAS à venir" not in texte(client.get("/indicateurs/"))


def test_un_mois_trop_petit_ne_montre_rien(client, sud):
    mesurer_a_la_main(
        AVRIL, None, recherches=9, orientations={"ioa": 3, "surnumeraire": 2}, participants=4, interfaces=3
    )
    mesurer_a_la_main(AVRIL, sud, recherches=9, orientations={"ioa": 3, "surnumeraire": 2}, participants=4)

    html = texte(client.get("/indicateurs/"))

    assert html.count(MASQUE) >= 4 + 4 + 6
    assert "55,6" not in html, "la conversion se déduit de deux nombres masqués"


def test_un_mois_non_clos_n_est_pas_publie(client, avril):
    MoisMesure.objects.create(mois=Mois(2026, 5).premier, calcule_le=CLOS_LE)

    assert client.get("/indicateurs/", {"mois": "2026-05"}).status_code == 404
    assert "mai 2026" not in texte(client.get("/indicateurs/"))


def test_sans_mois_clos_la_page_publique_le_dit(client, db):
    assert "Aucun mois n’est encore publié" in texte(client.get("/indicateurs/"))
    assert client.get("/indicateurs/territoires.csv").status_code == 302


# --- Le rôle -----------------------------------------------------------------------------


def test_un_administrateur_donne_le_role_un_gestionnaire_non(client, nord):
    connecter(client, Role.ADMINISTRATEUR)
    assert "Pilotage national" in texte(client.get(reverse("gestion:creer")))

    connecter(client, Role.GESTIONNAIRE_COMPTES, nord)
    assert "Pilotage national" not in texte(client.get(reverse("gestion:creer")))
