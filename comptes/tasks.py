"""Tâches des comptes : envoi des courriels, ménage."""

from __future__ import annotations

import smtplib
from datetime import datetime
from urllib.parse import urlsplit

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from comptes.connecteurs import psc
from comptes.models import Courriel, Session, SessionOuverte

LOT_MAX = 500
REFUS_DEFINITIF = 500


@shared_task
def effacer_sessions_expirees() -> None:
    """Chaque heure : une session finie garde des adresses cherchées, elle ne reste pas en base."""
    Session.objects.filter(expire_date__lte=timezone.now()).delete()
    vivantes = Session.objects.values("session_key")
    SessionOuverte.objects.exclude(cle_session__in=vivantes).delete()


@shared_task(soft_time_limit=30)
def prolonger_session_psc(*, session_id: int) -> bool:
    """Renouvelle le jeton de rafraîchissement d’une session ; faux s’il n’y a rien à faire ou si c’est refusé.

    Un refus est définitif et se garde ; une panne se réessaie à la demande suivante.
    """
    with transaction.atomic():
        libres = SessionOuverte.objects.select_for_update(skip_locked=True)
        ouverte = libres.filter(pk=session_id).first()
        if ouverte is None or not ouverte.est_a_rafraichir(timezone.now()):
            return False
        try:
            ouverte.rafraichissement = psc.rafraichir(ouverte.rafraichissement).get("refresh_token") or ""
            ouverte.rafraichi_le = timezone.now()
        except psc.ReponseRefusee:
            ouverte.rafraichissement, ouverte.refus_le = "", timezone.now()
        except psc.PscIndisponible:
            return False
        ouverte.save(update_fields=["rafraichissement", "rafraichi_le", "refus_le"])
        return ouverte.refus_le is None


@shared_task(soft_time_limit=60)
def envoyer_courriel(courriel_id: int) -> bool:
    """Envoie un courriel dû ; faux s’il n’y a rien à faire, ou si l’envoi est remis à plus tard.

    La ligne verrouillée sert de garde : deux tâches n’envoient pas le même. Le
    prochain essai est écrit en base et non confié au courtier, qui peut tomber.
    """
    with transaction.atomic():
        dus = Courriel.objects.dus(timezone.now()).select_related("compte")
        courriel = dus.select_for_update(of=("self",), skip_locked=True).filter(pk=courriel_id).first()
        return courriel is not None and _tenter(courriel)


@shared_task(soft_time_limit=60)
def envoyer_courriels_dus() -> int:
    """Chaque minute : ce qui reste à envoyer, après une panne de la messagerie ou du courtier."""
    dus = Courriel.objects.dus(timezone.now()).order_by("prochain_essai_le", "pk")
    numeros = list(dus.values_list("pk", flat=True)[:LOT_MAX])
    for numero in numeros:
        envoyer_courriel.delay(numero)
    return len(numeros)


@shared_task
def relancer_inactifs() -> None:
    """Chaque jour ; une nuit sautée se rattrape la suivante."""
    call_command("relancer_inactifs", "--ecrire")


@shared_task
def rappeler_mots_de_passe() -> None:
    """Chaque jour ; une nuit sautée se rattrape la suivante."""
    call_command("rappeler_mots_de_passe", "--ecrire")


def _tenter(courriel: Courriel) -> bool:
    try:
        _message(courriel).send()
    # OSError : réseau et SMTP ; ValueError : une adresse que le message ne sait pas porter.
    except (OSError, ValueError) as erreur:
        if code := _refus_definitif(erreur):
            courriel.marquer_rejete(le=timezone.now(), erreur=f"refus {code}")
            _signaler(courriel, rejete_le=timezone.now())
        else:
            courriel.noter_echec(le=timezone.now(), erreur=type(erreur).__name__)
        return False
    courriel.marquer_envoye(le=timezone.now())
    _signaler(courriel, rejete_le=None)
    return True


def _signaler(courriel: Courriel, *, rejete_le: datetime | None) -> None:
    """Note sur le compte si son adresse reçoit ; celle du courriel peut ne plus être la sienne."""
    compte = courriel.compte
    if compte and compte.email == courriel.destinataire and (rejete_le or compte.courriel_rejete_le):
        compte.courriel_rejete_le = rejete_le
        compte.save(update_fields=["courriel_rejete_le"])


def _message(courriel: Courriel) -> EmailMultiAlternatives:
    """L’identifiant ne change pas d’un essai à l’autre : un doublon se reconnaît à l’arrivée."""
    hote = urlsplit(settings.URL_PUBLIQUE).hostname
    message = EmailMultiAlternatives(
        subject=courriel.sujet,
        body=courriel.corps_texte,
        to=[courriel.destinataire],
        headers={
            "Message-ID": f"<courriel-{courriel.pk}-{courriel.cree_le:%Y%m%d%H%M%S}@{hote}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    message.attach_alternative(courriel.corps_html, "text/html")
    return message


def _refus_definitif(erreur: Exception) -> int | None:
    """Code 5xx dont le destinataire est la cause ; un refus de l’expéditeur est notre panne, pas la sienne."""
    if isinstance(erreur, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in erreur.recipients.values()]
    elif isinstance(erreur, smtplib.SMTPDataError):
        codes = [erreur.smtp_code]
    else:
        return None
    return codes[0] if codes and min(codes) >= REFUS_DEFINITIF else None
