"""Renvoyer, désactiver, réactiver, supprimer."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from annuaire.champs import champ, lieux_du
from annuaire.gestion.views.communs import trouver
from annuaire.models import Delegation, Perimetre
from comptes.enums import Action, Role
from comptes.models import Compte, Courriel, Lien, Trace
from tests.annuaire.factories import EffecteurFactory, habiliter
from tests.comptes.factories import CompteFactory, HabilitationFactory, JetonFactory


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
    assert not monde.osnp.sessions.exists()
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


# --- Délégations de qui s’en va -----------------------------------------------


@pytest.fixture
def delegation(monde) -> Delegation:
    medecin = CompteFactory(role=Role.EFFECTEUR, identifiant_national=monde.effecteur.identifiant_national)
    hier = monde.maintenant - timedelta(days=1)
    return Delegation.objects.create(
        delegataire=CompteFactory(role=Role.DELEGATAIRE),
        effecteur=monde.effecteur,
        debut_le=hier,
        consentie_le=hier,
        consentie_par=medecin,
    )


def agendas_tenus(compte: Compte, instant: datetime) -> int:
    tenu = champ(Compte.objects.get(pk=compte.pk), Action.TENIR_AGENDA, instant=instant)
    return lieux_du(tenu, instant=instant).count()


def test_le_delegataire_d_un_medecin_supprime_ne_tient_plus_son_agenda(gestionnaire, monde, delegation):
    assert agendas_tenus(delegation.delegataire, monde.maintenant) == 1

    gestionnaire.post(f"/comptes/{delegation.consentie_par_id}/supprimer/")

    assert agendas_tenus(delegation.delegataire, monde.maintenant) == 0
    assert Trace.objects.filter(verbe="delegation.revoquee", objet=f"delegation:{delegation.pk}").exists()


def test_supprimer_un_autre_compte_au_numero_du_medecin_ne_touche_pas_a_ses_delegations(
    gestionnaire, monde, delegation
):
    """Un numéro saisi sans le rôle d’effecteur ne prouve pas que ce soit lui."""
    Compte.objects.filter(pk=delegation.consentie_par_id).update(identifiant_national="810000000099")
    Compte.objects.filter(pk=monde.osnp.pk).update(identifiant_national=monde.effecteur.identifiant_national)

    gestionnaire.post(f"/comptes/{monde.osnp.pk}/supprimer/")

    assert Compte.objects.get(pk=monde.osnp.pk).anonymise_le
    assert agendas_tenus(delegation.delegataire, monde.maintenant) == 1


def test_une_delegation_d_aucun_territoire_se_clot_avec_le_compte(gestionnaire, monde, delegation):
    """Son effecteur n’a plus de lieu : nul gestionnaire ne la voit, elle n’empêche pas de supprimer."""
    sans_lieu = Delegation.objects.create(
        delegataire=delegation.delegataire, effecteur=EffecteurFactory(), debut_le=delegation.debut_le
    )

    reponse = gestionnaire.post(f"/comptes/{delegation.delegataire_id}/supprimer/")

    assert reponse.headers["Location"] == "/comptes/"
    assert Compte.objects.get(pk=delegation.delegataire_id).anonymise_le
    sans_lieu.refresh_from_db()
    assert sans_lieu.revoquee_le == monde.maintenant


@pytest.mark.parametrize("geste", ["desactiver", "supprimer", "bienvenue"])
def test_un_compte_eleve_pendant_le_geste_n_existe_plus(gestionnaire, monde, monkeypatch, geste):
    def trouver_puis_elever(*args):
        compte = trouver(*args)
        HabilitationFactory(compte=compte, role=Role.ADMINISTRATEUR)
        return compte

    monkeypatch.setattr("annuaire.gestion.views.gestes.trouver", trouver_puis_elever)

    assert gestionnaire.post(f"/comptes/{monde.osnp.pk}/{geste}/").status_code == 404
    assert Compte.objects.get(pk=monde.osnp.pk).is_active
