"""Les trois cas du guide de l’effecteur (§ 1.1), et ce qu’ils ne doivent pas laisser voir."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.test import Client

from comptes.enums import Role
from comptes.models import Compte, Lien, SessionOuverte, Trace
from tests.annuaire.factories import (
    CommuneFactory,
    EffecteurFactory,
    LieuExerciceFactory,
    ProfessionFactory,
    StructureFactory,
    TerritoireFactory,
)
from tests.annuaire.premiere_connexion.conftest import ADRESSE, ECRAN, NUMERO, SAISIE, soumettre, taper
from tests.comptes.conftest import Parcours
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db


def connecte(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


def test_le_formulaire_montre_l_identite_sans_laisser_la_changer(identifie):
    page = identifie.get(SAISIE).content.decode()

    assert "Noé" in page
    assert "Vasseur" in page
    assert NUMERO in page
    assert re.findall(r'<input[^>]*name="([^"]+)"', page.partition("<main")[2]) == [
        "csrfmiddlewaretoken",
        "email",
    ]


# --- Cas 1 : un compte porte cette adresse --------------------------------------


def test_l_adresse_d_un_compte_le_rattache_apres_le_code(identifie, boite):
    compte = CompteFactory(email=ADRESSE, role=Role.REGULATEUR, prenom="Noé", nom="Vasseur")
    assert soumettre(identifie).headers["Location"] == ECRAN
    assert boite.dernier().gabarit == "comptes/rattachement"

    reponse = taper(identifie, boite.dernier().code)

    compte.refresh_from_db()
    assert reponse.headers["Location"] == "/"
    assert connecte(identifie) == str(compte.pk)
    assert compte.identifiant_national == NUMERO
    assert compte.roles == {Role.REGULATEUR}
    assert SessionOuverte.objects.get().compte == compte
    assert list(Trace.objects.order_by("pk").values_list("verbe", flat=True)) == [
        "compte.rattache",
        "connexion",
    ]


def test_la_connexion_suivante_est_sans_couture(identifie, boite, parcours):
    compte = CompteFactory(email=ADRESSE)
    soumettre(identifie)
    taper(identifie, boite.dernier().code)
    autre = Parcours(Client())

    autre.complet("effecteur-nouveau")

    assert connecte(autre.client) == str(compte.pk)


def test_l_adresse_se_reconnait_quelle_que_soit_la_casse(identifie, boite):
    CompteFactory(email=ADRESSE)

    soumettre(identifie, f"  {ADRESSE.upper()} ")

    assert boite.dernier().gabarit == "comptes/rattachement"


def test_le_nom_du_compte_se_dit_s_il_n_est_pas_celui_de_l_identite(identifie, boite):
    CompteFactory(email=ADRESSE, prenom="Noe", nom="Vasseur-Homonyme")

    soumettre(identifie)

    assert "le compte est au nom de Noe Vasseur-Homonyme" in boite.dernier().texte
    assert "Les noms diffèrent" in Client().get(boite.dernier().lien).content.decode()


@pytest.mark.parametrize(("prenom", "nom"), [("NOÉ", "VASSEUR"), ("Noe", "Vasseur")])
def test_une_casse_ou_un_accent_ne_font_pas_un_autre_nom(identifie, boite, prenom, nom):
    CompteFactory(email=ADRESSE, prenom=prenom, nom=nom)

    soumettre(identifie)

    assert "Attention" not in boite.dernier().texte


def test_un_homographe_en_alphabet_voisin_est_un_autre_nom(identifie, boite):
    CompteFactory(email=ADRESSE, prenom="Noé", nom="V\u0430sseur")  # а cyrillique

    soumettre(identifie)
    taper(identifie, boite.dernier().code)

    assert "Attention" in boite.lire()[0].texte
    assert Trace.objects.get(verbe="compte.rattache").details["autre_nom"] is True


# --- Cas 2 : un effecteur de l’annuaire, sans compte ------------------------------


def test_un_effecteur_avec_un_lieu_cree_son_compte_apres_le_code(identifie, boite, effecteur):
    soumettre(identifie)
    assert boite.dernier().gabarit == "comptes/creation"
    assert not Compte.objects.exists()

    reponse = taper(identifie, boite.dernier().code)

    compte = Compte.objects.get()
    assert reponse.headers["Location"] == "/tableau-de-bord/"
    assert connecte(identifie) == str(compte.pk)
    assert (compte.email, compte.identifiant_national) == (ADRESSE, NUMERO)
    assert (compte.prenom, compte.nom) == ("Noé", "Vasseur")
    assert compte.roles == {Role.EFFECTEUR}
    assert not compte.has_usable_password()
    trace = Trace.objects.get(verbe="compte.cree")
    assert set(trace.details) == {"lien", "par"}


def test_le_lien_vaut_le_code_et_l_ouvrir_seulement_ne_fait_rien(identifie, boite, effecteur):
    soumettre(identifie)
    lien = boite.dernier().lien
    page = identifie.get(lien).content.decode()
    assert "C’est moi, confirmer" in page
    assert not Compte.objects.exists()

    identifie.post(lien)

    assert connecte(identifie) == str(Compte.objects.get().pk)


def test_la_page_demandee_avant_de_se_connecter_est_retrouvee(parcours, boite, effecteur):
    parcours.complet("effecteur-nouveau", suite="/mentions-legales/")
    soumettre(parcours.client)

    assert taper(parcours.client, boite.dernier().code).headers["Location"] == "/mentions-legales/"


# --- Cas 3 : personne ----------------------------------------------------------


def profession_refusee(psc) -> None:
    vraie = psc.identite
    exercice = {"codeProfession": "35"}
    psc.identite = lambda jeton: vraie(jeton) | {"SubjectRefPro": {"exercices": [exercice]}}


def sans_reference(psc) -> None:
    vraie = psc.identite
    psc.identite = lambda jeton: {c: v for c, v in vraie(jeton).items() if c != "SubjectRefPro"}


@pytest.mark.parametrize(
    ("situation", "raison"),
    [
        ("absent", "pas encore dans l’annuaire"),
        ("inactif", "pas encore dans l’annuaire"),
        ("sans lieu", "aucun lieu d’exercice en activité"),
        ("lieu fermé", "aucun lieu d’exercice en activité"),
        ("sans exercice", "aucun exercice d’une profession de santé"),
        ("profession", "ne permet pas de créer un compte soi-même"),
    ],
)
def test_sans_lieu_ni_compte_on_apprend_pourquoi_et_a_qui_s_adresser(parcours, psc, boite, situation, raison):
    ProfessionFactory()
    if situation in ("inactif", "sans lieu", "lieu fermé"):
        personne = EffecteurFactory(identifiant_national=NUMERO, est_actif=situation != "inactif")
        if situation == "lieu fermé":
            LieuExerciceFactory(effecteur=personne, est_actif=False)
    if situation == "sans exercice":
        sans_reference(psc)
    if situation == "profession":
        profession_refusee(psc)
    parcours.complet("effecteur-nouveau")

    soumettre(parcours.client)

    ecran = parcours.client.get(ECRAN).content.decode()
    page = parcours.client.get("/premiere-connexion/sans-habilitation/").content.decode()
    assert "/premiere-connexion/sans-habilitation/" in ecran
    assert raison in page
    assert "gestionnaire de comptes de votre territoire" in page
    assert "ordre professionnel" in page
    assert boite.dernier().gabarit == "premiere_connexion/refus"
    assert raison in boite.dernier().texte
    assert (boite.dernier().lien, boite.dernier().code) == ("", "")
    assert not Compte.objects.exists()


def exercer(psc, **activite: str) -> None:
    vraie = psc.identite
    exercice = {"codeProfession": "60", "activities": [activite]}
    psc.identite = lambda jeton: vraie(jeton) | {"SubjectRefPro": {"exercices": [exercice]}}


@pytest.mark.parametrize("indice", ["FINESS", "SIRET", "code postal", "lieu fermé"])
def test_sans_habilitation_on_lit_la_boite_du_territoire_ou_l_on_exerce(parcours, psc, indice):
    lille, ailleurs = CommuneFactory(), CommuneFactory(reunion=True)
    structure = StructureFactory(commune=lille, siret="89999999999999")
    TerritoireFactory(nom="SAS Lille", communes=[lille], courriel_gestionnaires="lille@exemple.invalid")
    TerritoireFactory(communes=[ailleurs], courriel_gestionnaires="ailleurs@exemple.invalid")
    TerritoireFactory(nom="Sans boîte", communes=[lille])
    TerritoireFactory(
        nom="Ancien",
        communes=[lille],
        ouvert_date=date(2020, 1, 1),
        ferme_date=date(2021, 1, 1),
        courriel_gestionnaires="ancien@exemple.invalid",
    )
    if indice == "FINESS":
        exercer(psc, numeroFinessSite=structure.finess)
    if indice == "SIRET":
        exercer(psc, numeroSiretSite=structure.siret)
    if indice == "code postal":
        exercer(psc, codePostal=lille.codes_postaux[0])
    if indice == "lieu fermé":
        personne = EffecteurFactory(identifiant_national=NUMERO)
        LieuExerciceFactory(effecteur=personne, commune=lille, est_actif=False)
    parcours.complet("effecteur-nouveau")

    page = parcours.client.get("/premiere-connexion/sans-habilitation/").content.decode()

    assert re.findall(r"mailto:([^\"]+)", page) == ["lille@exemple.invalid"]


def test_la_page_sans_habilitation_se_lit_sans_identification(client):
    page = client.get("/premiere-connexion/sans-habilitation/")

    assert page.status_code == 200
    assert "agence régionale de santé" in page.content.decode()


# --- Rien n’est dit de l’adresse avant sa confirmation -----------------------------


def compte_libre() -> None:
    CompteFactory(email=ADRESSE)


def compte_desactive() -> None:
    CompteFactory(email=ADRESSE, inactif=True)


def compte_d_un_autre() -> None:
    CompteFactory(email=ADRESSE, identifiant_national="899999999128")


@pytest.mark.parametrize("annuaire", [True, False], ids=["effecteur", "hors annuaire"])
def test_l_ecran_est_le_meme_que_l_adresse_soit_connue_ou_non(parcours, psc, boite, annuaire):
    if annuaire:
        LieuExerciceFactory(effecteur=EffecteurFactory(identifiant_national=NUMERO))
    ecrans, codes = [], []
    for preparer in (lambda: None, compte_libre, compte_desactive, compte_d_un_autre):
        Compte.objects.all().delete()
        from django.core.cache import cache

        cache.clear()
        preparer()
        visiteur = Parcours(Client())
        visiteur.complet("effecteur-nouveau")
        reponse = soumettre(visiteur.client)
        propos = visiteur.client.get(ECRAN).content.decode().partition("<main")[2].partition("</main")[0]
        sans_jeton = re.sub(r'value="\w{64}"', "", propos)
        ecrans.append((reponse.status_code, reponse.headers["Location"], sans_jeton))
        faux = taper(visiteur.client, "000000").content.decode().partition("<main")[2]
        codes.append(re.findall(r'fr-message--error"[^>]*>([^<]*)', faux))

    assert ecrans[1:] == ecrans[:1] * 3
    assert codes[1:] == codes[:1] * 3
    assert Compte.objects.filter(identifiant_national=NUMERO).count() == 0


@pytest.mark.parametrize(
    ("preparer", "attendu"),
    [(compte_desactive, "désactivé"), (compte_d_un_autre, "une autre identité Pro Santé Connect")],
    ids=["désactivé", "autre identité"],
)
def test_un_compte_qu_on_ne_peut_rattacher_le_dit_par_courriel_seulement(
    identifie, boite, effecteur, preparer, attendu
):
    preparer()

    soumettre(identifie)

    recu = boite.dernier()
    assert recu.gabarit == "premiere_connexion/refus"
    assert attendu in recu.texte
    assert (recu.lien, recu.code) == ("", "")


def test_le_lien_ne_garde_ni_secret_ni_code_lisible(identifie, boite, effecteur):
    soumettre(identifie)

    lien = Lien.objects.get()
    assert lien.identite["identifiant_national"] == NUMERO
    assert boite.dernier().code not in f"{lien.empreinte}{lien.empreinte_code}"
