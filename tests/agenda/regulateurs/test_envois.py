"""Quand un éditeur apprend quelque chose d’un régulateur, et ce qu’il apprend."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from agenda.enums import EtatCopie, EtatEnvoi, Flux
from agenda.models import CopieRegulateur, Editeur, EnvoiRegulateur, RegulateurAComparer
from agenda.models.regulateurs import ESSAIS_MAX
from agenda.regulateurs import lectures
from agenda.regulateurs.comparaison import ROLES, comparer_les_marques, retirer_les_echus
from comptes.actions import anonymiser
from comptes.enums import Role
from comptes.models import Compte, Habilitation
from tests.agenda.factories import EditeurFactory
from tests.agenda.regulateurs.conftest import PANNE, PERDRE, REPONDRE, TAIRE
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db

NATIONAL = "3620100057/70326SR"
OID_PERSONNE, OID_SAS = "urn:oid:1.2.250.1.71.4.2.1", "urn:oid:1.2.250.1.213.3.6"
FERMER = ("role_clos", "role_supprime", "desactive", "anonymise", "par_sql", "sans_adresse")


def fermer(compte: Compte, comment: str, plateforme) -> None:
    """Chaque chemin par lequel un droit se retire ; aucun ne passe par le code des éditeurs."""
    if comment == "role_clos":
        Habilitation.objects.filter(compte=compte).update(fin_le=plateforme.maintenant)
    elif comment == "role_supprime":
        Habilitation.objects.filter(compte=compte).delete()
    elif comment == "desactive":
        Compte.objects.filter(pk=compte.pk).update(is_active=False)
    elif comment == "anonymise":
        anonymiser(compte=compte, acteur=None, maintenant=plateforme.maintenant)
    elif comment == "sans_adresse":
        Compte.objects.filter(pk=compte.pk).update(email=None, identifiant_national="899800000001")
    else:
        with connection.cursor() as curseur:
            curseur.execute("UPDATE comptes_compte SET is_active = false WHERE id = %s", [compte.pk])


@pytest.fixture
def alix(plateforme) -> Compte:
    """Annoncée, et active chez l’éditeur."""
    compte = CompteFactory(osnp=True)
    plateforme.connecter(compte)
    plateforme.passer()
    return compte


def test_la_premiere_connexion_cree_le_compte_sous_notre_identifiant(plateforme, alix):
    (tenu,) = plateforme.vendeur.actifs

    assert plateforme.vendeur.methodes == ["POST"]
    assert (tenu.identifiant, tenu.nom, tenu.email) == (f"{OID_SAS}|{alix.uuid}", alix.nom, alix.email)
    assert plateforme.copie(alix).etat(None) == EtatCopie.A_JOUR


@pytest.mark.parametrize("role", [Role.EFFECTEUR, Role.ADMINISTRATEUR, Role.DELEGATAIRE])
def test_qui_n_oriente_pas_n_est_annonce_a_personne(plateforme, role):
    plateforme.connecter(CompteFactory(role=role))

    assert plateforme.passer() == 0
    assert not CopieRegulateur.objects.exists()


def test_les_trois_roles_qui_orientent_sont_annonces():
    assert {Role.OSNP, Role.REGULATEUR, Role.IOA} == ROLES


@pytest.mark.parametrize("etat", [{"flux": [Flux.PS]}, {"est_actif": False}])
def test_un_editeur_sans_ce_flux_ou_arrete_n_apprend_rien(plateforme, etat):
    Editeur.objects.update(**etat)
    plateforme.connecter(CompteFactory(osnp=True))

    assert plateforme.passer() == 0
    assert plateforme.vendeur.appels == []


def test_une_connexion_sans_changement_n_envoie_rien(plateforme, alix):
    plateforme.connecter(alix)

    assert plateforme.passer() == 0
    assert len(plateforme.vendeur.appels) == 1


def test_un_changement_attend_la_connexion_puis_part_entier(plateforme, alix):
    Compte.objects.filter(pk=alix.pk).update(nom="Durand", email="alix.durand@exemple.invalid")
    assert plateforme.passer() == 0

    plateforme.connecter(alix)
    plateforme.passer()

    (tenu,) = plateforme.vendeur.actifs
    assert (tenu.nom, tenu.prenom, tenu.email) == ("Durand", "Alix", "alix.durand@exemple.invalid")
    assert plateforme.vendeur.methodes == ["POST", "PUT"]


def test_le_nom_lu_a_la_connexion_part_avec_elle(plateforme, alix):
    """Pro Santé Connect donne le nom juste après l’entrée : la marque de connexion est peut-être déjà lue."""
    with connection.cursor() as curseur:
        curseur.execute("UPDATE comptes_compte SET last_login = now() WHERE id = %s", [alix.pk])
    plateforme.passer()

    Compte.objects.filter(pk=alix.pk).update(nom="Durand")
    plateforme.passer()

    assert [tenu.nom for tenu in plateforme.vendeur.actifs] == ["Durand"]


def test_le_numero_national_remplace_le_notre_en_un_seul_put(plateforme, alix):
    Compte.objects.filter(pk=alix.pk).update(identifiant_national=NATIONAL)
    plateforme.connecter(alix)
    plateforme.passer()

    methode, cible, corps = plateforme.vendeur.appels[-1]
    assert (methode, cible) == ("PUT", f"{OID_SAS}|{alix.uuid}")
    assert [i["value"] for i in corps["identifier"]] == [NATIONAL]
    assert [tenu.identifiant for tenu in plateforme.vendeur.comptes.tenus.values()] == [
        f"{OID_PERSONNE}|{NATIONAL}"
    ]


@pytest.mark.parametrize("comment", FERMER)
def test_un_droit_retire_desactive_aussitot_par_quelque_chemin_que_ce_soit(plateforme, alix, comment):
    nom, email = alix.nom, alix.email
    fermer(alix, comment, plateforme)

    plateforme.passer()

    (tenu,) = plateforme.vendeur.comptes.tenus.values()
    assert (tenu.actif, tenu.nom, tenu.email) == (False, nom, email)
    assert EnvoiRegulateur.objects.exclude(personne=None).count() == 0


def test_la_marque_s_ecrit_dans_la_transaction_du_retrait(plateforme, alix):
    Habilitation.objects.filter(compte=alix).update(fin_le=plateforme.maintenant)

    assert list(RegulateurAComparer.objects.values_list("pk", "est_connexion")) == [(alix.pk, False)]


def test_un_role_qui_finit_a_sa_date_se_retire_sans_que_personne_ecrive(plateforme):
    compte = CompteFactory()
    fin = plateforme.maintenant + timedelta(hours=1)
    Habilitation.objects.create(compte=compte, role=Role.IOA, debut_le=plateforme.maintenant, fin_le=fin)
    plateforme.connecter(compte)
    plateforme.passer()
    assert len(plateforme.vendeur.actifs) == 1

    retirer_les_echus(maintenant=fin)
    plateforme.passer(dans=timedelta(hours=1))

    assert plateforme.vendeur.actifs == []
    assert retirer_les_echus(maintenant=fin) == 0


def test_un_compte_anonymise_ne_laisse_que_le_numero_de_sa_ligne(plateforme, alix):
    anonymiser(compte=alix, acteur=None, maintenant=plateforme.maintenant)
    plateforme.passer()

    copie = plateforme.copie(alix)
    assert (copie.identifiant, copie.identifiant_essaye, copie.peut_etre_active) == ("", "", False)


def test_un_compte_ferme_puis_anonymise_perd_aussi_son_identifiant(plateforme, alix):
    fermer(alix, "desactive", plateforme)
    plateforme.passer()
    anonymiser(compte=alix, acteur=None, maintenant=plateforme.maintenant)
    plateforme.passer()

    assert plateforme.copie(alix).identifiant == ""


def test_un_compte_anonymise_pendant_une_panne_se_desactive_a_la_fin_de_celle_ci(plateforme, alix):
    email = alix.email
    plateforme.vendeur.pannes = [PANNE] * 20
    anonymiser(compte=alix, acteur=None, maintenant=plateforme.maintenant)
    for _ in range(20):
        plateforme.passer(dans=timedelta(hours=1))
    assert EnvoiRegulateur.objects.get(actif=False).etat == EtatEnvoi.A_ENVOYER

    plateforme.tout_passer()

    (tenu,) = plateforme.vendeur.comptes.tenus.values()
    assert (tenu.actif, tenu.email) == (False, email)


@pytest.mark.parametrize(
    ("champs", "manque"),
    [
        pytest.param({"email": None, "identifiant_national": NATIONAL}, "adresse électronique", id="adresse"),
        pytest.param({"prenom": ""}, "prénom", id="prénom"),
        pytest.param({"nom": "", "prenom": ""}, "nom, prénom", id="nom et prénom"),
    ],
)
def test_un_compte_incomplet_ne_part_pas_et_dit_pourquoi(plateforme, champs, manque):
    compte = CompteFactory(osnp=True, **champs)
    plateforme.connecter(compte)

    assert plateforme.passer() == 0
    (ligne,) = lectures.du_compte(compte)
    assert (ligne.etat, ligne.motif) == (EtatCopie.INCOMPLET, f"Il manque\u00a0: {manque}.")
    assert plateforme.vendeur.appels == []


def test_un_compte_complete_part_a_la_connexion_suivante(plateforme):
    compte = CompteFactory(osnp=True, prenom="")
    plateforme.connecter(compte)
    plateforme.passer()
    Compte.objects.filter(pk=compte.pk).update(prenom="Dominique")

    plateforme.connecter(compte)
    plateforme.passer()

    assert [tenu.prenom for tenu in plateforme.vendeur.actifs] == ["Dominique"]
    assert lectures.du_compte(compte)[0].etat == EtatCopie.A_JOUR


# --- Doublons et réponses perdues ---------------------------------------------------


def test_une_creation_refusee_comme_doublon_devient_une_mise_a_jour(plateforme):
    compte = CompteFactory(osnp=True)
    plateforme.connecter(compte)
    plateforme.vendeur.pannes = [TAIRE]
    plateforme.passer()
    CopieRegulateur.objects.update(identifiant_essaye="")  # comme si l’éditeur le connaissait d’avant nous

    plateforme.passer(dans=timedelta(minutes=5))

    assert plateforme.vendeur.methodes == ["POST", "POST", "PUT"]
    assert len(plateforme.vendeur.actifs) == 1
    assert plateforme.suspens(compte) is None


def test_une_creation_sans_reponse_se_reprend_par_un_put(plateforme):
    compte = CompteFactory(osnp=True)
    plateforme.connecter(compte)
    plateforme.vendeur.pannes = [TAIRE]
    plateforme.passer()
    plateforme.passer(dans=timedelta(minutes=5))

    assert plateforme.vendeur.methodes == ["POST", "PUT"]
    assert len(plateforme.vendeur.comptes.tenus) == 1


def test_un_droit_retire_apres_une_creation_sans_reponse_desactive_quand_meme(plateforme):
    """On ne sait pas si le compte existe chez l’éditeur : il faut faire comme s’il existait."""
    compte = CompteFactory(osnp=True)
    plateforme.connecter(compte)
    plateforme.vendeur.pannes = [TAIRE]
    plateforme.passer()
    fermer(compte, "role_clos", plateforme)

    plateforme.passer()

    assert len(plateforme.vendeur.comptes.tenus) == 1
    assert plateforme.vendeur.actifs == []


def test_un_droit_retire_avant_tout_envoi_ne_cree_rien(plateforme):
    compte = CompteFactory(osnp=True)
    plateforme.connecter(compte)
    comparer_les_marques(maintenant=plateforme.maintenant)
    fermer(compte, "role_clos", plateforme)

    plateforme.passer()

    assert plateforme.vendeur.appels == []
    assert set(EnvoiRegulateur.objects.values_list("etat", "personne")) == {(EtatEnvoi.REMPLACE, None)}


def test_un_echange_d_identifiant_sans_reponse_ne_laisse_pas_deux_comptes(plateforme, alix):
    Compte.objects.filter(pk=alix.pk).update(identifiant_national=NATIONAL)
    plateforme.connecter(alix)
    plateforme.vendeur.pannes = [TAIRE]
    plateforme.passer()
    Compte.objects.filter(pk=alix.pk).update(identifiant_national="899800000001")
    plateforme.connecter(alix)

    plateforme.tout_passer()

    (tenu,) = plateforme.vendeur.actifs
    assert tenu.identifiant == f"{OID_PERSONNE}|899800000001"


def test_un_identifiant_deja_pris_chez_l_editeur_se_met_a_jour_et_l_ancien_se_ferme(plateforme, alix):
    """L’éditeur connaissait déjà cette personne sous son numéro national."""
    connue = CompteFactory.build(identifiant_national=NATIONAL)
    plateforme.vendeur._repondre("", _practitioner(connue, NATIONAL))
    Compte.objects.filter(pk=alix.pk).update(identifiant_national=NATIONAL)
    plateforme.connecter(alix)
    plateforme.passer()

    (tenu,) = plateforme.vendeur.actifs
    assert (tenu.identifiant, tenu.nom) == (f"{OID_PERSONNE}|{NATIONAL}", alix.nom)
    assert len(plateforme.vendeur.comptes.tenus) == 2


def _practitioner(compte: Compte, national: str):
    return {
        "resourceType": "Practitioner",
        "identifier": [{"system": OID_PERSONNE, "value": national}],
        "active": True,
        "name": [{"family": compte.nom, "given": ["Alix"]}],
        "telecom": [{"system": "email", "value": "ancienne@exemple.invalid"}],
    }


# --- Un identifiant passe d’une personne à une autre --------------------------------


def test_un_numero_libere_se_desactive_d_abord_puis_se_reattribue(plateforme, alix):
    """Ligne 5.16 du kit."""
    Compte.objects.filter(pk=alix.pk).update(identifiant_national=NATIONAL)
    plateforme.connecter(alix)
    plateforme.passer()
    Compte.objects.filter(pk=alix.pk).update(identifiant_national=None, is_active=False)
    suivant = CompteFactory(osnp=True, identifiant_national=NATIONAL)
    plateforme.connecter(suivant)
    debut = len(plateforme.vendeur.appels)

    plateforme.tout_passer()

    assert [appel[2]["active"] for appel in plateforme.vendeur.appels[debut:]] == [False, True, True]
    assert plateforme.vendeur.methodes[debut:] == ["PUT", "POST", "PUT"]
    (tenu,) = plateforme.vendeur.actifs
    assert (tenu.identifiant, tenu.nom) == (f"{OID_PERSONNE}|{NATIONAL}", suivant.nom)
    assert [t.nom for t in plateforme.vendeur.comptes.tenus.values() if not t.actif] == [alix.nom]
    assert plateforme.copie(alix).identifiant == ""


def test_deux_comptes_qui_echangent_leurs_numeros_ne_s_attendent_pas(plateforme, alix):
    autre = CompteFactory(osnp=True)
    numeros = NATIONAL, "899800000001"
    for compte, numero in zip((alix, autre), numeros, strict=True):
        Compte.objects.filter(pk=compte.pk).update(identifiant_national=numero)
        plateforme.connecter(compte)
    plateforme.passer()
    Compte.objects.filter(pk=alix.pk).update(identifiant_national=None)
    for compte, numero in zip((autre, alix), numeros, strict=True):
        Compte.objects.filter(pk=compte.pk).update(identifiant_national=numero)
    plateforme.connecter(autre)
    plateforme.connecter(alix)

    plateforme.tout_passer()

    assert {tenu.nom: tenu.identifiant for tenu in plateforme.vendeur.actifs} == {
        alix.nom: f"{OID_PERSONNE}|899800000001",
        autre.nom: f"{OID_PERSONNE}|{NATIONAL}",
    }


def test_qui_attend_la_liberation_d_un_numero_le_dit(plateforme, alix):
    Compte.objects.filter(pk=alix.pk).update(identifiant_national=NATIONAL)
    plateforme.connecter(alix)
    plateforme.passer()
    Compte.objects.filter(pk=alix.pk).update(identifiant_national=None)
    suivant = CompteFactory(osnp=True, identifiant_national=NATIONAL)
    plateforme.connecter(suivant)

    plateforme.passer()

    assert f"{OID_SAS}|{suivant.uuid}" in {tenu.identifiant for tenu in plateforme.vendeur.actifs}
    assert "retiré cet identifiant" in plateforme.suspens(suivant).reponse


# --- Échecs -------------------------------------------------------------------------


def test_les_essais_s_espacent_puis_s_abandonnent_et_la_connexion_les_reprend(plateforme):
    compte = CompteFactory(osnp=True)
    plateforme.connecter(compte)
    plateforme.vendeur.pannes = [PANNE] * ESSAIS_MAX
    attentes = []
    for _ in range(ESSAIS_MAX):
        plateforme.passer()
        envoi = plateforme.suspens(compte)
        attentes.append(envoi.prochain_essai_le - plateforme.maintenant)
        plateforme.maintenant = envoi.prochain_essai_le
    assert timedelta(seconds=24) <= attentes[0] <= timedelta(seconds=36)
    assert attentes[5] > attentes[2] > attentes[0]
    assert max(attentes) <= timedelta(hours=4.8)
    assert envoi.etat == EtatEnvoi.ABANDONNE
    assert lectures.du_compte(compte)[0].etat == EtatCopie.EN_ECHEC
    assert plateforme.passer(dans=timedelta(days=1)) == 0

    plateforme.connecter(compte)
    plateforme.passer()

    assert len(plateforme.vendeur.actifs) == 1


def test_l_attente_demandee_par_l_editeur_est_tenue(plateforme):
    envoi = EnvoiRegulateur(copie_id=1, actif=True, essais=1)
    envoi.save = lambda **_: None
    envoi.noter_echec(le=plateforme.maintenant, reponse="HTTP 429", attente_s=600, hasard=0)

    assert envoi.prochain_essai_le == plateforme.maintenant + timedelta(seconds=600)


def test_une_panne_arrete_le_passage_sans_toucher_aux_autres(plateforme):
    for _ in range(3):
        plateforme.connecter(CompteFactory(osnp=True))
    plateforme.vendeur.pannes = [PERDRE] * 3

    plateforme.passer()

    assert len(plateforme.vendeur.appels) == 1
    assert sorted(EnvoiRegulateur.objects.values_list("essais", flat=True)) == [0, 0, 1]


def test_un_refus_n_arrete_pas_les_autres(plateforme, monkeypatch):
    vus = [CompteFactory(osnp=True) for _ in range(2)]
    for compte in vus:
        plateforme.connecter(compte)
    repondre = plateforme.vendeur._repondre

    def refuser_le_premier(identifiant, corps):
        if corps["telecom"][0]["value"] == vus[0].email:
            corps = corps | {"name": []}
        return repondre(identifiant, corps)

    monkeypatch.setattr(plateforme.vendeur, "_repondre", refuser_le_premier)
    plateforme.passer()

    assert [tenu.nom for tenu in plateforme.vendeur.actifs] == [vus[1].nom]
    assert "name.family" in plateforme.suspens(vus[0]).reponse
    copie = plateforme.copie(vus[0])
    assert (copie.identifiant_essaye, copie.peut_etre_active) == ("", False)


def test_les_retraits_partent_avant_le_reste(plateforme, alix):
    plateforme.connecter(CompteFactory(osnp=True))
    comparer_les_marques(maintenant=plateforme.maintenant)
    fermer(alix, "role_clos", plateforme)

    plateforme.passer(dans=timedelta(seconds=1))

    assert [appel[2]["active"] for appel in plateforme.vendeur.appels[1:]] == [False, True]


def test_ce_qu_un_editeur_arrete_doit_apprendre_l_attend(plateforme, alix):
    Editeur.objects.update(est_actif=False)
    fermer(alix, "role_clos", plateforme)
    assert plateforme.passer() == 0
    assert len(plateforme.vendeur.actifs) == 1

    Editeur.objects.update(est_actif=True)
    plateforme.passer()

    assert plateforme.vendeur.actifs == []


def test_chaque_editeur_a_son_etat(plateforme, alix):
    EditeurFactory(flux=[Flux.COMPTES], nom="Autre")
    plateforme.connecter(alix)
    plateforme.passer()

    etats = {ligne.copie.editeur.nom: ligne.etat for ligne in lectures.du_compte(alix)}
    assert etats == {"Autre": EtatCopie.EN_ATTENTE, plateforme.editeur.nom: EtatCopie.A_JOUR}


def test_reponse_perdue_puis_droit_rendu_l_editeur_finit_actif(plateforme, alix):
    plateforme.vendeur.pannes = [TAIRE, REPONDRE]
    habilitation = Habilitation.objects.get(compte=alix)
    fermer(alix, "role_clos", plateforme)
    plateforme.passer()
    assert plateforme.vendeur.actifs == []
    Habilitation.objects.filter(pk=habilitation.pk).update(fin_le=None)

    plateforme.tout_passer()

    assert len(plateforme.vendeur.actifs) == 1


def test_l_acquittement_efface_le_contenu(plateforme, alix):
    envoi = EnvoiRegulateur.objects.get()

    assert (envoi.etat, envoi.personne, envoi.cible, envoi.reponse) == (
        EtatEnvoi.ACQUITTE,
        None,
        "",
        "HTTP 201",
    )
    assert len(plateforme.copie(alix).empreinte) == 64
