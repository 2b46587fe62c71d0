"""Partir vers le site d’un éditeur : l’acte est noté, le rendez-vous se prend là-bas."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction

from agenda.lectures import creneau_editeur, place_de_marche
from agenda.offre import rafraichir
from comptes.actions import tracer
from comptes.droits import peut
from comptes.enums import Action
from comptes.models import Compte
from orientation.actions import OrientationInterdite, OrientationRefusee, borner_l_attente
from orientation.destinataires import territoire_de_la_commune, territoire_du_regulateur
from orientation.models import Redirection


class CreneauParti(OrientationRefusee):
    code = "perimee"


@transaction.atomic
def rediriger(*, acteur: Compte, creneau_id: str, maintenant: datetime) -> str:
    """Note le départ vers le site de l’éditeur ; rend le lien de réservation, `origin` compris.

    Lève `CreneauParti` si le créneau n’est plus proposé.
    """
    if not peut(acteur, Action.ORIENTER):
        raise OrientationInterdite("Votre rôle ne permet pas d’orienter un patient.")
    creneau = creneau_editeur(creneau_id, maintenant)
    if creneau is not None:
        borner_l_attente()
        # Un éditeur coupé ou un hôte retiré à l’instant : on n’envoie personne sur la foi de la copie.
        rafraichir([creneau.lieu.pk], maintenant)
        creneau = creneau_editeur(creneau_id, maintenant)
    if creneau is None:
        raise CreneauParti("Ce créneau n’est plus proposé par l’éditeur.")
    redirection = Redirection.objects.create(
        acteur=acteur,
        editeur=creneau.editeur,
        lieu=creneau.lieu,
        debut=creneau.debut,
        fin=creneau.fin,
        hote=urlsplit(creneau.lien).hostname or "",
        le=maintenant,
        territoire=territoire_du_regulateur(acteur, creneau.lieu, maintenant=maintenant),
        territoire_destinataire=territoire_de_la_commune(creneau.lieu.commune),
    )
    tracer(
        acteur=acteur,
        verbe="redirection.enregistree",
        objet=f"redirection:{redirection.uuid}",
        lieu=creneau.lieu.pk,
        editeur=creneau.editeur.code,
    )
    return creneau.lien


@transaction.atomic
def rediriger_vers_la_place_de_marche(*, acteur: Compte, code: str, maintenant: datetime) -> str:
    """Note le départ vers la place de marché de l’éditeur de ce code ; rend son adresse, `origin` compris.

    Rien de la recherche n’y est ajouté. Lève `CreneauParti` si l’éditeur n’en a pas, ou plus.
    """
    if not peut(acteur, Action.ORIENTER):
        raise OrientationInterdite("Votre rôle ne permet pas d’orienter un patient.")
    place = place_de_marche(code)
    if place is None:
        raise CreneauParti("La place de marché de cet éditeur n’est plus ouverte.")
    redirection = Redirection.objects.create(
        acteur=acteur,
        editeur=place.editeur,
        hote=urlsplit(place.lien).hostname or "",
        le=maintenant,
        territoire=territoire_du_regulateur(acteur, None, maintenant=maintenant),
    )
    tracer(
        acteur=acteur,
        verbe="redirection.enregistree",
        objet=f"redirection:{redirection.uuid}",
        editeur=place.editeur.code,
    )
    return place.lien
