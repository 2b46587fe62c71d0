"""Vers quel LRM part un rendez-vous : celui du territoire de qui l’a pris."""

from __future__ import annotations

from datetime import datetime

from annuaire.models import LieuExercice, Perimetre, Territoire
from comptes.droits import TABLE
from comptes.enums import Action
from comptes.models import Compte, Habilitation
from orientation.enums import MotifNonDu


def lrm_de(compte: Compte, lieu: LieuExercice | None, *, maintenant: datetime) -> Territoire | MotifNonDu:
    """Territoire dont le LRM reçoit ce que prend `compte`, ou la raison de n’en retenir aucun.

    Qui relève de plusieurs LRM : celui qui couvre le lieu du rendez-vous, s’il est seul à le faire.
    """
    habilitations = Habilitation.objects.filter(compte=compte, role__in=TABLE[Action.ORIENTER]).en_cours(
        maintenant
    )
    perimetres = Perimetre.objects.en_cours(maintenant).filter(habilitation__in=habilitations)
    territoires = list(Territoire.objects.filter(pk__in=perimetres.values("territoire")).order_by("pk"))
    if not territoires:
        return MotifNonDu.SANS_TERRITOIRE
    relies = [territoire for territoire in territoires if territoire.samu]
    if not relies:
        return MotifNonDu.SANS_LRM
    if _un_seul_lrm(relies):
        return relies[0]
    if lieu is not None:
        couvrants = Territoire.objects.couvrant(lieu.commune).filter(pk__in=[t.pk for t in relies])
        couvrants_relies = list(couvrants.order_by("pk"))
        if couvrants_relies and _un_seul_lrm(couvrants_relies):
            return couvrants_relies[0]
    return MotifNonDu.PLUSIEURS_LRM


def _un_seul_lrm(territoires: list[Territoire]) -> bool:
    return len({territoire.samu for territoire in territoires}) == 1
