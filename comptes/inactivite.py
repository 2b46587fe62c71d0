"""Comptes sans connexion : deux avertissements, puis la fin des rôles (U-41).

Les seuils sont des « au moins », et chaque pas exige que le courriel du
précédent soit parti depuis le délai qu’il annonce : une nuit sautée se rattrape,
et une panne, d’ici ou de la messagerie, ne retire ses rôles à personne qui n’ait
été prévenu à temps.
"""

from __future__ import annotations

import enum
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.urls import reverse

from comptes.actions import tracer
from comptes.courriels import ecrire, lien_public
from comptes.domaine.durees import plus_mois
from comptes.enums import EtatCourriel
from comptes.models import Compte, Courriel, Habilitation

GABARITS = {1: "comptes/inactivite_1", 2: "comptes/inactivite_2", 3: "comptes/inactivite_3"}


class Pas(enum.StrEnum):
    PREMIER = "premier avertissement"
    SECOND = "second avertissement"
    RETRAIT = "rôles retirés"


def inactifs(maintenant: datetime) -> QuerySet[Compte]:
    """Comptes qui ont encore un rôle et une adresse, sans connexion depuis le premier seuil au moins.

    `inactif_depuis` : la dernière connexion, ou la création pour qui n’est
    jamais venu ; jamais avant le plus ancien des rôles en cours, pour qu’un
    compte habilité de nouveau ait tout son temps.
    """
    roles = Habilitation.objects.filter(compte=OuterRef("pk")).en_cours(maintenant).order_by("debut_le", "pk")
    plus_ancien_role = Subquery(roles.values("debut_le")[:1], output_field=DateTimeField())
    seuil = plus_mois(maintenant, -settings.INACTIVITE_RELANCE_1_MOIS)
    return (
        Compte.objects.annotate(plus_ancien_role=plus_ancien_role)
        .annotate(inactif_depuis=Greatest(Coalesce(F("last_login"), F("cree_le")), F("plus_ancien_role")))
        .filter(
            is_active=True, email__isnull=False, plus_ancien_role__isnull=False, inactif_depuis__lte=seuil
        )
        .order_by("pk")
    )


def sans_adresse(maintenant: datetime) -> int:
    """Inactifs que rien ne permet de prévenir : ils gardent leurs rôles, et paraissent dans « comptes à revoir »."""
    seuil = plus_mois(maintenant, -settings.INACTIVITE_RELANCE_1_MOIS)
    anciens = Q(last_login__lte=seuil) | Q(last_login=None, cree_le__lte=seuil)
    roles = Habilitation.objects.en_cours(maintenant).filter(debut_le__lte=seuil)
    return Compte.objects.filter(anciens, is_active=True, email=None, pk__in=roles.values("compte")).count()


@transaction.atomic
def avancer(compte_id: int, *, maintenant: datetime) -> Pas | None:
    """Fait faire à ce compte le pas qui lui revient aujourd’hui ; rien si c’est trop tôt, ou s’il s’est connecté."""
    lignes = inactifs(maintenant).select_for_update(of=("self",))
    compte = lignes.filter(pk=compte_id).first()
    if compte is None:
        return None
    niveau = _niveau(compte)
    if niveau and not _est_parti(compte, niveau, _delai(niveau), maintenant):
        # Le courriel attend encore, ou a été abandonné : dans ce dernier cas il se récrit.
        return _relancer(compte, niveau, maintenant) if _est_perdu(compte, niveau) else None
    if niveau == 0:
        return _relancer(compte, 1, maintenant)
    if niveau == 1:
        seuil = plus_mois(maintenant, -settings.INACTIVITE_RELANCE_2_MOIS)
        return _relancer(compte, 2, maintenant) if _inactif_depuis(compte) <= seuil else None
    return _retirer_les_roles(compte, maintenant)


def _inactif_depuis(compte: Compte) -> datetime:
    depuis: datetime = compte.inactif_depuis  # type: ignore[attr-defined]  # annoté par `inactifs`
    return depuis


def _niveau(compte: Compte) -> int:
    """Dernier avertissement écrit depuis la dernière connexion, qui remet le compte à zéro sans rien écrire."""
    le = compte.relance_inactivite_le
    return compte.relance_inactivite if le and le > _inactif_depuis(compte) else 0


def _delai(niveau: int) -> timedelta:
    jours = settings.INACTIVITE_DELAI_1_JOURS if niveau == 1 else settings.INACTIVITE_DELAI_2_JOURS
    return timedelta(days=jours)


def _avertissement(compte: Compte, niveau: int) -> Courriel | None:
    ecrits = Courriel.objects.filter(
        compte=compte, gabarit=GABARITS[niveau], cree_le__gt=_inactif_depuis(compte)
    )
    return ecrits.order_by("-pk").first()


def _est_parti(compte: Compte, niveau: int, delai: timedelta, maintenant: datetime) -> bool:
    """Vrai si l’avertissement est parti depuis `delai`. Une adresse refusée pour de bon compte : il n’y en a pas d’autre."""
    courriel = _avertissement(compte, niveau)
    if courriel is None:
        return False
    parti_le = courriel.envoye_le
    if courriel.etat == EtatCourriel.REJETE:
        parti_le = courriel.prochain_essai_le
    return parti_le is not None and parti_le + delai <= maintenant


def _est_perdu(compte: Compte, niveau: int) -> bool:
    courriel = _avertissement(compte, niveau)
    return courriel is None or courriel.etat == EtatCourriel.ABANDONNE


def _relancer(compte: Compte, niveau: int, maintenant: datetime) -> Pas:
    _ecrire(compte, niveau)
    compte.relance_inactivite = niveau
    compte.relance_inactivite_le = maintenant
    compte.save(update_fields=["relance_inactivite", "relance_inactivite_le"])
    tracer(acteur=None, verbe="inactivite.relancee", objet=f"compte:{compte.pk}", avertissement=niveau)
    return Pas.PREMIER if niveau == 1 else Pas.SECOND


def _retirer_les_roles(compte: Compte, maintenant: datetime) -> Pas:
    """Les habilitations se ferment, datées ; le compte reste, et un gestionnaire peut l’habiliter de nouveau."""
    ouvertes = compte.habilitations.en_cours(maintenant).filter(debut_le__lt=maintenant)
    roles = sorted(ouvertes.values_list("role", flat=True))
    ouvertes.update(fin_le=maintenant)
    _ecrire(compte, 3)
    compte.relance_inactivite = 3
    compte.relance_inactivite_le = maintenant
    compte.save(update_fields=["relance_inactivite", "relance_inactivite_le"])
    tracer(acteur=None, verbe="inactivite.roles_retires", objet=f"compte:{compte.pk}", roles=roles)
    return Pas.RETRAIT


def _ecrire(compte: Compte, niveau: int) -> None:
    assert compte.email
    ecrire(
        gabarit=GABARITS[niveau],
        destinataire=compte.email,
        contexte={
            "prenom": compte.prenom,
            "nom": compte.nom,
            "lien": lien_public(reverse("comptes:connexion")),
            "delai_jours": _delai(niveau).days,
        },
        compte=compte,
    )
