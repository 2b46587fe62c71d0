"""Lire ce qui montre ou cache les créneaux d’un lieu, à la source de la recherche."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import convert

from agenda.domaine.explication import JOURS_EXPLIQUES, AgendaSuivi, CreneauExplique
from agenda.domaine.offre import AgendaRecu, CreneauRecu
from agenda.models import AgendaEditeur, Raccordement
from agenda.offre.agendas import inconnues_de, periodes_prises
from agenda.offre.calcul import lire
from annuaire.models import LieuExercice


@dataclass(frozen=True, slots=True)
class EditeurMuet:
    """Un éditeur dont plus rien n’arrive pour cet effecteur ; `depuis` nul : il n’a jamais répondu."""

    nom: str
    depuis: datetime | None


def creneaux_expliques(lieu: LieuExercice, *, maintenant: datetime) -> list[CreneauExplique]:
    """Les créneaux des quatorze jours ; aucun si la recherche ignore ce lieu. Nombre fixe de requêtes."""
    lus = lire([lieu.pk], maintenant, jours=JOURS_EXPLIQUES.days)
    return lus.expliquer(lieu, _agendas_suivis(lieu, maintenant))


def _agendas_suivis(lieu: LieuExercice, maintenant: datetime) -> list[AgendaSuivi]:
    prises = periodes_prises([lieu.pk], maintenant)
    agendas = AgendaEditeur.objects.filter(lieu=lieu).select_related(
        "raccordement__editeur", "raccordement__lot"
    )
    return [
        AgendaSuivi(
            AgendaRecu(
                id=agenda.pk,
                editeur=agenda.raccordement.editeur.nom,
                lot=agenda.raccordement.lot_id,
                creneaux=convert(agenda.creneaux, list[CreneauRecu]),
                prises=inconnues_de(agenda.raccordement.lot.lu_le, prises.get(lieu.pk, ())),
            ),
            est_actif=agenda.raccordement.editeur.est_actif,
            est_perime=_est_muet(agenda.raccordement, maintenant),
        )
        for agenda in agendas.order_by("pk")
    ]


def editeurs_muets(lieu: LieuExercice, *, maintenant: datetime) -> list[EditeurMuet]:
    """Éditeurs de l’effecteur, ou de l’association, qui se taisent : leurs créneaux, retirés, ne se liraient nulle part."""
    suivis = Raccordement.objects.filter(editeur__est_actif=True)
    if lieu.effecteur_id is not None:
        suivis = suivis.filter(effecteur=lieu.effecteur_id)
    else:
        suivis = suivis.filter(structure=lieu.structure_id)
    return [
        EditeurMuet(suivi.editeur.nom, suivi.lot.lu_le)
        for suivi in suivis.select_related("editeur", "lot").order_by("editeur__nom", "pk")
        if suivi.lot.lu_le is None or _est_muet(suivi, maintenant)
    ]


def _est_muet(suivi: Raccordement, maintenant: datetime) -> bool:
    """Passé ce délai le balayage retire les créneaux de l’éditeur (`agenda.editeurs.retraits`)."""
    lu_le = suivi.lot.lu_le
    return lu_le is not None and lu_le < maintenant - timedelta(seconds=suivi.editeur.peremption_s)
