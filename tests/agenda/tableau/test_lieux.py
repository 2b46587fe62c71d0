from datetime import UTC, datetime

import pytest
from django.urls import reverse

from agenda.models import CarteLieu, OffreLieu
from agenda.offre import MASQUES_ACCUEIL, decodeur_carte
from annuaire.models import Delegation, LieuExercice
from comptes.models import Trace
from participation.models import Sollicitation
from tests.agenda.tableau.conftest import LUNDI_8H
from tests.annuaire.factories import LieuExerciceFactory
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db


def informations(lieu: LieuExercice) -> str:
    return reverse("tableau:informations", kwargs={"lieu_id": lieu.pk})


def sollicitation(lieu: LieuExercice) -> str:
    return reverse("tableau:sollicitation", kwargs={"lieu_id": lieu.pk})


def vu(client, lieu) -> str:
    return client.get(informations(lieu)).context["form"]["vu"].value()


def test_les_informations_paraissent_aussitot_sur_la_carte(agenda, medecin, naviguer):
    client = naviguer(medecin)
    texte = "Sonner <fort>\nau 2e étage"

    reponse = client.post(informations(agenda), {"texte": texte, "vu": vu(client, agenda)})

    assert reponse.status_code == 302
    assert r"Sonner <fort>\nau 2e étage" in CarteLieu.objects.get(lieu=agenda).document
    assert Trace.objects.get(verbe="lieu.modifie").details["champs"] == ["informations_complementaires"]


def test_l_accueil_et_les_langues_paraissent_sur_la_carte_et_se_filtrent(agenda, medecin, naviguer):
    client = naviguer(medecin)
    saisie = {"texte": "", "accueil": ["carte_vitale"], "langues": ["ar", "en"], "vu": vu(client, agenda)}

    assert client.post(informations(agenda), saisie).status_code == 302

    lieu = decodeur_carte.decode(CarteLieu.objects.get(lieu=agenda).document).lieu
    assert (lieu.accueil, lieu.langues) == (("carte_vitale",), ("ar", "en"))
    masque = MASQUES_ACCUEIL["carte_vitale"] | MASQUES_ACCUEIL["ar"] | MASQUES_ACCUEIL["en"]
    assert set(OffreLieu.objects.filter(lieu=agenda).values_list("accueil", flat=True)) == {masque}
    assert Trace.objects.get(verbe="lieu.modifie").details["champs"] == ["accueil", "langues"]
    page = client.get(reverse("tableau:professionnel", kwargs={"effecteur_id": agenda.effecteur_id}))
    assert "Carte Vitale acceptée · Parle arabe, anglais" in page.content.decode()


def test_une_langue_inconnue_est_refusee(lieu, medecin, naviguer):
    client = naviguer(medecin)

    reponse = client.post(informations(lieu), {"texte": "", "langues": ["klingon"], "vu": vu(client, lieu)})

    assert "langues" in reponse.context["form"].errors
    assert LieuExercice.objects.get().langues == []


def test_un_texte_vide_efface(lieu, medecin, naviguer):
    LieuExercice.objects.update(informations_complementaires="Ancien texte")
    client = naviguer(medecin)

    client.post(informations(lieu), {"texte": "", "vu": vu(client, lieu)})

    assert LieuExercice.objects.get().informations_complementaires == ""


@pytest.mark.parametrize(
    ("texte", "message"),
    [
        pytest.param("   \n ", "doit contenir au moins un caractère", id="des blancs"),
        pytest.param("x" * 1001, "1\u00a0000 caractères", id="trop long"),
    ],
)
def test_un_texte_refuse_se_dit_sur_le_champ(lieu, medecin, naviguer, texte, message):
    client = naviguer(medecin)

    reponse = client.post(informations(lieu), {"texte": texte, "vu": vu(client, lieu)})

    assert message in reponse.context["form"].errors["texte"][0]
    assert LieuExercice.objects.get().informations_complementaires == ""


def test_mille_caracteres_tiennent_meme_avec_des_retours_a_la_ligne(lieu, medecin, naviguer):
    client = naviguer(medecin)

    client.post(informations(lieu), {"texte": "a\r\n" * 500, "vu": vu(client, lieu)})

    assert len(LieuExercice.objects.get().informations_complementaires) == 999


def test_deux_onglets_le_second_garde_ce_qu_il_a_tape(lieu, medecin, naviguer):
    client = naviguer(medecin)
    premier = vu(client, lieu)
    client.post(informations(lieu), {"texte": "Le premier", "vu": premier})

    conflit = client.post(informations(lieu), {"texte": "Le second", "vu": premier})

    assert conflit.status_code == 409
    html = conflit.content.decode()
    assert "Le premier" in html
    assert "Le second" in html
    nouveau = conflit.context["form"]["vu"].value()
    assert client.post(informations(lieu), {"texte": "Le second", "vu": nouveau}).status_code == 302


