"""Ce qu’un LRM transmet, compris ou redemandé : origine, adresse, spécialité (L-02 à L-04)."""

import pytest
from django.urls import reverse

from orientation.enums import IssueLRM
from orientation.lrm.comprehension import SANS_VILLE, SANS_VOIE, SAS_PF_002
from tests.annuaire.factories import BesoinFactory, CommuneFactory, DepartementFactory, SpecialiteFactory
from tests.orientation.lrm.conftest import DOMICILE, ORIGINE, formulaire_de, issues, recherche_de

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("maintenant")]
URL = "/recherche/"


# --- L-02 : origine ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("origine", "avis"),
    [
        ("fr.inconnu", "ne désigne aucun logiciel connu"),
        ("", "le paramètre «\u00a0origin\u00a0» manque"),
        ("a b", "est mal écrit"),
    ],
)
def test_une_origine_inconnue_laisse_chercher(connecte, appeler, origine, avis):
    reponse = appeler(**DOMICILE | {"origin": origine})

    html = reponse.content.decode()
    form = formulaire_de(reponse)
    assert "La liaison avec votre logiciel de régulation n’est pas ouverte" in html
    assert reverse("assistance:contact") in html
    assert avis in html
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


def test_sans_specialite_on_cherche_une_consultation_de_medecine_generale(
    connecte, appeler, medecine_generale
):
    """L-04 : elle mène aussi aux structures, tant qu’un administrateur ne l’a pas retirée."""
    sos = SpecialiteFactory(code="SOS", libelle="SOS Médecins", profession=None, type_structure="sos")
    BesoinFactory(
        libelle="Consultation de médecine générale", formulations=[], specialites=[medecine_generale, sos]
    )

    recherche = recherche_de(appeler(inseecode="59350", city="Lille"))

    assert set(recherche.specialite_ids) == {medecine_generale.pk, sos.pk}


def test_le_formulaire_a_completer_garde_aussi_le_nom_du_medecin(connecte, appeler):
    form = formulaire_de(appeler(streetname="rue Nationale", practitioner="Zzyzx"))

    assert form["medecin"].value() == "Zzyzx"


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


@pytest.mark.parametrize("city", ["Paris", "PARIS 15", "Paris 15ème", "PARIS CEDEX 15"])
def test_un_arrondissement_situe_mieux_que_sa_ville(connecte, appeler, city):
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
        appeler(inseecode="75115", city=city, streetname="rue Lecourbe", streetnumber="3")
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
