"""Ce que la déclaration ouvre comme droit aujourd’hui, et la règle datée qu’il faut rappeler."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from agenda.models import AgendaEditeur
from participation.domaine.declaration import Declaration, Droit, droit
from participation.models import Participation

_PARIS = ZoneInfo("Europe/Paris")


def droit_de(declaration: Declaration, participation: Participation | None, maintenant: datetime) -> Droit:
    return droit_avec(declaration, participation.structure_id if participation else None, maintenant)


def droit_avec(declaration: Declaration, structure_id: int | None, maintenant: datetime) -> Droit:
    """La condition de participation, jugée à ce jour, à l’heure de Paris."""
    return droit(
        declaration,
        jour=maintenant.astimezone(_PARIS).date(),
        saisie_admise_jusqu_au=settings.SAISIE_MANUELLE_OUVRE_DROIT_JUSQU_AU,
        structure_interfacee=structure_id is not None and _est_interfacee(structure_id),
    )


def bandeau(declaration: Declaration) -> date | None:
    """Dernier jour où la saisie suffit, à rappeler à qui n’a que son agenda saisi ; rien sinon."""
    limite: date | None = settings.SAISIE_MANUELLE_OUVRE_DROIT_JUSQU_AU
    return limite if declaration.participe and declaration.agenda_saisi_ouvert else None


def _est_interfacee(structure_id: int) -> bool:
    """Un éditeur envoie l’agenda de la structure elle-même, non celui d’un de ses praticiens."""
    de_la_structure = AgendaEditeur.objects.filter(lieu__structure=structure_id, lieu__effecteur=None)
    return de_la_structure.filter(raccordement__editeur__est_actif=True).exists()