def test_les_consignes_se_gardent_en_numero_international_et_minuit_du_lieu(lieu, medecin, naviguer):
    client = naviguer(medecin)
    saisie = {
        "telephone_prive": "06 12 34 56 78",
        "heures_d_appel": "midi",
        "max_par_jour": "2",
        "max_par_semaine": "5",
        "pause_jusqu_au": "2026-11-10",
    }

    assert client.post(sollicitation(lieu), saisie).status_code == 302

    gardee = Sollicitation.objects.get()
    assert (gardee.telephone_prive, gardee.max_par_jour, gardee.max_par_semaine) == ("+33612345678", 2, 5)
    assert gardee.pause_jusqu_au == datetime(2026, 11, 9, 23, tzinfo=UTC)
    form = client.get(sollicitation(lieu)).context["form"]
    assert form["telephone_prive"].value() == "06 12 34 56 78"
    assert form["pause_jusqu_au"].value().isoformat() == "2026-11-10"
    assert Trace.objects.get(verbe="lieu.modifie").details["champs"] == sorted(saisie)


@pytest.mark.parametrize(
    ("saisie", "champ"),
    [
        pytest.param({"telephone_prive": "12"}, "telephone_prive", id="numéro trop court"),
        pytest.param({"telephone_prive": "+44 20 7946 0958"}, "telephone_prive", id="numéro étranger"),
        pytest.param({"max_par_jour": "0"}, "max_par_jour", id="zéro"),
        pytest.param({"max_par_semaine": "100000"}, "max_par_semaine", id="démesuré"),
        pytest.param(
            {"max_par_jour": "5", "max_par_semaine": "3"}, "max_par_semaine", id="semaine sous le jour"
        ),
        pytest.param({"pause_jusqu_au": "2026-11-02"}, "pause_jusqu_au", id="pause passée"),
        pytest.param({"pause_jusqu_au": "2028-01-01"}, "pause_jusqu_au", id="pause sans fin"),
        pytest.param({"heures_d_appel": "x" * 201}, "heures_d_appel", id="heures trop longues"),
    ],
)
def test_une_consigne_impossible_se_dit_sur_son_champ(lieu, medecin, naviguer, saisie, champ):
    reponse = naviguer(medecin).post(sollicitation(lieu), saisie)

    assert champ in reponse.context["form"].errors
    assert not Sollicitation.objects.exists()


def test_deux_personnes_reglent_les_consignes_la_seconde_voit_la_premiere(lieu, medecin, deleguee, naviguer):
    naviguer(deleguee).post(sollicitation(lieu), {"heures_d_appel": "le matin"})
    client = naviguer(medecin)

    conflit = client.post(sollicitation(lieu), {"heures_d_appel": "le soir"})

    assert conflit.status_code == 409
    assert "le matin" in conflit.content.decode()
    assert conflit.context["form"]["heures_d_appel"].value() == "le soir"
    suite = {"heures_d_appel": "le soir", "vue_le": conflit.context["form"]["vue_le"].value()}
    assert client.post(sollicitation(lieu), suite).status_code == 302
    assert Sollicitation.objects.get().heures_d_appel == "le soir"


@pytest.mark.parametrize("page", [informations, sollicitation], ids=["informations", "sollicitation"])
@pytest.mark.parametrize(
    ("qui", "etat"),
    [("médecin", 200), ("déléguée", 200), ("gestionnaire", 404), ("étranger", 404), ("anonyme", 302)],
)
def test_seul_qui_tient_le_lieu_parle_en_son_nom(
    lieu, medecin, deleguee, gestionnaire, client, naviguer, page, qui, etat
):
    comptes = {
        "médecin": medecin,
        "déléguée": deleguee,
        "gestionnaire": gestionnaire,
        "étranger": CompteFactory(effecteur=True),
    }
    visiteur = client if qui == "anonyme" else naviguer(comptes[qui])

    assert visiteur.get(page(lieu)).status_code == etat
    if etat != 200:
        visiteur.post(page(lieu), {"texte": "x", "heures_d_appel": "x"})
    assert not Sollicitation.objects.exists()
    assert LieuExercice.objects.get().informations_complementaires == ""


def test_un_lieu_hors_de_la_delegation_n_existe_pas(lieu, deleguee, naviguer):
    hors = LieuExerciceFactory(effecteur=lieu.effecteur)
    Delegation.objects.get().lieux.add(lieu)

    assert naviguer(deleguee).get(informations(hors)).status_code == 404


def test_une_delegation_revoquee_pendant_la_saisie_ne_laisse_rien_passer(lieu, deleguee, medecin, naviguer):
    client = naviguer(deleguee)
    version = vu(client, lieu)
    Delegation.objects.update(revoquee_le=LUNDI_8H, revoquee_par=medecin)

    assert client.post(informations(lieu), {"texte": "Trop tard", "vu": version}).status_code == 404
    assert LieuExercice.objects.get().informations_complementaires == ""


def test_un_point_fixe_se_regle_par_le_gestionnaire(centre, gestionnaire, naviguer):
    point = LieuExerciceFactory(effecteur=None, structure=centre)

    reponse = naviguer(gestionnaire).post(sollicitation(point), {"max_par_jour": "3"})

    assert reponse.url.startswith(reverse("tableau:structure", kwargs={"structure_id": centre.pk}))
