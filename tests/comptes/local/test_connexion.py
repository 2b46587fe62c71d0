"""Entrer par mot de passe : qui le peut, ce que voit qui ne le peut pas."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.utils import timezone

from comptes import secours
from comptes.connecteurs import psc as connecteur
from comptes.enums import Role
from comptes.models import OuvertureSecours, Trace
from tests.comptes.factories import CompteFactory
from tests.comptes.local.conftest import MOT_DE_PASSE

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
REFUS = "L’adresse électronique ou le mot de passe n’est pas le bon."


def entrer(client, compte, mot_de_passe=MOT_DE_PASSE, **suite):
    champs = {"login": compte if isinstance(compte, str) else compte.email, "password": mot_de_passe}
    return client.post("/compte/connexion/", champs | suite)


def code_totp(secret: str = SECRET) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def sans_alea(reponse, adresse: str) -> str:
    page = reponse.content.decode().replace(adresse, "ADRESSE")
    return re.sub(r'(name="csrfmiddlewaretoken" value|nonce)="[^"]+"', "", page)


def connecte(client) -> bool:
    return "_auth_user_id" in client.session


@pytest.fixture
def psc_en_panne(monkeypatch):
    monkeypatch.setattr(connecteur, "repond", lambda: False)


@pytest.fixture
def psc_repond(monkeypatch):
    monkeypatch.setattr(connecteur, "repond", lambda: True)


def test_un_compte_local_entre_avec_son_adresse_et_son_mot_de_passe(client, compte_local):
    compte = compte_local(role=Role.DELEGATAIRE)

    reponse = entrer(client, compte.email.upper())

    assert reponse.status_code == 302
    assert connecte(client)
    assert client.get("/").status_code == 200
    ligne = Trace.objects.get(verbe="connexion")
    assert (ligne.objet, ligne.details["moyens"]) == (f"compte:{compte.pk}", ["password"])


def test_la_page_demandee_se_rouvre_et_une_autre_adresse_non(client, compte_local):
    compte = compte_local(role=Role.OSNP)

    dedans = entrer(client, compte, next="/recherche/")
    client.logout()
    dehors = entrer(client, compte, next="https://ailleurs.example/")

    assert dedans.headers["Location"] == "/recherche/"
    assert dehors.headers["Location"] == "/"


def test_un_mauvais_mot_de_passe_et_une_adresse_inconnue_ont_la_meme_reponse(client, compte_local):
    compte = compte_local()

    faux = entrer(client, compte, "Mauvais-Mot-2026")
    inconnu = entrer(client, "personne@exemple.invalid")

    assert faux.status_code == inconnu.status_code == 200
    assert REFUS in faux.content.decode()
    assert sans_alea(faux, compte.email) == sans_alea(inconnu, "personne@exemple.invalid")


def test_une_adresse_inconnue_coute_le_meme_hachage(client, compte_local, monkeypatch):
    compte = compte_local()
    haches = []
    monkeypatch.setattr("comptes.models.Compte.set_password", lambda self, brut: haches.append("inconnu"))
    monkeypatch.setattr("comptes.models.Compte.check_password", lambda self, brut: haches.append("connu"))

    entrer(client, "personne@exemple.invalid")
    entrer(client, compte)

    assert haches == ["inconnu", "connu"]


@pytest.mark.parametrize("existe", [True, False], ids=["compte", "inconnu"])
def test_cinq_echecs_bloquent_l_adresse_un_quart_d_heure(client, compte_local, horloge, existe):
    compte = compte_local()
    adresse = compte.email if existe else "personne@exemple.invalid"
    for _ in range(5):
        assert REFUS in entrer(client, adresse, "Mauvais-Mot-2026").content.decode()

    bloque = entrer(client, adresse)

    assert "bloquée pour cette adresse pendant un quart d’heure" in bloque.content.decode()
    assert not connecte(client)
    horloge.shift(timedelta(minutes=15, seconds=1))
    assert connecte(client) is False
    entrer(client, adresse)
    assert connecte(client) is existe


def test_un_blocage_n_atteint_pas_les_autres_comptes(client, compte_local):
    vise, voisin = compte_local(), compte_local()
    for _ in range(6):
        entrer(client, vise, "Mauvais-Mot-2026")

    entrer(client, voisin)

    assert connecte(client)


def test_les_echecs_se_tracent_sur_un_compte_et_jamais_pour_un_inconnu(client, compte_local):
    compte = compte_local()

    entrer(client, compte, "Mauvais-Mot-2026")
    entrer(client, "personne@exemple.invalid")

    lignes = Trace.objects.filter(verbe="connexion_refusee")
    assert [(ligne.objet, ligne.details) for ligne in lignes] == [
        (f"compte:{compte.pk}", {"motif": "mot_de_passe_faux"})
    ]


def test_un_compte_desactive_n_entre_pas_et_ne_se_devine_pas(client, compte_local):
    compte = compte_local(is_active=False)

    bon, faux = entrer(client, compte), entrer(client, compte, "Mauvais-Mot-2026")

    assert bon.headers["Location"] == "/compte/desactive/"
    assert REFUS in faux.content.decode()
    assert not connecte(client)


def test_un_compte_sans_mot_de_passe_n_entre_pas(client, db):
    compte = CompteFactory()
    compte.set_unusable_password()
    compte.save()

    assert REFUS in entrer(client, compte, "!").content.decode()


@pytest.mark.parametrize(
    "role", [Role.GESTIONNAIRE_COMPTES, Role.ADMINISTRATEUR, Role.SUPPORT], ids=lambda role: role.value
)
def test_un_gestionnaire_ne_fait_rien_avant_d_avoir_un_second_facteur(client, compte_local, role):
    entrer(client, compte_local(role=role))

    assert client.get("/").headers["Location"] == "/compte/second-facteur/activer/"
    assert client.get("/recherche/").status_code in (302, 404)
    page = client.get("/compte/second-facteur/activer/")
    assert page.status_code == 200
    code = code_totp(client.session["mfa.totp.secret"])
    pose = client.post("/compte/second-facteur/activer/", {"code": code})
    assert pose.headers["Location"] == "/compte/second-facteur/codes/"
    assert client.get("/").status_code == 200


def test_un_delegataire_peut_s_en_passer(client, compte_local):
    entrer(client, compte_local(role=Role.DELEGATAIRE))

    assert client.get("/").status_code == 200


def test_le_second_facteur_pose_est_demande_avant_d_ouvrir_la_session(client, compte_local):
    compte = compte_local(role=Role.GESTIONNAIRE_COMPTES)
    TOTP.activate(compte, SECRET)

    reponse = entrer(client, compte)

    assert reponse.headers["Location"] == "/compte/second-facteur/code/"
    assert not connecte(client)
    faux = client.post("/compte/second-facteur/code/", {"code": "000000"})
    assert "Ce code n’est pas le bon" in faux.content.decode()
    client.post("/compte/second-facteur/code/", {"code": code_totp()})
    assert connecte(client)
    assert client.get("/").status_code == 200


def test_un_code_deja_servi_ne_ressert_pas(client, compte_local):
    compte = compte_local(role=Role.GESTIONNAIRE_COMPTES)
    TOTP.activate(compte, SECRET)
    entrer(client, compte)
    client.post("/compte/second-facteur/code/", {"code": code_totp()})
    client.logout()
    entrer(client, compte)

    client.post("/compte/second-facteur/code/", {"code": code_totp()})

    assert not connecte(client)


def test_un_code_de_secours_remplace_une_fois_le_telephone(client, compte_local):
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    compte = compte_local(role=Role.GESTIONNAIRE_COMPTES)
    TOTP.activate(compte, SECRET)
    code = RecoveryCodes.activate(compte).generate_codes()[0]
    entrer(client, compte)
    client.post("/compte/second-facteur/code/", {"code": code})
    assert connecte(client)
    client.logout()
    entrer(client, compte)

    client.post("/compte/second-facteur/code/", {"code": code})

    assert not connecte(client)


def test_un_role_qui_exige_un_second_facteur_ne_permet_pas_de_le_retirer(client, compte_local):
    compte = compte_local(role=Role.GESTIONNAIRE_COMPTES)
    TOTP.activate(compte, SECRET)
    entrer(client, compte)
    client.post("/compte/second-facteur/code/", {"code": code_totp()})

    client.post("/compte/second-facteur/desactiver/")

    assert Authenticator.objects.filter(user=compte, type="totp").exists()


def test_un_identifiant_national_entre_par_pro_sante_connect_tant_qu_il_repond(
    client, compte_local, psc_repond
):
    compte = compte_local(role=Role.OSNP, identifiant_national="899700000001")
    TOTP.activate(compte, SECRET)

    reponse = client.post(
        "/compte/connexion/", {"login": compte.email, "password": MOT_DE_PASSE}, follow=True
    )

    assert "vous vous connectez avec Pro Santé Connect" in reponse.content.decode()
    assert reponse.status_code == 403
    assert not connecte(client)
    assert Trace.objects.get(verbe="connexion_refusee").details == {"motif": "secours_fermee"}


def test_pro_sante_connect_en_panne_le_mot_de_passe_et_le_second_facteur_ouvrent(
    client, compte_local, psc_en_panne
):
    compte = compte_local(role=Role.OSNP, identifiant_national="899700000001")
    TOTP.activate(compte, SECRET)

    entrer(client, compte)
    client.post("/compte/second-facteur/code/", {"code": code_totp()})

    assert client.get("/recherche/").status_code == 200


def test_en_panne_un_mot_de_passe_seul_ne_suffit_pas(client, compte_local, psc_en_panne):
    compte = compte_local(role=Role.OSNP, identifiant_national="899700000001")

    reponse = entrer(client, compte)

    assert reponse.headers["Location"] == "/compte/secours/second_facteur_absent/"
    assert "procédure de secours" in client.get(reponse.headers["Location"]).content.decode()
    assert not connecte(client)


@pytest.mark.parametrize(
    ("reglage", "panne", "ouverture", "attendu"),
    [
        pytest.param("auto", False, False, False, id="tout va bien"),
        pytest.param("auto", True, False, True, id="panne"),
        pytest.param("auto", False, True, True, id="décidée"),
        pytest.param("manuelle", True, False, False, id="panne, non décidée"),
        pytest.param("manuelle", False, True, True, id="seulement décidée"),
        pytest.param("fermee", True, True, False, id="interdite"),
    ],
)
def test_quand_la_connexion_de_secours_est_ouverte(
    settings, monkeypatch, horloge, reglage, panne, ouverture, attendu
):
    settings.CONNEXION_SECOURS = reglage
    monkeypatch.setattr(connecteur, "repond", lambda: not panne)
    if ouverture:
        OuvertureSecours.objects.create(
            debut_le=timezone.now() - timedelta(hours=1),
            fin_le=timezone.now() + timedelta(hours=1),
            motif="Incident annoncé",
            ouverte_par=CompteFactory(administrateur=True),
        )

    assert secours.est_ouverte(maintenant=timezone.now()) is attendu


def test_une_ouverture_finie_ne_vaut_plus(settings, horloge):
    settings.CONNEXION_SECOURS = "manuelle"
    OuvertureSecours.objects.create(
        debut_le=datetime(2026, 3, 17, 6, tzinfo=UTC),
        fin_le=datetime(2026, 3, 17, 8, tzinfo=UTC),
        motif="Incident",
        ouverte_par=CompteFactory(administrateur=True),
    )

    assert not secours.est_ouverte(maintenant=timezone.now())


def test_pro_sante_connect_n_est_interroge_qu_une_fois_par_demi_minute(settings, monkeypatch, db):
    appels = []
    monkeypatch.setattr(connecteur, "repond", lambda: appels.append(1) or True)

    for _ in range(3):
        secours.est_ouverte(maintenant=timezone.now())

    assert len(appels) == 1
    assert cache.get(secours.CLE) is True


def test_un_mot_de_passe_expire_se_change_avant_toute_page(client, compte_local):
    compte = compte_local(role=Role.DELEGATAIRE, mot_de_passe_change_le=datetime(2025, 11, 16, tzinfo=UTC))
    entrer(client, compte)

    assert client.get("/").headers["Location"] == "/compte/mot-de-passe/"
    assert "a expiré" in client.get("/compte/mot-de-passe/").content.decode()
    change = {"oldpassword": MOT_DE_PASSE, "password1": "Coquelicot-Jaune-77"}
    assert client.post("/compte/mot-de-passe/", change).headers["Location"] == "/compte/identifiants/"
    assert client.get("/").status_code == 200


def test_un_mot_de_passe_de_moins_de_quatre_mois_sert_encore(client, compte_local):
    entrer(client, compte_local(mot_de_passe_change_le=datetime(2025, 11, 18, tzinfo=UTC)))

    assert client.get("/").status_code == 200


def test_une_session_de_pro_sante_connect_n_a_pas_de_mot_de_passe_a_changer(client, compte_local):
    compte = compte_local(role=Role.ADMINISTRATEUR, mot_de_passe_change_le=datetime(2020, 1, 1, tzinfo=UTC))
    client.force_login(compte)

    assert client.get("/").status_code == 200


def test_personne_ne_s_inscrit_seul(client):
    for chemin in ("/compte/inscription/", "/compte/signup/", "/accounts/signup/"):
        assert client.get(chemin).status_code == 404
