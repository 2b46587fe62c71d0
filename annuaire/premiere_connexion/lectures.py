"""Ce que l’annuaire sait d’une personne identifiée par Pro Santé Connect."""

from __future__ import annotations

from datetime import datetime

from django.db.models import TextChoices

from annuaire.models import Effecteur, LieuExercice, Profession
from comptes.domaine.identite import Identite
from comptes.enums import UsageLien
from comptes.models import Lien

USAGES = (UsageLien.RATTACHEMENT, UsageLien.CREATION)


class Situation(TextChoices):
    """Le libellé dit à la personne pourquoi elle peut, ou non, créer elle-même son compte."""

    EFFECTEUR = "effecteur", "Vous avez au moins un lieu d’exercice dans l’annuaire."
    SANS_EXERCICE = (
        "sans_exercice",
        "Pro Santé Connect n’indique pour vous aucun exercice d’une profession de santé.",
    )
    PROFESSION = (
        "profession",
        "La profession que Pro Santé Connect indique pour vous ne permet pas de créer un compte soi-même.",
    )
    ABSENT = "absent", "Votre identifiant national n’est pas encore dans l’annuaire de la plateforme."
    SANS_LIEU = "sans_lieu", "L’annuaire ne vous connaît aucun lieu d’exercice en activité."


def situation(identite: Identite) -> Situation:
    """Où en est cette personne dans l’annuaire ; elle seule le voit, l’adresse tapée n’y change rien."""
    if identite.professions and not Profession.objects.filter(code__in=identite.professions).exists():
        return Situation.PROFESSION
    numero = identite.identifiant_national
    effecteur = Effecteur.objects.filter(identifiant_national=numero, est_actif=True).first()
    if effecteur is None:
        return Situation.ABSENT if identite.exercices else Situation.SANS_EXERCICE
    if not LieuExercice.objects.filter(effecteur=effecteur, est_actif=True).exists():
        return Situation.SANS_LIEU
    return Situation.EFFECTEUR


def lien_en_cours(identite: Identite, email: str, *, maintenant: datetime) -> Lien | None:
    """Le dernier lien envoyé à cette personne, à cette adresse ; retrouvé en base, deux onglets y voient le même."""
    ouverts = Lien.objects.ouverts(maintenant).filter(email=email, usage__in=USAGES)
    siens = ouverts.filter(identite__identifiant_national=identite.identifiant_national)
    return siens.order_by("-pk").first()
