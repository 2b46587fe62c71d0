"""Le courriel de bienvenue, sur demande ou quand l’adresse change."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from annuaire.gestion.actions.refus import CompteRefuse
from annuaire.gestion.portee import verifier_hierarchie
from comptes.actions import tracer
from comptes.local import actions as local
from comptes.models import Compte, Lien


def annoncer_adresse(compte: Compte, ancienne: str, *, maintenant: datetime) -> None:
    """Un compte jamais ouvert reçoit sa bienvenue à la bonne adresse ; sinon les deux adresses sont prévenues."""
    if compte.last_login is None:
        local.inviter(compte=compte, maintenant=maintenant)
        return
    # Qui lit encore l’ancienne adresse ne doit pas pouvoir se servir des liens qu’elle a reçus.
    Lien.objects.ouverts(maintenant).filter(compte=compte).update(annule_le=maintenant)
    local.annoncer_adresse(compte, ancienne)


@transaction.atomic
def renvoyer_bienvenue(*, acteur: Compte, compte_id: int, maintenant: datetime) -> Compte:
    """Lève `HorsHierarchie`, ou `CompteRefuse` pour un compte désactivé ou sans adresse."""
    compte = Compte.objects.select_for_update(of=("self",)).get(pk=compte_id)
    verifier_hierarchie(acteur, compte, instant=maintenant)
    if not compte.is_active:
        raise CompteRefuse("Ce compte est désactivé : réactivez-le d’abord.")
    if not compte.email:
        raise CompteRefuse("Ce compte n’a pas d’adresse électronique : saisissez-la d’abord.")
    local.inviter(compte=compte, maintenant=maintenant)
    tracer(acteur=acteur, verbe="compte.bienvenue_renvoyee", objet=f"compte:{compte.pk}")
    return compte
