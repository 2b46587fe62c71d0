"""La recherche : une instruction SQL, et les offres d’une page.

Mesurée par `./bin/mesures` (docs/adr/0008) ; c’est le chemin le plus parcouru.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from math import cos, inf, radians, sin
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection
from psycopg.pq import Format

from agenda.domaine.offre import en_instant, en_minutes, fin_de_fenetre
from agenda.models import OffreLieu
from agenda.offre import (
    MASQUES,
    CarteAdresse,
    CarteEffecteur,
    CarteStructure,
    CreneauOffert,
    decodeur_carte,
)
from annuaire.domaine.fuseaux import FUSEAUX
from annuaire.domaine.territoire import KM_PAR_DEGRE
from orientation import sollicitation
from orientation.domaine.classement import Groupe, raison_du_rang
from sas_platform.socle.textes import normaliser

_FUSEAUX = tuple(ZoneInfo(nom) for nom in FUSEAUX)


@dataclass(frozen=True, slots=True)
class Criteres:
    """Ce que l’on cherche, et où. `noms` et `specialite_ids` s’excluent.

    `disponibilite` : `libres` (un créneau au moins), `hors` (aucun) ou `toutes`.
    `modalites` : types de consultation admis ; vide pour tous. `lieu_id` : ce
    lieu seulement, quelle que soit la spécialité ; `lieu_ids` : ceux-là.
    """

    lat: float
    lon: float
    rayon_km: float
    specialite_ids: tuple[int, ...] = ()
    noms: str = ""
    disponibilite: str = "toutes"
    modalites: tuple[str, ...] = ()
    lieu_id: int | None = None
    lieu_ids: tuple[int, ...] = ()


class Offre(msgspec.Struct, omit_defaults=True):
    """Une carte de la page. `groupe` : voir `Groupe` ; `distance_km` à vol d’oiseau.

    `suspension` : pourquoi un lieu qui accepte des patients en sus n’en reçoit pas à cet instant.
    """

    id: str
    groupe: int
    raison_du_rang: str
    distance_km: float
    effecteur: CarteEffecteur | None
    structure: CarteStructure | None
    lieu: CarteAdresse
    participe: bool
    en_sus: bool
    creneaux: list[CreneauOffert]
    suspension: str = ""


@dataclass(frozen=True, slots=True)
class Resultats:
    """Une page. `total` : offres de la liste demandée ; `libres` et `hors` : de toute la zone.

    `contacts` : ceux qui sont réservés à qui oriente, par identifiant d’offre ; hors des offres, que tous lisent.
    """

    total: int
    libres: int
    hors: int
    page: int
    par_page: int
    rayon_km: float
    offres: list[Offre]
    contacts: dict[str, sollicitation.Contact]

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.par_page))


# Les candidats sont ceux du carré qui contient le cercle ; la distance exacte
# (équirectangulaire, écart < 0,1 % à 150 km) les départage. Le cosinus de la
# latitude moyenne est pris au premier ordre autour du centre : des produits, là
# où mille candidats appelleraient mille fois `cos`.
# Un premier créneau dépassé depuis le dernier balayage est relu dans la carte.
_CANDIDATS = """
    SELECT {distinct} o.lieu_id, o.participe, o.en_sus, o.fuseau, {libre} AS libre,
        {km} * sqrt(ecart.dy * ecart.dy + (ecart.dx * (%(cos)s - %(pente)s * ecart.dy)) ^ 2) AS km
    FROM agenda_offrelieu o {jointure}
    CROSS JOIN LATERAL (SELECT o.position[0] - %(lon)s AS dx, o.position[1] - %(lat)s AS dy) ecart
    WHERE o.position <@ box(point(%(ouest)s, %(sud)s), point(%(est)s, %(nord)s)) {filtre}
    {ordre}
