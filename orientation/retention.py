"""Ce qui s’efface d’une orientation quand le temps de la conservation est passé."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils.crypto import salted_hmac

from orientation.models import Annulation, IssueOrientation, Orientation, Redirection, RendezVous

Acte = TypeVar("Acte", Orientation, Redirection, Annulation, IssueOrientation)
CLE_EFFACEE = "effacee:"
_SEL = "orientation.pseudonyme"


def pseudonyme_de(compte_id: int) -> str:
    """Le même pour tous les actes d’une personne : on compte encore, on ne nomme plus sans la clé du site."""
    return salted_hmac(_SEL, str(compte_id), algorithm="sha256").hexdigest()[:32]


def pseudonymiser(actes: QuerySet[Acte]) -> int:
    """Remplace la personne par son pseudonyme ; le lieu reste, il justifie ce qui est dû à l’effecteur."""
    acteurs = list(actes.order_by().values_list("acteur", flat=True).distinct())
    return sum(
        actes.filter(acteur=acteur).update(acteur=None, pseudonyme=pseudonyme_de(acteur))
        for acteur in acteurs
        if acteur is not None
    )


def pseudonymiser_les_regulateurs(rendez_vous: QuerySet[RendezVous]) -> int:
    """Le régulateur devient son pseudonyme ; celui qu’on n’a pas reconnu perd son identifiant."""
    # Les inconnus d’abord : un connu devenu pseudonyme n’a plus de régulateur, et leur ressemblerait.
    lus = rendez_vous.order_by().values_list("regulateur", flat=True).distinct()
    regulateurs = sorted(lus, key=lambda regulateur: regulateur is not None)
    return sum(
        rendez_vous.filter(regulateur=regulateur).update(
            regulateur=None,
            regulateur_systeme="",
            regulateur_identifiant="",
            pseudonyme=pseudonyme_de(regulateur) if regulateur is not None else "",
        )
        for regulateur in regulateurs
    )


def a_une_cle_d_appelant(avant: datetime) -> QuerySet[Orientation]:
    """Orientations d’avant cet instant qui portent encore la clé choisie par l’appelant."""
    return Orientation.objects.filter(prise_le__lt=avant).exclude(cle__startswith=CLE_EFFACEE)


def effacer_les_cles(orientations: QuerySet[Orientation]) -> int:
    """La clé d’idempotence est un texte libre de l’appelant : rejouer une demande si tard n’a plus de sens."""
    return orientations.update(cle=Concat(Value(CLE_EFFACEE), Cast(F("uuid"), TextField())))
