"""Chercher, filtrer, exporter ; les comptes à revoir."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.urls import reverse

from annuaire.gestion.lectures import REVOIR
from annuaire.models import Delegation
from comptes.enums import Role
from comptes.models import Compte, Trace
from tests.annuaire.factories import habiliter
from tests.comptes.factories import CompteFactory

LISTE = "/comptes/"


def noms(reponse) -> set[str]:
    return {ligne.compte.nom for ligne in reponse.context["lignes"]}


@pytest.fixture
def peuple(monde) -> None:
    """Huit personnes de Lille, chacune d’un état à elle."""
    vu = monde.maintenant - timedelta(days=1)
    for nom, role, champs in (
        ("Actif", Role.OSNP, {"last_login": vu}),
        ("Désactivé", Role.OSNP, {"is_active": False, "last_login": vu}),
        ("Inactif", Role.IOA, {"last_login": monde.maintenant - timedelta(days=300)}),
        ("Rejeté", Role.IOA, {"last_login": vu, "courriel_rejete_le": vu}),
        ("Lefèvre", Role.REGULATEUR, {"last_login": vu, "identifiant_national": "810000000066"}),
        ("LEFÈVRE", Role.REGULATEUR, {"last_login": vu, "identifiant_national": "810000000067"}),
        ("Lеfevre", Role.REGULATEUR, {"last_login": vu, "identifiant_national": "810000000068"}),
    ):
        habiliter(CompteFactory(nom=nom, **champs), role, territoire=monde.nord)
    habiliter(CompteFactory(nom="Lefevre", last_login=vu), Role.REGULATEUR, territoire=monde.reunion)


@pytest.mark.parametrize(
    ("filtre", "attendus"),
    [
        pytest.param({"q": "LEFEVRE"}, {"Lefèvre", "LEFÈVRE"}, id="nom sans accent"),
        pytest.param({"q": "osnp@exemple"}, {"Osnp"}, id="adresse"),
        pytest.param({"q": "1000 0000 066"}, {"Lefèvre"}, id="numéro sans préfixe"),
        pytest.param({"q": "810000000066"}, {"Lefèvre"}, id="numéro avec préfixe"),
        pytest.param({"role": "ioa"}, {"Inactif", "Rejeté"}, id="rôle"),
        pytest.param({"etat": "desactive"}, {"Désactivé"}, id="désactivés"),
        pytest.param({"etat": "jamais_active"}, {"Osnp"}, id="jamais activés"),
        pytest.param({"revoir": "inactif"}, {"Inactif"}, id="inactifs"),
        pytest.param({"revoir": "courriel_rejete"}, {"Rejeté"}, id="adresse en échec"),
        pytest.param({"revoir": "doublon"}, {"Lefèvre", "LEFÈVRE", "Lеfevre"}, id="doublons et sosie"),
        pytest.param(
            {"revoir": "sans_identifiant"},
            {"Actif", "Inactif", "Rejeté", "Osnp", "Gestionnaire"},
            id="sans identifiant",
        ),
        pytest.param({"q": "personne de ce nom"}, set(), id="rien"),
        pytest.param({"role": "inventé"}, set(), id="filtre illisible"),
        pytest.param({"territoire": "999999"}, set(), id="territoire d’un autre"),
    ],
)
def test_on_cherche_parmi_les_comptes_de_ses_territoires(gestionnaire, peuple, filtre, attendus):
    assert noms(gestionnaire.get(LISTE, filtre)) == attendus


def test_un_territoire_de_trop_ne_montre_rien(gestionnaire, monde):
    assert noms(gestionnaire.get(LISTE, {"territoire": monde.reunion.pk})) == set()
    assert noms(gestionnaire.get(LISTE, {"territoire": monde.nord.pk})) == {"Osnp", "Gestionnaire"}


def test_la_liste_ne_fait_pas_une_requete_par_ligne(gestionnaire, monde, compter_requetes):
    def ajouter(nombre: int) -> None:
        for rang in range(nombre):
            compte = CompteFactory()
            habiliter(compte, Role.OSNP, territoire=monde.nord)
            if rang % 2:
                habiliter(compte, Role.GESTIONNAIRE_STRUCTURE, structure=monde.msp)
                Delegation.objects.create(delegataire=compte, effecteur=monde.effecteur)

    ajouter(2)
    gestionnaire.get(LISTE)
    avec_deux = compter_requetes(lambda: gestionnaire.get(LISTE))
    a_revoir_avec_deux = compter_requetes(lambda: gestionnaire.get("/comptes/a-revoir/"))
    ajouter(12)

    assert compter_requetes(lambda: gestionnaire.get(LISTE)) == avec_deux
    assert compter_requetes(lambda: gestionnaire.get("/comptes/a-revoir/")) == a_revoir_avec_deux


def test_la_liste_se_pagine(gestionnaire, monde):
    for _ in range(30):
        habiliter(CompteFactory(), Role.OSNP, territoire=monde.nord)

    premiere, seconde = gestionnaire.get(LISTE), gestionnaire.get(LISTE, {"page": 2})

    assert (len(premiere.context["lignes"]), len(seconde.context["lignes"])) == (25, 7)
    assert "page=2" in premiere.content.decode()


def test_l_export_neutralise_les_formules_et_se_trace(gestionnaire, monde, peuple):
    Compte.objects.filter(pk=monde.osnp.pk).update(nom='=HYPERLINK("x")', prenom="+33")

    reponse = gestionnaire.get("/comptes/export.csv", {"role": "osnp"})

    texte = reponse.content.decode("utf-8-sig")
    rangs = {
        ligne["Adresse électronique"]: ligne for ligne in csv.DictReader(io.StringIO(texte), delimiter=";")
    }
    osnp = rangs["osnp@exemple.invalid"]
    assert (osnp["Nom"], osnp["Prénom"], osnp["Territoires"]) == ('\'=HYPERLINK("x")', "'+33", "SAS Nord")
    assert len(rangs) == 3
    assert "osnp-reunion@exemple.invalid" not in texte
    assert Trace.objects.get(verbe="comptes.exportes").details == {"nombre": 3}


def test_lire_une_fiche_se_trace(gestionnaire, monde):
    gestionnaire.get(reverse("gestion:compte", args=[monde.osnp.pk]))

    assert Trace.objects.get(verbe="compte.lu").objet == f"compte:{monde.osnp.pk}"


# --- À revoir ---------------------------------------------------------------


def test_chaque_territoire_dit_ce_qui_lui_manque(client_de, monde, peuple):
    monde.nord.courriel_gestionnaires = "boite@exemple.invalid"
    monde.nord.save()
    for nom in ("Second", "Référent"):
        compte = CompteFactory(nom=nom, last_login=monde.maintenant)
        habiliter(compte, Role.GESTIONNAIRE_COMPTES, territoire=monde.nord)
    habiliter(compte, Role.REFERENT, territoire=monde.nord)

    reponse = client_de(monde.administrateur).get("/comptes/a-revoir/")

    bilans = {str(bilan.territoire): bilan for bilan in reponse.context["bilans"]}
    nord, reunion = bilans["SAS Nord"], bilans["SAS Réunion"]
    assert (nord.gestionnaires, nord.referents) == (3, 1)
    assert (nord.manque_un_gestionnaire, nord.manque_un_referent) == (False, True)
    assert (reunion.gestionnaires, reunion.manque_un_gestionnaire) == (1, True)
    assert nord.raisons["doublon"] == 3
    assert reunion.raisons["doublon"] == 1
    assert "boite@exemple.invalid" in reponse.content.decode()


def test_un_gestionnaire_ne_voit_que_ses_territoires_et_chaque_nombre_mene_a_sa_liste(gestionnaire, peuple):
    reponse = gestionnaire.get("/comptes/a-revoir/")

    (bilan,) = reponse.context["bilans"]
    assert str(bilan.territoire) == "SAS Nord"
    for raison in REVOIR:
        liste = gestionnaire.get(LISTE, {"revoir": raison, "territoire": bilan.territoire.pk})
        assert liste.context["page"].paginator.count == bilan.raisons[raison], raison
    assert bilan.raisons["doublon"] == 3


def test_un_compte_sans_role_se_revoit(gestionnaire, monde):
    monde.osnp.habilitations.update(fin_le=monde.maintenant)

    assert noms(gestionnaire.get(LISTE, {"revoir": "sans_role"})) == {"Osnp"}
