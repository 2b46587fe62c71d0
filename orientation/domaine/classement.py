"""Ordre des résultats, et pourquoi chaque offre est à sa place (docs/adr/0025)."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import IntEnum

from sas_platform.socle.francais import heure

# Deux offres libres dans la même demi-heure et au même kilomètre se valent pour un patient : on appelle
# d’abord celle que l’on a le moins récemment sollicitée.
TRANCHE_MIN = 30
BANDE_KM = 1
EQUITE = timedelta(days=7)


class Groupe(IntEnum):
    """Groupes, dans l’ordre de la liste (design § 5)."""

    MEDECIN_TRAITANT = 0
    LIBRE_PARTICIPANT = 1
    LIBRE = 2
    EN_SUS = 3
    AUTRE = 4


RAISONS = {
    Groupe.MEDECIN_TRAITANT: "Médecin traitant",
    Groupe.LIBRE_PARTICIPANT: "Participe au SAS",
    Groupe.LIBRE: "Ne participe pas au SAS",
    Groupe.EN_SUS: "Sans créneau libre, accepte des patients en sus de ses disponibilités",
    Groupe.AUTRE: "Sans créneau libre, n’a pas déclaré accepter de patients en sus",
}

_JOURS = ("aujourd’hui", "demain", "après-demain")


def groupe(*, est_libre: bool, participe: bool, en_sus: bool) -> Groupe:
    if est_libre:
        return Groupe.LIBRE_PARTICIPANT if participe else Groupe.LIBRE
    return Groupe.EN_SUS if en_sus else Groupe.AUTRE


def raison_du_rang(
    groupe: Groupe,
    *,
    premier: datetime | None,
    maintenant: datetime,
    distance_km: float,
    suspension: str = "",
    sollicitations: int = 0,
    refus_du_jour: bool = False,
) -> str:
    """Phrase de la carte : groupe, premier créneau, distance, équité, dans l’ordre où ils comptent.

    `premier` est dans le fuseau du lieu ; un créneau en cours se lit « dès maintenant ».
    `suspension` : pourquoi on n’y adresse plus de patient en sus.
    """
    suspendu = bool(suspension) and groupe is Groupe.EN_SUS
    morceaux = (
        f"Sans créneau libre, {suspension}" if suspendu else RAISONS[groupe],
        "n’a pas donné suite aujourd’hui" if refus_du_jour else "",
        f"libre {_quand(premier, maintenant)}" if premier is not None else "",
        "" if suspendu else suspension,
        f"à {distance(distance_km)}",
        f"sollicité {sollicitations} fois en 7\u00a0jours" if sollicitations else "",
    )
    return " · ".join(filter(None, morceaux))


def sans_distance(raison: str, km: float) -> str:
    """La même phrase pour qui lit sa propre carte : sans patient, il n’y a pas de distance."""
    return raison.replace(f" · à {distance(km)}", "", 1)


def distance(km: float) -> str:
    """Distance à vol d’oiseau : en mètres, par dizaines, sous un kilomètre ; sinon en km.

    À dix mètres près d’abord, comme l’offre la garde : sa carte et la phrase de son rang disent le même chiffre.
    """
    km = round(km, 2)
    dizaines = round(km * 100)
    if dizaines < 100:
        return f"{dizaines * 10}\u00a0m"
    return f"{km:.1f}\u00a0km".replace(".", ",")


def _quand(premier: datetime, maintenant: datetime) -> str:
    if premier <= maintenant:
        return "dès maintenant"
    ecart = premier.toordinal() - maintenant.astimezone(premier.tzinfo).toordinal()
    jour = _JOURS[ecart] if ecart < len(_JOURS) else f"le {premier.day:02d}/{premier.month:02d}"
    return f"{jour} à {heure(premier)}"
