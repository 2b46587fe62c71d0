"""Le fil d’un désaccord : ouvrir, écrire, clore. Chaque geste prévient l’autre partie et se trace.

Les pages (celles du professionnel, celles de la caisse) ont vérifié qui agit ; ici, l’on écrit.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from annuaire.models import Departement, Effecteur, Perimetre, Structure
from comptes.actions import tracer
from comptes.courriels import ecrire as ecrire_un_courriel
from comptes.courriels import lien_public
from comptes.enums import Role
from comptes.models import Compte, Habilitation
from remuneration.enums import EtatContestation
from remuneration.models import Contestation, MessageContestation, Periode, Succession


class ContestationRefusee(Exception):
    """Le message est montrable."""


def ouvrir(
    *,
    periode: Periode,
    departement: Departement,
    texte: str,
    par: Compte,
    maintenant: datetime,
    effecteur: Effecteur | None = None,
    structure: Structure | None = None,
) -> Contestation:
    """Ouvre le fil d’un bénéficiaire (l’un ou l’autre) et prévient la caisse de `departement`.

    Lève `ContestationRefusee` si un fil est déjà ouvert pour cette période.
    """
    try:
        with transaction.atomic():
            contestation = Contestation.objects.create(
                periode=periode,
                effecteur=effecteur,
                structure=structure,
                departement=departement,
                ouverte_le=maintenant,
            )
            MessageContestation.objects.create(
                contestation=contestation, auteur=par, de_la_caisse=False, texte=texte, le=maintenant
            )
            _prevenir_la_caisse(contestation, "contestation_ouverte", maintenant)
            tracer(
                acteur=par,
                verbe="contestation.ouverte",
                objet=f"contestation:{contestation.pk}",
                periode=periode.code,
                departement=departement.pk,
            )
    except IntegrityError:
        raise ContestationRefusee("Une contestation est déjà ouverte pour cette période.") from None
    return contestation


def ecrire(
    contestation: Contestation, *, texte: str, par: Compte, de_la_caisse: bool, maintenant: datetime
) -> MessageContestation:
    """Ajoute un message et prévient l’autre partie ; le même deux fois de suite n’en fait qu’un.

    Lève `ContestationRefusee` si le fil est clos.
    """
    with transaction.atomic():
        tenue = _tenir(contestation)
        dernier = tenue.messages.order_by("-le", "-pk").first()
        if dernier and (dernier.auteur, dernier.de_la_caisse, dernier.texte) == (par, de_la_caisse, texte):
            return dernier
        message = MessageContestation.objects.create(
            contestation=tenue, auteur=par, de_la_caisse=de_la_caisse, texte=texte, le=maintenant
        )
        _passer(tenue, EtatContestation.REPONDUE if de_la_caisse else EtatContestation.OUVERTE)
        if de_la_caisse:
            _prevenir_le_beneficiaire(tenue, "contestation_reponse", maintenant)
        else:
            _prevenir_la_caisse(tenue, "contestation_message", maintenant)
        tracer(
            acteur=par,
            verbe="contestation.reponse" if de_la_caisse else "contestation.message",
            objet=f"contestation:{tenue.pk}",
        )
    contestation.refresh_from_db(fields=["etat"])
    return message


def clore(
    contestation: Contestation, *, par: Compte, de_la_caisse: bool, maintenant: datetime, texte: str = ""
) -> None:
    """Clôt le fil, avec un dernier message s’il y en a un, et prévient l’autre partie.

    Un nouveau désaccord sur la même période ouvre un autre fil. Lève
    `ContestationRefusee` si le fil est déjà clos.
    """
    with transaction.atomic():
        tenue = _tenir(contestation)
        if texte:
            MessageContestation.objects.create(
                contestation=tenue, auteur=par, de_la_caisse=de_la_caisse, texte=texte, le=maintenant
            )
        _passer(tenue, EtatContestation.CLOSE)
        if de_la_caisse:
            _prevenir_le_beneficiaire(tenue, "contestation_close", maintenant)
        else:
            _prevenir_la_caisse(tenue, "contestation_retiree", maintenant)
        tracer(
            acteur=par,
            verbe="contestation.close",
            objet=f"contestation:{tenue.pk}",
            de_la_caisse=de_la_caisse,
        )
    contestation.refresh_from_db(fields=["etat"])


def agents_de_la_caisse(departement: Departement, *, instant: datetime) -> QuerySet[Compte]:
    """Agents de CPAM dont un territoire touche ce département, en entier ou par une commune."""
    perimetres = Perimetre.objects.en_cours(instant).filter(
        Q(territoire__departements=departement) | Q(territoire__communes__departement=departement),
        habilitation__in=Habilitation.objects.filter(role=Role.CPAM).en_cours(instant),
    )
    comptes = Compte.objects.filter(pk__in=perimetres.values("habilitation__compte"))
    return comptes.filter(is_active=True).order_by("pk")


def beneficiaires(contestation: Contestation, *, instant: datetime) -> QuerySet[Compte]:
    """Le compte du professionnel, sous son nouvel identifiant s’il en a changé, ou les gestionnaires de la structure."""
    actifs = Compte.objects.filter(is_active=True).order_by("pk")
    if contestation.effecteur is not None:
        successeurs = Succession.objects.filter(ancien=contestation.effecteur).values("nouveau")
        siens = Effecteur.objects.filter(Q(pk=contestation.effecteur.pk) | Q(pk__in=successeurs))
        return actifs.filter(identifiant_national__in=siens.values("identifiant_national"))
    perimetres = Perimetre.objects.en_cours(instant).filter(
        structure=contestation.structure_id,
        habilitation__in=Habilitation.objects.filter(role=Role.GESTIONNAIRE_STRUCTURE).en_cours(instant),
    )
    return actifs.filter(pk__in=perimetres.values("habilitation__compte"))


def _tenir(contestation: Contestation) -> Contestation:
    tenue = Contestation.objects.select_for_update(of=("self",)).get(pk=contestation.pk)
    if tenue.etat == EtatContestation.CLOSE:
        raise ContestationRefusee("Cette contestation est close.")
    return tenue


def _passer(contestation: Contestation, etat: EtatContestation) -> None:
    contestation.etat = etat
    contestation.save(update_fields=["etat"])


def _prevenir_la_caisse(contestation: Contestation, gabarit: str, instant: datetime) -> None:
    agents = agents_de_la_caisse(contestation.departement, instant=instant)
    _prevenir(contestation, agents, gabarit, "caisse:contestation")


def _prevenir_le_beneficiaire(contestation: Contestation, gabarit: str, instant: datetime) -> None:
    titulaires = beneficiaires(contestation, instant=instant)
    _prevenir(contestation, titulaires, gabarit, "ma_participation:contestation")


def _prevenir(contestation: Contestation, comptes: Iterable[Compte], gabarit: str, route: str) -> None:
    """Rien du désaccord ne part par courriel : il se lit sur la plateforme, une fois connecté."""
    lien = lien_public(reverse(route, kwargs={"contestation_id": contestation.pk}))
    contexte = {"periode": contestation.periode, "departement": contestation.departement, "lien": lien}
    for compte in comptes:
        if compte.email:
            ecrire_un_courriel(
                gabarit=f"remuneration/{gabarit}", destinataire=compte.email, contexte=contexte, compte=compte
            )