"""
_LIBRE = """
    CASE WHEN o.premier_debut IS NULL OR o.premier_debut >= (%(fenetres)s::int[])[o.fuseau + 1] THEN NULL
         WHEN o.premier_fin > %(minute)s THEN o.premier_debut
         ELSE (SELECT min(t.debut) FROM agenda_cartelieu c, unnest(c.debuts, c.fins) AS t (debut, fin)
               WHERE c.lieu_id = o.lieu_id AND t.fin > %(minute)s
               AND t.debut < (%(fenetres)s::int[])[o.fuseau + 1])
    END"""
_LIBRE_PAR_MODALITE = """
    CASE WHEN o.premier_debut IS NULL THEN NULL
         ELSE (SELECT min(t.debut)
               FROM agenda_cartelieu c, unnest(c.debuts, c.fins, c.masques) AS t (debut, fin, masque)
               WHERE c.lieu_id = o.lieu_id AND t.fin > %(minute)s AND t.masque & %(masque)s > 0
               AND t.debut < (%(fenetres)s::int[])[o.fuseau + 1])
    END"""
_PAGE = """
    WITH candidats AS MATERIALIZED ({candidats}),
    proches AS MATERIALIZED (
        SELECT lieu_id, participe, en_sus, fuseau, km, greatest(libre, %(minute)s) AS libre,
            CASE WHEN libre IS NULL THEN CASE WHEN en_sus THEN 3 ELSE 4 END
                 WHEN participe THEN 1 ELSE 2 END AS groupe
        FROM candidats WHERE km <= %(rayon)s
    ),
    totaux AS (
        SELECT count(*) FILTER (WHERE groupe <= 2) AS libres, count(*) FILTER (WHERE groupe > 2) AS hors FROM proches
    ),
    page AS (
        SELECT * FROM proches WHERE groupe BETWEEN %(premier_groupe)s AND %(dernier_groupe)s
        ORDER BY groupe, libre, km, lieu_id LIMIT %(par_page)s OFFSET %(saut)s
    )
    SELECT totaux.libres, totaux.hors, page.lieu_id, page.groupe, page.km, page.participe, page.en_sus, page.fuseau,
        page.libre, convert_to(carte.document, 'UTF8') AS document, carte.debuts, carte.fins, carte.masques,
        carte.fraicheurs, carte.lots, carte.grises, carte.peremptions, ARRAY(
            SELECT (SELECT extract(epoch FROM lot.lu_le)::bigint FROM agenda_lot lot WHERE lot.id = cite.id)
            FROM unnest(carte.lots) WITH ORDINALITY AS cite (id, rang) ORDER BY cite.rang) AS lectures,
        {suspension} AS suspension, consignes.telephone_prive, consignes.heures_d_appel
    FROM totaux LEFT JOIN page ON true LEFT JOIN agenda_cartelieu carte ON carte.lieu_id = page.lieu_id {consignes}
    ORDER BY page.groupe, page.libre, page.km, page.lieu_id
