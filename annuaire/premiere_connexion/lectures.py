"""Ce que l’annuaire sait d’une personne identifiée par Pro Santé Connect."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, TextChoices
from django.utils import timezone

from annuaire.models import Commune, Effecteur, LieuExercice, Profession, Structure, Territoire
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


def boites_a_ecrire(identite: Identite, *, maintenant: datetime) -> list[Territoire]:
    """Territoires, dont la boîte des gestionnaires est connue, où cette personne exerce ou a exercé.

    D’après ses lieux, même fermés, et les établissements que nomme Pro Santé
    Connect ; vide pour qui n’y a ni lieu ni établissement.
    """
    activites = [activite for exercice in identite.exercices for activite in exercice.activites]
    lieux = LieuExercice.objects.filter(effecteur__identifiant_national=identite.identifiant_national)
    structures = Structure.objects.filter(
        Q(finess__in={activite.finess for activite in activites} - {""})
        | Q(siret__in={activite.siret for activite in activites} - {""})
    )
    communes = Commune.objects.filter(
        Q(pk__in=lieux.values("commune"))
        | Q(pk__in=structures.values("commune"))
        | Q(codes_postaux__overlap=sorted({activite.code_postal for activite in activites} - {""}))
    )
    jour = timezone.localdate(maintenant)
    return list(
        Territoire.objects.filter(
            Q(departements__in=communes.values("departement"))
            | Q(communes__in=communes)
            | Q(communes__in=communes.values("commune_parente"))
        )
        .filter(Q(ferme_date=None) | Q(ferme_date__gt=jour))
        .exclude(courriel_gestionnaires="")
        .distinct()
        .order_by("nom")
    )


def lien_en_cours(identite: Identite, email: str, *, maintenant: datetime) -> Lien | None:
    """Le dernier lien envoyé à cette personne, à cette adresse ; retrouvé en base, deux onglets y voient le même."""
    ouverts = Lien.objects.ouverts(maintenant).filter(email=email, usage__in=USAGES)
    siens = ouverts.filter(identite__identifiant_national=identite.identifiant_national)
    return siens.order_by("-pk").first()
