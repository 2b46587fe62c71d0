"""La recherche : une instruction SQL, et les offres d’une page.

Mesurée par `./bin/mesures` (docs/adr/0008) ; c’est le chemin le plus parcouru.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from math import cos, radians
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection

from agenda.domaine.offre import FUSEAUX, CreneauCarte, en_minutes, fin_de_fenetre
from agenda.models import CarteLieu, Lot, OffreLieu
from agenda.offre import (
    MASQUES,
    CarteAdresse,
    CarteEffecteur,
    CarteStructure,
    decodeur_carte,
)
from orientation.domaine.classement import RAISONS, Groupe, groupe, raison_du_rang
from sas_platform.socle.textes import normaliser

KM_PAR_DEGRE = 111.195  # rayon moyen de la Terre, 6 371 km

_FUSEAUX = tuple(ZoneInfo(nom) for nom in FUSEAUX)


@dataclass(frozen=True, slots=True)
class Criteres:
    """Ce que l’on cherche, et où. `noms` et `specialite_ids` s’excluent.

    `disponibilite` : `libres` (un créneau au moins), `hors` (aucun) ou `toutes`.
    `modalites` : types de consultation admis ; vide pour tous.
    """

    lat: float
    lon: float
    rayon_km: float
    specialite_ids: tuple[int, ...] = ()
    noms: str = ""
    disponibilite: str = "toutes"
    modalites: tuple[str, ...] = ()


class CreneauOffert(msgspec.Struct):
    """Bornes dans le fuseau du lieu. `age_s` : depuis la dernière lecture chez l’éditeur, ou la saisie.

    `lien` : adresse de réservation chez l’éditeur, sans l’origine ; `None` s’il
    n’est pas réservable en ligne.
    """

    id: str
    debut: datetime
    fin: datetime
    source: str
    editeur: str | None
    modalites: tuple[str, ...]
    capacite: int
    prises: int
    age_s: int | None
    lien: str | None
    est_plage: bool


class Offre(msgspec.Struct):
    """Une carte de la page. `groupe` : voir `Groupe` ; `distance_km` à vol d’oiseau."""

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


@dataclass(frozen=True, slots=True)
class Resultats:
    """Une page. `total` : offres de la liste demandée ; `libres` et `hors` : de toute la zone."""

    total: int
    libres: int
    hors: int
    page: int
    par_page: int
    rayon_km: float
    offres: list[Offre]

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.par_page))


# Les candidats sont ceux du carré qui contient le cercle ; la distance exacte
# (équirectangulaire à la latitude moyenne, écart < 0,1 % à 150 km) les départage.
# Un premier créneau dépassé depuis le dernier balayage est relu dans la carte.
_CANDIDATS = """
    SELECT {distinct} o.lieu_id, o.participe, o.en_sus, {libre} AS libre,
        {km} * sqrt(power(o.position[1] - %(lat)s, 2)
            + power((o.position[0] - %(lon)s) * cos(radians((o.position[1] + %(lat)s) / 2)), 2)) AS km
    FROM agenda_offrelieu o {jointure}
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
        SELECT lieu_id, participe, en_sus, km, greatest(libre, %(minute)s) AS libre,
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
    SELECT totaux.libres, totaux.hors, page.groupe, page.km, page.participe, page.en_sus, carte.document,
        carte.lots, ARRAY(
            SELECT (SELECT extract(epoch FROM lot.lu_le)::bigint FROM agenda_lot lot WHERE lot.id = cite.id)
            FROM unnest(carte.lots) WITH ORDINALITY AS cite (id, rang) ORDER BY cite.rang) AS lectures
    FROM totaux LEFT JOIN page ON true LEFT JOIN agenda_cartelieu carte ON carte.lieu_id = page.lieu_id
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

_GROUPES = {"toutes": (1, 4), "libres": (1, 2), "hors": (3, 4)}


def rechercher(criteres: Criteres, *, maintenant: datetime, page: int = 1, par_page: int = 25) -> Resultats:
    """Les offres de la zone, dans l’ordre de toute la zone : groupe, premier créneau, distance, lieu.

    Une page au-delà de la dernière rend la dernière.
    """
    resultats = _lire(criteres, maintenant, page, par_page)
    if resultats.total and not resultats.offres:
        resultats = _lire(criteres, maintenant, resultats.pages, par_page)
    return resultats


def _lire(criteres: Criteres, maintenant: datetime, page: int, par_page: int) -> Resultats:
    fenetres = [en_minutes(fin_de_fenetre(maintenant, fuseau)) for fuseau in _FUSEAUX]
    with connection.cursor() as curseur:
        curseur.execute(
            _instruction(par_nom=bool(criteres.noms), par_modalite=bool(criteres.modalites)),
            parametres_de(criteres, maintenant, fenetres)
            | {"par_page": par_page, "saut": (page - 1) * par_page},
        )
        lignes = curseur.fetchall()
    libres, hors = lignes[0][0], lignes[0][1]
    offres = [
        _offre(ligne, criteres, maintenant, dict(zip(FUSEAUX, fenetres, strict=True)))
        for ligne in lignes
        if ligne[2] is not None
    ]
    total = {"toutes": libres + hors, "libres": libres, "hors": hors}[criteres.disponibilite]
    return Resultats(total, libres, hors, page, par_page, criteres.rayon_km, offres)


