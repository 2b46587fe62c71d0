"""Créer un compte : ce qui s’écrit, et chaque refus de U-12 et U-13 sur le champ à corriger."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annuaire.models import Delegation, Perimetre
from comptes.enums import Role, UsageLien
from comptes.models import Compte, Courriel, Lien, Trace
from tests.annuaire.factories import (
    CommuneFactory,
    DepartementFactory,
    EffecteurFactory,
    LieuExerciceFactory,
    StructureFactory,
    habiliter,
)
from tests.comptes.factories import CompteFactory

CREER = "/comptes/creer/"
PERSONNE = {"email": "nouveau@exemple.invalid", "nom": "Nouveau", "prenom": "Noé"}


def osnp(monde, **champs: object) -> dict[str, object]:
    return {**PERSONNE, "roles": ["osnp"], "territoires_osnp": [monde.nord.pk], **champs}


def erreurs(reponse) -> dict[str, list[str]]:
    assert reponse.status_code == 200, reponse.headers.get("Location")
    return {champ: list(liste) for champ, liste in reponse.context["form"].errors.items()}


def test_un_gestionnaire_cree_un_osnp_de_son_territoire(
    gestionnaire, monde, django_capture_on_commit_callbacks, mailoutbox
):
    with django_capture_on_commit_callbacks(execute=True):
        reponse = gestionnaire.post(CREER, osnp(monde, email="Nouveau@Exemple.invalid ", numero_cpx="12 34"))

    compte = Compte.objects.get(email="nouveau@exemple.invalid")
    assert reponse.headers["Location"] == reverse("gestion:compte", args=[compte.pk])
    assert (compte.nom, compte.prenom, compte.numero_cpx, compte.roles) == (
        "Nouveau",
        "Noé",
        "12 34",
        {Role.OSNP},
    )
    assert not compte.has_usable_password()
    perimetre = Perimetre.objects.get(habilitation__compte=compte)
    assert (perimetre.territoire, perimetre.debut_le) == (monde.nord, monde.maintenant)
    assert Lien.objects.get(compte=compte).usage == UsageLien.ACTIVATION
    assert Courriel.objects.get(compte=compte).gabarit == "comptes/bienvenue"
    assert [courriel.to for courriel in mailoutbox] == [["nouveau@exemple.invalid"]]
    trace = Trace.objects.get(verbe="compte.cree")
    assert (trace.acteur, trace.objet) == (monde.gestionnaire, f"compte:{compte.pk}")
    assert trace.details["perimetres"] == [f"+territoire:{monde.nord.pk}"]
    for personnel in (compte.email, compte.nom, compte.prenom):
        assert personnel not in str(trace.details)


def test_un_effecteur_prend_son_nom_et_son_numero_dans_l_annuaire(gestionnaire, monde):
    gestionnaire.post(
        CREER, {"email": "f@exemple.invalid", "roles": ["effecteur"], "identifiant": "1000 0000 001"}
    )

    compte = Compte.objects.get(email="f@exemple.invalid")
    assert (compte.identifiant_national, compte.nom, compte.prenom) == ("810000000001", "FAVIER", "Étienne")
    assert compte.roles == {Role.EFFECTEUR}


def test_un_nom_tape_au_lieu_du_numero_propose_les_professionnels_du_territoire(gestionnaire, monde):
    LieuExerciceFactory(effecteur=EffecteurFactory(nom="FAVIER", prenom="Aline"))
    LieuExerciceFactory(effecteur=EffecteurFactory(nom="FAVIER", prenom="Ailleurs"), reunion=True)
    saisie = {"email": "f@exemple.invalid", "roles": ["effecteur"], "identifiant": "favier"}

    reponse = gestionnaire.post(CREER, saisie)

    assert "choisissez" in erreurs(reponse)["identifiant"][0]
    page = reponse.content.decode()
    assert "Aline FAVIER" in page
    assert "Étienne FAVIER" in page
    assert "Ailleurs FAVIER" not in page
    assert gestionnaire.post(CREER, saisie | {"identifiant_choisi": "810000000001"}).status_code == 302
    assert Compte.objects.get(email="f@exemple.invalid").identifiant_national == "810000000001"


def test_un_gestionnaire_de_structure_se_cherche_par_nom_ou_par_numero(gestionnaire, monde):
    saisie = PERSONNE | {"roles": ["gestionnaire_structure"], "structures_cherche": "tilleuls"}

    reponse = gestionnaire.post(CREER, saisie)
    assert "Cochez" in erreurs(reponse)["structures_cherche"][0]
    assert "MSP des Tilleuls" in reponse.content.decode()
    gestionnaire.post(
        CREER,
        saisie | {"structures": [monde.msp.pk], "cpts_cherche": "590000002", "sos_cherche": "99900000000011"},
    )

    perimetres = Perimetre.objects.filter(habilitation__compte__email="nouveau@exemple.invalid")
    assert {p.structure for p in perimetres} == {monde.msp, monde.cpts, monde.sos}


def test_un_delegataire_recoit_des_delegations_qui_attendent_l_accord_du_titulaire(gestionnaire, monde):
    titulaire = CompteFactory(role=Role.EFFECTEUR, identifiant_national=monde.effecteur.identifiant_national)

    gestionnaire.post(CREER, PERSONNE | {"roles": ["delegataire"], "professionnels_cherche": "10000000001"})

    delegation = Delegation.objects.get()
    assert (delegation.effecteur, delegation.accordee_par) == (monde.effecteur, monde.gestionnaire)
    assert delegation.consentie_le is None
    assert Courriel.objects.filter(compte=titulaire).exists()


def test_une_date_de_fin_vaut_jusqu_au_soir_du_dernier_jour(gestionnaire, monde):
    gestionnaire.post(CREER, osnp(monde, fin_osnp="2026-06-30"))

    habilitation = Compte.objects.get(email=PERSONNE["email"]).habilitations.get()
    assert habilitation.fin_le.isoformat() == "2026-06-30T22:00:00+00:00"
    fiche = gestionnaire.get(f"/comptes/{habilitation.compte_id}/").content.decode()
    assert "jusqu’au 30 juin 2026" in fiche
    assert "1er juillet" not in fiche


# --- U-12, U-13 -------------------------------------------------------------

HORS = (
    "L’utilisateur que vous souhaitez créer exerce en dehors de votre territoire de compétences. "
    "Merci de renseigner une localisation faisant partie de votre territoire."
)
CAS = [
    pytest.param(
        {"roles": ["osnp"]}, "territoires_osnp", "Veuillez renseigner un territoire.", id="sans territoire"
    ),
    pytest.param(
        {"roles": []}, "roles", "Veuillez choisir le(s) rôle(s) pour l’utilisateur.", id="sans rôle"
    ),
    pytest.param({"email": ""}, "email", "Veuillez saisir une adresse électronique.", id="sans adresse"),
    pytest.param({"nom": ""}, "nom", "Veuillez saisir un nom", id="sans nom"),
    pytest.param({"prenom": ""}, "prenom", "Veuillez saisir un prénom", id="sans prénom"),
    pytest.param(
        {"roles": ["effecteur"]},
        "identifiant",
        "Veuillez saisir un numéro RPPS/ADELI",
        id="effecteur sans numéro",
    ),
    pytest.param(
        {"roles": ["effecteur"], "identifiant": "10000000099"},
        "identifiant",
        "Veuillez saisir un rpps/adeli valide ou choisir un élément dans la liste.",
        id="numéro absent de l’annuaire",
    ),
    pytest.param(
        {"identifiant": "pas un numéro"},
        "identifiant",
        "Veuillez saisir un rpps/adeli valide ou choisir un élément dans la liste.",
        id="numéro mal formé",
    ),
    pytest.param(
        {"roles": ["gestionnaire_structure"]},
        "structures_cherche",
        "Veuillez sélectionner au moins une « structure rattachée » ou une « association SOS Médecins » ou une « CPTS ».",
        id="gestionnaire sans structure",
    ),
    pytest.param(
        {"roles": ["gestionnaire_structure"], "structures_cherche": "590999999"},
        "structures_cherche",
        "Impossible de retrouver le numéro siret/finess. Veuillez sélectionner un élément dans la liste.",
        id="finess inconnu",
    ),
    pytest.param(
        {"roles": ["gestionnaire_structure"], "sos_cherche": "590000001"},
        "sos_cherche",
        "Le numéro siret 590000001 ne correspond pas à une association SOS Médecins. Saisissez-le dans « Structure rattachée » ou « CPTS ».",
        id="pas une association SOS",
    ),
    pytest.param(
        {"roles": ["gestionnaire_structure"], "cpts_cherche": "590000001"},
        "cpts_cherche",
        "Le numéro finess 590000001 ne correspond pas à une CPTS. Saisissez-le dans « Structure rattachée » ou « Association SOS Médecins ».",
        id="pas une CPTS",
    ),
    pytest.param(
        {"roles": ["gestionnaire_structure"], "structures_cherche": "590000001, 590000001"},
        "structures_cherche",
        "Des valeurs identiques de « Structure rattachée » ont été saisies.",
        id="deux fois la même structure",
    ),
    pytest.param(
        {"roles": ["gestionnaire_structure"], "structures_cherche": "970400001"},
        "structures_cherche",
        HORS,
        id="structure d’un autre territoire",
    ),
    pytest.param(
        {"roles": ["effecteur"], "identifiant": "10000000002"},
        "identifiant",
        HORS,
        id="effecteur d’un autre territoire",
    ),
    pytest.param(
        {"roles": ["delegataire"], "professionnels_cherche": "10000000002"},
        "professionnels_cherche",
        HORS,
        id="délégataire d’un effecteur d’un autre territoire",
    ),
    pytest.param(
        {"roles": ["delegataire"]},
        "professionnels_cherche",
        "Saisissez un Professionnel de Santé lié et/ou un Gestionnaire de Structure lié dans au moins un des deux "
        "champs « Professionnel(s) lié(s) » ou « Gestionnaire(s) de structure lié(s) ».",
        id="délégataire de personne",
    ),
    pytest.param(
        {"roles": ["referent"]},
        "roles",
        "Le rôle de référent territorial s’ajoute à un autre rôle : cochez aussi son rôle de métier.",
        id="référent sans métier",
    ),
    pytest.param(
        {"roles": ["osnp"], "fin_osnp": "2026-03-16"}, "fin_osnp", "Choisissez une date à venir.", id="hier"
    ),
]


def sans_insecable(texte: str) -> str:
    return texte.replace("\u00a0", " ")


@pytest.mark.parametrize(("saisie", "champ", "message"), CAS)
def test_chaque_refus_se_pose_sur_le_champ_a_corriger(gestionnaire, monde, saisie, champ, message):
    complete = {**PERSONNE, "roles": ["effecteur"], **saisie} if "roles" in saisie else osnp(monde, **saisie)

    reponse = gestionnaire.post(CREER, complete)

    assert message in map(sans_insecable, erreurs(reponse).get(champ, [])), erreurs(reponse)
    assert not Compte.objects.filter(email=PERSONNE["email"]).exists()


def test_un_effecteur_hors_de_tout_territoire_demande_l_administrateur(gestionnaire, monde, client_de):
    paris = CommuneFactory(code_insee="75101", nom="Paris 1er", departement=DepartementFactory(paris=True))
    LieuExerciceFactory(effecteur=EffecteurFactory(identifiant_national="810000000003"), commune=paris)
    saisie = {"email": "p@exemple.invalid", "roles": ["effecteur"], "identifiant": "10000000003"}

    refus = erreurs(gestionnaire.post(CREER, saisie))["identifiant"]
    par_l_administrateur = client_de(monde.administrateur).post(CREER, saisie)

    assert "ne sont pas associables à un territoire" in refus[0]
    assert par_l_administrateur.status_code == 302


def test_un_numero_deja_pris_est_refuse(gestionnaire, monde):
    CompteFactory(identifiant_national="810000000001")

    reponse = gestionnaire.post(
        CREER, {"email": "f@exemple.invalid", "roles": ["effecteur"], "identifiant": "10000000001"}
    )

    assert erreurs(reponse)["identifiant"] == [
        "Le numéro RPPS/ADELI saisi est déjà utilisé par un autre compte effecteur sur le SAS."
    ]


@pytest.mark.parametrize(
    ("champ", "valeur"),
    [
        pytest.param("email", "раul@exemple.invalid", id="cyrillique dans l’adresse"),
        pytest.param("email", "paul@exemplе.invalid", id="cyrillique dans le domaine"),
        pytest.param("email", "ｐaul@exemple.invalid", id="pleine largeur"),
        pytest.param("nom", "Dupоnt", id="cyrillique dans le nom"),
        pytest.param("prenom", "Αlice", id="grec dans le prénom"),
        pytest.param("nom", "Dup0nt", id="chiffre"),
        pytest.param("nom", "=1+1", id="formule"),
    ],
)
def test_un_sosie_est_refuse_et_le_signe_nomme(gestionnaire, monde, champ, valeur):
    reponse = gestionnaire.post(CREER, osnp(monde, **{champ: valeur}))

    (message,) = erreurs(reponse)[champ]
    assert "Le signe «" in message
    assert "retapez" in message.lower()


def test_un_nom_accentue_ou_compose_est_admis(gestionnaire, monde):
    assert gestionnaire.post(CREER, osnp(monde, nom="L’Haÿ-d’Œuvre", prenom="Zoé")).status_code == 302


def test_un_homonyme_demande_confirmation(gestionnaire, monde):
    homonyme = CompteFactory(nom="NOUVEAU", prenom="noe")
    habiliter(homonyme, Role.OSNP, territoire=monde.nord)

    reponse = gestionnaire.post(CREER, osnp(monde))

    assert "porte déjà ce nom" in erreurs(reponse)["nom"][0]
    assert reverse("gestion:compte", args=[homonyme.pk]) in reponse.content.decode()
    assert gestionnaire.post(CREER, osnp(monde, homonyme="on")).status_code == 302


# --- Adresse déjà connue (U-15) ---------------------------------------------


def test_une_adresse_deja_prise_montre_le_compte_qui_la_porte(gestionnaire, monde):
    reponse = gestionnaire.post(CREER, osnp(monde, email=monde.osnp.email))

    assert erreurs(reponse)["email"] == ["Un compte porte déjà cette adresse électronique."]
    assert reverse("gestion:compte", args=[monde.osnp.pk]) in reponse.content.decode()


def test_un_compte_d_ailleurs_se_refuse_sans_se_montrer(gestionnaire, monde):
    reponse = gestionnaire.post(CREER, osnp(monde, email=monde.osnp_reunion.email))

    assert erreurs(reponse)["email"] == ["Un compte porte déjà cette adresse électronique."]
    assert str(monde.osnp_reunion) not in reponse.content.decode()


def test_un_compte_sans_role_recoit_les_roles_et_garde_son_nom(gestionnaire, monde):
    sans_role = CompteFactory(email=PERSONNE["email"], nom="Ancien", prenom="Anna")

    gestionnaire.post(CREER, osnp(monde, identifiant="10000000077"))

    compte = Compte.objects.get(pk=sans_role.pk)
    assert (compte.nom, compte.prenom, compte.roles) == ("Ancien", "Anna", {Role.OSNP})
    assert compte.identifiant_national == "810000000077"
    assert Courriel.objects.filter(compte=compte, gabarit="comptes/bienvenue").exists()
    assert Trace.objects.get(verbe="compte.fusionne").objet == f"compte:{compte.pk}"


@pytest.mark.parametrize("trait", ["inactif", "autre numéro"])
def test_une_fusion_douteuse_est_refusee(gestionnaire, monde, trait):
    if trait == "inactif":
        CompteFactory(email=PERSONNE["email"], inactif=True)
    else:
        CompteFactory(email=PERSONNE["email"], identifiant_national="810000000088")

    reponse = gestionnaire.post(CREER, osnp(monde, identifiant="10000000077"))

    attendu = "réactivez-le" if trait == "inactif" else "un autre numéro"
    assert attendu in erreurs(reponse)["email"][0]
    assert not Courriel.objects.exists()


# --- Limites de qui crée ----------------------------------------------------


@pytest.mark.parametrize("role", ["gestionnaire_comptes", "administrateur", "support", "cpam"])
def test_un_gestionnaire_n_accorde_pas_un_role_de_son_niveau(gestionnaire, monde, role):
    saisie = osnp(monde, roles=["osnp", role], **{f"territoires_{role}": [monde.nord.pk]})

    assert "roles" in erreurs(gestionnaire.post(CREER, saisie))
    assert not Compte.objects.filter(email=PERSONNE["email"]).exists()


def test_un_gestionnaire_n_accorde_pas_un_territoire_qui_n_est_pas_le_sien(gestionnaire, monde):
    reponse = gestionnaire.post(CREER, osnp(monde, territoires_osnp=[monde.nord.pk, monde.reunion.pk]))

    assert [sans_insecable(message) for message in erreurs(reponse)["territoires_osnp"]] == [HORS]
    assert not Compte.objects.filter(email=PERSONNE["email"]).exists()


def test_une_structure_cochee_a_la_main_hors_du_territoire_est_refusee(gestionnaire, monde):
    autre = StructureFactory(type="autre", nom="Hors champ", finess="590000009")
    for cle in (monde.msp_reunion.pk, autre.pk, 10**17):
        reponse = gestionnaire.post(
            CREER, PERSONNE | {"roles": ["gestionnaire_structure"], "structures": [cle]}
        )
        assert "structures_cherche" in erreurs(reponse)


def test_un_administrateur_accorde_tout_role_dans_tout_territoire(client_de, monde):
    saisie = PERSONNE | {
        "roles": ["gestionnaire_comptes", "osnp"],
        "territoires_gestionnaire_comptes": [monde.reunion.pk],
        "territoires_osnp": [monde.nord.pk, monde.reunion.pk],
    }

    assert client_de(monde.administrateur).post(CREER, saisie).status_code == 302

    assert Compte.objects.get(email=PERSONNE["email"]).roles == {Role.GESTIONNAIRE_COMPTES, Role.OSNP}
    assert Perimetre.objects.filter(habilitation__compte__email=PERSONNE["email"]).count() == 3
