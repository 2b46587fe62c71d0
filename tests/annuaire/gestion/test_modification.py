"""Modifier un compte : les rôles se datent, ce qui est d’ailleurs ne bouge pas, deux saisies ne s’écrasent pas."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from annuaire.models import Delegation, Perimetre
from comptes.enums import Role
from comptes.models import Compte, Courriel, Trace
from tests.annuaire.factories import LieuExerciceFactory, habiliter
from tests.comptes.factories import CompteFactory


def adresse(compte: Compte) -> str:
    return reverse("gestion:modifier", args=[compte.pk])


def saisie_de(client, compte: Compte) -> dict[str, object]:
    """Ce que le navigateur renverrait si l’on enregistrait la page sans rien toucher."""
    form = client.get(adresse(compte)).context["form"]
    donnees = {}
    for nom, champ in form.fields.items():
        valeur = form[nom].value()
        if champ.disabled or valeur in (None, "", [], False):
            continue
        donnees[nom] = valeur
    jeton = re.search(r'name="etat_lu" value="([^"]+)"', client.get(adresse(compte)).content.decode())
    return donnees | {"etat_lu": jeton.group(1)}


def roles(compte: Compte) -> set[Role]:
    return set(Compte.objects.get(pk=compte.pk).roles)


def perimetres(compte: Compte, role: Role) -> set[str]:
    ouverts = Perimetre.objects.filter(habilitation__compte=compte, habilitation__role=role, fin_le=None)
    return {str(p.territoire or p.structure) for p in ouverts}


def test_enregistrer_sans_rien_toucher_ne_change_rien(gestionnaire, monde):
    avant = list(Perimetre.objects.order_by("pk").values())

    reponse = gestionnaire.post(adresse(monde.osnp), saisie_de(gestionnaire, monde.osnp))

    assert reponse.status_code == 302
    assert list(Perimetre.objects.order_by("pk").values()) == avant
    details = Trace.objects.get(verbe="compte.modifie").details
    assert details == {"champs": [], "roles_donnes": [], "roles_retires": [], "perimetres": []}


def test_un_role_retire_se_ferme_et_l_autre_s_ouvre(gestionnaire, monde):
    saisie = saisie_de(gestionnaire, monde.osnp) | {"roles": ["ioa"], "territoires_ioa": [monde.nord.pk]}

    assert gestionnaire.post(adresse(monde.osnp), saisie).status_code == 302

    assert roles(monde.osnp) == {Role.IOA}
    fermee = monde.osnp.habilitations.get(role=Role.OSNP)
    assert fermee.fin_le == monde.maintenant
    assert Trace.objects.get(verbe="compte.modifie").details["roles_retires"] == ["osnp"]


def test_un_compte_dont_tous_les_roles_ont_fini_se_retrouve_et_se_rouvre(gestionnaire, monde):
    saisie = saisie_de(gestionnaire, monde.osnp) | {"roles": []}
    gestionnaire.post(adresse(monde.osnp), saisie)
    assert roles(monde.osnp) == set()

    retour = saisie_de(gestionnaire, monde.osnp) | {"roles": ["osnp"], "territoires_osnp": [monde.nord.pk]}
    assert gestionnaire.post(adresse(monde.osnp), retour).status_code == 302
    assert roles(monde.osnp) == {Role.OSNP}


def test_le_numero_national_une_fois_saisi_ne_change_plus(gestionnaire, monde):
    monde.osnp.identifiant_national = "810000000044"
    monde.osnp.save()
    saisie = saisie_de(gestionnaire, monde.osnp) | {"identifiant": "10000000055", "nom": "Renommé"}

    gestionnaire.post(adresse(monde.osnp), saisie)

    compte = Compte.objects.get(pk=monde.osnp.pk)
    assert (compte.identifiant_national, compte.nom) == ("810000000044", "Renommé")


def test_une_adresse_changee_repart_en_bienvenue_et_previent_l_ancienne(gestionnaire, monde):
    ancienne = monde.osnp.email
    gestionnaire.post(
        adresse(monde.osnp), saisie_de(gestionnaire, monde.osnp) | {"email": "neuve@exemple.invalid"}
    )
    assert [c.gabarit for c in Courriel.objects.filter(destinataire="neuve@exemple.invalid")] == [
        "comptes/bienvenue"
    ]
    Compte.objects.filter(pk=monde.osnp.pk).update(last_login=monde.maintenant)

    gestionnaire.post(adresse(monde.osnp), saisie_de(gestionnaire, monde.osnp) | {"email": ancienne})

    partis = set(Courriel.objects.exclude(gabarit="comptes/bienvenue").values_list("destinataire", "gabarit"))
    assert partis == {
        (ancienne, "comptes/bienvenue_adresse"),
        ("neuve@exemple.invalid", "comptes/adresse_changee"),
    }


def test_une_adresse_deja_prise_est_refusee(gestionnaire, monde):
    saisie = saisie_de(gestionnaire, monde.osnp) | {"email": monde.osnp_reunion.email.upper()}

    reponse = gestionnaire.post(adresse(monde.osnp), saisie)

    assert reponse.context["form"].errors["email"] == ["Un compte porte déjà cette adresse électronique."]


def test_retirer_le_role_de_delegataire_revoque_ses_delegations(gestionnaire, monde):
    CompteFactory(role=Role.EFFECTEUR, identifiant_national=monde.effecteur.identifiant_national)
    gestionnaire.post(
        "/comptes/creer/",
        {
            "email": "d@exemple.invalid",
            "nom": "Délia",
            "prenom": "Gautier",
            "roles": ["delegataire"],
            "professionnels_cherche": "10000000001",
        },
    )
    compte = Compte.objects.get(email="d@exemple.invalid")

    with time_machine.travel(monde.maintenant + timedelta(minutes=10), tick=False):
        gestionnaire.post(adresse(compte), saisie_de(gestionnaire, compte) | {"roles": []})

        assert roles(compte) == set()
    assert Delegation.objects.get().revoquee_par == monde.gestionnaire


# --- Deux territoires -------------------------------------------------------


@pytest.fixture
def partage(monde) -> Compte:
    """OSNP dans les deux territoires."""
    compte = CompteFactory(nom="Partagé")
    perimetre = habiliter(compte, Role.OSNP, territoire=monde.nord)
    Perimetre.objects.create(
        habilitation=perimetre.habilitation, territoire=monde.reunion, debut_le=perimetre.debut_le
    )
    return compte


def test_retirer_son_territoire_laisse_celui_du_voisin(gestionnaire, monde, partage):
    gestionnaire.post(adresse(partage), saisie_de(gestionnaire, partage) | {"roles": []})

    assert roles(partage) == {Role.OSNP}
    assert perimetres(partage, Role.OSNP) == {"SAS Réunion"}
    assert gestionnaire.get(adresse(partage)).status_code == 404


def test_l_identite_d_un_compte_partage_ne_change_pas(gestionnaire, monde, partage):
    saisie = saisie_de(gestionnaire, partage) | {"email": "pris@exemple.invalid", "nom": "Pris"}

    assert gestionnaire.post(adresse(partage), saisie).status_code == 302

    compte = Compte.objects.get(pk=partage.pk)
    assert (compte.email, compte.nom) == (partage.email, "Partagé")


def test_la_fin_d_un_role_partage_ne_change_pas(gestionnaire, monde, partage):
    gestionnaire.post(adresse(partage), saisie_de(gestionnaire, partage) | {"fin_osnp": "2026-04-01"})

    assert partage.habilitations.get().fin_le is None


def test_un_effecteur_qui_exerce_ailleurs_garde_son_role(gestionnaire, monde):
    LieuExerciceFactory(effecteur=monde.effecteur, reunion=True)
    compte = CompteFactory(role=Role.EFFECTEUR, identifiant_national=monde.effecteur.identifiant_national)

    reponse = gestionnaire.post(adresse(compte), saisie_de(gestionnaire, compte) | {"roles": []})

    assert "vaut aussi hors de vos territoires" in str(reponse.context["form"].errors["roles"])
    assert roles(compte) == {Role.EFFECTEUR}


def test_la_fin_d_un_effecteur_qui_exerce_ailleurs_ne_change_pas(gestionnaire, monde):
    LieuExerciceFactory(effecteur=monde.effecteur, reunion=True)
    compte = CompteFactory(role=Role.EFFECTEUR, identifiant_national=monde.effecteur.identifiant_national)

    reponse = gestionnaire.post(
        adresse(compte), saisie_de(gestionnaire, compte) | {"fin_effecteur": "2026-03-17"}
    )

    assert "vaut aussi hors de vos territoires" in str(reponse.context["form"].errors["fin_effecteur"])
    assert compte.habilitations.get().fin_le is None


# --- Deux saisies à la fois -------------------------------------------------


def test_deux_saisies_simultanees_se_montrent_et_se_fondent(gestionnaire, monde, client_de):
    administrateur = client_de(monde.administrateur)
    ma_saisie = saisie_de(gestionnaire, monde.osnp) | {"prenom": "Mien"}
    sa_saisie = saisie_de(administrateur, monde.osnp) | {
        "nom": "Sien",
        "roles": ["osnp", "ioa"],
        "territoires_ioa": [monde.nord.pk],
    }
    assert administrateur.post(adresse(monde.osnp), sa_saisie).status_code == 302

    reponse = gestionnaire.post(adresse(monde.osnp), ma_saisie)

    page = reponse.content.decode()
    assert reponse.status_code == 200
    assert "Nom : Osnp → Sien" in page.replace("\u00a0", " ")
    assert "Infirmier organisateur de l’accueil" in page
    compte = Compte.objects.get(pk=monde.osnp.pk)
    assert (compte.nom, compte.prenom) == ("Sien", "Alix")
    form = reponse.context["form"]
    assert (form["nom"].value(), form["prenom"].value()) == ("Sien", "Mien")
    assert set(form["roles"].value()) == {"osnp", "ioa"}

    donnees = {nom: form[nom].value() for nom in form.fields if form[nom].value()}
    donnees["etat_lu"] = reponse.context["etat_lu"]
    assert gestionnaire.post(adresse(monde.osnp), donnees).status_code == 302
    compte = Compte.objects.get(pk=monde.osnp.pk)
    assert (compte.nom, compte.prenom, compte.roles) == ("Sien", "Mien", {Role.OSNP, Role.IOA})


def test_un_etat_lu_forge_ou_d_un_autre_compte_ne_passe_pas(gestionnaire, monde):
    autre = CompteFactory(nom="Autre")
    habiliter(autre, Role.OSNP, territoire=monde.nord)
    saisie = saisie_de(gestionnaire, monde.osnp)
    for etat_lu in ("", "forgé", saisie_de(gestionnaire, autre)["etat_lu"]):
        reponse = gestionnaire.post(adresse(monde.osnp), saisie | {"etat_lu": etat_lu, "nom": "Forcé"})

        assert reponse.status_code == 200
        assert Compte.objects.get(pk=monde.osnp.pk).nom == "Osnp"
