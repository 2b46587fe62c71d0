"""Une instruction par source de faits : elle rend (code, territoire, dimension, valeur), France comprise (territoire nul).

Paramètres : `debut` et `fin`, instants du mois à l’heure de Paris ; `mois` et `suivant`, les dates ; `jours`,
les jours écoulés. Chacune range ses faits par (territoire, code, dimension), puis `_TOTAUX` les ajoute, par
territoire et pour la France : un fait sans territoire ne compte que pour elle.
"""

# ruff: noqa: S608  — les morceaux assemblés sont de ce fichier ; les valeurs passent par des paramètres.

from __future__ import annotations

# Un effecteur, une commune peuvent être de deux territoires, ou d’aucun.
_ZONES = """
    zones AS (
        SELECT t.territoire_id, c.code_insee
        FROM annuaire_territoire_departements t JOIN annuaire_commune c ON c.departement_id = t.departement_id
        UNION
        SELECT t.territoire_id, c.code_insee
        FROM annuaire_territoire_communes t
        JOIN annuaire_commune c ON t.commune_id IN (c.code_insee, c.commune_parente_id)
    )"""

# Ce qui valait à la fin du mois : la dernière déclaration d’avant ; sans aucune, la participation reprise telle quelle.
_PARTICIPANTS = """
    dites AS (
        SELECT DISTINCT ON (effecteur_id) effecteur_id, (apres ->> 'participe')::boolean AS participe
        FROM participation_versionparticipation
        WHERE effecteur_id IS NOT NULL AND le < %(fin)s
        ORDER BY effecteur_id, le DESC, id DESC
    ),
    participants AS (
        SELECT e.id AS effecteur_id, e.savoir_faire FROM annuaire_effecteur e
        LEFT JOIN dites d ON d.effecteur_id = e.id
        WHERE e.est_actif AND coalesce(d.participe, EXISTS (
            SELECT FROM participation_participation p
            WHERE p.effecteur_id = e.id AND p.participe AND p.cree_le < %(fin)s AND NOT EXISTS (
                SELECT FROM participation_versionparticipation v WHERE v.effecteur_id = p.effecteur_id
            )
        ))
    )"""

# Le territoire d’une commune quand il n’en faut qu’un : celui qui la nomme (`orientation.destinataires`) ; celui d’un
# effecteur : celui de son premier lieu.
_UNE_ZONE = f"""{_ZONES},
    une_zone AS (
        SELECT DISTINCT ON (z.code_insee) z.code_insee, z.territoire_id
        FROM zones z JOIN annuaire_commune c ON c.code_insee = z.code_insee
        LEFT JOIN annuaire_territoire_communes n
            ON n.territoire_id = z.territoire_id AND n.commune_id IN (c.code_insee, c.commune_parente_id)
        ORDER BY z.code_insee, n.id IS NULL, z.territoire_id
    ),
    premiers AS (
        SELECT DISTINCT ON (effecteur_id) effecteur_id, commune_id
        FROM annuaire_lieuexercice WHERE effecteur_id IS NOT NULL AND est_actif
        ORDER BY effecteur_id, id
    ),
    domicilies AS (
        SELECT p.effecteur_id, z.territoire_id
        FROM premiers p LEFT JOIN une_zone z ON z.code_insee = p.commune_id
    )"""

# Un rendez-vous rattaché à une orientation d’ici n’est pas une orientation de plus. Sans départ retrouvé, il est du
# territoire où l’on consulte.
_RENDEZ_VOUS = f"""{_UNE_ZONE},
    rendez_vous AS (
        SELECT r.statut, coalesce(depart.territoire_id, z.territoire_id, d.territoire_id) AS territoire_id
        FROM orientation_rendezvous r
        LEFT JOIN orientation_redirection depart ON depart.id = r.redirection_id
        LEFT JOIN annuaire_lieuexercice l ON l.id = r.lieu_id
        LEFT JOIN une_zone z ON z.code_insee = l.commune_id
        LEFT JOIN domicilies d ON d.effecteur_id = r.effecteur_id
        WHERE r.pris_le >= %(debut)s AND r.pris_le < %(fin)s AND r.orientation_id IS NULL
    )"""

_OUVERTS = """
    ouverts AS (
        SELECT id FROM annuaire_territoire
        WHERE ouvert_date < %(suivant)s AND (ferme_date IS NULL OR ferme_date >= %(suivant)s)
    )"""

