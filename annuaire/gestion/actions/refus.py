"""Refus nommés ; leur message se montre tel quel."""

from __future__ import annotations

from annuaire.gestion.saisie import Etat
from comptes.models import Compte


class CompteRefuse(Exception):
    """`champ` : celui du formulaire où poser le message."""

    champ = ""
    message = ""

    def __init__(self, message: str = "", champ: str = "") -> None:
        self.message = message or self.message
        self.champ = champ or self.champ
        super().__init__(self.message)


class EmailPris(CompteRefuse):
    champ = "email"
    message = "Un compte porte déjà cette adresse électronique."

    def __init__(self, compte: Compte | None = None) -> None:
        self.compte = compte
        if compte is not None and not compte.is_active:
            super().__init__("Un compte désactivé porte déjà cette adresse électronique : réactivez-le.")
        else:
            super().__init__()


class IdentifiantPris(CompteRefuse):
    champ = "identifiant"
    message = "Le numéro RPPS/ADELI saisi est déjà utilisé par un autre compte effecteur sur le SAS."


class CompteDeborde(CompteRefuse):
    message = (
        "Ce compte relève aussi d’un territoire qui n’est pas le vôtre. "
        "Retirez-lui ses rôles dans vos territoires, ou adressez-vous à un administrateur national."
    )


class EtatChange(CompteRefuse):
    message = "Quelqu’un a modifié ce compte pendant votre saisie."

    def __init__(self, actuel: Etat) -> None:
        super().__init__()
        self.actuel = actuel


class LotRefuse(CompteRefuse):
    """Une ligne d’un import est refusée : aucune n’est créée. `rang` compte depuis zéro."""

    def __init__(self, rang: int, refus: CompteRefuse) -> None:
        super().__init__(refus.message, refus.champ)
        self.rang = rang
