"""Le clic d’un LRM, de l’URL aux résultats : chaque branche de L-01 à L-08, et ce qui reste secret."""

import logging
from datetime import timedelta
from urllib.parse import quote, urlencode

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from annuaire.models import Effecteur
from comptes.enums import Role
from orientation import carnet
from orientation.enums import IssueLRM
from orientation.lrm.comprehension import SANS_VILLE, SANS_VOIE, SAS_PF_001, SAS_PF_002
from orientation.lrm.depots import COOKIE, DUREE_S
from orientation.models import ArriveesLRM
from tests.annuaire.factories import (
    CommuneFactory,
    DepartementFactory,
    EffecteurFactory,
    LieuExerciceFactory,
    SpecialiteFactory,
)
from tests.comptes.factories import CompteFactory
from tests.orientation.lrm.conftest import DOMICILE, ORIGINE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("maintenant")]
URL = "/recherche/"


def recherche_de(reponse) -> carnet.Recherche:
    """La recherche faite : la réponse est la page des résultats."""
    assert reponse.resolver_match.view_name == "orientation:resultats", reponse.redirect_chain
    return reponse.context["recherche"]


def formulaire_de(reponse):
    assert reponse.resolver_match.view_name == "orientation:recherche", reponse.redirect_chain
    return reponse.context["form"]


def issues() -> dict[str, int]:
    return dict(ArriveesLRM.objects.values_list("issue", "nombre"))


# --- L-01 : les paramètres quittent l’URL ---------------------------------------


def test_un_clic_complet_mene_aux_resultats(connecte, appeler):
    reponse = appeler(**DOMICILE)

    recherche = recherche_de(reponse)
    assert (recherche.quoi, recherche.lieu["code_insee"]) == ("Médecine générale", "59350")
    assert recherche.avis == (SAS_PF_002,)


@pytest.mark.parametrize("en_post", [False, True], ids=["GET", "POST"])
def test_l_adresse_quitte_l_url_des_la_premiere_reponse(client, logiciel, lille, en_post):
    parametres = {"origin": ORIGINE} | DOMICILE

    reponse = client.post("/lrm/recherche/", parametres) if en_post else client.get(URL, parametres)

    assert reponse.status_code == 303
    assert reponse.headers["Location"].startswith("/lrm/arrivee/")
    assert "?" not in reponse.headers["Location"]
    assert reponse.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in reponse.headers["Cache-Control"]


def test_aucune_url_du_trajet_ne_porte_ce_qui_a_ete_transmis(connecte, appeler):
    reponse = appeler(**DOMICILE, practitioner="Docteur Zébulon")

    trajet = " ".join(url for url, _ in reponse.redirect_chain) + reponse.request["QUERY_STRING"]
    for valeur in ("Nationale", "Lille", "59350", "bulon", ORIGINE):
        assert quote(valeur) not in trajet


def test_le_journal_ne_dit_rien_de_l_adresse(connecte, appeler, caplog):
    with caplog.at_level(logging.DEBUG):
        appeler(**DOMICILE, practitioner="Zébulon")

    assert "orientation:recherche" in caplog.text
    for valeur in ("Nationale", "59350", "bulon", "origin="):
        assert valeur not in caplog.text


def test_aucune_cle_de_cache_ne_porte_l_adresse(connecte, appeler):
    appeler(**DOMICILE)

    cles = b" ".join(cache._cache.get_client(None).keys("*"))
    assert b"Nationale" not in cles
    assert b"59350" not in cles


def test_un_apercu_de_lien_ne_depose_rien(client, logiciel):
    reponse = client.head(URL, {"origin": ORIGINE} | DOMICILE)

    assert reponse.status_code == 204
    assert not Session.objects.exists()


def test_un_appel_sans_origine_quitte_aussi_l_url(connecte, lille):
    reponse = connecte.get(URL, DOMICILE, follow=True)

    assert reponse.context["lrm"].origine_refusee
    assert "Nationale" not in reponse.request["QUERY_STRING"]


def test_l_encodage_de_windows_se_lit_aussi(connecte, logiciel, medecine_generale):
    CommuneFactory(code_insee="59009", nom="Villeneuve-d’Ascq", codes_postaux=["59491"])
    requete = f"origin={ORIGINE}&inseecode=59009&streetname=all%E9e%20des%20Pr%E9s"

    reponse = connecte.get(f"{URL}?{requete}", follow=True)

    assert recherche_de(reponse).lieu["code_insee"] == "59009"


# --- Le dépôt ---------------------------------------------------------------------


