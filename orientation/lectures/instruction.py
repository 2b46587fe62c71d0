"""L’instruction SQL d’une page de résultats, et celle qui compte d’autres recherches (docs/adr/0008, 0025).

Mesurée par `./bin/mesures` ; c’est le chemin le plus parcouru.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache, lru_cache
from math import cos, radians, sin
from typing import Any
from zoneinfo import ZoneInfo

from agenda.domaine.offre import en_instant, en_minutes, fin_de_fenetre
from agenda.offre import MASQUES, MASQUES_ACCUEIL
from annuaire.domaine.fuseaux import FUSEAUX
from annuaire.domaine.territoire import KM_PAR_DEGRE
from annuaire.enums import Accueil
from orientation import sollicitation
from orientation.domaine.classement import BANDE_KM, EQUITE, TRANCHE_MIN
from orientation.lectures.criteres import (
    DELAIS,
    EN_SUS,
    FORFAIT,
    HORS,
    LIBRES,
    NON_RENSEIGNE,
    TOUTES,
    Criteres,
)
from sas_platform.socle.textes import normaliser

JAMAIS = 300_000_000  # une minute après toutes : l’an 2540
FUSEAUX_LUS = tuple(ZoneInfo(nom) for nom in FUSEAUX)

# Les candidats sont ceux du carré qui contient le cercle ; la distance exacte
# (équirectangulaire, écart < 0,1 % à 150 km) les départage. Le cosinus de la
# latitude moyenne est pris au premier ordre autour du centre : des produits, là
# où mille candidats appelleraient mille fois `cos`.
# Un premier créneau dépassé depuis le dernier balayage est relu dans la carte.
_COLONNES = """o.lieu_id, o.participe, o.en_sus, o.forfait, o.fuseau, o.via, o.cpts, {categories}
        {libre} AS premier"""
_CATEGORIES = "o.nature, o.secteur, o.accueil, "
_CANDIDATS = """
    (SELECT {distinct} {colonnes}, {traitant}
        {km} * sqrt(dy * dy + (dx * (%(cos)s - %(pente)s * dy)) ^ 2) AS km
    FROM agenda_offrelieu o {jointure}
    CROSS JOIN LATERAL (SELECT o.position[0] - %(lon)s AS dx, o.position[1] - %(lat)s AS dy) ecart
    WHERE {zone} {filtre} {sauf}
    {ordre})
"""
# Le médecin traitant peut être à l’autre bout du pays : la distance du grand cercle.
_DU_TRAITANT = """
    UNION ALL
    (SELECT DISTINCT ON (o.lieu_id) {colonnes}, true AS traitant,
        12742 * asin(least(1, sqrt(sind((o.position[1] - %(lat)s) / 2) ^ 2
            + cosd(%(lat)s) * cosd(o.position[1]) * sind((o.position[0] - %(lon)s) / 2) ^ 2))) AS km
    FROM agenda_offrelieu o WHERE o.lieu_id = ANY({lieux}) {filtre}
    ORDER BY o.lieu_id)
