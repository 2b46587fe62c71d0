from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from annuaire.models import Territoire
from comptes.enums import Role
from comptes.models import Trace
from tests.annuaire.factories import CommuneFactory, DepartementFactory, TerritoireFactory, habiliter
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def nord() -> Territoire:
    return TerritoireFactory(nom="SAS-59 Nord", departements=[CommuneFactory().departement])


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(CompteFactory(administrateur=True))
    return client


def saisie(**champs: str) -> dict[str, str]:
    return {"nom": "SAS-62", "departements": "62", "communes": ""} | champs


def url(nom: str, territoire: Territoire) -> str:
    return reverse(f"territoires:{nom}", kwargs={"territoire_id": territoire.pk})


@pytest.mark.parametrize("role", [Role.GESTIONNAIRE_COMPTES, Role.REFERENT])
def test_on_voit_ses_territoires_et_pas_ceux_des_autres(client, nord, role):
    autre = TerritoireFactory(nom="SAS Ailleurs")
    compte = CompteFactory()
    habiliter(compte, role, territoire=nord)
    client.force_login(compte)

    liste = client.get(reverse("territoires:liste")).content.decode()

    assert "SAS-59 Nord" in liste
    assert "SAS Ailleurs" not in liste
    assert client.get(url("territoire", nord)).status_code == 200
    assert client.get(url("territoire", autre)).status_code == 404
    assert client.get(url("modifier", nord)).status_code == 404
    assert client.post(url("retirer_rayon", nord)).status_code == 404


def test_la_fiche_nomme_gestionnaires_et_referents_et_compte_les_communes(admin, nord):
    CommuneFactory(code_insee="59178", nom="Douai")
    habiliter(CompteFactory(nom="Gérante"), Role.GESTIONNAIRE_COMPTES, territoire=nord)
    habiliter(CompteFactory(nom="Référente"), Role.REFERENT, territoire=nord)

    reponse = admin.get(url("territoire", nord))

    assert reponse.context["nombre_communes"] == 2
    assert "Gérante" in reponse.content.decode()
    assert "Référente" in reponse.content.decode()


def test_la_liste_ne_coute_pas_plus_avec_plus_de_territoires(admin, nord, compter_requetes):
    def liste() -> object:
        return admin.get(reverse("territoires:liste"))

    liste()
    avant = compter_requetes(liste)
    for _ in range(5):
        TerritoireFactory(departements=[nord.departements.get()])

    assert compter_requetes(liste) == avant


def test_l_administrateur_cree_un_territoire_de_departements_et_de_communes(admin):
    DepartementFactory(code="62", nom="Pas-de-Calais")
    lille = CommuneFactory()

    reponse = admin.post(
        reverse("territoires:creer"), saisie(departements="62", communes="59350\n", ouvert_date="2026-01-05")
    )

    cree = Territoire.objects.get(nom="SAS-62")
    assert reponse.headers["Location"] == url("territoire", cree)
    assert [d.pk for d in cree.departements.all()] == ["62"]
    assert list(cree.communes.all()) == [lille]
    assert Trace.objects.get().verbe == "territoire.cree"


@pytest.mark.parametrize(
    ("champs", "champ", "message"),
    [
        ({"departements": "62 999"}, "departements", "inconnus : 999"),
        ({"communes": "59350 75056"}, "communes", "inconnus : 59350, 75056"),
        ({"departements": ""}, "departements", "au moins un département"),
        ({"nom": "sas-59 nord"}, "nom", "porte ce nom"),
        ({"ouvert_date": "2026-02-01", "ferme_date": "2026-01-01"}, "ferme_date", "avant d’avoir ouvert"),
        ({"ferme_date": "2026-01-01"}, "ouvert_date", "dites quand"),
        ({"courriel_referents": "pas une adresse"}, "courriel_referents", "valide"),
        ({"samu": "samu590"}, "samu", "fr.health.samu"),
    ],
)
def test_une_saisie_fausse_est_refusee_sur_son_champ(admin, champs, champ, message):
    TerritoireFactory(nom="SAS-59 Nord")
    DepartementFactory(code="62", nom="Pas-de-Calais")

    reponse = admin.post(reverse("territoires:creer"), saisie(**champs))

    assert message in str(reponse.context["form"].errors[champ]).replace("\u00a0", " ")
    assert Territoire.objects.count() == 1


def test_un_territoire_qui_en_recouvre_un_autre_est_enregistre_et_signale(admin, nord):
    reponse = admin.post(reverse("territoires:creer"), saisie(departements="", communes="59350"), follow=True)

    messages = " ".join(str(message) for message in reponse.context["messages"])
    assert "Des communes sont aussi dans" in messages
    assert "SAS-59 Nord" in messages


def test_deux_administrateurs_qui_modifient_ensemble_ne_s_ecrasent_pas(admin, nord):
    page = admin.get(url("modifier", nord))
    vu_le = page.context["form"]["vu_le"].value()
    envoi = saisie(nom="SAS-59", departements="59", vu_le=vu_le)

    premier = admin.post(url("modifier", nord), envoi)
    second = admin.post(url("modifier", nord), envoi | {"nom": "SAS du Nord"})

    assert premier.status_code == 302
    assert "entre-temps" in second.content.decode()
    nord.refresh_from_db()
    assert nord.nom == "SAS-59"


def test_changer_de_rayon_garde_l_ancien_dans_l_historique(admin, nord, horloge):
    rayons = {"rayon_defaut_km": "15", "pas_elargissement_km": "5", "rayon_maximal_km": "60"}
    admin.post(url("rayon", nord), rayons)
    horloge.shift(600)
    admin.post(url("rayon", nord), rayons | {"rayon_defaut_km": "20"})

    ancien, courant = nord.rayons.order_by("debut_le")
    assert (ancien.rayon_defaut_km, ancien.fin_le) == (15, courant.debut_le)
    assert (courant.rayon_defaut_km, courant.fin_le) == (20, None)
    assert "Rayons passés" in admin.get(url("territoire", nord)).content.decode()


def test_deux_changements_de_rayon_au_meme_instant_se_suivent(admin, nord, horloge):
    rayons = {"rayon_defaut_km": "15", "pas_elargissement_km": "5", "rayon_maximal_km": "60"}

    for _ in range(2):
        assert admin.post(url("rayon", nord), rayons).status_code == 302

    assert nord.rayons.filter(fin_le=None).count() == 1


def test_retirer_les_rayons_rend_ceux_des_departements(admin, nord):
    admin.post(url("rayon", nord), {"rayon_defaut_km": 15, "pas_elargissement_km": 5, "rayon_maximal_km": 60})

    admin.post(url("retirer_rayon", nord))

    assert not nord.rayons.filter(fin_le=None).exists()


def test_un_maximum_sous_le_defaut_est_refuse_sur_son_champ(admin, nord):
    reponse = admin.post(
        url("rayon", nord), {"rayon_defaut_km": 15, "pas_elargissement_km": 5, "rayon_maximal_km": 10}
    )

    assert "rayon_maximal_km" in reponse.context["form"].errors
    assert not nord.rayons.exists()
