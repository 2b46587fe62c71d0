"""Un courriel part une fois, malgré les pannes, et ne garde pas ses liens."""

import smtplib
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import transaction
from django.utils import timezone

from comptes.courriels import ecrire
from comptes.enums import EtatCourriel
from comptes.models import Courriel
from comptes.models.courriels import ESSAIS_MAX
from comptes.tasks import envoyer_courriel, envoyer_courriels_dus
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db

LIEN = "https://sas.example.fr/compte/activation/secret/"


def bienvenue(compte=None, **contexte) -> Courriel:
    contexte = {"prenom": "Alix", "nom": "D’Arc & fils", "lien": LIEN, "duree_h": 72} | contexte
    adresse = compte.email if compte else "alix@exemple.invalid"
    return ecrire(gabarit="comptes/bienvenue", destinataire=adresse, contexte=contexte, compte=compte)


@pytest.fixture
def panne(monkeypatch):
    """`panne(erreur)` : le serveur de messagerie répond ainsi ; `panne(None)` le répare."""

    def poser(erreur: Exception | None) -> None:
        def envoyer(self, fail_silently=False):
            if erreur:
                raise erreur
            mail.outbox.append(self)
            return 1

        monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", envoyer)

    return poser


def test_un_courriel_ecrit_part_apres_la_transaction(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        courriel = bienvenue()
        assert mail.outbox == []

    (message,) = mail.outbox
    courriel.refresh_from_db()
    assert message.to == ["alix@exemple.invalid"]
    assert LIEN in message.body
    assert courriel.etat == EtatCourriel.ENVOYE
    assert courriel.envoye_le is not None


def test_le_texte_et_le_html_portent_les_memes_mots_et_seul_le_html_echappe(
    django_capture_on_commit_callbacks,
):
    with django_capture_on_commit_callbacks(execute=True):
        bienvenue()

    message = mail.outbox[0]
    (html,) = [contenu for contenu, nature in message.alternatives if nature == "text/html"]
    assert "D’Arc & fils" in message.body
    assert "D’Arc &amp; fils" in html
    assert f'href="{LIEN}"' in html
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"


def test_un_courriel_dont_la_transaction_echoue_ne_part_pas(django_capture_on_commit_callbacks):
    def echouer() -> None:
        with transaction.atomic():
            bienvenue()
            raise RuntimeError

    with django_capture_on_commit_callbacks(execute=True), pytest.raises(RuntimeError):
        echouer()

    assert mail.outbox == []
    assert not Courriel.objects.exists()


def test_un_courriel_envoye_ne_garde_pas_son_lien_et_ne_repart_pas():
    courriel = bienvenue()
    assert LIEN in courriel.corps_texte

    premier, second = envoyer_courriel(courriel.pk), envoyer_courriel(courriel.pk)

    courriel.refresh_from_db()
    assert (premier, second) == (True, False)
    assert len(mail.outbox) == 1
    assert courriel.corps_texte == courriel.corps_html == ""


def test_un_saut_de_ligne_dans_un_nom_n_ajoute_pas_d_en_tete():
    courriel = ecrire(
        gabarit="comptes/adresse_changee",
        destinataire="alix@exemple.invalid",
        contexte={"prenom": "A\nBcc: tous@exemple.invalid", "nom": "B", "nouvelle_adresse": "c@d.invalid"},
    )

    assert envoyer_courriel(courriel.pk)
    assert "\n" not in mail.outbox[0].subject
    assert mail.outbox[0].recipients() == ["alix@exemple.invalid"]


@pytest.mark.parametrize(
    "erreur",
    [
        pytest.param(ConnectionRefusedError(), id="serveur éteint"),
        pytest.param(TimeoutError(), id="serveur muet"),
        pytest.param(smtplib.SMTPServerDisconnected(), id="coupure"),
        pytest.param(smtplib.SMTPRecipientsRefused({"a": (450, b"plus tard")}), id="refus passager"),
        pytest.param(smtplib.SMTPSenderRefused(550, b"non", "nous"), id="notre adresse refusée"),
        pytest.param(smtplib.SMTPAuthenticationError(535, b"non"), id="notre mot de passe refusé"),
    ],
)
def test_une_panne_remet_l_envoi_a_plus_tard_puis_il_part(horloge, panne, erreur):
    compte = CompteFactory()
    courriel = bienvenue(compte)
    panne(erreur)

    assert not envoyer_courriel(courriel.pk)
    assert envoyer_courriels_dus() == 0, "le prochain essai n’est pas encore venu"
    panne(None)
    horloge.shift(timedelta(minutes=1))
    assert envoyer_courriels_dus() == 1

    courriel.refresh_from_db()
    compte.refresh_from_db()
    assert len(mail.outbox) == 1
    assert courriel.etat == EtatCourriel.ENVOYE
    assert compte.courriel_rejete_le is None


def test_les_essais_s_espacent_puis_s_arretent(horloge, panne):
    panne(ConnectionRefusedError())
    courriel = bienvenue()
    attentes = []
    for _ in range(ESSAIS_MAX):
        envoyer_courriel(courriel.pk)
        courriel.refresh_from_db()
        attentes.append(courriel.prochain_essai_le - timezone.now())
        horloge.move_to(max(courriel.prochain_essai_le, timezone.now()))

    assert attentes[:4] == [timedelta(minutes=m) for m in (1, 2, 4, 8)]
    assert max(attentes) == timedelta(hours=4)
    assert courriel.etat == EtatCourriel.ABANDONNE
    assert courriel.erreur == "ConnectionRefusedError"
    assert courriel.corps_texte == ""
    assert courriel.essais == ESSAIS_MAX


@pytest.mark.parametrize(
    "erreur",
    [
        pytest.param(smtplib.SMTPRecipientsRefused({"a": (550, b"inconnu")}), id="destinataire inconnu"),
        pytest.param(smtplib.SMTPDataError(554, b"non"), id="message refusé"),
    ],
)
def test_une_adresse_refusee_est_signalee_sur_le_compte(panne, erreur):
    compte = CompteFactory()
    courriel = bienvenue(compte)
    panne(erreur)

    assert not envoyer_courriel(courriel.pk)

    courriel.refresh_from_db()
    compte.refresh_from_db()
    assert courriel.etat == EtatCourriel.REJETE
    assert courriel.corps_html == ""
    assert compte.courriel_rejete_le is not None


def test_le_refus_d_une_ancienne_adresse_ne_signale_pas_la_nouvelle(panne):
    compte = CompteFactory()
    courriel = bienvenue(compte)
    compte.email = "nouvelle@exemple.invalid"
    compte.save()
    panne(smtplib.SMTPRecipientsRefused({"a": (550, b"inconnu")}))

    envoyer_courriel(courriel.pk)

    compte.refresh_from_db()
    assert compte.courriel_rejete_le is None


def test_une_adresse_qui_recoit_de_nouveau_n_est_plus_signalee():
    compte = CompteFactory(courriel_rejete_le=timezone.now())

    envoyer_courriel(bienvenue(compte).pk)

    compte.refresh_from_db()
    assert compte.courriel_rejete_le is None


def test_un_courtier_muet_n_empeche_pas_l_ecriture_et_le_balayage_envoie(
    django_capture_on_commit_callbacks, monkeypatch
):
    def refuser(*args, **kwargs):
        raise ConnectionError

    with monkeypatch.context() as sans_courtier, django_capture_on_commit_callbacks(execute=True):
        sans_courtier.setattr(envoyer_courriel, "delay", refuser)
        bienvenue()
    assert mail.outbox == []

    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        envoyer_courriels_dus()

    assert len(mail.outbox) == 1
