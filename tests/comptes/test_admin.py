"""L’administration des comptes : ce qui s’y change se trace, ce qui est secret ne s’y voit pas."""

import pytest
from django.urls import reverse
from django.utils import timezone

from comptes.enums import Role
from comptes.models import Compte, Trace
from tests.comptes.factories import CompteFactory, JetonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def administratrice(client) -> Compte:
    compte = CompteFactory(role=Role.ADMINISTRATEUR)
    client.force_login(compte)
    return compte


def formulaire(compte: Compte, role: str) -> dict[str, str]:
    return {
        "prenom": compte.prenom,
        "nom": compte.nom,
        "email": compte.email,
        "identifiant_national": "",
        "is_active": "on",
        "habilitations-TOTAL_FORMS": "1",
        "habilitations-INITIAL_FORMS": "0",
        "habilitations-0-compte": str(compte.pk),
        "habilitations-0-role": role,
        "habilitations-0-debut_le_0": "01/01/2026",
        "habilitations-0-debut_le_1": "08:00",
    }


def test_donner_un_role_s_ecrit_dans_la_trace(client, administratrice):
    compte = CompteFactory()
    adresse = reverse("admin:comptes_compte_change", args=[compte.pk])

    reponse = client.post(adresse, formulaire(compte, Role.OSNP))

    assert reponse.status_code == 302, reponse.content.decode()
    assert Compte.objects.get(pk=compte.pk).roles == {Role.OSNP}
    trace = Trace.objects.get()
    assert (trace.verbe, trace.acteur, trace.objet) == (
        "compte.modifie",
        administratrice,
        f"compte:{compte.pk}",
    )
    assert Role.OSNP.label in str(trace.details)
    for personnel in (compte.email, compte.nom, compte.prenom):
        assert personnel not in str(trace.details)


def test_un_compte_sans_adresse_ni_identifiant_est_refuse_avec_une_phrase(client, administratrice):
    compte = CompteFactory()
    adresse = reverse("admin:comptes_compte_change", args=[compte.pk])

    reponse = client.post(adresse, formulaire(compte, Role.OSNP) | {"email": ""})

    assert reponse.status_code == 200
    assert "une adresse électronique ou un identifiant national" in reponse.content.decode()


def test_l_empreinte_d_un_jeton_ne_se_voit_pas_et_rien_ne_s_y_change(client, administratrice):
    jeton = JetonFactory()
    adresse = reverse("admin:comptes_jeton_change", args=[jeton.pk])

    assert jeton.empreinte not in client.get(adresse).content.decode()
    assert client.post(adresse, {}).status_code == 403
    assert client.get(reverse("admin:comptes_jeton_add")).status_code == 403


def test_la_trace_se_lit_et_ne_se_change_pas(client, administratrice):
    trace = Trace.objects.create(acteur=administratrice, verbe="essai", objet="essai:1")

    assert client.get(reverse("admin:comptes_trace_changelist")).status_code == 200
    assert client.post(reverse("admin:comptes_trace_change", args=[trace.pk]), {}).status_code == 403
    assert client.get(reverse("admin:comptes_trace_delete", args=[trace.pk])).status_code == 403


def test_un_compte_ne_s_efface_pas(client, administratrice):
    assert client.get(reverse("admin:comptes_compte_delete", args=[administratrice.pk])).status_code == 403


def test_desactiver_un_compte_date_sa_desactivation(client, administratrice, horloge):
    """Sans date, sa durée de conservation ne courrait pas."""
    compte = CompteFactory()
    adresse = reverse("admin:comptes_compte_change", args=[compte.pk])
    saisie = formulaire(compte, Role.OSNP)

    client.post(adresse, {nom: valeur for nom, valeur in saisie.items() if nom != "is_active"})

    compte.refresh_from_db()
    assert not compte.is_active
    assert compte.desactive_le == timezone.now()
