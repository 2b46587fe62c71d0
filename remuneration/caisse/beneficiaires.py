"""Qui relève d’une caisse, et ce que chacun a déclaré pendant la période : lu comme le calcul le lit, au même instant.

Les mêmes instructions que le calcul national, restreintes aux lieux d’un département :
la caisse d’un bénéficiaire est celle de son lieu principal.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from agenda.models import AgendaEditeur, ReleveHebdomadaire
from annuaire.models import Departement, Effecteur, LieuExercice, Structure
from comptes.models import Compte
from participation.models import VersionParticipation
from remuneration.calcul.perimetre import Perimetre
from remuneration.calcul.sql_actes import contexte
from remuneration.domaine.periodes import semaines_de
from remuneration.models import Calcul, Succession

_PRINCIPAUX = """
    vue AS (
        SELECT p.cle, p.territoire_id FROM principal p WHERE p.departement_id = %(departement)s
    )
    SELECT cle, territoire_id FROM vue ORDER BY cle"""
_DECLARATIONS = """
    vue AS (
        SELECT d.cle, d.id, d.participe, coalesce(nullif(d.modalite, ''), d.type_structure, '') AS mode,
            d.par_structure_id, d.par_logiciel, coalesce((d.apres->>'refuse_affichage')::boolean, FALSE) AS refuse,
            (d.le AT TIME ZONE p.fuseau)::date AS du,
            ((d.jusqu_a - interval '1 microsecond') AT TIME ZONE p.fuseau)::date AS au
        FROM declaration d JOIN principal p ON p.cle = d.cle
        WHERE p.departement_id = %(departement)s
            AND d.le < %(lendemain)s::timestamp AT TIME ZONE p.fuseau
            AND (d.jusqu_a IS NULL
                OR (d.jusqu_a > d.le AND d.jusqu_a > %(premier)s::timestamp AT TIME ZONE p.fuseau))
    )
    SELECT cle, participe, mode, par_structure_id, par_logiciel, refuse, du, au FROM vue ORDER BY cle, du, id"""


@dataclass(frozen=True, slots=True)
class Declaration:
    """Ce qui valait du jour `du` au jour `au` compris, à l’heure du lieu ; sans `au`, vaut encore."""

    participe: bool
    mode: str
    par_structure: int | None
    par_logiciel: bool
    refuse_affichage: bool
    du: date
    au: date | None


@dataclass(frozen=True, slots=True)
class Heures:
    """Semaines relevées de la période, en minutes ; `courtes` : celles qui sont sous le seuil d’alors."""

    semaines: int = 0
    minimum: int | None = None
    total: int = 0
    courtes: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Caisse:
    """Tout ce que les fichiers d’un département lisent hors du calcul. Une clé : l’effecteur, ou moins la structure."""

    territoires: dict[int, int | None]
    declarations: dict[int, list[Declaration]]
    heures: dict[int, Heures]
    avec_compte: frozenset[int]
    avec_creneaux: frozenset[int]


def caisse_de(calcul: Calcul, departement: Departement) -> Caisse:
    assert calcul.arrete_le is not None
    perimetre = _perimetre(departement)
    parametres = perimetre.parametres | {
        "arrete_le": calcul.arrete_le,
        "departement": departement.pk,
        "premier": calcul.periode.debut,
        "lendemain": calcul.periode.fin,
    }
    avec = "WITH " + contexte(perimetre)
    territoires = dict(_lire(avec + _PRINCIPAUX, parametres))
    declarations: dict[int, list[Declaration]] = defaultdict(list)
    for cle, *faits in _lire(avec + _DECLARATIONS, parametres):
        declarations[cle].append(Declaration(*faits))
    participants = {
        cle: siennes for cle, siennes in declarations.items() if any(d.participe for d in siennes)
    }
    return Caisse(
        territoires,
        participants,
        _heures(calcul, participants.keys()),
        _avec_compte(participants.keys(), calcul.arrete_le),
        _avec_creneaux(participants.keys()),
    )


def _perimetre(departement: Departement) -> Perimetre:
    """Bénéficiaires qui ont un lieu, ou une adresse, dans ce département ; tous leurs lieux, pour trouver le principal.

    Les orientations n’y sont pas : le calcul les a déjà jugées.
    """
    ici = LieuExercice.objects.filter(commune__departement=departement)
    effecteurs = set(ici.filter(effecteur__isnull=False).values_list("effecteur_id", flat=True))
    effecteurs |= set(Succession.objects.filter(nouveau__in=effecteurs).values_list("ancien_id", flat=True))
    structures = set(Structure.objects.filter(commune__departement=departement).values_list("pk", flat=True))
    structures |= set(ici.filter(structure__isnull=False).values_list("structure_id", flat=True))
    lieux = LieuExercice.objects.filter(Q(effecteur__in=effecteurs) | Q(structure__in=structures))
    communes = set(lieux.values_list("commune_id", flat=True))
    communes |= set(
        Structure.objects.filter(pk__in=structures, commune__isnull=False).values_list(
            "commune_id", flat=True
        )
    )
    versions = VersionParticipation.objects.filter(Q(effecteur__in=effecteurs) | Q(structure__in=structures))
    return Perimetre(
        lieux=list(lieux.values_list("pk", flat=True)),
        structures=list(structures),
        communes=list(communes),
        declarations=list(versions.values_list("pk", flat=True)),
        effecteurs=list(effecteurs),
    )


def _lire(sql: str, parametres: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as curseur:
        curseur.execute(sql, parametres)
        return curseur.fetchall()


def _heures(calcul: Calcul, cles: Any) -> dict[int, Heures]:
    """Un relevé ne se modifie plus ; ceux d’un ancien identifiant comptent au nouveau."""
    effecteurs = {cle: cle for cle in cles if cle > 0}
    anciens = Succession.objects.filter(nouveau__in=effecteurs, le__lte=calcul.arrete_le)
    effecteurs |= dict(anciens.values_list("ancien_id", "nouveau_id"))
    releves = ReleveHebdomadaire.objects.filter(
        Q(effecteur__in=effecteurs) | Q(structure__in=[-cle for cle in cles if cle < 0]),
        semaine__in=semaines_de(calcul.periode.debut, calcul.periode.fin),
        releve_le__lte=calcul.arrete_le,
    )
    par_semaine: dict[int, dict[date, tuple[int, int]]] = defaultdict(dict)
    for effecteur, structure, semaine, minutes, seuil in releves.values_list(
        "effecteur_id", "structure_id", "semaine", "minutes", "seuil_min"
    ):
        cle = effecteurs[effecteur] if effecteur else -structure
        connue = par_semaine[cle].get(semaine, (0, seuil))
        par_semaine[cle][semaine] = (max(minutes, connue[0]), seuil)
    return {cle: _bilan(semaines) for cle, semaines in par_semaine.items()}


def _bilan(semaines: dict[date, tuple[int, int]]) -> Heures:
    minutes = [montrees for montrees, _ in semaines.values()]
    courtes = sorted(lundi for lundi, (montrees, seuil) in semaines.items() if montrees < seuil)
    return Heures(len(minutes), min(minutes), sum(minutes), tuple(courtes))


def _avec_compte(cles: Any, instant: datetime) -> frozenset[int]:
    """Effecteurs qui avaient un compte à leur nom ; une structure n’en a pas besoin."""
    comptes = Compte.objects.filter(is_active=True, anonymise_le=None, cree_le__lte=instant)
    identifiants = comptes.filter(identifiant_national__isnull=False).values("identifiant_national")
    inscrits = Effecteur.objects.filter(
        pk__in=[cle for cle in cles if cle > 0], identifiant_national__in=identifiants
    )
    return frozenset(inscrits.values_list("pk", flat=True))


def _avec_creneaux(cles: Any) -> frozenset[int]:
    """Ceux dont un éditeur a déjà fait lire un agenda : vu le jour où le fichier est produit."""
    agendas = AgendaEditeur.objects.filter(raccordement__effecteur__in=[cle for cle in cles if cle > 0])
    return frozenset(
        pk for pk in agendas.values_list("raccordement__effecteur_id", flat=True).distinct() if pk is not None
    )