"""
_PAR_NOM = """
    JOIN (
        SELECT l.id FROM annuaire_effecteur e JOIN annuaire_lieuexercice l ON l.effecteur_id = e.id
        WHERE %(noms)s <%% e.nom_recherche
        UNION
        SELECT l.id FROM annuaire_structure s JOIN annuaire_lieuexercice l ON l.structure_id = s.id
        WHERE %(noms)s <%% s.nom_recherche
    ) nomme ON nomme.id = o.lieu_id"""

# Une seule spécialité, le cas courant, s’écrit `=` : son plan ne dépend pas de la
# valeur, PostgreSQL le garde, et n’en refait pas un à chaque recherche (0,4 ms).
_FILTRES = {
    "specialite": "AND o.specialite_id = %(specialite)s",
    "specialites": "AND o.specialite_id = ANY(%(specialites)s::smallint[])",
    "nom": "",
    "lieu": "AND o.lieu_id = %(lieu)s",
    "lieux": "AND o.lieu_id = ANY(%(lieux)s)",
}
_GROUPES = {"toutes": (1, 4), "libres": (1, 2), "hors": (3, 4)}


def rechercher(criteres: Criteres, *, maintenant: datetime, page: int = 1, par_page: int = 25) -> Resultats:
    """Les offres de la zone, dans l’ordre de toute la zone : groupe, premier créneau, distance, lieu.

    Une page au-delà de la dernière rend la dernière.
    """
    trouvees = _lire(criteres, maintenant, page, par_page)
    return Resultats(
        total=trouvees.total,
        libres=trouvees.libres,
        hors=trouvees.hors,
        page=trouvees.page,
        par_page=par_page,
        rayon_km=criteres.rayon_km,
        offres=[_offre(ligne, trouvees) for ligne in trouvees.lignes],
        contacts=_contacts(trouvees.lignes),
    )


class PageJson(NamedTuple):
    contenu: bytes
    lieu_ids: list[int]


def rechercher_json(criteres: Criteres, *, maintenant: datetime, page: int = 1, par_page: int = 25) -> bytes:
    """La même page, en JSON : la réponse de `POST /api/v1/recherches/`."""
    return page_json(criteres, maintenant=maintenant, page=page, par_page=par_page).contenu


def page_json(criteres: Criteres, *, maintenant: datetime, page: int = 1, par_page: int = 25) -> PageJson:
    """Cette réponse, et les lieux qu’elle montre.

    Les documents de la projection y entrent tels quels, sans être décodés.
    """
    trouvees = _lire(criteres, maintenant, page, par_page)
    entete = (
        f'{{"total":{trouvees.total},"libres":{trouvees.libres},"hors":{trouvees.hors},'
        f'"page":{trouvees.page},"par_page":{par_page},"rayon_km":{criteres.rayon_km},"offres":['
    )
    offres = b",".join([_offre_json(ligne, trouvees) for ligne in trouvees.lignes])
    lieu_ids = [ligne.lieu_id for ligne in trouvees.lignes]
    return PageJson(b"%b%b]}" % (entete.encode(), offres), lieu_ids)


class _Ligne(NamedTuple):
    """Une ligne de l’instruction, colonnes dans l’ordre ; les heures sont des minutes depuis l’époque."""

    libres: int
    hors: int
    lieu_id: int
    groupe: int
    km: float
    participe: bool
    en_sus: bool
    fuseau: int
    libre: int | None
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


@dataclass(frozen=True, slots=True)
class _Trouvees:
    """Lignes d’une page, et ce qu’il faut pour en lire les créneaux."""

    lignes: list[_Ligne]
    libres: int
    hors: int
    total: int
    page: int
    maintenant: datetime
    fenetres: Sequence[int]
    masque: int


def _lire(criteres: Criteres, maintenant: datetime, page: int, par_page: int) -> _Trouvees:
    fenetres = [en_minutes(fin_de_fenetre(maintenant, fuseau)) for fuseau in _FUSEAUX]
    parametres = parametres_de(criteres, maintenant, fenetres)
    parametres |= {"par_page": par_page, "saut": (page - 1) * par_page}
    with connection.cursor() as curseur:
        # Des milliers de minutes par page : en binaire, PostgreSQL ne les écrit pas et psycopg ne les analyse pas.
        curseur.cursor.format = Format.BINARY
        curseur.execute(instruction(criteres), parametres)
        lignes = [_Ligne._make(ligne) for ligne in curseur.fetchall()]
    libres, hors = lignes[0].libres, lignes[0].hors
    total = {"toutes": libres + hors, "libres": libres, "hors": hors}[criteres.disponibilite]
    vide = lignes[0].lieu_id is None
    if vide and total:
        return _lire(criteres, maintenant, -(-total // par_page), par_page)
    return _Trouvees(
        lignes=[] if vide else lignes,
        libres=libres,
        hors=hors,
        total=total,
        page=page if total else 1,
        maintenant=maintenant,
        fenetres=fenetres,
        masque=_masque(criteres.modalites),
    )


def _contacts(lignes: list[_Ligne]) -> dict[str, sollicitation.Contact]:
    return {
        f"l{ligne.lieu_id}": sollicitation.contact(ligne.telephone_prive or "", ligne.heures_d_appel or "")
        for ligne in lignes
        if ligne.telephone_prive or ligne.heures_d_appel
    }


def _masque(modalites: tuple[str, ...]) -> int:
    return sum(MASQUES[modalite] for modalite in modalites)


def instruction(criteres: Criteres) -> str:
    """L’instruction SQL qui répond à ces critères ; ses paramètres : `parametres_de`."""
    if criteres.lieu_id:
        par = "lieu"
    elif criteres.lieu_ids:
        par = "lieux"
    elif criteres.noms:
        par = "nom"
    else:
        par = "specialite" if len(criteres.specialite_ids) == 1 else "specialites"
    return _instruction(par=par, par_modalite=bool(criteres.modalites))


@cache
def _instruction(*, par: str, par_modalite: bool) -> str:
    # Un lieu peut répondre à plusieurs spécialités : une seule offre de lui, sauf si l’on n’en cherche qu’une.
    candidats = _CANDIDATS.format(
        distinct="" if par == "specialite" else "DISTINCT ON (o.lieu_id)",
        libre=_LIBRE_PAR_MODALITE if par_modalite else _LIBRE,
        km=KM_PAR_DEGRE,
        jointure=_PAR_NOM if par == "nom" else "",
        filtre=_FILTRES[par],
        ordre="" if par == "specialite" else "ORDER BY o.lieu_id",
    )
    return _PAGE.format(
        candidats=candidats, suspension=sollicitation.COLONNE, consignes=sollicitation.JOINTURE
    )


def parametres_de(criteres: Criteres, maintenant: datetime, fenetres: list[int]) -> dict[str, Any]:
    """Paramètres liés de l’instruction ; le carré déborde un peu du cercle, la distance tranche."""
    demi_lat = criteres.rayon_km / KM_PAR_DEGRE * 1.001
    nord_extreme = min(89.0, abs(criteres.lat) + demi_lat)
    demi_lon = demi_lat / cos(radians(nord_extreme))
    premier_groupe, dernier_groupe = _GROUPES[criteres.disponibilite]
    parametres: dict[str, Any] = {
        "lat": criteres.lat,
        "lon": criteres.lon,
        "rayon": float(criteres.rayon_km),
        "sud": criteres.lat - demi_lat,
        "nord": criteres.lat + demi_lat,
        "ouest": criteres.lon - demi_lon,
        "est": criteres.lon + demi_lon,
        "cos": cos(radians(criteres.lat)),
        "pente": sin(radians(criteres.lat)) * radians(0.5),
        "minute": en_minutes(maintenant),
        "fenetres": fenetres,
        "premier_groupe": premier_groupe,
        "dernier_groupe": dernier_groupe,
        **sollicitation.bornes(maintenant),
    }
    if criteres.lieu_id:
        parametres["lieu"] = criteres.lieu_id
    elif criteres.lieu_ids:
        parametres["lieux"] = list(criteres.lieu_ids)
    elif criteres.noms:
        parametres["noms"] = normaliser(criteres.noms)
    else:
        parametres["specialites"] = list(criteres.specialite_ids)
        parametres["specialite"] = next(iter(criteres.specialite_ids), None)
    if criteres.modalites:
        parametres["masque"] = _masque(criteres.modalites)
    return parametres


def _offre(ligne: _Ligne, trouvees: _Trouvees) -> Offre:
    carte = decodeur_carte.decode(ligne.document)
    ages = _ages(ligne, trouvees)
    creneaux = []
    for position in _proposables(ligne, trouvees, ages):
        creneau = carte.creneaux[position]
        age = ages[ligne.fraicheurs[position]]
        creneau.age_s, creneau.est_ancien = age.secondes, age.est_ancien
        creneaux.append(creneau)
    return Offre(
        id=carte.lieu.id,
        groupe=ligne.groupe,
        raison_du_rang=_raison(ligne, trouvees),
        distance_km=round(ligne.km, 2),
        effecteur=carte.effecteur,
        structure=carte.structure,
        lieu=carte.lieu,
        participe=ligne.participe,
        en_sus=ligne.en_sus and ligne.suspension is None,
        creneaux=creneaux,
        suspension=sollicitation.SUSPENSIONS[ligne.suspension] if ligne.suspension else "",
    )


# Où le document se coupe. Dans un texte JSON, un guillemet est toujours précédé
# d’une barre oblique : aucun nom, aucun lien ne peut contenir ces suites.
_CRENEAUX = b'"creneaux":['
_CRENEAU = b'{"id":"'


def _offre_json(ligne: _Ligne, trouvees: _Trouvees) -> bytes:
    """Comme `_offre`, par morceaux de JSON : mêmes champs, mêmes valeurs (un test compare les deux)."""
    identite, _, suite = ligne.document.partition(_CRENEAUX)
    textes = suite[: -len(b"}]}")].split(b"}," + _CRENEAU)
    textes[0] = textes[0][len(_CRENEAU) :]
    ages = _ages(ligne, trouvees)
    fins = {fraicheur: age.en_json() for fraicheur, age in ages.items()}
    fraicheurs = ligne.fraicheurs
    creneaux = [_CRENEAU + textes[n] + fins[fraicheurs[n]] for n in _proposables(ligne, trouvees, ages)]
    entete = (
        f'{{"id":"l{ligne.lieu_id}","groupe":{ligne.groupe},"raison_du_rang":"{_raison(ligne, trouvees)}",'
        f'"distance_km":{round(ligne.km, 2)},'
    )
    suspension = sollicitation.SUSPENSIONS[ligne.suspension] if ligne.suspension else ""
    return b'%b%b"participe":%b,"en_sus":%b,"creneaux":[%b]%b}' % (
        entete.encode(),
        identite[1:],
        b"true" if ligne.participe else b"false",
        b"true" if ligne.en_sus and not suspension else b"false",
        b",".join(creneaux),
        f',"suspension":"{suspension}"'.encode() if suspension else b"",
    )


_SANS_LIMITE = (inf, inf)


class _Age(NamedTuple):
    """Âge d’une fraîcheur : ancien, il est dit tel ; périmé, ce qui le porte n’est plus montré."""

    secondes: int | None
    est_ancien: bool = False
    est_perime: bool = False

    def en_json(self) -> bytes:
        """Fin d’un créneau, dans la réponse de l’API."""
        age = b"null" if self.secondes is None else b"%d" % self.secondes
        return b',"age_s":%b%b}' % (age, b',"est_ancien":true' if self.est_ancien else b"")


def _proposables(ligne: _Ligne, trouvees: _Trouvees, ages: dict[int, _Age]) -> list[int]:
    """Rangs, dans la carte, des créneaux encore proposables."""
    minute, fenetre = en_minutes(trouvees.maintenant), trouvees.fenetres[ligne.fuseau]
    proposables = [
        position
        for position, (debut, expire) in enumerate(zip(ligne.debuts, ligne.fins, strict=True))
        if expire > minute and debut < fenetre
    ]
    if perimees := {fraicheur for fraicheur, age in ages.items() if age.est_perime}:
        proposables = [position for position in proposables if ligne.fraicheurs[position] not in perimees]
    if trouvees.masque:
        return [position for position in proposables if ligne.masques[position] & trouvees.masque]
    return proposables


def _ages(ligne: _Ligne, trouvees: _Trouvees) -> dict[int, _Age]:
    """Âge de chaque fraîcheur de la carte : presque toujours une seule, pour tous ses créneaux.

    Le balayage retire ce qui est périmé ; ici, on ne le montre déjà plus, même s’il tarde.
    """
    epoque = int(trouvees.maintenant.timestamp())
    ages = {
        fraicheur: _Age(max(0, epoque - fraicheur * 60))
        for fraicheur in {*ligne.fraicheurs}
        if fraicheur >= 0
    }
    # Une carte écrite avant que les âges limites n’y soient n’en a pas.
    limites = dict(zip(ligne.lots, zip(ligne.grises, ligne.peremptions, strict=False), strict=False))
    for lot, lu_le in zip(ligne.lots, ligne.lectures, strict=True):
        age = None if lu_le is None else max(0, epoque - lu_le)
        grise_s, perime_s = limites.get(lot, _SANS_LIMITE)
        vieux = age or 0
        ages[-lot] = _Age(age, est_ancien=vieux > grise_s, est_perime=vieux > perime_s)
    return ages


def _raison(ligne: _Ligne, trouvees: _Trouvees) -> str:
    premier = None
    if ligne.libre is not None and ligne.groupe <= Groupe.LIBRE:
        premier = en_instant(ligne.libre).astimezone(_FUSEAUX[ligne.fuseau])
    return raison_du_rang(
        Groupe(ligne.groupe),
        premier=premier,
        maintenant=trouvees.maintenant,
        distance_km=ligne.km,
        suspension=sollicitation.SUSPENSIONS[ligne.suspension] if ligne.suspension else "",
    )


def offre_du_lieu(lieu_id: int, *, maintenant: datetime) -> Offre | None:
    """L’offre d’un seul lieu, à distance nulle ; rien s’il n’est pas dans la projection."""
    lieu = OffreLieu.objects.filter(lieu=lieu_id).order_by("specialite").first()
    if lieu is None:
        return None
    trouvees = _lire(
        Criteres(lat=lieu.position.y, lon=lieu.position.x, rayon_km=1, lieu_id=lieu_id), maintenant, 1, 1
    )
    return _offre(trouvees.lignes[0], trouvees) if trouvees.lignes else None
