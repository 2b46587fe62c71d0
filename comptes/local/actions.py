"""Activer un compte, changer d’adresse : ce qui s’écrit, et les courriels qui le disent."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse

from comptes import cgu, liens, mots_de_passe
from comptes.actions import tracer
from comptes.courriels import ecrire, lien_public
from comptes.enums import UsageLien
from comptes.models import Compte, Lien


class AdressePrise(Exception):
    """L’adresse est celle d’un autre compte (U-21)."""

    def __init__(self, adresse: str) -> None:
        super().__init__(f"ATTENTION : Votre Adresse e-mail {adresse} existe.")


def inviter(*, compte: Compte, maintenant: datetime) -> None:
    """Courriel de bienvenue, avec un lien d’activation qui remplace les précédents."""
    assert compte.email
    duree = timedelta(hours=settings.LIEN_ADRESSE_DUREE_H)
    cree = liens.creer(
        usage=UsageLien.ACTIVATION, email=compte.email, duree=duree, maintenant=maintenant, compte=compte
    )
    ecrire(
        gabarit="comptes/bienvenue",
        destinataire=compte.email,
        contexte={
            "prenom": compte.prenom,
            "nom": compte.nom,
            "lien": lien_public(reverse("comptes:activation", kwargs={"secret": cree.secret})),
            "duree_h": settings.LIEN_ADRESSE_DUREE_H,
        },
        compte=compte,
    )


@transaction.atomic
def activer(*, lien: Lien, mot_de_passe: str, maintenant: datetime) -> Compte:
    """Pose le premier mot de passe et note l’acceptation des CGU. Lève `LienPerime` si le lien a déjà servi."""
    liens.consommer(lien, maintenant=maintenant)
    assert lien.compte
    compte = Compte.objects.select_for_update().get(pk=lien.compte.pk)
    if version := cgu.a_accepter(compte, maintenant=maintenant):
        cgu.accepter(compte=compte, version=version, maintenant=maintenant)
    mots_de_passe.poser(compte, mot_de_passe, maintenant=maintenant)
    tracer(acteur=compte, verbe="compte.active", objet=f"compte:{compte.pk}")
    return compte


@transaction.atomic
def demander_adresse(*, compte: Compte, adresse: str, maintenant: datetime) -> None:
    """Envoie la confirmation à la nouvelle adresse ; l’ancienne vaut jusque-là. Lève `AdressePrise`."""
    if Compte.objects.filter(email=adresse).exists():
        raise AdressePrise(adresse)
    duree = timedelta(hours=settings.LIEN_ADRESSE_DUREE_H)
    cree = liens.creer(
        usage=UsageLien.CHANGEMENT_EMAIL, email=adresse, duree=duree, maintenant=maintenant, compte=compte
    )
    ecrire(
        gabarit="comptes/changement_adresse",
        destinataire=adresse,
        contexte={
            "prenom": compte.prenom,
            "nom": compte.nom,
            "lien": lien_public(reverse("comptes:adresse_confirmer", kwargs={"secret": cree.secret})),
            "duree_h": settings.LIEN_ADRESSE_DUREE_H,
        },
        compte=compte,
    )
    tracer(acteur=compte, verbe="adresse.demandee", objet=f"compte:{compte.pk}")


def changer_adresse(*, lien: Lien, maintenant: datetime) -> Compte:
    """Donne au compte l’adresse que le lien prouve, et prévient l’ancienne. Lève `LienPerime` ou `AdressePrise`.

    Les liens envoyés à l’ancienne adresse ne valent plus : qui la lit encore ne
    doit pas pouvoir s’en servir.
    """
    assert lien.compte
    try:
        with transaction.atomic():
            liens.consommer(lien, maintenant=maintenant)
            compte = Compte.objects.select_for_update().get(pk=lien.compte.pk)
            ancienne, compte.email = compte.email, lien.email
            compte.courriel_rejete_le = None
            compte.save(update_fields=["email", "courriel_rejete_le"])
            Lien.objects.ouverts(maintenant).filter(compte=compte).update(annule_le=maintenant)
            annoncer_adresse(compte, ancienne)
            tracer(acteur=compte, verbe="adresse.changee", objet=f"compte:{compte.pk}")
    except IntegrityError:
        raise AdressePrise(lien.email) from None
    return compte


def annoncer_adresse(compte: Compte, ancienne: str | None) -> None:
    """La nouvelle adresse souhaite la bienvenue ; l’ancienne prévient, au cas où ce ne serait pas voulu."""
    assert compte.email
    contexte = {"prenom": compte.prenom, "nom": compte.nom, "nouvelle_adresse": compte.email}
    connexion = lien_public(reverse("comptes:connexion"))
    ecrire(
        gabarit="comptes/bienvenue_adresse",
        destinataire=compte.email,
        contexte=contexte | {"lien": connexion},
        compte=compte,
    )
    if ancienne:
        ecrire(gabarit="comptes/adresse_changee", destinataire=ancienne, contexte=contexte, compte=compte)
