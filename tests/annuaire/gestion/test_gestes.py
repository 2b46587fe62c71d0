"""Renvoyer, désactiver, réactiver, supprimer."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from annuaire.models import Perimetre
from comptes.enums import Role
from comptes.models import Compte, Courriel, Lien, Trace
from tests.annuaire.factories import habiliter
from tests.comptes.factories import CompteFactory, JetonFactory


def faire(client: Client, geste: str, compte: Compte):
    return client.post(reverse(f"gestion:{geste}", args=[compte.pk]))


def test_renvoyer_la_bienvenue_remplace_le_lien_d_avant(gestionnaire, monde):
    faire(gestionnaire, "bienvenue", monde.osnp)
    faire(gestionnaire, "bienvenue", monde.osnp)

    assert Courriel.objects.filter(compte=monde.osnp, gabarit="comptes/bienvenue").count() == 2
    assert Lien.objects.ouverts(monde.maintenant).filter(compte=monde.osnp).count() == 1
    assert Trace.objects.filter(verbe="compte.bienvenue_renvoyee").count() == 2


def test_un_compte_desactive_perd_sa_session_puis_retrouve_ses_roles(gestionnaire, monde, client_de):
    session = client_de(monde.osnp)
    assert session.get(reverse("orientation:recherche")).status_code == 200

    faire(gestionnaire, "desactiver", monde.osnp)
    assert session.get(reverse("orientation:recherche")).status_code == 302
    faire(gestionnaire, "reactiver", monde.osnp)

    compte = Compte.objects.get(pk=monde.osnp.pk)
    assert (compte.is_active, compte.desactive_le, compte.roles) == (True, None, {Role.OSNP})
    verbes = Trace.objects.filter(objet=f"compte:{compte.pk}").order_by("pk").values_list("verbe", flat=True)
    assert [verbe for verbe in verbes if verbe.startswith("compte.")] == [
        "compte.desactive",
        "compte.reactive",
    ]


@pytest.mark.parametrize(
    ("geste", "inactif"), [("desactiver", True), ("reactiver", False), ("bienvenue", True)]
)
def test_un_geste_sans_objet_ne_fait_rien(gestionnaire, monde, geste, inactif):
    Compte.objects.filter(pk=monde.osnp.pk).update(is_active=not inactif)

    assert faire(gestionnaire, geste, monde.osnp).status_code == 302
    assert Compte.objects.get(pk=monde.osnp.pk).is_active is not inactif
    assert not Trace.objects.filter(objet=f"compte:{monde.osnp.pk}").exists()


def test_supprimer_efface_l_identite_et_garde_la_trace(gestionnaire, monde):
    faire(gestionnaire, "bienvenue", monde.osnp)
    jeton = JetonFactory(compte=monde.osnp)

    page = gestionnaire.get(reverse("gestion:supprimer", args=[monde.osnp.pk])).content.decode()
    assert "sans retour" in page
    assert "restent" in page
    with time_machine.travel(monde.maintenant + timedelta(minutes=10), tick=False):
        reponse = faire(gestionnaire, "supprimer", monde.osnp)

    assert reponse.headers["Location"] == reverse("gestion:liste")
    compte = Compte.objects.get(pk=monde.osnp.pk)
    assert (compte.email, compte.identifiant_national, compte.prenom, compte.is_active) == (
        None,
        None,
        "",
        False,
    )
    assert "Osnp" not in compte.nom
    assert not Compte.objects.filter(email="osnp@exemple.invalid").exists()
    jeton.refresh_from_db()
    assert jeton.revoque_le is not None
    assert not Lien.objects.filter(compte=compte).exists()
    assert compte.habilitations.filter(fin_le=None).count() == 0
    assert Perimetre.objects.filter(habilitation__compte=compte, fin_le=None).count() == 0
    assert Trace.objects.filter(objet=f"compte:{compte.pk}", verbe="compte.bienvenue_renvoyee").exists()
    assert Trace.objects.filter(objet=f"compte:{compte.pk}", verbe="compte.anonymise").exists()


@pytest.mark.parametrize("geste", ["desactiver", "supprimer"])
def test_un_compte_d_un_autre_territoire_aussi_ne_se_ferme_pas_d_ici(gestionnaire, monde, client_de, geste):
    habiliter(monde.osnp, Role.IOA, territoire=monde.reunion)

    page = gestionnaire.get(reverse(f"gestion:{geste}", args=[monde.osnp.pk]))
    reponse = gestionnaire.post(reverse(f"gestion:{geste}", args=[monde.osnp.pk]), follow=True)

    assert '<form method="post">' not in page.content.decode()
    assert "relève aussi d’un territoire" in reponse.content.decode()
    assert Compte.objects.get(pk=monde.osnp.pk).is_active
    assert faire(client_de(monde.administrateur), geste, monde.osnp).status_code == 302
    assert not Compte.objects.get(pk=monde.osnp.pk).is_active


def test_les_gestes_n_obeissent_qu_a_un_post_avec_son_jeton(monde):
    client = Client(enforce_csrf_checks=True)
    client.force_login(monde.gestionnaire)

    for geste in ("bienvenue", "desactiver", "supprimer"):
        assert client.post(reverse(f"gestion:{geste}", args=[monde.osnp.pk])).status_code == 403
        client.get(reverse(f"gestion:{geste}", args=[monde.osnp.pk]))
    assert Compte.objects.get(pk=monde.osnp.pk).is_active
    assert not Courriel.objects.exists()


def test_un_administrateur_agit_sur_un_autre_administrateur(monde, client_de):
    autre = CompteFactory(administrateur=True)

    assert faire(client_de(monde.administrateur), "desactiver", autre).status_code == 302
    assert not Compte.objects.get(pk=autre.pk).is_active
