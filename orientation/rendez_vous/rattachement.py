"""À quel acte d’un régulateur répond un rendez-vous d’éditeur (docs/adr/0017).

Dans l’ordre, et seulement pour un régulateur connu :

1. un départ vers ce même éditeur, pour ce professionnel et ce début ;
2. une orientation vers ce professionnel, à ce début (« en sus », le plus souvent) ;
3. un départ vers l’agenda de ce professionnel chez cet éditeur, quel que soit
   le créneau : le lien ouvre l’agenda entier, et le régulateur choisit sur place ;
4. un départ vers la place de marché de cet éditeur.

L’acte précède la prise du rendez-vous, de douze heures au plus. Deux lieux
possibles au même rang : rien n’est retenu, et cela se voit. Le même acte répété
n’est pas une ambiguïté : le dernier compte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from agenda.models import AgendaEditeur
from orientation.enums import Rattachement
from orientation.models import Orientation, Redirection, RendezVous

AVANT = timedelta(hours=12)
# L’horloge de l’éditeur n’est pas la nôtre.
ECART_D_HORLOGE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Cause:
    rattachement: Rattachement
    redirection: Redirection | None = None
    orientation: Orientation | None = None

    @property
    def est_trouvee(self) -> bool:
        return self.redirection is not None or self.orientation is not None

    @property
    def lieu_id(self) -> int | None:
        acte = self.redirection or self.orientation
        return acte.lieu_id if acte else None


RIEN = Cause(Rattachement.AUCUN)
AMBIGUE = Cause(Rattachement.AMBIGU)


def trouver(rendez_vous: RendezVous) -> Cause:
    """Lit `regulateur_id`, `effecteur_id`, `est_sos`, `debut` et `pris_le` ; n’écrit rien."""
    if rendez_vous.regulateur_id is None:
        return RIEN
    periode = (rendez_vous.pris_le - AVANT, rendez_vous.pris_le + ECART_D_HORLOGE)
    chez_lui = Redirection.objects.filter(
        acteur=rendez_vous.regulateur_id, editeur=rendez_vous.editeur_id, le__range=periode
    ).order_by("-le", "-pk")
    return _vers_ce_professionnel(rendez_vous, list(chez_lui.filter(_vers(rendez_vous))), periode) or (
        _le_seul(list(chez_lui.filter(lieu=None)), Rattachement.PLACE_DE_MARCHE) or RIEN
    )


def _vers_ce_professionnel(
    rendez_vous: RendezVous, departs: list[Redirection], periode: tuple[datetime, datetime]
) -> Cause | None:
    a_l_heure = [depart for depart in departs if depart.debut == rendez_vous.debut]
    orientations = Orientation.objects.filter(
        _vers(rendez_vous),
        acteur=rendez_vous.regulateur_id,
        debut=rendez_vous.debut,
        annulee_le=None,
        prise_le__range=periode,
    )
    return (
        _le_seul(a_l_heure, Rattachement.DEPART)
        or _le_seul(list(orientations.order_by("-prise_le", "-pk")), Rattachement.ORIENTATION)
        or _le_seul(departs, Rattachement.DEPART_AUTRE_HEURE)
    )


def lieu_chez_l_editeur(rendez_vous: RendezVous) -> int | None:
    """Le lieu de ce professionnel chez cet éditeur, s’il n’y en a qu’un : le message n’en porte aucun."""
    if rendez_vous.effecteur_id is None:
        return None
    agendas = AgendaEditeur.objects.filter(
        raccordement__editeur=rendez_vous.editeur_id, raccordement__effecteur=rendez_vous.effecteur_id
    )
    lieux = list(agendas.order_by().values_list("lieu", flat=True).distinct()[:2])
    return lieux[0] if len(lieux) == 1 else None


def _vers(rendez_vous: RendezVous) -> Q:
    """Tant que SOS Médecins n’a pas dit quel médecin, le lieu est l’un de ceux d’une association."""
    d_une_association = Q(lieu__isnull=False, lieu__effecteur=None)
    if rendez_vous.effecteur_id is None:
        return d_une_association if rendez_vous.est_sos else Q(pk__in=[])
    chez_lui = Q(lieu__effecteur=rendez_vous.effecteur_id)
    return chez_lui | d_une_association if rendez_vous.est_sos else chez_lui


def _le_seul(actes: Sequence[Redirection | Orientation], rattachement: Rattachement) -> Cause | None:
    """Le plus récent des actes de ce rang, s’ils désignent tous le même lieu."""
    if not actes:
        return None
    if len({acte.lieu_id for acte in actes}) > 1:
        return AMBIGUE
    dernier = actes[0]
    if isinstance(dernier, Redirection):
        return Cause(rattachement, redirection=dernier)
    return Cause(rattachement, orientation=dernier)


def instant_de_prise(annonce: datetime | None, recu_le: datetime) -> datetime:
    """L’instant annoncé par l’éditeur s’il est plausible : ni à venir, ni vieux de plus d’une semaine."""
    if annonce is not None and recu_le - timedelta(days=7) <= annonce <= recu_le:
        return annonce
    return recu_le