"""
_LIEUX_DU_TRAITANT = """ARRAY(
        SELECT l.id FROM annuaire_lieuexercice l WHERE l.effecteur_id = ANY(%(traitants)s::bigint[]))"""
_CARRE = "o.position <@ box(point(%(ouest)s, %(sud)s), point(%(est)s, %(nord)s))"
_FENETRE = "(%(fenetres)s::int[])[o.fuseau + 1]"
_LIBRE = f"""
    CASE WHEN o.premier_debut IS NULL OR o.premier_debut >= {_FENETRE} THEN NULL
         WHEN o.premier_fin > %(minute)s THEN o.premier_debut
         ELSE (SELECT min(t.debut) FROM agenda_cartelieu c, unnest(c.debuts, c.fins) AS t (debut, fin)
               WHERE c.lieu_id = o.lieu_id AND t.fin > %(minute)s AND t.debut < {_FENETRE})
    END"""  # noqa: S608 - ici comme plus bas, des constantes de ce module
# La place que tient qui cherche manque à la projection, où elle est prise : elle s’y ajoute pour lui seul.
_LIBRE_OU_GARDE = f"least({_LIBRE}, CASE WHEN o.lieu_id = %(lieu_garde)s THEN %(debut_garde)s::int END)"
_CRENEAUX = "unnest(c.debuts, c.fins, c.masques)"
_CRENEAUX_ET_GARDE = """unnest(
                c.debuts || CASE WHEN c.lieu_id = %(lieu_garde)s THEN ARRAY[%(debut_garde)s::int] END,
                c.fins || CASE WHEN c.lieu_id = %(lieu_garde)s THEN ARRAY[%(expire_garde)s::int] END,
                c.masques || CASE WHEN c.lieu_id = %(lieu_garde)s THEN ARRAY[%(masque_garde)s::smallint] END)"""
# Créneau par créneau, pour filtrer et compter : un bit par délai que le créneau touche, du premier au dernier.
# On ne lit la carte que d’un lieu de la zone, et libre.
_DETAIL = """
    LEFT JOIN LATERAL (
        SELECT min(t.debut) FILTER (WHERE t.masque & %(masque)s > 0 AND t.delais & %(delais)s > 0) AS libre,
            coalesce(bit_or(t.masque) FILTER (WHERE t.delais & %(delais)s > 0), 0) AS modalites,
            coalesce(bit_or(t.delais) FILTER (WHERE t.masque & %(masque)s > 0), 0) AS delais
        FROM (
            SELECT u.debut, u.masque,
                (2 << width_bucket(greatest(u.fin - 1, u.debut, %(minute)s) - %(minute)s, %(bornes)s::int[]))
                - (1 << width_bucket(greatest(u.debut, %(minute)s) - %(minute)s, %(bornes)s::int[])) AS delais
            FROM agenda_cartelieu c, {creneaux} AS u (debut, fin, masque)
            WHERE c.lieu_id = o.lieu_id AND u.fin > %(minute)s AND u.debut < (%(fenetres)s::int[])[o.fuseau + 1]
        ) t
    ) detail ON o.premier IS NOT NULL"""
# `cle` range les offres dans leur liste, aux égalités près que `_ORDRE` départage : groupe, refus du jour,
# demi-heure, kilomètre, dans un seul entier, que l’on trie six fois plus vite que quatre colonnes. `OFFSET 0` :
# sans lui, PostgreSQL recopierait les expressions des candidats partout où l’on s’en sert.
# Sans créneau, une demi-heure après toutes : le médecin traitant montre d’abord le lieu où il en a un.
# `premier` : premier créneau, filtre ou non ; `libre` : celui qui répond aux filtres, `trouve` s’il existe.
_PROCHES = f"""
    proches AS MATERIALIZED (
        SELECT o.*, {{colonnes}} {{libre}} AS libre,
            (((CASE {{traitant}}
                    WHEN {{libre}} IS NULL THEN CASE WHEN o.en_sus THEN 6 ELSE 8 END
                    WHEN o.participe THEN 2 ELSE 4 END + {{refus}})::bigint << 40)
                + ((greatest(coalesce({{libre}}, {JAMAIS}), %(minute)s) / {TRANCHE_MIN})::bigint << 16)
                + floor(o.km / {BANDE_KM})::int) AS cle
        FROM ({{candidats}} OFFSET 0) o {{detail}} WHERE {{rayon}}
    )"""  # noqa: S608
# Filtres de lieux, que l’on croise.
_PLACES = {
    "natures": "nature = ANY(%(natures)s::text[])",
    "secteurs": "secteur = ANY(%(secteurs)s::text[])",
    "vitale": f"accueil & {MASQUES_ACCUEIL[Accueil.CARTE_VITALE]} > 0",
    "fauteuil": f"accueil & {MASQUES_ACCUEIL[Accueil.FAUTEUIL]} > 0",
    "langues": "accueil & %(langues)s > 0",
}
_CATEGORIE_ACCUEIL = {Accueil.CARTE_VITALE.value: "vitale", Accueil.FAUTEUIL.value: "fauteuil"}
_LISTES = {
    TOUTES: "true",
    LIBRES: "libre IS NOT NULL",
    HORS: "libre IS NULL",
    EN_SUS: "en_sus",
    FORFAIT: "forfait",
}
_LISTES_FILTREES = _LISTES | {TOUTES: "trouve", LIBRES: "trouve", HORS: "premier IS NULL"}
_TRAITANT = "cle >> 41 = 0"
_TOTAUX = """
    totaux AS (SELECT {nombres} FROM proches)"""
# Les lieux de la page, et ceux qui s’y confondent au kilomètre et à la demi-heure près : eux seuls
# demandent de savoir quand on les a sollicités.
_TETE = """
    tete AS MATERIALIZED (
        SELECT * FROM proches WHERE {retenue}
        ORDER BY cle FETCH FIRST (%(saut)s + {marge}) ROWS WITH TIES
    ),
    sollicites AS MATERIALIZED (
        SELECT lieu_id, count(*) AS nombre, max(le) AS derniere FROM (
            SELECT lieu_id, prise_le AS le FROM orientation_orientation WHERE annulee_le IS NULL
            UNION ALL SELECT lieu_id, le FROM orientation_redirection
        ) recentes
        WHERE lieu_id = ANY(ARRAY(SELECT lieu_id FROM tete)) AND le > %(semaine_passee)s
        GROUP BY lieu_id
    ),
    rangees AS (
        SELECT tete.*, coalesce(s.nombre, 0) AS sollicitations, s.derniere {rang}
        FROM tete LEFT JOIN sollicites s USING (lieu_id)
    ),"""
_ORDRE = "cle, derniere NULLS FIRST, km, lieu_id"
_GROUPEE = "coalesce(cpts = ANY(%(regroupees)s::int[]), false) AND cle >> 41 > 0"
_PLIEE = f"({_GROUPEE} AND libre IS NULL AND rang > 1)"
_CPTS = f"""
    cpts_du_secteur AS (
        SELECT cpts, count(*) AS membres, count(libre) AS libres FROM proches
        WHERE ({{retenue}}) AND {_GROUPEE} GROUP BY cpts
    ),"""  # noqa: S608
_PLIEES = "(SELECT sum(membres - libres - (libres = 0)::int) FROM cpts_du_secteur)"
_TRAITANTS = f"""(SELECT count(*) FROM proches WHERE {_TRAITANT}),
        (SELECT count(libre) FROM proches WHERE {_TRAITANT})"""  # noqa: S608
_FACETTES = """
    (SELECT json_build_object(
        'natures', (SELECT json_object_agg(nature, n) FROM (
            SELECT nature, count(*) AS n FROM proches WHERE cle >> 41 > 0 AND {liste} AND {sans_natures} GROUP BY nature) x),
        'secteurs', (SELECT json_object_agg(secteur, n) FROM (
            SELECT secteur, count(*) AS n FROM proches WHERE cle >> 41 > 0 AND {liste} AND {sans_secteurs} GROUP BY secteur) x),
        'accueil', (SELECT ARRAY[{accueil}] FROM proches WHERE cle >> 41 > 0 AND accueil > 0 AND {liste}),
        'modalites', ARRAY[{modalites}], 'delais', ARRAY[{delais}])::text
     FROM proches WHERE cle >> 41 > 0 AND {place})"""
# Colonnes dans l’ordre de `lignes.Ligne`.
_PAGE = """
    WITH {proches}, {totaux}, {cpts} {tete}
    page AS (
        SELECT * FROM rangees {deplies} ORDER BY {ordre} LIMIT %(par_page)s OFFSET {saut}
    )
    SELECT totaux.*, totaux.{liste}, {pliees}, {traitants}, {facettes}, page.lieu_id, cle >> 41, km, participe, page.en_sus,
        page.forfait, fuseau, CASE WHEN libre IS NOT NULL THEN greatest(libre, %(minute)s) END, via, sollicitations,
        (cle >> 40) & 1 = 1, convert_to(document, 'UTF8'),
        debuts, fins, masques, fraicheurs, lots, grises, peremptions, ARRAY(
            SELECT (SELECT extract(epoch FROM lot.lu_le)::bigint FROM agenda_lot lot WHERE lot.id = cite.id)
            FROM unnest(lots) WITH ORDINALITY AS cite (id, rang) ORDER BY cite.rang),
        {suspension}, telephone_prive, heures_d_appel,
        page.cpts, asso.nom, asso.telephone, informations_complementaires,
        {membres},
        (SELECT id FROM agenda_tenue WHERE compte_id = %(compte)s AND expire_le > %(maintenant)s)
    FROM totaux LEFT JOIN page ON true LEFT JOIN agenda_cartelieu carte USING (lieu_id) {consignes}
    LEFT JOIN LATERAL (
        SELECT * FROM annuaire_structure s WHERE page.cpts IS NOT NULL AND s.id = page.cpts OFFSET 0
    ) asso ON true {jointure_cpts}
    ORDER BY {ordre_page}
