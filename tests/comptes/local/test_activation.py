"""Du courriel de bienvenue à la première page, et du mot de passe oublié au nouveau."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from comptes import liens
from comptes.connexion import page_d_arrivee
from comptes.enums import Role, UsageLien
from comptes.local import actions
from comptes.models import AcceptationCGU, Compte, Trace
from comptes.tasks import envoyer_courriels_dus
from tests.comptes.factories import CompteFactory
from tests.comptes.local.conftest import MOT_DE_PASSE

pytestmark = pytest.mark.django_db
NOUVEAU = "Coquelicot-Jaune-77"
CHOIX = {"password1": NOUVEAU, "cgu": "on"}


def chemin_recu(numero: int = -1) -> str:
    """Chemin du lien que porte le dernier courriel."""
    envoyer_courriels_dus()
    return re.search(r"https?://[^/\s]+(/compte/\S+)", mail.outbox[numero].body)[1]


@pytest.fixture
def invite(horloge) -> Compte:
    compte = CompteFactory(role=Role.DELEGATAIRE)
    compte.set_unusable_password()
    compte.save()
    actions.inviter(compte=compte, maintenant=timezone.now())
    return compte


def connecte(client) -> bool:
    return "_auth_user_id" in client.session


def test_le_lien_de_bienvenue_active_le_compte_et_connecte(client, invite):
    chemin = chemin_recu()
    page = client.get(chemin).content.decode()

    reponse = client.post(chemin, CHOIX)

    assert invite.email in page
    assert reponse.headers["Location"] == page_d_arrivee(invite)
    accueil = client.get("/")
    assert accueil.status_code == 200
    assert "Votre compte est activé." in accueil.content.decode()
    invite.refresh_from_db()
    assert invite.check_password(NOUVEAU)
    assert invite.mot_de_passe_change_le == timezone.now()
    assert AcceptationCGU.objects.get().compte == invite
    assert list(Trace.objects.order_by("pk").values_list("verbe", flat=True)) == [
        "cgu.acceptees",
        "mot_de_passe.change",
        "compte.active",
        "connexion",
    ]


@pytest.mark.parametrize(
    ("champs", "message"),
    [
        pytest.param({"password1": NOUVEAU}, "Acceptez les conditions", id="sans les CGU"),
        pytest.param({"password1": "court", "cgu": "on"}, "Il manque au mot de passe", id="format"),
        pytest.param({"password1": "Motdepasse2026!", "cgu": "on"}, "trop facile à deviner", id="devinable"),
        pytest.param({"password1": "Personne0@Exemple", "cgu": "on"}, "trop semblable", id="comme l’adresse"),
        pytest.param({"cgu": "on"}, "Renseignez ce mot de passe", id="vide"),
    ],
)
def test_un_choix_refuse_se_corrige_et_le_lien_sert_encore(client, invite, champs, message):
    invite.email = "personne0@exemple.invalid"
    invite.save()
    actions.inviter(compte=invite, maintenant=timezone.now())
    chemin = chemin_recu()

    reponse = client.post(chemin, champs)

    assert message in reponse.content.decode()
    assert not connecte(client)
    client.post(chemin, CHOIX)
    assert connecte(client)


def test_le_lien_ne_sert_qu_une_fois(client, invite):
    chemin = chemin_recu()
    client.post(chemin, CHOIX)

    autre = Client()
    reponse = autre.post(chemin, CHOIX | {"password1": "Marguerite-Blanche-3"})

    assert reponse.status_code == 410
    assert "Se connecter" in reponse.content.decode()
    assert "Recevoir un nouveau lien" not in reponse.content.decode()
    assert not connecte(autre)
    invite.refresh_from_db()
    assert invite.check_password(NOUVEAU)


def test_un_lien_expire_en_redonne_un_a_la_meme_adresse(client, invite, horloge):
    ancien = chemin_recu()
    horloge.shift(timedelta(hours=72))
    expire = client.get(ancien)

    renvoi = client.post(f"{ancien}renvoi/")

    assert expire.status_code == 410
    assert "Recevoir un nouveau lien" in expire.content.decode()
    assert "Un nouveau lien est parti" in renvoi.content.decode()
    neuf = chemin_recu()
    assert mail.outbox[-1].to == [invite.email]
    assert neuf != ancien
    client.post(neuf, CHOIX)
    assert connecte(client)


def test_les_renvois_sont_bornes(client, invite, horloge):
    ancien = chemin_recu()
    horloge.shift(timedelta(hours=72))

    etats = [client.post(f"{ancien}renvoi/").status_code for _ in range(4)]

    assert etats == [200, 200, 200, 429]


def test_un_renvoi_sur_un_lien_encore_bon_ramene_au_lien(client, invite):
    chemin = chemin_recu()

    assert client.post(f"{chemin}renvoi/").headers["Location"] == chemin


@pytest.mark.parametrize("secret", ["inconnu", "x" * 200, "é"])
def test_un_lien_invente_n_apprend_rien(client, db, secret):
    reponse = client.get(f"/compte/activation/{secret}/")

    assert reponse.status_code == 410
    assert "n’existe pas" in reponse.content.decode()


def test_le_lien_d_un_compte_desactive_n_ouvre_rien(client, invite):
    chemin = chemin_recu()
    Compte.objects.update(is_active=False)

    assert client.post(chemin, CHOIX).status_code == 410
    assert not connecte(client)


def test_le_lien_recu_a_une_ancienne_adresse_n_ouvre_rien(client, invite):
    chemin = chemin_recu()
    Compte.objects.update(email="autre@exemple.invalid")

    assert client.post(chemin, CHOIX).status_code == 410


def test_un_autre_lien_ne_vaut_pas_activation(client, invite):
    cree = liens.creer(
        usage=UsageLien.CHANGEMENT_EMAIL,
        email=invite.email,
        duree=timedelta(hours=1),
        maintenant=timezone.now(),
        compte=invite,
    )

    assert client.post(f"/compte/activation/{cree.secret}/", CHOIX).status_code == 410


def test_une_activation_ne_contourne_pas_le_second_facteur(client, compte_local):
    compte = compte_local(role=Role.GESTIONNAIRE_COMPTES)
    TOTP.activate(compte, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    actions.inviter(compte=compte, maintenant=timezone.now())

    reponse = client.post(chemin_recu(), CHOIX)

    assert reponse.headers["Location"] == "/compte/second-facteur/code/"
    assert not connecte(client)


def test_un_effecteur_cree_par_un_gestionnaire_entre_par_son_lien(client, horloge):
    """Le lien prouve l’adresse ; ensuite sa porte est Pro Santé Connect."""
    compte = CompteFactory(effecteur=True)
    actions.inviter(compte=compte, maintenant=timezone.now())

    client.post(chemin_recu(), CHOIX)

    assert client.get("/", follow=True).status_code == 200
    assert connecte(client)


def test_qui_est_deja_venu_par_pro_sante_connect_n_entre_pas_par_un_lien_d_activation(
    client, horloge, settings
):
    """« Mot de passe oublié » le donne à qui lit la boîte, souvent un secrétariat."""
    settings.CONNEXION_SECOURS = "fermee"
    compte = CompteFactory(effecteur=True, last_login=timezone.now())
    client.post("/compte/oubli/", {"email": compte.email})

    reponse = client.post(chemin_recu(), CHOIX)

    assert reponse.headers["Location"] == "/compte/secours/secours_fermee/"
    assert not connecte(client)


def test_activer_prend_la_session_d_un_autre_compte(client, invite, compte_local):
    client.force_login(compte_local())

    client.post(chemin_recu(), CHOIX)

    assert client.session["_auth_user_id"] == str(invite.pk)


@pytest.mark.django_db(transaction=True)
def test_deux_activations_au_meme_instant_n_en_font_qu_une():
    compte = CompteFactory()
    cree = liens.creer(
        usage=UsageLien.ACTIVATION,
        email=compte.email,
        duree=timedelta(hours=1),
        maintenant=timezone.now(),
        compte=compte,
    )
    depart, issues = threading.Barrier(2), []

    def activer(mot_de_passe: str) -> None:
        depart.wait()
        try:
            lien = liens.lire(cree.secret, usage=UsageLien.ACTIVATION, maintenant=timezone.now())
            actions.activer(lien=lien, mot_de_passe=mot_de_passe, maintenant=timezone.now())
            issues.append(mot_de_passe)
        except liens.LienPerime:
            issues.append("refusé")
        finally:
            connection.close()

    fils = [threading.Thread(target=activer, args=[mot]) for mot in (MOT_DE_PASSE, NOUVEAU)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join()

    compte.refresh_from_db()
    (gagnant,) = [issue for issue in issues if issue != "refusé"]
    assert sorted(issues, key=lambda issue: issue != "refusé")[0] == "refusé"
    assert compte.check_password(gagnant)


def test_un_mot_de_passe_oublie_se_remplace_en_72_heures(client, compte_local, horloge):
    compte = compte_local(role=Role.DELEGATAIRE)
    reponse = client.post("/compte/oubli/", {"email": compte.email.upper()})
    assert reponse.headers["Location"] == "/compte/oubli/envoye/"
    chemin = chemin_recu()
    assert "72 heures" in mail.outbox[-1].body

    horloge.shift(timedelta(hours=71, minutes=59))
    formulaire = client.get(chemin).headers["Location"]
    assert client.post(formulaire, {"password1": NOUVEAU}).headers["Location"] == "/compte/oubli/fait/"

    compte.refresh_from_db()
    assert compte.check_password(NOUVEAU)
    assert not connecte(client), "le nouveau mot de passe se tape, le second facteur aussi"
    assert "n’est plus valable" in Client().get(chemin).content.decode(), "le lien a servi"


def test_une_adresse_quittee_n_ouvre_plus_le_compte(client, compte_local):
    compte = compte_local(role=Role.DELEGATAIRE)
    client.post("/compte/oubli/", {"email": compte.email})
    client.post(client.get(chemin_recu()).headers["Location"], {"password1": NOUVEAU})
    Compte.objects.filter(pk=compte.pk).update(email="nouvelle@exemple.invalid")

    for adresse, entre in ((compte.email, False), ("nouvelle@exemple.invalid", True)):
        client.post("/compte/connexion/", {"login": adresse, "password": NOUVEAU})
        assert connecte(client) is entre, adresse


def test_apres_72_heures_le_lien_ne_vaut_plus(client, compte_local, horloge):
    client.post("/compte/oubli/", {"email": compte_local().email})
    chemin = chemin_recu()

    horloge.shift(timedelta(hours=72, seconds=1))

    assert "n’est plus valable" in client.get(chemin).content.decode()


@pytest.mark.parametrize("etat", ["inconnu", "désactivé", "connu"])
def test_l_oubli_repond_la_meme_chose_a_tous(client, compte_local, etat):
    adresse = "personne@exemple.invalid"
    if etat != "inconnu":
        adresse = compte_local(is_active=etat == "connu").email

    reponse = client.post("/compte/oubli/", {"email": adresse}, follow=True)
    envoyer_courriels_dus()

    assert "Si un compte porte cette adresse" in reponse.content.decode()
    assert len(mail.outbox) == (etat == "connu")


def test_qui_n_a_jamais_active_son_compte_recoit_un_lien_d_activation(client, invite):
    chemin_recu()

    client.post("/compte/oubli/", {"email": invite.email})

    assert chemin_recu().startswith("/compte/activation/")
    assert len(mail.outbox) == 2


def test_reinitialiser_leve_le_blocage(client, compte_local):
    compte = compte_local(role=Role.DELEGATAIRE)
    for _ in range(6):
        client.post("/compte/connexion/", {"login": compte.email, "password": "Mauvais-Mot-2026"})
    client.post("/compte/oubli/", {"email": compte.email})
    formulaire = client.get(chemin_recu()).headers["Location"]

    client.post(formulaire, {"password1": NOUVEAU})
    client.post("/compte/connexion/", {"login": compte.email, "password": NOUVEAU})

    assert connecte(client)


def test_un_nouveau_mot_de_passe_ferme_les_autres_sessions(client, compte_local):
    compte, ailleurs = compte_local(role=Role.DELEGATAIRE), Client()
    for navigateur in (client, ailleurs):
        navigateur.post("/compte/connexion/", {"login": compte.email, "password": MOT_DE_PASSE})

    client.post("/compte/mot-de-passe/", {"oldpassword": MOT_DE_PASSE, "password1": NOUVEAU})

    assert client.get("/compte/identifiants/").status_code == 200
    assert ailleurs.get("/compte/identifiants/").headers["Location"].startswith("/connexion/")


@pytest.mark.parametrize(
    ("champs", "message"),
    [
        pytest.param(
            {"oldpassword": "Faux-Mot-2026!", "password1": NOUVEAU},
            "pas votre mot de passe actuel",
            id="ancien",
        ),
        pytest.param(
            {"oldpassword": MOT_DE_PASSE, "password1": MOT_DE_PASSE}, "différent de l’actuel", id="le même"
        ),
    ],
)
def test_un_changement_refuse_dit_pourquoi(client, compte_local, champs, message):
    compte = compte_local(role=Role.DELEGATAIRE)
    client.post("/compte/connexion/", {"login": compte.email, "password": MOT_DE_PASSE})

    assert message in client.post("/compte/mot-de-passe/", champs).content.decode()


def test_un_compte_cree_sans_mot_de_passe_est_un_compte_a_activer(horloge):
    assert not CompteFactory().has_usable_password()