_TOTAUX = """
    SELECT code, CASE WHEN grouping(territoire_id) = 0 THEN territoire_id END, dimension, {agregat} AS valeur
    FROM faits
    GROUP BY GROUPING SETS ((code, dimension, territoire_id), (code, dimension))
    HAVING grouping(territoire_id) = 1 OR territoire_id IS NOT NULL"""

_SOMME = _TOTAUX.format(agregat="sum(n)")
_NOMBRE = _TOTAUX.format(agregat="count(*)")
_DISTINCTS = _TOTAUX.format(agregat="count(DISTINCT effecteur_id)")

RECHERCHES = f"""
    WITH faits AS (
        SELECT r.territoire_id, f.code, f.dimension, f.n
        FROM orientation_recherchesdujour r
        CROSS JOIN LATERAL (VALUES
            ('recherches', '', r.nombre),
            ('recherches_elargies', '', r.elargies),
            ('recherches_entree', r.entree, r.nombre),
            ('recherches_suite', r.suite, r.nombre),
            ('sans_resultat_commune', CASE WHEN r.suite = 'sans_resultat' THEN r.commune_insee END, r.nombre)
        ) AS f (code, dimension, n)
        WHERE r.jour >= %(mois)s AND r.jour < %(suivant)s AND f.dimension IS NOT NULL AND f.n > 0
    ){_SOMME}"""

# Chaque jour : une recherche au moins, deux jours sur trois.
USAGE = f"""
    WITH {_OUVERTS}, jours AS (
        SELECT territoire_id, count(DISTINCT jour) AS n FROM orientation_recherchesdujour
        WHERE jour >= %(mois)s AND jour < %(suivant)s AND territoire_id IS NOT NULL AND nombre > 0
        GROUP BY territoire_id
    )
    SELECT 'jours_d_usage', territoire_id, '', n FROM jours
    UNION ALL
    SELECT 'sas_quotidiens', NULL, '', count(*) FILTER (WHERE 3 * n >= 2 * %(jours)s::integer)
    FROM jours JOIN ouverts o ON o.id = jours.territoire_id"""

ORIENTATIONS = f"""
    WITH {_RENDEZ_VOUS}, faits AS (
        SELECT 'orientations' AS code, territoire_id,
            CASE type WHEN '1' THEN 'premier_niveau' WHEN '2' THEN 'surnumeraire' ELSE 'ioa' END AS dimension
        FROM orientation_orientation
        WHERE prise_le >= %(debut)s AND prise_le < %(fin)s AND annulee_le IS NULL
        UNION ALL
        SELECT 'orientations', territoire_id, 'editeur' FROM rendez_vous WHERE statut <> 'cancelled'
        UNION ALL
        SELECT 'orientations_externes', territoire_id, nature
        FROM orientation_orientationexterne
        WHERE orientee_le >= %(debut)s AND orientee_le < %(fin)s AND NOT est_annulee
    ){_NOMBRE}"""

# Une orientation corrigée est remplacée par une autre, dont l’issue est comptée.
ISSUES = f"""
    WITH {_RENDEZ_VOUS}, faits AS (
        SELECT 'issues' AS code, o.territoire_id, CASE WHEN o.annulee_le IS NOT NULL THEN 'annule' ELSE coalesce((
            SELECT i.issue FROM orientation_issueorientation i
            WHERE i.orientation_id = o.id ORDER BY i.le DESC, i.id DESC LIMIT 1
        ), 'inconnu') END AS dimension
        FROM orientation_orientation o
        WHERE o.prise_le >= %(debut)s AND o.prise_le < %(fin)s
            AND NOT EXISTS (SELECT FROM orientation_orientation WHERE remplace_id = o.id)
        UNION ALL
        SELECT 'issues', territoire_id, CASE statut
            WHEN 'fulfilled' THEN 'venu' WHEN 'noshow' THEN 'pas_venu' WHEN 'cancelled' THEN 'annule' ELSE 'inconnu' END
        FROM rendez_vous
        UNION ALL
        SELECT 'issues', territoire_id, CASE WHEN est_annulee THEN 'annule' WHEN issue = 'inconnue' THEN 'inconnu' ELSE issue END
        FROM orientation_orientationexterne
        WHERE orientee_le >= %(debut)s AND orientee_le < %(fin)s
    ){_NOMBRE}"""