def deposer(client, **parametres) -> str:
    return client.get(URL, {"origin": ORIGINE} | DOMICILE | parametres).headers["Location"]


def test_un_anonyme_s_identifie_puis_trouve_ses_resultats(client, osnp, logiciel, lille):
    arrivee = deposer(client)

    depart = client.get(arrivee)
    client.force_login(osnp)
    reponse = client.get(arrivee, follow=True)

    assert depart.headers["Location"] == f"/oidc/depart/?next={quote(arrivee, safe='')}"
    assert recherche_de(reponse).lieu["code_insee"] == "59350"


@pytest.mark.parametrize("reglage", [{"sso_psc": False}, {"est_actif": False}])
def test_sans_connexion_unique_l_anonyme_choisit_comment_s_identifier(client, logiciel, lille, reglage):
    type(logiciel).objects.update(**reglage)

    assert client.get(deposer(client)).headers["Location"].startswith("/connexion/?next=%2Flrm%2Farrivee%2F")


def test_le_depot_ne_sert_qu_une_fois(connecte, logiciel, lille):
    arrivee = deposer(connecte)
    connecte.get(arrivee)

    reponse = connecte.get(arrivee, follow=True)

    assert "a déjà été ouverte" in reponse.content.decode()
    assert "Nationale" not in reponse.content.decode()


def test_l_arrivee_d_un_autre_navigateur_ne_dit_rien(connecte, osnp, logiciel, lille):
    arrivee = deposer(connecte)
    autre = Client()
    autre.force_login(osnp)

    reponse = autre.get(arrivee, follow=True)

    assert reponse.resolver_match.view_name == "orientation:recherche"
    assert reponse.context["lrm"] is None


def test_le_cookie_d_un_autre_depot_ne_l_ouvre_pas(connecte, logiciel, lille):
    arrivee = deposer(connecte)
    deposer(connecte)

    assert connecte.get(arrivee).headers["Location"] == URL


def test_le_depot_expire_seul(connecte, logiciel, lille, maintenant):
    import time_machine

    arrivee = deposer(connecte)

    with time_machine.travel(maintenant + timedelta(seconds=DUREE_S + 1), tick=False):
        assert connecte.get(arrivee).headers["Location"] == URL


def test_le_cookie_du_depot_ne_part_que_vers_son_arrivee(client, logiciel, lille):
    reponse = client.get(URL, {"origin": ORIGINE} | DOMICILE)

    cookie = reponse.cookies[COOKIE]
    assert cookie["path"] == reponse.headers["Location"]
    assert (cookie["httponly"], cookie["samesite"], int(cookie["max-age"])) == (True, "Lax", DUREE_S)


def test_deposer_ne_touche_pas_la_session_ouverte(connecte, logiciel, lille):
    """Un POST d’un autre site arrive sans cookie de session : y répondre ne doit pas déconnecter."""
    d_un_autre_site = Client().post("/lrm/recherche/", {"origin": ORIGINE} | DOMICILE)

    assert list(d_un_autre_site.cookies) == [COOKIE]
    connecte.cookies[COOKIE] = d_un_autre_site.cookies[COOKIE].value
    assert recherche_de(connecte.get(d_un_autre_site.headers["Location"], follow=True))


def test_se_connecter_donne_une_session_neuve_que_le_depot_ne_connait_pas(client, osnp, logiciel, lille):
    reponse = client.get(URL, {"origin": ORIGINE} | DOMICILE)
    cle = reponse.cookies[COOKIE].value

    client.force_login(osnp)
    client.get(reponse.headers["Location"])

    assert client.session.session_key != cle
    assert not Session.objects.filter(session_key=cle).exists()


def test_un_depot_reste_petit(client, logiciel):
    client.get(f"{URL}?{urlencode({'city': 'x' * 3000, 'inconnu': 'y' * 3000})}")

    assert len(Session.objects.get().session_data) < 2000


def test_un_post_sans_parametre_mene_au_formulaire(client):
    assert client.post("/lrm/recherche/", {}).headers["Location"] == URL


def test_un_post_d_un_autre_site_n_a_pas_besoin_de_jeton(logiciel, lille):
    client = Client(enforce_csrf_checks=True)

    reponse = client.post(
        "/lrm/recherche/", {"origin": ORIGINE} | DOMICILE, headers={"origin": "https://lrm.exemple.invalid"}
    )

    assert reponse.status_code == 303


@pytest.mark.parametrize("role", [Role.EFFECTEUR, Role.CPAM])
def test_qui_ne_cherche_pas_ne_voit_rien(client, logiciel, lille, role):
    client.force_login(CompteFactory(role=role))

    assert client.get(deposer(client)).status_code == 404


