"""Mots de passe des comptes locaux : règle, changement, expiration et rappel."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse

from comptes.actions import tracer
from comptes.courriels import ecrire, lien_public
from comptes.domaine.durees import plus_mois
from comptes.domaine.mots_de_passe import LONGUEUR_MAX, est_devinable, manques
from comptes.models import Compte


class Format:
    """Validateur de Django : le format du guide effecteur, en un seul message."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > LONGUEUR_MAX:
            raise ValidationError(f"Le mot de passe a au plus {LONGUEUR_MAX} caractères.", code="trop_long")
        if absents := manques(password):
            raise ValidationError(f"Il manque au mot de passe : {', '.join(absents)}.", code="format")

    def get_help_text(self) -> str:
        return "12 caractères au moins, avec majuscule, minuscule, chiffre et caractère spécial."


class NonDevinable:
    """Validateur de Django : refuse les mots de passe que le format laisse passer et que tout le monde essaie."""

    def validate(self, password: str, user: Any = None) -> None:
        if est_devinable(password):
            raise ValidationError(
                "Ce mot de passe est trop facile à deviner. Une phrase personnelle convient mieux.",
                code="devinable",
            )

    def get_help_text(self) -> str:
        return "Pas de mot courant ni de répétition."


def verifier(mot_de_passe: str, compte: Compte) -> None:
    """Lève `ValidationError` si ce mot de passe ne convient pas, ou si c’est déjà le sien."""
    validate_password(mot_de_passe, compte)
    if compte.has_usable_password() and compte.check_password(mot_de_passe):
        raise ValidationError("Choisissez un mot de passe différent de l’actuel.", code="identique")


def poser(compte: Compte, mot_de_passe: str, *, maintenant: datetime) -> None:
    """Change le mot de passe ; les autres sessions de la personne se ferment, leur empreinte ne vaut plus."""
    with transaction.atomic():
        compte.set_password(mot_de_passe)
        compte.mot_de_passe_change_le = maintenant
        compte.rappel_mot_de_passe_le = None
        compte.save(update_fields=["password", "mot_de_passe_change_le", "rappel_mot_de_passe_le"])
        tracer(acteur=compte, verbe="mot_de_passe.change", objet=f"compte:{compte.pk}")


def expire_le(compte: Compte) -> datetime | None:
    """Fin de validité, ou rien si le compte n’a pas de mot de passe daté."""
    if compte.mot_de_passe_change_le is None:
        return None
    return plus_mois(compte.mot_de_passe_change_le, settings.MOT_DE_PASSE_EXPIRE_MOIS)


def est_expire(compte: Compte, *, maintenant: datetime) -> bool:
    """Un mot de passe sans date vient d’ailleurs : il est à changer."""
    fin = expire_le(compte)
    return fin is None or fin <= maintenant


def a_rappeler(maintenant: datetime) -> QuerySet[Compte]:
    """Comptes dont le mot de passe expire dans le mois, ou a expiré, et que rien n’a encore prévenus.

    « Au moins trois mois », jamais un jour précis : une nuit sautée se rattrape
    la suivante. Un mot de passe changé remet le rappel à zéro.
    """
    seuil = plus_mois(maintenant, -settings.MOT_DE_PASSE_RAPPEL_MOIS)
    return (
        Compte.objects.filter(is_active=True, email__isnull=False, mot_de_passe_change_le__lte=seuil)
        .filter(
            Q(rappel_mot_de_passe_le=None) | Q(rappel_mot_de_passe_le__lt=F("mot_de_passe_change_le")),
            ~Q(password__startswith=UNUSABLE_PASSWORD_PREFIX),
        )
        .order_by("pk")
    )


def rappeler(compte_id: int, *, maintenant: datetime) -> bool:
    """Écrit le rappel d’un compte, une seule fois ; faux s’il n’y a plus lieu."""
    with transaction.atomic():
        compte = a_rappeler(maintenant).select_for_update(of=("self",)).filter(pk=compte_id).first()
        if compte is None or compte.email is None:
            return False
        ecrire(
            gabarit="comptes/mot_de_passe_expire",
            destinataire=compte.email,
            contexte={
                "prenom": compte.prenom,
                "nom": compte.nom,
                "lien": lien_public(reverse("account_change_password")),
                "date_expiration": expire_le(compte),
            },
            compte=compte,
        )
        compte.rappel_mot_de_passe_le = maintenant
        compte.save(update_fields=["rappel_mot_de_passe_le"])
    return True
