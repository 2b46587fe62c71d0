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
from agenda.models.tenues import Tenue, TenueQuerySet

__all__ = [
    "AgendaEditeur",
    "AppelsEditeur",
    "CalendrierExterne",
    "CarteLieu",
    "CopieRegulateur",
    "Decouverte",
    "Disponibilite",
    "EchantillonRejet",
    "Editeur",
    "EnvoiRegulateur",
    "ErreurEditeur",
    "GesteAgenda",
    "ImportPlanning",
    "Indisponibilite",
    "LienCalendrier",
    "LienEditeur",
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
    "Tenue",
    "TenueQuerySet",
]
