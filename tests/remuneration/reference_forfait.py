"""Le forfait annuel de participation rejugé lentement, en Python ordinaire : jour par jour, semaine par semaine.

Sert de témoin à `calcul/test_reference_forfait.py`. N’emprunte rien au calcul : ce que
disent le guide de l’effecteur § 2.1, la FAQ du 30/01/2023 et docs/adr/0029.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from agenda.models import AgendaEditeur, ReleveHebdomadaire
from annuaire.models import Effecteur, LieuExercice, Structure
from comptes.models import Compte
from participation.models import VersionParticipation
from remuneration.models import Regle
from tests.remuneration.reference import ouvert_le, territoire_du

UN_JOUR, UNE_SEMAINE = timedelta(days=1), timedelta(days=7)
Titulaire = Effecteur | Structure


@dataclass
class Etat:
    """Ce qui valait de `du` à `au`, l’instant exclu ; sans `au`, vaut encore."""

    du: datetime
    au: datetime | None
    apres: dict[str, Any]

    @property
    def participe(self) -> bool:
        return bool(self.apres["participe"])

    @property
    def par_logiciel(self) -> bool:
        a = self.apres
        return bool(
            a.get("utilise_logiciel") and not a.get("refuse_affichage") and a.get("modalite") != "sos"
        )


@dataclass
class Forfait:
    """Ce que le témoin attend : `semaines` à prouver, `manquent` les conditions non remplies."""

    nombre: int
    montant: Decimal
    semaines: int
    courtes: list[date]
    manquent: set[str]


def forfaits_de_reference(debut: date, fin: date, arrete_le: datetime) -> dict[tuple[int, int], Forfait]:
    """(règle, bénéficiaire) → son forfait ; un bénéficiaire se désigne par l’effecteur, ou moins la structure."""
    attendus = {}
    for titulaire in [*Effecteur.objects.all(), *Structure.objects.all()]:
        if not _etats(titulaire, arrete_le):
            continue
        dernier = _dernier_etat(titulaire, debut, fin, arrete_le)
        if dernier is None or (isinstance(titulaire, Effecteur) and dernier.apres["modalite"] == "sos"):
            continue
        jour = _jour_juge(titulaire, dernier, fin, arrete_le)
        for regle in Regle.objects.filter(etat="active", prestation="participation"):
            if regle.debut <= jour and (regle.fin is None or jour < regle.fin):
                attendus[regle.pk, _cle(titulaire)] = _juger(
                    titulaire, dernier, jour, regle, debut, fin, arrete_le
                )
    return attendus


def _juger(
    titulaire: Titulaire,
    dernier: Etat,
    jour: date,
    regle: Regle,
    debut: date,
    fin: date,
    arrete_le: datetime,
) -> Forfait:
    est_structure = isinstance(titulaire, Structure)
    medecins = _medecins(titulaire, dernier, debut, fin, arrete_le)
    dues = _semaines_dues(titulaire, max(debut, regle.debut), fin, arrete_le)
    relevees, courtes = 0, []
    for lundi in dues:
        minutes = _minutes(titulaire, lundi, arrete_le)
        relevees += minutes is not None
        if minutes is None or minutes < regle.minutes_hebdo * _medecins_la_semaine(
            titulaire, lundi, medecins, arrete_le
        ):
            courtes.append(lundi)
    par_logiciel = dernier.par_logiciel and not est_structure
    par_organisation = _interfacee(_organisation(titulaire, dernier))
    a_la_main = dernier.apres["declare_deux_heures"] and len(courtes) <= regle.semaines_manquantes_max
    remplies = {
        "sas_ouvert": any(
            ouvert_le(territoire_du(lieu), jour) for lieu in _lieux(titulaire) if lieu.est_actif
        ),
        "participe": True,
        "montre": par_logiciel or par_organisation or a_la_main,
        "interface": par_logiciel or par_organisation,
        "inscrit": est_structure or _a_un_compte(titulaire, arrete_le),
    }
    manquent = {code for code in regle.conditions if not remplies[code]}
    return Forfait(
        nombre=medecins if est_structure else relevees,
        montant=Decimal(0) if manquent else regle.montant * medecins,
        semaines=len(dues),
        courtes=courtes,
        manquent=manquent,
    )


def _cle(titulaire: Titulaire) -> int:
    return -titulaire.pk if isinstance(titulaire, Structure) else titulaire.pk


def _lieux(titulaire: Titulaire) -> list[LieuExercice]:
    siens = {"structure" if isinstance(titulaire, Structure) else "effecteur": titulaire}
    return list(LieuExercice.objects.filter(**siens).order_by("-est_actif", "pk"))


def _fuseau(titulaire: Titulaire) -> ZoneInfo:
    return ZoneInfo(_lieux(titulaire)[0].fuseau)


def _minuit(titulaire: Titulaire, jour: date) -> datetime:
    return datetime.combine(jour, time.min, _fuseau(titulaire))


def _etats(titulaire: Titulaire, arrete_le: datetime) -> list[Etat]:
    siennes = {"structure" if isinstance(titulaire, Structure) else "effecteur": titulaire}
    dites = VersionParticipation.objects.filter(**siennes, le__lte=arrete_le).order_by("le", "pk")
    etats = [Etat(version.le, None, version.apres) for version in dites]
    for avant, apres in pairwise(etats):
        avant.au = apres.du
    return [etat for etat in etats if etat.au is None or etat.au > etat.du]


def _dernier_etat(titulaire: Titulaire, debut: date, fin: date, arrete_le: datetime) -> Etat | None:
    """Le dernier où l’on a participé, un instant au moins de la période."""
    premier, lendemain = _minuit(titulaire, debut), _minuit(titulaire, fin)
    touchent = [
        etat
        for etat in _etats(titulaire, arrete_le)
        if etat.participe and etat.du < lendemain and (etat.au is None or etat.au > premier)
    ]
    return touchent[-1] if touchent else None


def _jour_juge(titulaire: Titulaire, dernier: Etat, fin: date, arrete_le: datetime) -> date:
    bornes = [_minuit(titulaire, fin), arrete_le] + ([dernier.au] if dernier.au else [])
    return (min(bornes).astimezone(_fuseau(titulaire)) - timedelta(microseconds=1)).date()


def _medecins(titulaire: Titulaire, dernier: Etat, debut: date, fin: date, arrete_le: datetime) -> int:
    """Ceux qu’elle déclare ; à défaut, ceux qui participent par elle à leur dernier jour."""
    if isinstance(titulaire, Effecteur):
        return 1
    if dernier.apres["nombre_effecteurs"]:
        return int(dernier.apres["nombre_effecteurs"])
    situations = [
        _dernier_etat(e, debut, fin, arrete_le) for e in Effecteur.objects.all() if _etats(e, arrete_le)
    ]
    membres = [
        s for s in situations if s and s.apres["modalite"] == "sos" and s.apres["structure"] == titulaire.pk
    ]
    return max(1, len(membres))


def _medecins_la_semaine(titulaire: Titulaire, lundi: date, medecins: int, arrete_le: datetime) -> int:
    if isinstance(titulaire, Effecteur):
        return 1
    fin = _minuit(titulaire, lundi + UNE_SEMAINE)
    valable = [e for e in _etats(titulaire, arrete_le) if e.du < fin and (e.au is None or e.au >= fin)]
    return int(valable[0].apres["nombre_effecteurs"] or medecins)


def _semaines_dues(titulaire: Titulaire, debut: date, fin: date, arrete_le: datetime) -> list[date]:
    """Semaines entières où chaque jour, du début à la fin, l’on devait montrer ses heures à la main.

    Une semaine est à la période de son jeudi, et se prouve deux jours après sa fin.
    """
    fuseau, etats = _fuseau(titulaire), _etats(titulaire, arrete_le)
    aujourd_hui = arrete_le.astimezone(fuseau).date()
    dues = []
    jour = debut - timedelta(days=6)
    while jour < fin:
        jeudi = jour + timedelta(days=3)
        if jour.weekday() == 0 and debut <= jeudi < fin and jour + timedelta(days=9) <= aujourd_hui:
            du, au = _minuit(titulaire, jour), _minuit(titulaire, jour + UNE_SEMAINE)
            pendant = [e for e in etats if e.du < au and (e.au is None or e.au > du)]
            if pendant and pendant[0].du <= du and all(_a_la_main(titulaire, e) for e in pendant):
                dues.append(jour)
        jour += UN_JOUR
    return dues


def _a_la_main(titulaire: Titulaire, etat: Etat) -> bool:
    if isinstance(titulaire, Structure):
        return etat.participe
    return etat.participe and not etat.par_logiciel and etat.apres["modalite"] != "sos"


def _minutes(titulaire: Titulaire, lundi: date, arrete_le: datetime) -> int | None:
    siens = {"structure" if isinstance(titulaire, Structure) else "effecteur": titulaire}
    releve = ReleveHebdomadaire.objects.filter(**siens, semaine=lundi, releve_le__lte=arrete_le).first()
    return releve.minutes if releve else None


def _organisation(titulaire: Titulaire, dernier: Etat) -> int | None:
    if isinstance(titulaire, Structure):
        return titulaire.pk
    return dernier.apres["structure"] if dernier.apres["modalite"] in ("cpts", "msp") else None


def _interfacee(structure: int | None) -> bool:
    agendas = AgendaEditeur.objects.filter(lieu__effecteur=None, lieu__structure=structure)
    return structure is not None and any(a.raccordement.editeur.est_actif for a in agendas)


def _a_un_compte(effecteur: Titulaire, arrete_le: datetime) -> bool:
    siens = Compte.objects.filter(identifiant_national=effecteur.identifiant_national, is_active=True)
    return siens.filter(anonymise_le=None, cree_le__lte=arrete_le).exists()
