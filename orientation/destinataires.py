"""Qui oriente et qui reçoit, établis par le serveur et gardés tels qu’à cet instant (W-20, W-24)."""

from __future__ import annotations

from datetime import datetime

from agenda.lectures import occurrence_designee
from agenda.models import Disponibilite
from annuaire.models import Commune, LieuExercice, Perimetre, Structure, Territoire
from comptes.droits import TABLE
from comptes.enums import Action
from comptes.models import Compte, Habilitation
from participation.enums import Modalite
from participation.models import Participation


def territoires_de(compte: Compte, *, maintenant: datetime) -> list[Territoire]:
    """Territoires où cette personne oriente, d’après ses périmètres en cours."""
    habilitations = Habilitation.objects.filter(compte=compte, role__in=TABLE[Action.ORIENTER]).en_cours(
        maintenant
    )
    perimetres = Perimetre.objects.en_cours(maintenant).filter(habilitation__in=habilitations)
    return list(Territoire.objects.filter(pk__in=perimetres.values("territoire")).order_by("pk"))


def territoire_du_regulateur(
    compte: Compte, lieu: LieuExercice | None, *, maintenant: datetime
) -> Territoire | None:
    """Le territoire au titre duquel il agit ; s’il en a plusieurs, celui qui couvre le lieu, sinon le premier."""
    siens = territoires_de(compte, maintenant=maintenant)
    if len(siens) > 1 and lieu is not None:
        couvrant = Territoire.objects.couvrant(lieu.commune).filter(pk__in=[t.pk for t in siens])
        return couvrant.order_by("pk").first() or siens[0]
    return siens[0] if siens else None


def territoire_de_la_commune(commune: Commune) -> Territoire | None:
    """Celui où l’on consulte ; dans un département partagé, le territoire qui nomme la commune l’emporte."""
    couvrants = list(Territoire.objects.couvrant(commune).order_by("pk"))
    if len(couvrants) > 1:
        codes = [code for code in (commune.pk, commune.commune_parente_id) if code]
        nommant = Territoire.objects.filter(communes__in=codes).order_by("pk")
        return nommant.first() or couvrants[0]
    return couvrants[0] if couvrants else None


def lieu_du_creneau(creneau_id: str) -> LieuExercice | None:
    """Le lieu d’un créneau de l’agenda SAS ; rien s’il n’existe plus."""
    designee = occurrence_designee(creneau_id)
    disponibilites = Disponibilite.objects.select_related("lieu")
    disponibilite = disponibilites.filter(pk=designee[0]).first() if designee else None
    return disponibilite.lieu if disponibilite else None


def structure_destinataire(lieu: LieuExercice, *, en_sus: bool) -> Structure | None:
    """La structure qui reçoit : celle du lieu s’il n’est à personne, la CPTS pour un patient en sus par elle."""
    if lieu.effecteur_id is None:
        return lieu.structure
    if not en_sus:
        return None
    par_une_cpts = Participation.objects.filter(
        effecteur=lieu.effecteur_id, participe=True, modalite=Modalite.CPTS
    ).select_related("structure")
    participation = par_une_cpts.first()
    return participation.structure if participation else None
