"""La recherche : qui la voit, ce qu’elle comprend, ce qu’elle suggère."""

import pytest
from django.core import signing

from annuaire.lectures import localiser
from comptes.enums import Role
from orientation import carnet
from orientation.forms import RechercheForm
from orientation.suggestions import Quoi, signer_lieu, signer_quoi
from participation.models import Participation
from tests.annuaire.factories import BesoinFactory, CommuneFactory, DepartementFactory, SpecialiteFactory
from tests.comptes.factories import CompteFactory
from tests.orientation.conftest import projeter, saint_denis

pytestmark = pytest.mark.django_db
URL = "/recherche/"
VOIENT = {Role.OSNP, Role.REGULATEUR, Role.IOA, Role.ADMINISTRATEUR, Role.GESTIONNAIRE_COMPTES}


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
    assert "9\u00a0h" in html
    assert "/orientations/nouvelle/" not in html
    assert "Orientation hors disponibilité" not in html


def test_un_ioa_oriente_sur_creneau_mais_pas_en_sus(client, creneau):
    CommuneFactory()
    Participation.objects.update(forfait_reorientation=True)
    projeter(creneau.lieu)
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


@pytest.mark.parametrize(
    ("tape", "est_sur"), [("Lomme", False), ("Bagnoles de l’Orne", True), ("59160", True)]
)
def test_un_seul_lieu_qui_ressemble_au_texte_se_fait_confirmer(connecte, medecine_generale, tape, est_sur):
    CommuneFactory(code_insee="59350", nom="Lille", codes_postaux=["59000", "59160"])
    moselle = DepartementFactory(code="57", nom="Moselle")
    CommuneFactory(code_insee="57411", nom="Lommerange", departement=moselle, codes_postaux=["57650"])
    CommuneFactory(code_insee="61483", nom="Bagnoles de l’Orne Normandie", codes_postaux=["61140"])

    reponse = connecte.post(URL, {"quoi": "médecine générale", "ou": tape})

    assert (reponse.status_code == 302) is est_sur
    if not est_sur:
        html = reponse.content.decode()
        assert "Aucun lieu ne porte exactement ce nom" in html
        assert "Lommerange (57650)" in html


@pytest.mark.parametrize(
    ("tape", "perdue"),
    [
        ("12 rue Nationale, Lille", True),
        ("59000 Lille", False),
        ("Lille Cedex", False),
        ("Lille (59)", False),
    ],
)
def test_d_une_adresse_introuvable_on_dit_que_l_on_part_du_centre(connecte, medecine_generale, tape, perdue):
    CommuneFactory(code_insee="59350", nom="Lille", codes_postaux=["59000"])

    html = connecte.post(URL, {"quoi": "médecine générale", "ou": tape}, follow=True).content.decode()

    assert "Lille (59000)" in html
    assert ("la recherche part du centre de Lille (59000)" in html) is perdue


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


def test_un_numero_de_departement_suffit_a_le_proposer(connecte):
    CommuneFactory()

    html = connecte.post("/recherche/suggestions/ou/", {"texte": "59"}).content.decode()

    assert "Nord (59)" in html


@pytest.mark.parametrize("tape", ["nord", "Nord (59)", "59"])
def test_un_departement_nomme_exactement_passe_avant_les_villes(connecte, tape):
    CommuneFactory()
    CommuneFactory(code_insee="59437", nom="Nordpeene", codes_postaux=["59670"])

    html = connecte.post("/recherche/suggestions/ou/", {"texte": tape}).content.decode()

    assert html.index("aria-label=") == html.index('aria-label="Départements"')
    assert "Nord (59)" in html


def test_une_ville_et_son_departement_de_meme_nom_gardent_leur_ordre(connecte):
    saint_denis()
    paris = DepartementFactory(code="75", nom="Paris")
    CommuneFactory(code_insee="75056", nom="Paris", departement=paris, codes_postaux=["75001"])

    html = connecte.post("/recherche/suggestions/ou/", {"texte": "Paris"}).content.decode()

    assert html.index('aria-label="Villes"') < html.index('aria-label="Départements"')


def test_le_numero_du_departement_choisit_entre_deux_homonymes(connecte):
    saint_denis()

    html = connecte.post("/recherche/suggestions/ou/", {"texte": "Saint-Denis (93)"}).content.decode()

    assert "Saint-Denis (93200)" in html
    assert "Saint-Denis (97400)" not in html


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


def test_sans_texte_les_recherches_suggerees_sont_proposees(connecte, medecine_generale):
    BesoinFactory(libelle="Consultation", specialites=[medecine_generale], est_suggere=True)

    html = connecte.post("/recherche/suggestions/quoi/", {"texte": ""}).content.decode()

    assert "Recherches suggérées" in html
    assert "pour\u00a0: Consultation" in html


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


def test_un_besoin_en_mots_courants_mene_a_ceux_qui_y_repondent(connecte, medecine_generale):
    CommuneFactory()
    pediatrie = SpecialiteFactory(pediatrie=True)
    BesoinFactory(specialites=[medecine_generale, pediatrie])

    html = connecte.post("/recherche/suggestions/quoi/", {"texte": "otite"}).content.decode()
    reponse = connecte.post(URL, {"quoi": "otite", "ou": "Lille"})

    assert "pour\u00a0: Mal d’oreille" in html
    (gardee,) = connecte.session[carnet.CLE].values()
    assert set(gardee["specialite_ids"]) == {medecine_generale.pk, pediatrie.pk}
    # Le besoin dirait de quoi souffre quelqu’un : seul reste vers qui l’on cherche.
    assert gardee["quoi"] in ("Médecine générale ou Pédiatrie", "Pédiatrie ou Médecine générale")
    assert "otite" not in str(dict(connecte.session.items())).lower()
    assert reponse.status_code == 302


def test_une_recherche_de_plusieurs_specialites_revient_dans_les_dernieres(connecte, medecine_generale):
    CommuneFactory()
    BesoinFactory(specialites=[medecine_generale, SpecialiteFactory(pediatrie=True)])
    connecte.post(URL, {"quoi": "otite", "ou": "Lille"})

    html = connecte.post("/recherche/suggestions/quoi/", {"texte": ""}).content.decode()

    assert "Dernières recherches" in html
    assert "Pédiatrie" in html


@pytest.mark.parametrize("tape", ["50.63, 3.06", "50,6300 3,0600", " 50.63;3.06 "])
def test_des_coordonnees_tapees_sont_un_lieu(connecte, medecine_generale, tape):
    CommuneFactory()

    connecte.post(URL, {"quoi": "médecine générale", "ou": tape})

    (gardee,) = connecte.session[carnet.CLE].values()
    assert (gardee["lieu"]["lat"], gardee["lieu"]["lon"]) == (50.63, 3.06)


def test_des_coordonnees_hors_de_france_sont_refusees(connecte, medecine_generale):
    CommuneFactory()

    reponse = connecte.post(URL, {"quoi": "médecine générale", "ou": "12.5, 99.1"})

    assert "ou" in reponse.context["form"].errors
