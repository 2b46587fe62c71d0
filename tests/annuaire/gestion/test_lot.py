"""Créer des comptes par un fichier : modèle, relecture, tout ou rien."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from annuaire.gestion.fichiers import COLONNES, LIGNES_MAX, TAILLE_MAX
from annuaire.models import Delegation, Perimetre
from comptes.enums import Role
from comptes.models import Compte, Courriel, Trace
from tests.comptes.factories import CompteFactory

IMPORTER, CONFIRMER = "/comptes/importer/", "/comptes/importer/confirmer/"
ENTETE = ";".join(COLONNES)
TROIS = "\n".join(
    [
        ENTETE,
        "a@exemple.invalid;OSNP | Référent territorial;Arnaud;Aline;;12;SAS Nord;;;;31/12/2026",
        "b@exemple.invalid;Effecteur de soins;;;10000000001;;;;;;",
        "c@exemple.invalid;Gestionnaire de structure | delegataire;Caron;Carl;;;;590000001 | 590000002;10000000001;;",
    ]
)


def envoyer(client, contenu: str | bytes):
    octets = contenu if isinstance(contenu, bytes) else contenu.encode()
    return client.post(IMPORTER, {"fichier": SimpleUploadedFile("comptes.csv", octets)})


def refus(reponse) -> set[tuple[int, str, str]]:
    return {
        (relue.numero, colonne, message.replace("\u00a0", " "))
        for relue in reponse.context["fautives"]
        for colonne, message in relue.refus
    }


def test_relire_n_ecrit_rien_puis_confirmer_cree_tout(
    gestionnaire, monde, django_capture_on_commit_callbacks, mailoutbox
):
    avant = Compte.objects.count()
    reponse = envoyer(gestionnaire, TROIS)
    assert refus(reponse) == set()
    assert Compte.objects.count() == avant

    contenu = reponse.context["form"]["contenu"].value()
    with django_capture_on_commit_callbacks(execute=True):
        assert gestionnaire.post(CONFIRMER, {"contenu": contenu}).status_code == 302

    crees = {compte.email[0]: compte for compte in Compte.objects.order_by("pk")[avant:]}
    assert crees["a"].roles == {Role.OSNP, Role.REFERENT}
    assert {h.fin_le.isoformat() for h in crees["a"].habilitations.all()} == {"2026-12-31T23:00:00+00:00"}
    assert (crees["b"].nom, crees["b"].identifiant_national) == ("FAVIER", "810000000001")
    structures = Perimetre.objects.filter(habilitation__compte=crees["c"])
    assert {p.structure for p in structures} == {monde.msp, monde.cpts}
    assert Delegation.objects.get().delegataire == crees["c"]
    assert Courriel.objects.filter(gabarit="comptes/bienvenue").count() == 3
    assert {courriel.to[0] for courriel in mailoutbox} >= {compte.email for compte in crees.values()}
    assert Trace.objects.filter(verbe="compte.cree").count() == 3


@pytest.mark.parametrize(
    "contenu",
    [
        pytest.param(TROIS.encode("cp1252"), id="Windows-1252"),
        pytest.param(TROIS.encode("utf-8-sig"), id="UTF-8 avec marque"),
        pytest.param(TROIS.replace("\n", "\r\n").encode(), id="fins de ligne de Windows"),
        pytest.param(TROIS.replace(";", ",").encode(), id="virgules"),
        pytest.param((TROIS + "\n;;;;;;;;;;\n\n").encode(), id="lignes vides à la fin"),
    ],
)
def test_les_ecritures_des_tableurs_se_lisent(gestionnaire, monde, contenu):
    reponse = envoyer(gestionnaire, contenu)

    assert refus(reponse) == set()
    assert len(reponse.context["relues"]) == 3


def test_chaque_erreur_nomme_sa_ligne_et_sa_colonne(gestionnaire, monde):
    CompteFactory(identifiant_national="810000000077")
    lignes = [
        "email;roles;nom;prenom;rpps_adeli;territoires;structures;dernier_jour",
        "pas une adresse;OSNP;Nom;Prénom;;SAS Nord;;",
        "b@exemple.invalid;Astronaute;Nom;Prénom;;SAS Nord;;",
        "c@exemple.invalid;Gestionnaire de comptes;Nom;Prénom;;SAS Nord;;",
        "d@exemple.invalid;OSNP;Nom;Prénom;;SAS Réunion;;",
        "e@exemple.invalid;OSNP;;;;;;",
        "f@exemple.invalid;Effecteur de soins;;;favier;;;",
        "g@exemple.invalid;IOA;Nom;Prénom;10000000077;SAS Nord;;hier",
        "h@exemple.invalid;Gestionnaire de structure;Nom;Prénom;;;MSP des Tilleuls;",
        "B@exemple.invalid;OSNP;=1+1;Prénom;;SAS Nord;;",
        "i@exemple.invalid;Effecteur de soins;;;10000000002;;;",
    ]

    trouves = refus(envoyer(gestionnaire, "\n".join(lignes)))

    par_case = {(numero, colonne): message for numero, colonne, message in trouves}
    assert set(par_case) >= {
        (2, "email"),
        (3, "roles"),
        (4, "roles"),
        (5, "territoires"),
        (6, "territoires"),
        (6, "nom"),
        (6, "prenom"),
        (7, "rpps_adeli"),
        (8, "rpps_adeli"),
        (8, "dernier_jour"),
        (9, "structures"),
        (10, "nom"),
        (10, "email"),
        (11, "rpps_adeli"),
    }
    assert par_case[3, "roles"] == "Rôle inconnu : « Astronaute »."
    assert par_case[4, "roles"] == "Vous ne pouvez pas accorder ce rôle : Gestionnaire de comptes."
    assert "« SAS Réunion »" in par_case[5, "territoires"]
    assert par_case[6, "territoires"] == "Veuillez renseigner un territoire."
    assert par_case[10, "email"].endswith("Voir la ligne 3.")
    assert not Compte.objects.filter(email__endswith="@exemple.invalid", nom="Nom").exists()


def test_le_numero_d_une_ligne_est_celui_que_montre_le_tableur(gestionnaire, monde):
    """Des lignes laissées vides au milieu ne décalent pas celles d’après."""
    lignes = [
        "email;roles;nom;prenom;territoires",
        "a@exemple.invalid;OSNP;Nom;Prénom;SAS Nord",
        ";;;;",
        "",
        "A@exemple.invalid;Astronaute;Nom;Prénom;SAS Nord",
    ]

    trouves = refus(envoyer(gestionnaire, "\n".join(lignes)))

    assert {numero for numero, _, _ in trouves} == {5}
    assert (5, "email", "Des valeurs identiques de « email » ont été saisies. Voir la ligne 2.") in trouves


@pytest.mark.parametrize(
    ("jour", "message"),
    [
        ("31/12/9999", "Choisissez une année de 2000 à 2100."),
        ("fin 2027", "Saisissez une date, par exemple 4/11/2026."),
        ("16/03/2026", "Choisissez une date à venir."),
    ],
)
def test_un_dernier_jour_impossible_se_dit_sur_sa_colonne(gestionnaire, monde, jour, message):
    contenu = (
        f"email;roles;nom;prenom;territoires;dernier_jour\na@exemple.invalid;OSNP;Nom;Prénom;SAS Nord;{jour}"
    )

    assert refus(envoyer(gestionnaire, contenu)) == {(2, "dernier_jour", message)}


@pytest.mark.parametrize(
    ("contenu", "message"),
    [
        pytest.param(b"", "vide", id="vide"),
        pytest.param(ENTETE.encode(), "que sa ligne d’en-tête", id="en-tête seul"),
        pytest.param(b"nom;prenom\nA;B", "il manque « email », « roles »", id="colonnes manquantes"),
        pytest.param(b"email;roles;age\na;b;c", "ne connaît pas « age »", id="colonne inconnue"),
        pytest.param(b"email;roles;email\na;b;c", "« email » revient deux fois", id="colonne double"),
        pytest.param(
            b"email;roles\na;b;c;d", "Ligne 2 : elle a 4 cellules pour 2 colonnes", id="cellules en trop"
        ),
        pytest.param(b'email;roles\n"a;b\n', "guillemets", id="guillemets ouverts"),
        pytest.param(b"\x00\x01\x02", "n’est pas un CSV", id="fichier binaire"),
        pytest.param(b"PK\x03\x04\x00\x00classeur", "n’est pas un CSV", id="classeur renommé"),
        pytest.param(b"x" * (TAILLE_MAX + 1), "dépasse", id="trop gros"),
        pytest.param(
            b"email;roles\n" + b"a@exemple.invalid;OSNP\n" * (LIGNES_MAX + 1),
            "partagez-le",
            id="trop de lignes",
        ),
    ],
)
def test_un_fichier_illisible_s_explique(gestionnaire, monde, contenu, message):
    (erreur,) = envoyer(gestionnaire, contenu).context["form"].errors["fichier"]

    assert message in erreur.replace("\u00a0", " ")


def test_le_modele_se_relit(gestionnaire, monde):
    modele = gestionnaire.get("/comptes/importer/modele.csv").content

    rangs = list(csv.DictReader(io.StringIO(modele.decode("utf-8-sig")), delimiter=";"))
    assert tuple(rangs[0]) == COLONNES
    assert rangs[0]["territoires"] == "SAS Nord"
    assert envoyer(gestionnaire, modele).status_code == 200


def test_un_compte_cree_entre_temps_empeche_tout_le_lot(gestionnaire, monde):
    contenu = envoyer(gestionnaire, TROIS).context["form"]["contenu"].value()
    CompteFactory(email="c@exemple.invalid", role=Role.OSNP)
    avant = Compte.objects.count()

    reponse = gestionnaire.post(CONFIRMER, {"contenu": contenu})

    assert (4, "email", "Un compte porte déjà cette adresse électronique.") in refus(reponse)
    assert Compte.objects.count() == avant
    assert not Courriel.objects.exists()


def test_un_refus_au_dernier_moment_defait_les_lignes_d_avant(gestionnaire, monde, monkeypatch):
    """La relecture n’a rien vu, la base refuse la troisième ligne : les deux premières ne restent pas."""
    from annuaire.delegations import actions as delegations

    def refuser(**champs: object) -> None:
        raise delegations.DelegationRefusee("Cette personne a déjà délégation.")

    monkeypatch.setattr(delegations, "accorder", refuser)
    contenu = envoyer(gestionnaire, TROIS).context["form"]["contenu"].value()
    avant = Compte.objects.count()

    reponse = gestionnaire.post(CONFIRMER, {"contenu": contenu})

    assert [(numero, colonne) for numero, colonne, _ in refus(reponse)] == [(4, "professionnels_lies")]
    assert Compte.objects.count() == avant
    assert not Courriel.objects.exists()
    assert not Trace.objects.filter(verbe="compte.cree").exists()


@pytest.mark.parametrize("contenu", ["", "email;roles\n", "nom\nx"])
def test_une_confirmation_forgee_est_renvoyee_au_depart(gestionnaire, monde, contenu):
    reponse = gestionnaire.post(CONFIRMER, {"contenu": contenu})

    assert reponse.headers["Location"] == IMPORTER