APPELS = f"""
    WITH faits AS (
        SELECT f.code, a.territoire_id, f.dimension
        FROM orientation_appel a LEFT JOIN orientation_motifrefus m ON m.id = a.motif_id
        CROSS JOIN LATERAL (VALUES ('appels', a.issue), ('refus', m.libelle)) AS f (code, dimension)
        WHERE a.le >= %(debut)s AND a.le < %(fin)s AND f.dimension IS NOT NULL
    ){_NOMBRE}"""

PARTICIPANTS = f"""
    WITH {_ZONES}, {_PARTICIPANTS}, faits AS (
        SELECT 'participants' AS code, z.territoire_id, '' AS dimension, p.effecteur_id
        FROM participants p
        JOIN annuaire_lieuexercice l ON l.effecteur_id = p.effecteur_id AND l.est_actif
        LEFT JOIN zones z ON z.code_insee = l.commune_id
    ){_DISTINCTS}"""

INTERFACES = f"""
    WITH {_ZONES}, faits AS (
        SELECT 'interfaces' AS code, z.territoire_id, '' AS dimension, c.effecteur_id
        FROM remuneration_creneaurecu c
        JOIN annuaire_lieuexercice l ON l.effecteur_id = c.effecteur_id AND l.est_actif
        LEFT JOIN zones z ON z.code_insee = l.commune_id
        WHERE c.mois = %(mois)s
    ){_DISTINCTS}"""

# Semaines dont le lundi est dans le mois ; des heures.
HEURES = f"""
    WITH {_UNE_ZONE}, de_structures AS (
        SELECT s.id, z.territoire_id FROM annuaire_structure s LEFT JOIN une_zone z ON z.code_insee = s.commune_id
    ), faits AS (
        SELECT 'heures_semaine' AS code, coalesce(d.territoire_id, s.territoire_id) AS territoire_id,
            r.semaine::text AS dimension, r.minutes / 60.0 AS n
        FROM agenda_relevehebdomadaire r
        LEFT JOIN domicilies d ON d.effecteur_id = r.effecteur_id
        LEFT JOIN de_structures s ON s.id = r.structure_id
        WHERE r.semaine >= %(mois)s AND r.semaine < %(suivant)s
    ){_SOMME}"""

# Part du dixième des participants qui reçoit le plus ; ceux qui ne reçoivent rien comptent. Rien à moins de dix.
EQUITE = f"""
    WITH {_UNE_ZONE}, {_PARTICIPANTS}, recues AS (
        SELECT effecteur_id, count(*) AS n FROM (
            SELECT effecteur_id FROM orientation_orientation
            WHERE prise_le >= %(debut)s AND prise_le < %(fin)s AND annulee_le IS NULL
            UNION ALL
            SELECT effecteur_id FROM orientation_rendezvous
            WHERE pris_le >= %(debut)s AND pris_le < %(fin)s AND statut <> 'cancelled' AND orientation_id IS NULL
        ) AS orientees GROUP BY effecteur_id
    ), charges AS (
        SELECT d.territoire_id, p.effecteur_id, coalesce(r.n, 0) AS n
        FROM participants p
        JOIN domicilies d ON d.effecteur_id = p.effecteur_id
        LEFT JOIN recues r ON r.effecteur_id = p.effecteur_id
    ), rangees AS (
        SELECT territoire_id, n,
            row_number() OVER territoire AS rang,
            count(*) OVER (PARTITION BY territoire_id) AS effectif
        FROM (
            SELECT * FROM charges WHERE territoire_id IS NOT NULL
            UNION ALL
            SELECT NULL, effecteur_id, n FROM charges
        ) AS toutes
        WINDOW territoire AS (PARTITION BY territoire_id ORDER BY n DESC, effecteur_id)
    )
    SELECT 'part_du_dixieme', territoire_id, '', (sum(n) FILTER (WHERE 10 * rang < effectif + 10))::float / sum(n)
    FROM rangees WHERE effectif >= 10
    GROUP BY territoire_id HAVING sum(n) > 0"""