# --- L-02 : origine ----------------------------------------------------------------


@pytest.mark.parametrize("origine", ["fr.inconnu", "", "a b"])
def test_une_origine_inconnue_laisse_chercher(connecte, appeler, origine):
    reponse = appeler(**DOMICILE | {"origin": origine})

    html = reponse.content.decode()
    form = formulaire_de(reponse)
    assert "La liaison avec votre logiciel de régulation n’est pas ouverte" in html
    assert reverse("assistance:contact") in html
    assert form["ou"].value() == "Lille (59000)"
    suite = connecte.post(URL, form.data, follow=True)
    assert recherche_de(suite).lieu["code_insee"] == "59350"


def test_une_origine_desactivee_dit_a_qui_s_adresser(connecte, appeler, logiciel):
    type(logiciel).objects.update(est_actif=False)

    html = appeler(**DOMICILE).content.decode()

    assert "le service informatique du SAMU 59" in html


def test_l_origine_se_reconnait_sans_egard_a_la_casse(connecte, appeler):
    assert recherche_de(appeler(**DOMICILE | {"origin": ORIGINE.upper()}))


# --- L-03 : adresse ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parametres", "ou", "erreur"),
    [
        pytest.param({}, "", SANS_VILLE, id="rien"),
        pytest.param({"streetname": "rue Nationale"}, "rue Nationale", SANS_VILLE, id="voie sans ville"),
        pytest.param({"city": "Lille", "streetnumber": "12"}, "Lille", SANS_VOIE, id="numéro sans voie"),
    ],
)
def test_une_adresse_incomplete_garde_ce_qu_elle_a_et_demande_le_reste(
    connecte, appeler, parametres, ou, erreur
):
    reponse = appeler(**parametres)

    form = formulaire_de(reponse)
    assert form["ou"].value() == ou
    assert form.errors["ou"] == [erreur]
    assert "ou" in form.errors
    assert form["quoi"].value() == "Médecine générale"
    assert issues() == {IssueLRM.A_COMPLETER: 1}


def test_une_commune_inconnue_se_dit_sur_son_champ(connecte, appeler):
    form = formulaire_de(appeler(city="Xyzzyville"))

    assert "n’est pas reconnue" in form.errors["ou"][0]
    assert form["ou"].value() == "Xyzzyville"


def test_un_nom_de_commune_equivoque_propose_ses_homonymes(connecte, appeler):
    for code in ("59", "80"):
        departement = DepartementFactory(code=code, nom=f"Département {code}")
        CommuneFactory(
            code_insee=f"{code}990",
            nom="Saint-Homonyme",
            departement=departement,
            codes_postaux=[f"{code}990"],
        )

    form = formulaire_de(appeler(city="Saint-Homonyme"))

    assert len(form.choix_ou) == 2


def test_le_code_insee_l_emporte_sur_le_nom_et_le_dit(connecte, appeler):
    recherche = recherche_de(appeler(inseecode="59350", city="Marseille"))

    assert recherche.lieu["code_insee"] == "59350"
    assert any("la recherche part de Lille" in avis for avis in recherche.avis)


@pytest.mark.parametrize("ville", ["LILLE", "Lille Cedex", "lille"])
def test_un_nom_voisin_de_la_commune_ne_fait_pas_d_avis(connecte, appeler, ville):
    assert recherche_de(appeler(inseecode="59350", city=ville)).avis == (SAS_PF_002,)


def test_un_code_insee_inconnu_se_dit_et_laisse_la_commune(connecte, appeler):
    recherche = recherche_de(appeler(inseecode="59999", city="Lille"))

    assert recherche.lieu["code_insee"] == "59350"
    assert any("59999" in avis for avis in recherche.avis)


def test_un_arrondissement_situe_mieux_que_sa_ville(connecte, appeler):
    paris = DepartementFactory(paris=True)
    ville = CommuneFactory(code_insee="75056", nom="Paris", departement=paris, codes_postaux=[])
    CommuneFactory(
        code_insee="75115",
        nom="Paris 15e Arrondissement",
        departement=paris,
        codes_postaux=["75015"],
        commune_parente=ville,
        lat=48.84,
        lon=2.29,
    )

    recherche = recherche_de(
        appeler(inseecode="75115", city="Paris", streetname="rue Lecourbe", streetnumber="3")
    )

    assert recherche.lieu["code_insee"] == "75115"
    assert recherche.avis == (SAS_PF_002,)


# --- L-04 : spécialité ----------------------------------------------------------------


