"""Quand : disponibilités déclarées, créneaux reçus des éditeurs, places tenues, projection de la recherche."""

from agenda.models.echanges import CalendrierExterne, ImportPlanning, LienCalendrier, PeriodeOccupee
from agenda.models.editeurs import (
    AgendaEditeur,
    Decouverte,
    Editeur,
    Lot,
    PeriodePrise,
    Raccordement,
)
from agenda.models.offre import CarteLieu, OffreLieu, OffrePerimee
from agenda.models.qualite import (
    AppelsEditeur,
    EchantillonRejet,
    ErreurEditeur,
    LienEditeur,
    QualiteEditeur,
)
from agenda.models.regulateurs import CopieRegulateur, EnvoiRegulateur, RegulateurAComparer
from agenda.models.releves import ReleveHebdomadaire
from agenda.models.saisie import Disponibilite, GesteAgenda, Indisponibilite, Reservation, SemaineType

__all__ = [
    "AgendaEditeur",
    "CalendrierExterne",
    "AppelsEditeur",
    "CarteLieu",
    "CopieRegulateur",
    "Decouverte",
    "Disponibilite",
    "Editeur",
    "EchantillonRejet",
    "EnvoiRegulateur",
    "GesteAgenda",
    "ErreurEditeur",
    "ImportPlanning",
    "Indisponibilite",
    "LienCalendrier",
    "Lot",
    "LienEditeur",
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