"""
_PAR_NOM = """
    JOIN (
        SELECT l.id FROM annuaire_effecteur e JOIN annuaire_lieuexercice l ON l.effecteur_id = e.id
        WHERE %(noms)s <%% e.nom_recherche
        UNION
        SELECT l.id FROM annuaire_structure s JOIN annuaire_lieuexercice l ON l.structure_id = s.id
        WHERE %(noms)s <%% s.nom_recherche
    ) nomme ON nomme.id = o.lieu_id"""

# Qui est absent tout le temps que l’on montre ne se trouve plus qu’en le nommant (metier.md S-33).
_PRESENT = "AND (o.absent @> %(minute)s) IS NOT TRUE"
# Une seule spécialité, le cas courant, s’écrit `=` : son plan ne dépend pas de la
# valeur, PostgreSQL le garde, et n’en refait pas un à chaque recherche (0,4 ms).
_FILTRES = {
    "specialite": f"AND o.specialite_id = %(specialite)s {_PRESENT}",
    "specialites": f"AND o.specialite_id = ANY(%(specialites)s::smallint[]) {_PRESENT}",
    "nom": "",
    "cpts": _PRESENT,
    "lieu": "AND o.lieu_id = %(lieu)s",
    "lieux": "AND o.lieu_id = ANY(%(lieux)s)",
}


def fenetres_de(maintenant: datetime) -> list[int]:
    """Minute où finit ce que l’on montre, dans chaque fuseau."""
    return _fenetres(en_minutes(maintenant))


@lru_cache(maxsize=2)
def _fenetres(minute: int) -> list[int]:
    return [en_minutes(fin_de_fenetre(en_instant(minute), fuseau)) for fuseau in FUSEAUX_LUS]


def instruction(criteres: Criteres, *, facettes: bool = False, apres: bool = False) -> str:
    """L’instruction SQL qui répond à ces critères ; ses paramètres : `parametres_de`.

    `facettes` : avec ce que compte chaque valeur de filtre. `apres` : la page commence après le lieu `apres`.
    """
    return _page(**_formes(criteres, facettes=facettes), facettes=facettes, liste=criteres.disponibilite,
                 regroupe=bool(criteres.regroupees), apres=apres)  # fmt: skip


def instruction_de_comptes(demandes: Sequence[Criteres]) -> str:
    """Une ligne : pour chaque recherche, combien d’offres elle montrerait, puis combien avec un créneau.

    Les paramètres de la n-ième (`parametres_de`) portent le préfixe `pn_`.
    """
    comptes = []
    for rang, criteres in enumerate(demandes):
        sql = _comptes(**_formes(criteres, facettes=False), liste=criteres.disponibilite)
        comptes.append(f"({sql})".replace("%(", f"%(p{rang}_"))
    return f"SELECT {', '.join(comptes)}"


def _formes(criteres: Criteres, *, facettes: bool) -> dict[str, Any]:
    """Ce qui change le texte de l’instruction, et non ses paramètres."""
    if criteres.lieu_id:
        par = "lieu"
    elif criteres.lieu_ids:
        par = "lieux"
    elif criteres.cpts_id:
        par = "cpts"
    elif criteres.noms:
        par = "nom"
    else:
        par = "specialite" if len(criteres.specialite_ids) == 1 else "specialites"
    return {
        "par": par,
        "detaille": criteres.filtre_les_creneaux or (facettes and criteres.demande_un_creneau),
        "filtre_les_creneaux": criteres.filtre_les_creneaux,
        "demande_un_creneau": criteres.demande_un_creneau,
        "categories": facettes or any(getattr(criteres, nom) for nom in _PLACES),
        "filtres": tuple(nom for nom in _PLACES if getattr(criteres, nom)),
        "departement": bool(criteres.departement),
        "cpts": bool(criteres.cpts_id),
        "traitant": bool(criteres.medecin_traitant),
        "garde": criteres.gardee is not None,
    }


def _retenue(liste: str, *, filtres: tuple[str, ...], filtre_les_creneaux: bool) -> str:
    listes = _LISTES_FILTREES if filtre_les_creneaux else _LISTES
    return " AND ".join([listes[liste], *(_PLACES[nom] for nom in filtres)])


@cache
def _comptes(*, liste: str, **formes: Any) -> str:
    filtres = {nom: formes[nom] for nom in ("filtres", "filtre_les_creneaux")}
    retenue = f"cle >> 41 > 0 AND {_retenue(liste, **filtres)}"
    return f"WITH {_proches(**formes)} SELECT ARRAY[count(*), count(libre)] FROM proches WHERE {retenue}"  # noqa: S608


@cache
def _page(*, facettes: bool, liste: str, regroupe: bool, apres: bool, **formes: Any) -> str:
    filtres = {nom: formes[nom] for nom in ("filtres", "filtre_les_creneaux")}
    en_tete = f"{_TRAITANT} OR " if formes["traitant"] else ""
    conditions = {nom: en_tete + _retenue(nom, **filtres) for nom in _LISTES}
    retenue = conditions[liste]
    nombres = ", ".join(
        f"count(*) FILTER (WHERE {condition}) AS {nom}" for nom, condition in conditions.items()
    )
    marge = "2 * %(par_page)s" if apres else "%(par_page)s"
    if regroupe:
        marge += f" + coalesce({_PLIEES}, 0)"
    deplies = f"WHERE NOT {_PLIEE}" if regroupe else ""
    # Le médecin traitant n’est jamais le premier de sa CPTS : il se range à part.
    numero = f"row_number() OVER (PARTITION BY cpts, {_TRAITANT} ORDER BY {_ORDRE})"
    rang = f", CASE WHEN {_GROUPEE} THEN {numero} END AS rang"
    page = _PAGE.format(
        proches=_proches(**formes),
        totaux=_TOTAUX.format(nombres=nombres),
        cpts=_CPTS.format(retenue=retenue) if regroupe else "",
        tete=_TETE.format(
            retenue=retenue,
            marge=marge,
            rang=rang if regroupe else "",
        ),
        deplies=deplies,
        ordre=_ORDRE,
        saut=_SAUT_APRES.format(deplies=deplies, ordre=_ORDRE) if apres else "%(saut)s",
        pliees=f"coalesce({_PLIEES}, 0)::int" if regroupe else "0",
        traitants=_TRAITANTS if formes["traitant"] else "0, 0",
        facettes=_facettes(liste, **filtres) if facettes else "NULL",
        liste=liste,
        suspension=sollicitation.COLONNE,
        membres="membres.membres, membres.libres" if regroupe else "NULL, NULL",
        jointure_cpts="LEFT JOIN cpts_du_secteur membres ON membres.cpts = page.cpts AND page.rang = 1"
        if regroupe
        else "",
        consignes=sollicitation.JOINTURE,
        ordre_page=", ".join(f"page.{colonne}" for colonne in _ORDRE.split(", ")),
    )
    # Au-delà de 4 096 signes, psycopg refait l’analyse du texte à chaque recherche (docs/adr/0008).
    return " ".join(page.split()).replace("( ", "(").replace(" )", ")")


# Le lieu après lequel on reprend a pu avancer ou reculer depuis que sa page a été écrite ; disparu, on reprend
# là où elle finissait.
_SAUT_APRES = """coalesce((SELECT n FROM (
            SELECT lieu_id, row_number() OVER (ORDER BY {ordre}) AS n FROM rangees {deplies}) numerotees
        WHERE lieu_id = %(apres)s), %(saut)s)"""


def _candidats(
    *,
    par: str,
    departement: bool,
    cpts: bool,
    traitant: bool,
    categories: bool,
    garde: bool,
    **_autres: Any,
) -> str:
    # Un lieu peut répondre à plusieurs spécialités : une seule offre de lui, sauf si l’on n’en cherche qu’une.
    colonnes = _COLONNES.format(
        libre=_LIBRE_OU_GARDE if garde else _LIBRE, categories=_CATEGORIES if categories else ""
    )
    filtre = _FILTRES[par] + (" AND o.departement = %(departement)s" if departement else "")
    sql = _CANDIDATS.format(
        distinct="" if par == "specialite" else "DISTINCT ON (o.lieu_id)",
        colonnes=colonnes,
        traitant="false AS traitant," if traitant else "",
        km=KM_PAR_DEGRE,
        jointure=_PAR_NOM if par == "nom" else "",
        zone="o.cpts = %(cpts)s" if cpts else _CARRE,
        filtre=filtre,
        sauf=f"AND o.lieu_id <> ALL({_LIEUX_DU_TRAITANT})" if traitant else "",
        ordre="" if par == "specialite" else "ORDER BY o.lieu_id",
    )
    if traitant:
        suivis = _FILTRES[par] if par in ("lieu", "lieux") else ""
        sql += _DU_TRAITANT.format(colonnes=colonnes, lieux=_LIEUX_DU_TRAITANT, filtre=suivis)
    return sql


def _proches(
    *,
    par: str,
    departement: bool,
    filtre_les_creneaux: bool,
    demande_un_creneau: bool,
    detaille: bool,
    categories: bool,
    traitant: bool,
    cpts: bool,
    garde: bool,
    **_autres: Any,
) -> str:
    colonnes = "detail.modalites, detail.delais, detail.libre IS NOT NULL AS trouve," if detaille else ""
    dans_le_cercle = "o.km <= %(rayon)s"
    return _PROCHES.format(
        candidats=_candidats(
            par=par,
            departement=departement,
            cpts=cpts,
            traitant=traitant,
            categories=categories,
            garde=garde,
        ),
        colonnes=colonnes,
        traitant="WHEN o.traitant THEN 0" if traitant else "",
        refus=sollicitation.REFUS,
        libre="detail.libre" if filtre_les_creneaux and demande_un_creneau else "o.premier",
        detail=_DETAIL.format(creneaux=_CRENEAUX_ET_GARDE if garde else _CRENEAUX) if detaille else "",
        rayon="true" if cpts else f"({dans_le_cercle} OR o.traitant)" if traitant else dans_le_cercle,
    )


def _facettes(liste: str, *, filtres: tuple[str, ...], filtre_les_creneaux: bool) -> str:
    """Chaque filtre compte ce que laissent les autres, lui-même mis de côté (W-12, W-14)."""

    def sans(nom: str) -> str:
        return " AND ".join(_PLACES[autre] for autre in filtres if autre != nom) or "true"

    def bits(colonne: str, nombre: int) -> str:
        if liste not in (TOUTES, LIBRES):
            return ", ".join(["0 * count(*)"] * nombre)  # une agrégation : une ligne, quoi qu’il arrive
        return ", ".join(f"count(*) FILTER (WHERE {colonne} & {1 << rang} > 0)" for rang in range(nombre))

    return _FACETTES.format(
        liste=(_LISTES_FILTREES if filtre_les_creneaux else _LISTES)[liste],
        place=sans(""),
        sans_natures=sans("natures"),
        sans_secteurs=sans("secteurs"),
        accueil=", ".join(
            f"count(*) FILTER (WHERE accueil & {masque} > 0 AND {sans(_CATEGORIE_ACCUEIL.get(code, 'langues'))})"
            for code, masque in MASQUES_ACCUEIL.items()
        ),
        modalites=bits("modalites", len(MASQUES)),
        delais=bits("delais", len(DELAIS)),
    )


def parametres_de(criteres: Criteres, maintenant: datetime, fenetres: list[int]) -> dict[str, Any]:
    """Paramètres liés de l’instruction ; le carré déborde un peu du cercle, la distance tranche."""
    demi_lat = criteres.rayon_km / KM_PAR_DEGRE * 1.001
    nord_extreme = min(89.0, abs(criteres.lat) + demi_lat)
    demi_lon = demi_lat / cos(radians(nord_extreme))
    minute = en_minutes(maintenant)
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
        "minute": minute,
        "maintenant": maintenant,
        "semaine_passee": maintenant - EQUITE,
        "compte": criteres.compte_id,
        "fenetres": sollicitation.en_tableau(fenetres),
        "masque": masque_des_modalites(criteres),
        "delais": _masque_des_delais(criteres),
        "bornes": sollicitation.en_tableau([*DELAIS.values()][1:]),
        "natures": list(criteres.natures),
        "secteurs": ["" if secteur == NON_RENSEIGNE else secteur for secteur in criteres.secteurs],
        "langues": sum(MASQUES_ACCUEIL[langue] for langue in criteres.langues),
        "departement": criteres.departement,
        "cpts": criteres.cpts_id,
        "regroupees": list(criteres.regroupees),
        "traitants": list(criteres.medecin_traitant),
        "lieu": criteres.lieu_id,
        "lieux": list(criteres.lieu_ids),
        "noms": normaliser(criteres.noms),
        "specialites": list(criteres.specialite_ids),
        "specialite": next(iter(criteres.specialite_ids), None),
        **sollicitation.bornes(maintenant),
    }
    if (gardee := criteres.gardee) is not None:
        parametres |= {
            "lieu_garde": gardee.lieu.pk,
            "debut_garde": gardee.debut,
            "expire_garde": gardee.expire,
            "masque_garde": sum(MASQUES[modalite] for modalite in gardee.creneau.modalites),
        }
    return parametres


def masque_des_modalites(criteres: Criteres) -> int:
    """Un bit par type de consultation admis ; tous si l’on ne filtre pas."""
    return sum(MASQUES[modalite] for modalite in criteres.modalites or MASQUES)


def _masque_des_delais(criteres: Criteres) -> int:
    return sum(
        1 << rang for rang, delai in enumerate(DELAIS) if not criteres.delais or delai in criteres.delais
    )