@pytest.mark.parametrize("nom", ["specialty", "speciality"])
@pytest.mark.parametrize(
    ("valeur", "quoi", "avis"),
    [
        ("", "Médecine générale", 0),
        ("urn:oid:1.2.250.1.213.2.28|SM40", "Pédiatrie", 0),
        ("urn:oid:1.2.250.1.213.2.28|SM26", "Médecine générale", 0),
        ("urn:oid:1.2.250.1.71.1.2.7|50", "Sage-femme", 0),
        ("urn:oid:1.2.250.1.213.2.28|SM99", "Médecine générale", 1),
        ("urn:oid:|", "Médecine générale", 1),
        ("pédiatre", "Pédiatrie", 0),
    ],
)
def test_la_specialite_transmise_est_celle_de_la_recherche(connecte, appeler, nom, valeur, quoi, avis):
    SpecialiteFactory(pediatrie=True)
    SpecialiteFactory(sage_femme=True)

    recherche = recherche_de(appeler(**DOMICILE, **{nom: valeur}))

    assert recherche.quoi == quoi
    assert len(recherche.avis) == 1 + avis


def test_une_specialite_en_texte_incomprise_se_demande_sur_son_champ(connecte, appeler):
    form = formulaire_de(appeler(**DOMICILE, specialty="xyzzy"))

    assert form["quoi"].value() == "xyzzy"
    assert "quoi" in form.errors
    assert form["ou"].value() == "Lille (59000)"
    assert "ou" not in form.errors


# --- L-05, L-06 : médecin traitant ------------------------------------------------------


@pytest.fixture
def martin(lille) -> Effecteur:
    return LieuExerciceFactory(effecteur=EffecteurFactory(nom="MARTIN", prenom="Camille")).effecteur


@pytest.mark.parametrize(
    "forme",
    [
        "urn:oid:1.2.250.1.71.4.2.1|{0}",
        "{0}",
        "Dr Camille Martin",
        "MARTIN Camille",
        "martin",
        "camile martin",
    ],
)
def test_un_medecin_traitant_se_reconnait_a_son_numero_ou_a_son_nom(connecte, appeler, martin, forme):
    recherche = recherche_de(appeler(**DOMICILE, practitioner=forme.format(martin.identifiant_national)))

    assert recherche.medecin_traitant == (martin.pk,)
    assert (recherche.medecin, recherche.avis) == ("Camille MARTIN", ())
    assert issues() == {IssueLRM.RESULTATS_MT: 1}


def test_un_medecin_traitant_a_adeli_se_reconnait(connecte, appeler):
    effecteur = EffecteurFactory(adeli=True, identifiant_national="0591234567")

    recherche = recherche_de(appeler(**DOMICILE, practitioner="urn:oid:1.2.250.1.71.4.2.1|0591234567"))

    assert recherche.medecin_traitant == (effecteur.pk,)


@pytest.mark.parametrize(
    ("praticien", "cause"),
    [
        ("urn:oid:1.2.250.1.71.4.2.1|810000000009", "aucun professionnel de l’annuaire n’a ce numéro"),
        ("urn:oid:1.2.250.1.71.4.2.1|8123", "l’identifiant transmis est mal écrit"),
        ("urn:autre", "l’identifiant transmis est mal écrit"),
        ("Zzyzx", "aucun médecin de l’annuaire ne porte ce nom"),
    ],
)
def test_un_medecin_traitant_non_reconnu_se_dit_et_la_recherche_a_lieu(
    connecte, appeler, martin, praticien, cause
):
    reponse = appeler(**DOMICILE, practitioner=praticien)

    recherche = recherche_de(reponse)
    assert recherche.medecin_traitant == ()
    assert recherche.avis[0].startswith(SAS_PF_001)
    assert cause in recherche.avis[0]
    assert (
        recherche.avis[0].replace("’", "&#x27;") in reponse.content.decode()
        or recherche.avis[0] in reponse.content.decode()
    )
    assert issues() == {IssueLRM.RESULTATS_MT_INCONNU: 1}


def test_deux_homonymes_proches_ne_font_pas_un_medecin_traitant(connecte, appeler, martin):
    LieuExerciceFactory(effecteur=EffecteurFactory(nom="MARTIN", prenom="Dominique"))

    recherche = recherche_de(appeler(**DOMICILE, practitioner="Martin"))

    assert recherche.medecin_traitant == ()
    assert "plusieurs médecins portent ce nom" in recherche.avis[0]


def test_le_nom_non_reconnu_attend_dans_le_formulaire(connecte, appeler):
    reponse = appeler(**DOMICILE, practitioner="Zzyzx")
    jeton = reponse.request["PATH_INFO"].split("/")[-2]

    form = connecte.get(URL, {"recherche": jeton}).context["form"]

    assert form["medecin"].value() == "Zzyzx"


