"""« Vos identifiants de connexion » (U-21), rappel d’expiration, CGU."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from comptes.cgu import accepter, en_vigueur
from comptes.enums import Portee, Role
from comptes.models import AcceptationCGU, Compte, Jeton, Trace, VersionCGU
from comptes.mots_de_passe import poser
from comptes.tasks import envoyer_courriels_dus
from tests.comptes.factories import CompteFactory, JetonFactory
from tests.comptes.local.conftest import MOT_DE_PASSE

pytestmark = pytest.mark.django_db
PAGE = "/compte/identifiants/"
NOUVELLE = "nouvelle@exemple.invalid"


@pytest.fixture
def compte(client, compte_local) -> Compte:
    personne = compte_local(role=Role.DELEGATAIRE, email="ancienne@exemple.invalid")
    client.force_login(personne)
    return personne


def demander(client, adresse=NOUVELLE, mot_de_passe=MOT_DE_PASSE):
    return client.post(PAGE, {"adresse": adresse, "mot_de_passe": mot_de_passe}, follow=True)


def lien_de_confirmation() -> str:
    envoyer_courriels_dus()
    return re.search(r"(/compte/adresse/\S+)", mail.outbox[0].body)[1]


def test_l_adresse_change_une_fois_confirmee_et_l_ancienne_est_prevenue(client, compte):
    page = demander(client)
    compte.refresh_from_db()
    assert "vient d’être envoyé à nouvelle@exemple.invalid" in page.content.decode()
    assert compte.email == "ancienne@exemple.invalid", "rien ne change avant la confirmation"
    lien = lien_de_confirmation()
    assert mail.outbox[0].to == [NOUVELLE]

    assert NOUVELLE in client.get(lien).content.decode()
    compte.refresh_from_db()
    assert compte.email == "ancienne@exemple.invalid", "ouvrir le lien ne confirme pas"
    reponse = client.post(lien, follow=True)
    envoyer_courriels_dus()

    compte.refresh_from_db()
    assert compte.email == NOUVELLE
    assert "Merci, votre nouvel email a bien été enregistré." in reponse.content.decode()
    assert {(message.to[0], message.subject) for message in mail.outbox[1:]} == {
        (NOUVELLE, "Bienvenue à votre nouvelle adresse"),
        ("ancienne@exemple.invalid", "Votre adresse électronique a changé"),
    }
    assert client.post(lien).status_code == 410, "le lien a servi"


def test_une_adresse_deja_prise_est_refusee_avec_le_message_attendu(client, compte):
    CompteFactory(email=NOUVELLE)

    page = demander(client, NOUVELLE.upper())

    assert f"ATTENTION\u00a0: Votre Adresse e-mail {NOUVELLE} existe." in page.content.decode()
    envoyer_courriels_dus()
    assert mail.outbox == []


def test_une_adresse_prise_entre_la_demande_et_la_confirmation_est_refusee(client, compte):
    demander(client)
    lien = lien_de_confirmation()
    CompteFactory(email=NOUVELLE)

    reponse = client.post(lien)

    assert reponse.status_code == 409
    compte.refresh_from_db()
    assert compte.email == "ancienne@exemple.invalid"


@pytest.mark.parametrize(
    ("adresse", "mot_de_passe", "message"),
    [
        pytest.param("pas une adresse", MOT_DE_PASSE, "n’est pas valable", id="forme"),
        pytest.param("ancienne@exemple.invalid", MOT_DE_PASSE, "déjà votre adresse", id="la même"),
        pytest.param(NOUVELLE, "Faux-Mot-2026!", "pas votre mot de passe", id="mot de passe"),
    ],
)
def test_une_demande_mal_remplie_dit_pourquoi(client, compte, adresse, mot_de_passe, message):
    assert message in demander(client, adresse, mot_de_passe).content.decode()
    envoyer_courriels_dus()
    assert mail.outbox == []


def test_un_lien_demande_puis_remplace_ne_vaut_plus(client, compte):
    demander(client, "premiere@exemple.invalid")
    premier = lien_de_confirmation()
    demander(client)

    assert client.post(premier).status_code == 410


def test_une_adresse_refusee_par_la_messagerie_est_signalee(client, compte):
    Compte.objects.update(courriel_rejete_le=datetime(2026, 3, 2, tzinfo=UTC))

    assert "refusés depuis le 2 mars 2026" in client.get(PAGE).content.decode()


def test_qui_vient_de_pro_sante_connect_prepare_sa_connexion_de_secours(client, horloge):
    compte = CompteFactory(effecteur=True)
    compte.set_unusable_password()
    compte.save()
    accepter(compte=compte, version=en_vigueur(timezone.now()), maintenant=timezone.now())
    client.force_login(compte)

    page = client.get(PAGE).content.decode()
    assert "Choisir un mot de passe" in page
    client.post("/compte/premier-mot-de-passe/", {"password1": MOT_DE_PASSE})

    compte.refresh_from_db()
    assert compte.check_password(MOT_DE_PASSE)
    assert client.get(PAGE).status_code == 200, "sa session reste ouverte"


def test_le_rappel_part_une_fois_a_trois_mois_au_moins(compte_local, horloge):
    compte = compte_local(mot_de_passe_change_le=datetime(2025, 12, 18, tzinfo=UTC))
    sortie = StringIO()
    call_command("rappeler_mots_de_passe", "--ecrire", stdout=sortie)
    assert "0 rappel" in sortie.getvalue()

    horloge.move_to(datetime(2026, 4, 2, tzinfo=UTC))  # la tâche n’a pas tourné depuis deux semaines
    for _ in range(2):
        call_command("rappeler_mots_de_passe", "--ecrire")
    envoyer_courriels_dus()

    (message,) = mail.outbox
    assert message.to == [compte.email]
    assert "18 avril 2026" in message.body


def test_un_mot_de_passe_change_remet_le_rappel_a_zero(compte_local, horloge):
    compte = compte_local(mot_de_passe_change_le=datetime(2025, 12, 1, tzinfo=UTC))
    call_command("rappeler_mots_de_passe", "--ecrire")
    compte.refresh_from_db()
    poser(compte, "Coquelicot-Jaune-77", maintenant=timezone.now())

    horloge.shift(timedelta(days=93))
    call_command("rappeler_mots_de_passe", "--ecrire")
    envoyer_courriels_dus()

    assert len(mail.outbox) == 2


def test_la_simulation_du_rappel_n_envoie_rien(compte_local):
    compte_local(mot_de_passe_change_le=datetime(2025, 12, 1, tzinfo=UTC))
    sortie = StringIO()

    call_command("rappeler_mots_de_passe", stdout=sortie)
    envoyer_courriels_dus()

    assert "Simulation\u00a0: 1 rappel" in sortie.getvalue()
    assert mail.outbox == []


def test_les_cgu_s_acceptent_avant_toute_page_puis_mene_a_celle_demandee(client, compte_local):
    compte = compte_local(a_accepte=False, role=Role.OSNP)
    client.force_login(compte)

    renvoi = client.get("/recherche/")
    assert renvoi.headers["Location"] == "/conditions-generales/?next=%2Frecherche%2F"
    assert client.get("/mentions-legales/").status_code == 200
    sans_case = client.post(renvoi.headers["Location"], {"version": "1.0"})
    assert "Cochez la case" in sans_case.content.decode()
    suite = client.post(renvoi.headers["Location"], {"version": "1.0", "accepte": "on"})

    assert suite.headers["Location"] == "/recherche/"
    assert client.get("/recherche/").status_code == 200
    assert Trace.objects.get(verbe="cgu.acceptees").details == {"version": "1.0"}


def test_une_nouvelle_version_se_redemande_a_chacun(client, compte_local, horloge):
    client.force_login(compte_local(role=Role.OSNP))
    assert client.get("/").status_code == 200
    VersionCGU.objects.create(numero="2.0", texte="# Neuf", publiee_le=timezone.now() + timedelta(minutes=10))
    assert client.get("/").status_code == 200, "pas encore publiée"

    horloge.shift(timedelta(minutes=10))

    assert client.get("/").status_code == 302
    ancienne = client.post("/conditions-generales/", {"version": "1.0", "accepte": "on"})
    assert "Cochez la case" in ancienne.content.decode(), "on n’accepte pas une version qu’on n’a pas lue"


def test_l_acceptation_est_celle_de_la_personne(client, compte_local):
    """W-47 : le numéro d’un compte ne vaut pas pour un autre."""
    compte_local(role=Role.OSNP)
    client.force_login(compte_local(a_accepte=False, role=Role.OSNP))

    assert client.get("/").status_code == 302


def test_accepter_deux_fois_n_ecrit_qu_une_preuve(compte_local):
    compte = compte_local(a_accepte=False)
    version = en_vigueur(timezone.now())

    for _ in range(2):
        accepter(compte=compte, version=version, maintenant=timezone.now())

    assert AcceptationCGU.objects.count() == 1
    assert Trace.objects.filter(verbe="cgu.acceptees").count() == 1


def test_un_jeton_de_l_api_n_a_pas_de_cgu_a_accepter(client, compte_local):
    jeton = JetonFactory(compte=compte_local(a_accepte=False, role=Role.OSNP), portees=[Portee.RECHERCHE])
    Jeton.objects.filter(pk=jeton.pk).update(empreinte=Jeton.empreinte_de("le-secret"))

    reponse = client.post(
        "/api/v1/recherches/",
        {},
        content_type="application/json",
        headers={"Authorization": "Bearer le-secret"},
    )

    assert reponse.status_code == 400


def test_une_session_sans_cgu_n_appelle_pas_l_api(client, compte_local):
    client.force_login(compte_local(a_accepte=False, role=Role.OSNP))

    reponse = client.post("/api/v1/recherches/", {}, content_type="application/json")

    assert reponse.status_code == 403
    assert reponse.json()["code"] == "prealable"


def test_le_texte_des_cgu_se_lit_sans_compte(client, db):
    page = client.get("/conditions-generales/").content.decode()

    assert "Aucune donnée sur un patient ne doit y être saisie" in page
    assert "J’ai lu et j’accepte" not in page
