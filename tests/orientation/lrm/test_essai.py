"""La page d’essai des éditeurs : elle dit ce qui est compris, ne cherche rien, ne garde rien."""

import pytest
from django.test import override_settings
from django.urls import reverse

from comptes.models import Session
from orientation.models import ArriveesLRM
from tests.annuaire.factories import EffecteurFactory
from tests.orientation.lrm.conftest import DOMICILE, ORIGINE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("maintenant", "logiciel", "lille")]
URL = "/lrm/essai/"


def essayer(client, **champs):
    return client.post(URL, {"origin": ORIGINE} | champs)


def constats(reponse) -> dict[str, tuple[str, str]]:
    return {c.parametre: (c.compris, c.erreur) for c in reponse.context["constats"]}


def test_la_page_est_ouverte_a_tous(client):
    assert client.get(URL).status_code == 200


def test_un_appel_juste_se_dit_parametre_par_parametre(client):
    reponse = essayer(client, **DOMICILE, practitioner="Dr Martin")

    lus = constats(reponse)
    assert reponse.context["mene_aux_resultats"]
    assert lus["origin"] == ("Logiciel de régulation fictif, active", "")
    assert lus["specialty"] == ("Médecine générale", "")
    assert lus["streetnumber"] == ("12", "")
    assert lus["practitioner"][0].endswith("personne ne répond")
    assert f"{reverse('orientation:recherche')}?origin=" in reponse.context["url_construite"]


@pytest.mark.parametrize(
    ("champs", "parametre"),
    [
        ({"origin": "a b"}, "origin"),
        ({"origin": "fr.autre"}, "origin"),
        ({"practitioner": "urn:x"}, "practitioner"),
        ({"specialty": "urn:oid:|"}, "specialty"),
        ({"specialty": "urn:oid:1.2|ZZ"}, "specialty"),
        ({"specialty": "a", "speciality": "b"}, "speciality"),
        ({"streetnumber": "bis", "streetname": "rue"}, "streetnumber"),
        ({"streetnumber": "12"}, "streetname"),
        ({"inseecode": "59"}, "inseecode"),
        ({"inseecode": "59999"}, "inseecode"),
        ({"inseecode": "59350", "city": "Marseille"}, "city"),
        ({"inseecode": "", "city": ""}, "city"),
    ],
)
def test_chaque_parametre_a_son_erreur(client, champs, parametre):
    reponse = essayer(client, **{"city": "Lille"} | champs)

    assert [nom for nom, (_, erreur) in constats(reponse).items() if erreur] == [parametre]


def test_une_adresse_entiere_se_lit_et_ses_parametres_inconnus_se_nomment(client):
    reponse = client.post(
        URL, {"url": f"https://sas.exemple.invalid/recherche/?origin={ORIGINE}&city=Lille&nom=x"}
    )

    assert reponse.context["mene_aux_resultats"]
    assert reponse.context["inconnus"] == ("nom",)


def test_une_adresse_illisible_se_dit_sur_son_champ(client):
    reponse = client.post(URL, {"url": "?" + "&".join(f"a{n}=1" for n in range(60))})

    assert "url" in reponse.context["form"].errors


def test_rien_n_est_garde_ni_compte(client):
    essayer(client, **DOMICILE)

    assert not Session.objects.exists()
    assert not ArriveesLRM.objects.exists()


def test_aucun_nom_de_professionnel_ne_parait(client):
    EffecteurFactory(nom="ZEBULON", prenom="Camille")

    html = essayer(client, city="Lille", practitioner="zebulo").content.decode()

    assert "une personne répond" in html
    assert "ZEBULON" not in html


def test_une_origine_inconnue_dit_quoi_faire(client):
    reponse = essayer(client, **DOMICILE | {"origin": "fr.autre"})

    assert "demandez son inscription" in constats(reponse)["origin"][0]
    assert not reponse.context["mene_aux_resultats"]


@override_settings(ACCOUNT_RATE_LIMITS={"lrm_essai": "2/m/ip"})
def test_les_essais_se_comptent_par_adresse(client):
    assert [essayer(client).status_code for _ in range(3)] == [200, 200, 429]