@cache
def _instruction(*, par_nom: bool, par_modalite: bool) -> str:
    candidats = _CANDIDATS.format(
        distinct="DISTINCT ON (o.lieu_id)" if par_nom else "",
        libre=_LIBRE_PAR_MODALITE if par_modalite else _LIBRE,
        km=KM_PAR_DEGRE,
        jointure=_PAR_NOM if par_nom else "",
        filtre="" if par_nom else "AND o.specialite_id = ANY(%(specialites)s::smallint[])",
        ordre="ORDER BY o.lieu_id" if par_nom else "",
    )
    return _PAGE.format(candidats=candidats)


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
        "minute": en_minutes(maintenant),
        "fenetres": fenetres,
        "premier_groupe": premier_groupe,
        "dernier_groupe": dernier_groupe,
    }
    if criteres.noms:
        parametres["noms"] = normaliser(criteres.noms)
    else:
        parametres["specialites"] = list(criteres.specialite_ids)
    if criteres.modalites:
        parametres["masque"] = sum(MASQUES[modalite] for modalite in criteres.modalites)
    return parametres


def _offre(
    ligne: tuple[Any, ...], criteres: Criteres, maintenant: datetime, fenetres: Mapping[str, int]
) -> Offre:
    _, _, rang, km, participe, en_sus, document, lots, lectures = ligne
    carte = decodeur_carte.decode(document)
    creneaux = creneaux_offerts(
        carte.creneaux,
        fuseau=ZoneInfo(carte.lieu.fuseau),
        maintenant=maintenant,
        fenetre=fenetres[carte.lieu.fuseau],
        lectures=dict(zip(lots, lectures, strict=True)),
        modalites=criteres.modalites,
    )
    return Offre(
        id=carte.lieu.id,
        groupe=rang,
        raison_du_rang=raison_du_rang(
            Groupe(rang),
            premier=creneaux[0].debut if creneaux else None,
            maintenant=maintenant,
            distance_km=km,
        ),
        distance_km=round(km, 2),
        effecteur=carte.effecteur,
        structure=carte.structure,
        lieu=carte.lieu,
        participe=participe,
        en_sus=en_sus,
        creneaux=creneaux,
    )


def creneaux_offerts(
    creneaux: Iterable[CreneauCarte],
    *,
    fuseau: ZoneInfo,
    maintenant: datetime,
    fenetre: int,
    lectures: Mapping[int, int | None],
    modalites: tuple[str, ...] = (),
) -> list[CreneauOffert]:
    """Créneaux encore proposables d’une carte. `lectures` : époque (s) de la dernière lecture de chaque lot."""
    epoque = int(maintenant.timestamp())
    minute = epoque // 60
    return [
        CreneauOffert(
            id=creneau.id,
            debut=datetime.fromtimestamp(creneau.debut * 60, fuseau),
            fin=datetime.fromtimestamp(creneau.fin * 60, fuseau),
            source="editeur" if creneau.editeur else "agenda_sas",
            editeur=creneau.editeur or None,
            modalites=creneau.modalites,
            capacite=creneau.capacite,
            prises=creneau.prises,
            age_s=_age(creneau, lectures, epoque),
            lien=creneau.lien or None,
            est_plage=creneau.est_plage,
        )
        for creneau in creneaux
        if creneau.expire > minute
        and creneau.debut < fenetre
        and (not modalites or not set(modalites).isdisjoint(creneau.modalites))
    ]


def _age(creneau: CreneauCarte, lectures: Mapping[int, int | None], epoque: int) -> int | None:
    vu = lectures.get(creneau.lot) if creneau.lot else creneau.maj * 60
    return None if vu is None else max(0, epoque - vu)


def offre_du_lieu(lieu_id: int, *, maintenant: datetime) -> Offre | None:
    """L’offre d’un seul lieu, sans distance ; rien s’il n’est pas dans la projection."""
    carte = CarteLieu.objects.filter(lieu=lieu_id).first()
    ligne = OffreLieu.objects.filter(lieu=lieu_id).order_by("specialite").first()
    if carte is None or ligne is None:
        return None
    document = decodeur_carte.decode(carte.document)
    fuseau = ZoneInfo(document.lieu.fuseau)
    lus = Lot.objects.filter(pk__in=carte.lots).values_list("pk", "lu_le")
    creneaux = creneaux_offerts(
        document.creneaux,
        fuseau=fuseau,
        maintenant=maintenant,
        fenetre=en_minutes(fin_de_fenetre(maintenant, fuseau)),
        lectures={pk: int(lu_le.timestamp()) for pk, lu_le in lus if lu_le},
    )
    rang = groupe(est_libre=bool(creneaux), participe=ligne.participe, en_sus=ligne.en_sus)
    return Offre(
        id=document.lieu.id,
        groupe=rang,
        raison_du_rang=RAISONS[rang],
        distance_km=0,
        effecteur=document.effecteur,
        structure=document.structure,
        lieu=document.lieu,
        participe=ligne.participe,
        en_sus=ligne.en_sus,
        creneaux=creneaux,
    )


_encodeur = msgspec.json.Encoder()


def encoder_api(resultats: Resultats) -> bytes:
    """Réponse de `POST /api/v1/recherches/`, écrite sans passer par des sérialiseurs."""
    return _encodeur.encode(
        {
            "total": resultats.total,
            "libres": resultats.libres,
            "hors": resultats.hors,
            "page": resultats.page,
            "par_page": resultats.par_page,
            "rayon_km": resultats.rayon_km,
            "offres": resultats.offres,
        }
    )
