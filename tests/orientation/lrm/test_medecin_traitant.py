"""Le médecin traitant qu’un LRM nomme, ou que l’on saisit : reconnu, équivoque, inconnu (L-05, L-06)."""

import pytest

from annuaire.models import Effecteur
from orientation.enums import IssueLRM
from orientation.lrm.comprehension import SAS_PF_001
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory
from tests.orientation.lrm.conftest import DOMICILE, issues, recherche_de

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("maintenant")]
URL = "/recherche/"


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


@pytest.mark.parametrize("nom", ["Dr Martin", "DOCTEUR MARTIN"])
def test_la_civilite_ne_cache_pas_le_medecin_traitant(connecte, appeler, martin, nom):
    assert recherche_de(appeler(**DOMICILE, practitioner=nom)).medecin_traitant == (martin.pk,)


def test_un_nom_qui_ressemble_ne_devient_pas_le_medecin_traitant(connecte, appeler, martin):
    LieuExerciceFactory(effecteur=EffecteurFactory(nom="DURANT", prenom="Paule"))

    assert recherche_de(appeler(**DOMICILE, practitioner="Durantin")).medecin_traitant == ()


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
