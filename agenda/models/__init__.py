"""Quand : disponibilités déclarées, créneaux reçus des éditeurs, places tenues, projection de la recherche."""

from agenda.models.echanges import CalendrierExterne, ImportPlanning, LienCalendrier, PeriodeOccupee
from agenda.models.editeurs import (
    AgendaEditeur,
    Decouverte,
    Editeur,
    Lot,
    PeriodePrise,
    QualiteEditeur,
    Raccordement,
)
from agenda.models.offre import CarteLieu, OffreLieu, OffrePerimee
from agenda.models.regulateurs import CopieRegulateur, EnvoiRegulateur, RegulateurAComparer
from agenda.models.releves import ReleveHebdomadaire
from agenda.models.saisie import Disponibilite, GesteAgenda, Indisponibilite, Reservation, SemaineType

__all__ = [
    "AgendaEditeur",
    "CalendrierExterne",
    "CarteLieu",
    "CopieRegulateur",
    "Decouverte",
    "Disponibilite",
    "Editeur",
    "EnvoiRegulateur",
    "GesteAgenda",
    "ImportPlanning",
    "Indisponibilite",
    "LienCalendrier",
    "Lot",
    "OffreLieu",
    "OffrePerimee",
    "PeriodeOccupee",
    "PeriodePrise",
    "QualiteEditeur",
    "Raccordement",
    "RegulateurAComparer",
    "ReleveHebdomadaire",
    "Reservation",
    "SemaineType",
]