# Communes entières : un arrondissement est compté avec sa ville. À vol d’oiseau ; le rayon est celui du département.
# Les points sont rangés par quarts de degré : on ne mesure que vers ceux des carrés que le rayon touche.
COUVERTURE = f"""
    WITH {_ZONES}, {_PARTICIPANTS}, {_OUVERTS}, points AS MATERIALIZED (
        SELECT DISTINCT l.lat, l.lon, floor(l.lat * 4)::integer AS y, floor(l.lon * 4)::integer AS x
        FROM participants p JOIN annuaire_lieuexercice l ON l.effecteur_id = p.effecteur_id AND l.est_actif
        WHERE p.savoir_faire && ARRAY['SM26', 'SM53', 'SM54']::varchar[]
    ), desservies AS (
        SELECT DISTINCT z.code_insee FROM zones z JOIN ouverts o ON o.id = z.territoire_id
    ), communes AS MATERIALIZED (
        SELECT c.code_insee, c.population, c.lat, c.lon, d.rayon_defaut_km AS km
        FROM annuaire_commune c JOIN annuaire_departement d ON d.code = c.departement_id
        WHERE c.commune_parente_id IS NULL AND c.population > 0
    ), couvertes AS (
        SELECT c.code_insee FROM communes c
        CROSS JOIN LATERAL (SELECT c.km / 110.0 AS dlat, c.km / (110.0 * cos(radians(c.lat))) AS dlon) AS marge
        CROSS JOIN generate_series(floor((c.lat - dlat) * 4)::integer, floor((c.lat + dlat) * 4)::integer) AS y
        CROSS JOIN generate_series(floor((c.lon - dlon) * 4)::integer, floor((c.lon + dlon) * 4)::integer) AS x
        WHERE EXISTS (
            SELECT FROM points p
            WHERE p.y = y.y AND p.x = x.x
            AND 12742 * asin(least(1, sqrt(
                power(sin(radians(p.lat - c.lat) / 2), 2)
                + cos(radians(c.lat)) * cos(radians(p.lat)) * power(sin(radians(p.lon - c.lon) / 2), 2)
            ))) <= c.km
        )
        GROUP BY c.code_insee
    ), faits AS (
        SELECT f.code, z.territoire_id, '' AS dimension, f.n, c.code_insee
        FROM communes c
        LEFT JOIN couvertes v ON v.code_insee = c.code_insee
        LEFT JOIN desservies o ON o.code_insee = c.code_insee
        LEFT JOIN zones z ON z.code_insee = c.code_insee
        CROSS JOIN LATERAL (VALUES
            ('population', c.population),
            ('population_couverte', CASE WHEN v.code_insee IS NOT NULL THEN c.population ELSE 0 END),
            ('population_sas', CASE WHEN o.code_insee IS NOT NULL THEN c.population ELSE 0 END)
        ) AS f (code, n)
    )
    SELECT code, territoire_id, '', sum(n) FROM faits WHERE territoire_id IS NOT NULL GROUP BY code, territoire_id
    UNION ALL
    SELECT code, NULL, '', sum(n) FROM (SELECT DISTINCT code, code_insee, n FROM faits) AS une_fois GROUP BY code"""

TERRITOIRES = f"""
    WITH {_OUVERTS}
    SELECT 'territoires_ouverts', NULL::bigint, '', count(*) FROM ouverts
    UNION ALL
    SELECT 'departements_sas', NULL, '', count(*) FROM (
        SELECT t.departement_id FROM annuaire_territoire_departements t JOIN ouverts o ON o.id = t.territoire_id
        UNION
        SELECT c.departement_id FROM annuaire_territoire_communes t
        JOIN ouverts o ON o.id = t.territoire_id JOIN annuaire_commune c ON c.code_insee = t.commune_id
    ) AS departements"""

# Un éditeur n’a pas de territoire. La dimension d’une latence est « éditeur:classe » (agenda.domaine.latences).
EDITEURS = """
    WITH faits AS (
        SELECT e.code AS editeur, a.classe, a.nombre, a.etat <> 'reussi' AS echoue
        FROM agenda_appelsediteur a JOIN agenda_editeur e ON e.id = a.editeur_id
        WHERE a.heure >= %(debut)s AND a.heure < %(fin)s
    )
    SELECT 'editeur_appels', NULL::bigint, editeur, sum(nombre) FROM faits GROUP BY editeur
    UNION ALL
    SELECT 'editeur_erreurs', NULL, editeur, sum(nombre) FROM faits WHERE echoue GROUP BY editeur
    UNION ALL
    SELECT 'editeur_latence', NULL, editeur || ':' || classe, sum(nombre) FROM faits GROUP BY editeur, classe"""

INSTRUCTIONS = {
    "recherches": RECHERCHES,
    "usage": USAGE,
    "orientations": ORIENTATIONS,
    "issues": ISSUES,
    "appels": APPELS,
    "participants": PARTICIPANTS,
    "interfaces": INTERFACES,
    "heures": HEURES,
    "equite": EQUITE,
    "couverture": COUVERTURE,
    "territoires": TERRITOIRES,
    "editeurs": EDITEURS,
}