def test_l_homonyme_proche_l_emporte_sur_celui_du_bout_de_la_france(connecte, appeler, martin):
    LieuExerciceFactory(reunion=True, effecteur=EffecteurFactory(nom="MARTIN", prenom="Dominique"))

    assert recherche_de(appeler(**DOMICILE, practitioner="Martin")).medecin_traitant == (martin.pk,)


def test_le_medecin_traitant_au_bout_de_la_france_se_reconnait_s_il_est_seul(connecte, appeler):
    loin = LieuExerciceFactory(reunion=True, effecteur=EffecteurFactory(nom="LOINTAIN", prenom="Dominique"))

    assert recherche_de(appeler(**DOMICILE, practitioner="Lointain")).medecin_traitant == (loin.effecteur_id,)


def test_un_nom_entier_l_emporte_sur_un_nom_qui_le_contient(connecte, appeler, martin):
    LieuExerciceFactory(effecteur=EffecteurFactory(nom="MARTINEZ", prenom="Dominique"))

    assert recherche_de(appeler(**DOMICILE, practitioner="Martin")).medecin_traitant == (martin.pk,)


def test_un_infirmier_du_meme_nom_n_est_pas_un_homonyme(connecte, appeler, martin):
    LieuExerciceFactory(effecteur=EffecteurFactory(sage_femme=True, nom="MARTIN", prenom="Dominique"))

    assert recherche_de(appeler(**DOMICILE, practitioner="Martin")).medecin_traitant == (martin.pk,)


def test_qui_n_exerce_plus_n_est_pas_un_medecin_traitant(connecte, appeler, martin):
    Effecteur.objects.filter(pk=martin.pk).update(est_actif=False)

    assert recherche_de(appeler(**DOMICILE, practitioner="Martin")).medecin_traitant == ()


# --- L-08 : compter -----------------------------------------------------------------------


def test_les_arrivees_se_comptent_par_jour_origine_et_issue(connecte, appeler, logiciel):
    appeler(**DOMICILE)
    appeler(**DOMICILE)
    appeler(**DOMICILE | {"origin": "fr.inconnu"})

    comptees = ArriveesLRM.objects.order_by("pk").values_list("jour", "logiciel", "issue", "nombre")
    jour = comptees[0][0]
    assert list(comptees) == [
        (jour, logiciel.pk, IssueLRM.RESULTATS_SANS_MT, 2),
        (jour, None, IssueLRM.ORIGINE_REFUSEE, 1),
    ]


# --- Le champ du formulaire ------------------------------------------------------------------


def test_une_recherche_par_formulaire_admet_un_medecin_traitant(connecte, lille, martin):
    reponse = connecte.post(
        URL, {"quoi": "médecine générale", "ou": "Lille", "medecin": "martin"}, follow=True
    )

    assert recherche_de(reponse).medecin_traitant == (martin.pk,)


def test_un_medecin_traitant_equivoque_se_choisit_puis_se_garde(connecte, lille, martin):
    LieuExerciceFactory(effecteur=EffecteurFactory(nom="MARTIN", prenom="Dominique"))
    saisie = {"quoi": "médecine générale", "ou": "Lille", "medecin": "martin"}

    form = connecte.post(URL, saisie).context["form"]
    choix = {libelle: valeur for valeur, libelle in form.choix_medecin}
    reponse = connecte.post(URL, saisie | {"medecin_retenu": choix["Camille MARTIN, Lille"]}, follow=True)

    assert "Plusieurs médecins" in form.errors["medecin"][0]
    assert recherche_de(reponse).medecin_traitant == (martin.pk,)


def test_modifier_la_recherche_garde_le_medecin_traitant(connecte, lille, martin):
    reponse = connecte.post(
        URL, {"quoi": "médecine générale", "ou": "Lille", "medecin": "martin"}, follow=True
    )
    jeton = reponse.request["PATH_INFO"].split("/")[-2]

    form = connecte.get(URL, {"recherche": jeton}).context["form"]
    suite = connecte.post(URL, {nom: form[nom].value() or "" for nom in form.fields}, follow=True)

    assert recherche_de(suite).medecin_traitant == (martin.pk,)


def test_un_choix_signe_par_un_autre_ne_vaut_rien(connecte, lille, martin):
    saisie = {"quoi": "médecine générale", "ou": "Lille", "medecin": "x", "medecin_retenu": "faux"}

    assert "medecin" in connecte.post(URL, saisie).context["form"].errors
