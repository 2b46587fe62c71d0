"""Jeu de données du kit de test de l’ANS : quatre praticiens, deux CPTS, une association, aux formes que le kit demande.

A sert aux groupes 4.1 à 4.3, 4.6, 4.7 et 6 ; B, aux deux lieux, à 4.4 et 4.8 ;
C et D, ensemble, à 4.5. Les créneaux suivent l’heure : toujours quelques-uns
devant soi, aucun avant deux heures et dix minutes (le kit écrit l’heure de
Paris comme si c’était l’heure universelle), aucun après 23 h le surlendemain.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sas_platform.demo.editeur_simule.agenda import ecrire_id
from sas_platform.demo.editeur_simule.titulaires import (
    Annuaire,
    Association,
    Cpts,
    Creneau,
    Lieu,
    Praticien,
    Titulaire,
)

PARIS = ZoneInfo("Europe/Paris")
HEURES = range(8, 22)
DUREE = timedelta(minutes=30)
JOURS = 3
TELEPHONE = "+33199000000"  # tranche que l’Arcep réserve à la fiction

CPTS_1 = Cpts("1990000011", "CPTS fictive du Nord", TELEPHONE)
CPTS_2 = Cpts("1990000029", "CPTS fictive du Sud", TELEPHONE)


def _lieu(rang: int, idnst: str, nom: str = "") -> Lieu:
    return Lieu(idnst, f"{rang} rue Fictive", "Lille", "59000", TELEPHONE, "Europe/Paris", nom)


A = Praticien("899900000016", "FICTIF-A", "Anne", "SM54", (_lieu(1, CPTS_1.finess),), (CPTS_1,))
B = Praticien(
    "899900000024",
    "FICTIF-B",
    "Basile",
    "SM54",
    (_lieu(2, "399900000000018"), _lieu(3, "499900000000017")),
    (CPTS_1, CPTS_2),
)
C = Praticien("899900000032", "FICTIF-C", "Céleste", "SM54", (_lieu(4, "1990000037"),))
D = Praticien("899900000040", "FICTIF-D", "Denis", "SM54", (_lieu(5, "1990000045"),))
SOS = Association(
    "399900000000026",
    "SOS Médecins fictive",
    (_lieu(6, "", "Point fixe de l’Est"), _lieu(7, "", "Point fixe de l’Ouest")),
    TELEPHONE,
)
ANNUAIRE = Annuaire((A, B, C, D), (SOS,))

_VISIBILITES: tuple[tuple[str, ...], ...] = (("PUBLIC",), ("PRO",), ("SNP",))
_ACTES: tuple[tuple[str, ...], ...] = (("AMB",), ("VR",), ("HH",))
_LIENS_DE_B = ((CPTS_1.finess,), (CPTS_2.finess,), (CPTS_1.finess, CPTS_2.finess))


class AgendaDuKit:
    marge = timedelta(hours=2, minutes=10)

    def creneaux(
        self, titulaire: Titulaire, rang: int, *, maintenant: datetime, debut: datetime, fin: datetime
    ) -> list[Creneau]:
        aujourd_hui = maintenant.astimezone(PARIS).date()
        tous = []
        for ecart in range(JOURS):
            for numero, heure in enumerate(HEURES):
                instant = datetime.combine(aujourd_hui + timedelta(days=ecart), time(heure), PARIS)
                if debut <= instant <= fin:
                    tous.append(_creneau(titulaire, rang, numero, instant))
        return tous


def _creneau(titulaire: Titulaire, rang: int, numero: int, debut: datetime) -> Creneau:
    """Nature tirée du numéro dans le jour : un jour entier les montre toutes."""
    visibilites, actes = _VISIBILITES[0], _ACTES[0]
    cpts: tuple[str, ...] = ()
    if titulaire == A:
        visibilites, actes = (*_VISIBILITES, ())[numero % 4], _ACTES[numero % 3]
        cpts = () if visibilites else (CPTS_1.finess,)
    elif titulaire == B:
        cpts = _LIENS_DE_B[numero % 3]
    elif titulaire == SOS:
        visibilites, actes = (("PUBLIC",), ("SNP",))[numero % 2], _ACTES[numero % 3]
    return Creneau(
        ecrire_id(titulaire, rang, debut),
        debut,
        debut + DUREE,
        visibilites,
        actes,
        motif="Soins non programmés",
        sans_rendez_vous=numero % 5 == 0,
        cpts=cpts,
        reserve_aux_cpts=titulaire == B,
    )
