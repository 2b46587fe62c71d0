"""Les lignes de l’instruction, telles qu’on les lit : créneaux encore proposables, âges, raison du rang."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, repeat
from math import inf
from typing import Any, NamedTuple

from django.db import connection
from psycopg.pq import Format

from agenda.domaine.offre import DUREE_MAX_FENETRE, en_instant, en_minutes
from agenda.lectures import place_de_la_tenue
from orientation import sollicitation
from orientation.domaine.classement import Groupe, raison_du_rang
from orientation.lectures.criteres import DELAIS, Criteres, Page
from orientation.lectures.instruction import (
    FUSEAUX_LUS,
    fenetres_de,
    instruction,
    masque_des_modalites,
    parametres_de,
)
from sas_platform.socle.envol import en_vol

DUREE_MAX_MIN = int(DUREE_MAX_FENETRE.total_seconds()) // 60


class Ligne(NamedTuple):
    """Une ligne de l’instruction, colonnes dans l’ordre ; les heures sont des minutes depuis l’époque."""

    toutes: int
    libres: int
    hors: int
    en_sus: int
    forfait: int
    total: int
    pliees: int
    traitants: int
    traitants_libres: int
    facettes: str | None
    lieu_id: int
    groupe: int
    km: float
    participe: bool
    accepte_en_sus: bool
    accepte_le_forfait: bool
    fuseau: int
    libre: int | None
    via: str
    sollicitations: int
    refus: bool
    document: bytes
    debuts: list[int]
    fins: list[int]
    masques: list[int]
    fraicheurs: list[int]
    lots: list[int]
    grises: list[int]
    peremptions: list[int]
    lectures: list[int | None]
    suspension: str | None
    telephone_prive: str | None
    heures_d_appel: str | None
    cpts_id: int | None
    cpts: str | None
    cpts_telephone: str | None
    cpts_informations: str | None
    membres: int | None
    membres_libres: int | None
    tenue: int | None

    @property
    def motif_de_suspension(self) -> str:
        return sollicitation.SUSPENSIONS[self.suspension] if self.suspension else ""


@dataclass(frozen=True, slots=True)
class Trouvees:
    """Lignes d’une page, et ce qu’il faut pour en lire les créneaux ; `tete` : une ligne, pour les totaux.

    `epoque` : maintenant, en secondes.
    """

    tete: Ligne
    lignes: list[Ligne]
    page: int
    maintenant: datetime
    epoque: int
    fenetres: Sequence[int]
    criteres: Criteres
    delais: list[tuple[int, int]]


@contextmanager
def lancer(criteres: Criteres, page: Page, maintenant: datetime) -> Iterator[Callable[[], Trouvees]]:
    """Envoie l’instruction ; ce qui est rendu lit sa réponse, une fois, à la sortie."""
    with en_vol():
        yield _jouer(connection.cursor(), criteres, page, maintenant)


def lire(criteres: Criteres, page: Page, maintenant: datetime) -> Trouvees:
    with connection.cursor() as curseur:
        return _jouer(curseur, criteres, page, maintenant)()


def _jouer(curseur: Any, criteres: Criteres, page: Page, maintenant: datetime) -> Callable[[], Trouvees]:
    fenetres = fenetres_de(maintenant)
    parametres = parametres_de(criteres, maintenant, fenetres)
    parametres |= {
        "par_page": page.par_page,
        "saut": (page.numero - 1) * page.par_page,
        "apres": page.apres,
    }
    # Des milliers de minutes par page : en binaire, PostgreSQL ne les écrit pas et psycopg ne les analyse pas.
    curseur.cursor.format = Format.BINARY
    curseur.execute(instruction(criteres, facettes=page.facettes, apres=page.apres is not None), parametres)

    def trouvees() -> Trouvees:
        lignes = [Ligne._make(ligne) for ligne in curseur.fetchall()]
        tete = lignes[0]
        if tete.tenue and not criteres.gardee and (gardee := place_de_la_tenue(tete.tenue, maintenant)):
            # Ce que seule l’instruction dit : qui cherche tient une place. Elle se rejoue en le sachant.
            return lire(replace(criteres, gardee=gardee), page, maintenant)
        vide = tete.lieu_id is None
        if vide and tete.total:
            derniere = -(-(tete.total - tete.pliees) // page.par_page)
            if (autre := replace(page, numero=min(page.numero, derniere), apres=None)) != page:
                return lire(criteres, autre, maintenant)
        return Trouvees(
            tete=tete,
            lignes=[] if vide else lignes,
            page=page.numero if tete.total else 1,
            maintenant=maintenant,
            epoque=int(maintenant.timestamp()),
            fenetres=fenetres,
            criteres=criteres,
            delais=_delais(criteres, en_minutes(maintenant)),
        )

    return trouvees


def _delais(criteres: Criteres, minute: int) -> list[tuple[int, int]]:
    """Bornes, en minutes depuis l’époque, des délais que l’on filtre ; vide si l’on n’en filtre pas."""
    if not criteres.demande_un_creneau:
        return []
    suivantes = dict(zip(DELAIS, [*list(DELAIS.values())[1:], DUREE_MAX_MIN], strict=True))
    return [(minute + DELAIS[delai], minute + suivantes[delai]) for delai in criteres.delais]


_SANS_LIMITE = repeat(inf)


class Age(NamedTuple):
    """Âge d’une fraîcheur : ancien, il est dit tel ; périmé, ce qui le porte n’est plus montré."""

    secondes: int | None
    est_ancien: bool = False
    est_perime: bool = False

    def en_json(self) -> bytes:
        """Fin d’un créneau, dans la réponse de l’API."""
        age = b"null" if self.secondes is None else b"%d" % self.secondes
        return b',"age_s":%b%b}' % (age, b',"est_ancien":true' if self.est_ancien else b"")


def proposables(ligne: Ligne, trouvees: Trouvees, ages: dict[int, Age]) -> list[int]:
    """Rangs, dans la carte, des créneaux encore proposables qui répondent aux filtres de créneaux."""
    minute, fenetre = trouvees.epoque // 60, trouvees.fenetres[ligne.fuseau]
    rangs = [
        rang
        for rang, (debut, expire) in enumerate(zip(ligne.debuts, ligne.fins, strict=True))
        if expire > minute and debut < fenetre
    ]
    if perimees := {fraicheur for fraicheur, age in ages.items() if age.est_perime}:
        rangs = [rang for rang in rangs if ligne.fraicheurs[rang] not in perimees]
    if ligne.groupe == Groupe.MEDECIN_TRAITANT or not trouvees.criteres.demande_un_creneau:
        return rangs
    if trouvees.criteres.modalites:
        masque = masque_des_modalites(trouvees.criteres)
        rangs = [rang for rang in rangs if ligne.masques[rang] & masque]
    if trouvees.delais:
        rangs = [
            rang
            for rang in rangs
            if any(
                ligne.debuts[rang] < fin and max(ligne.fins[rang] - 1, ligne.debuts[rang]) >= debut
                for debut, fin in trouvees.delais
            )
        ]
    return rangs


def ages_de(ligne: Ligne, trouvees: Trouvees) -> dict[int, Age]:
    """Âge de chaque fraîcheur de la carte : presque toujours une seule, pour tous ses créneaux.

    Le balayage retire ce qui est périmé ; ici, on ne le montre déjà plus, même s’il tarde.
    """
    epoque = trouvees.epoque
    ages = {
        fraicheur: Age(max(0, epoque - fraicheur * 60)) for fraicheur in {*ligne.fraicheurs} if fraicheur >= 0
    }
    # Une carte écrite avant que les âges limites n’y soient n’en a pas.
    grises, peremptions = chain(ligne.grises, _SANS_LIMITE), chain(ligne.peremptions, _SANS_LIMITE)
    for lot, lu_le, grise_s, perime_s in zip(ligne.lots, ligne.lectures, grises, peremptions, strict=False):
        age = None if lu_le is None else max(0, epoque - lu_le)
        vieux = age or 0
        ages[-lot] = Age(age, vieux > grise_s, vieux > perime_s)
    return ages


def raison(ligne: Ligne, trouvees: Trouvees) -> str:
    premier = None
    if ligne.libre is not None:
        premier = en_instant(ligne.libre).astimezone(FUSEAUX_LUS[ligne.fuseau])
    return raison_du_rang(
        Groupe(ligne.groupe),
        premier=premier,
        maintenant=trouvees.maintenant,
        distance_km=ligne.km,
        suspension=ligne.motif_de_suspension,
        sollicitations=ligne.sollicitations,
        refus_du_jour=ligne.refus,
    )
