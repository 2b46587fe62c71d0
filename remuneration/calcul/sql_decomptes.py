"""Ce que les décomptes lisent : une instruction par indicateur, une ligne par bénéficiaire et par règle.

Elles ne calculent pas de montant : c’est `remuneration.domaine`, ligne par ligne.
`actes` est la source des actes : ceux d’un calcul, ou l’instruction qui les relève.
"""

from __future__ import annotations

# Le dernier moment de la période où l’on participait : c’est à ce jour-là que tout se juge.
_SITUATION = """
    situation AS MATERIALIZED (
        SELECT d.*, (d.terme - interval '1 microsecond') AT TIME ZONE d.fuseau AS vu_le FROM (
            SELECT DISTINCT ON (d.cle) d.cle, d.modalite, d.par_structure_id, d.par_logiciel, d.declare_deux_heures,
                d.nombre_effecteurs, p.fuseau, p.departement_id, p.territoire_id,
                least(coalesce(d.jusqu_a, 'infinity'), %(lendemain)s::timestamp AT TIME ZONE p.fuseau, %(arrete_le)s)
                    AS terme
            FROM declaration d JOIN principal p ON p.cle = d.cle
            WHERE d.participe AND d.le < %(lendemain)s::timestamp AT TIME ZONE p.fuseau
                AND (d.jusqu_a IS NULL
                    OR (d.jusqu_a > d.le AND d.jusqu_a > %(premier)s::timestamp AT TIME ZONE p.fuseau))
            ORDER BY d.cle, d.le DESC, d.id DESC
        ) d
    ),
    membre AS MATERIALIZED (
        SELECT par_structure_id AS structure_id, count(*) AS nombre FROM situation
        WHERE modalite = 'sos' AND par_structure_id IS NOT NULL GROUP BY 1
    ),
    titulaire AS MATERIALIZED (
        SELECT s.*, (s.vu_le)::date AS jour_vu, CASE WHEN s.cle > 0 THEN s.modalite ELSE st.type END AS mode,
            CASE WHEN s.cle > 0 THEN 1 ELSE greatest(1, coalesce(nullif(s.nombre_effecteurs, 0), m.nombre, 1)) END
                AS medecins
        FROM situation s
        LEFT JOIN annuaire_structure st ON st.id = -s.cle
        LEFT JOIN membre m ON m.structure_id = -s.cle
    ),
    regle AS MATERIALIZED (
        SELECT id, prestation, debut, coalesce(fin, 'infinity') AS fin, plafond_hebdo, minutes_hebdo
        FROM remuneration_regle WHERE id = ANY(%(regles)s)
    ),"""

MOTIFS = (
    "compte", "annulee", "reorientation", "doublon", "sas_ferme", "hors_delai", "non_participant", "pas_venu",
    "issue_inconnue",
)  # fmt: skip
_COMPTES = ", ".join(f"count(*) FILTER (WHERE a.motif = '{motif}')" for motif in MOTIFS)

_PAR_TRANCHES = f"""
    compte AS (
        SELECT r.id AS regle_id, coalesce(a.effecteur_id, -a.structure_id) AS cle,
            ARRAY[{_COMPTES}] AS comptes
        FROM ({{actes}}) a
        JOIN regle r ON r.prestation = ANY(%(par_tranches)s) AND a.jour >= r.debut AND a.jour < r.fin
        GROUP BY 1, 2
    )
    SELECT c.regle_id, c.cle, p.departement_id, p.territoire_id, t.mode, c.comptes
    FROM compte c JOIN principal p ON p.cle = c.cle LEFT JOIN titulaire t ON t.cle = c.cle
    ORDER BY c.regle_id, c.cle"""  # noqa: S608 : des constantes

_MAJORATIONS = """
    compte AS (
        SELECT r.id AS regle_id, coalesce(a.effecteur_id, -a.structure_id) AS cle, count(*) AS permises,
            count(*) FILTER (WHERE r.plafond_hebdo IS NULL OR a.rang <= r.plafond_hebdo * coalesce(t.medecins, 1))
                AS reclamables,
            array_agg(DISTINCT a.semaine ORDER BY a.semaine)
                FILTER (WHERE a.rang > r.plafond_hebdo * coalesce(t.medecins, 1)) AS plafonnees
        FROM ({actes}) a
        CROSS JOIN LATERAL unnest(a.majorations) AS m (prestation)
        JOIN regle r ON r.prestation = m.prestation AND a.jour >= r.debut AND a.jour < r.fin
        LEFT JOIN titulaire t ON t.cle = coalesce(a.effecteur_id, -a.structure_id)
        GROUP BY 1, 2
    )
    SELECT c.regle_id, c.cle, p.departement_id, p.territoire_id, t.mode, coalesce(t.medecins, 1), c.permises,
        c.reclamables, coalesce(c.plafonnees, '{{}}'::date[])
    FROM compte c JOIN principal p ON p.cle = c.cle LEFT JOIN titulaire t ON t.cle = c.cle
    ORDER BY c.regle_id, c.cle"""

# Le temps montré à la main se prouve semaine par semaine : les semaines entières pendant lesquelles on le devait,
# finies depuis deux jours (le relevé se fait le lundi), et dont le jeudi est dans la période et sous la règle.
_PARTICIPATION = """
    retenu AS MATERIALIZED (
        SELECT t.*, r.id AS regle_id, r.minutes_hebdo, greatest(%(premier)s, r.debut) AS depuis
        FROM titulaire t JOIN regle r ON t.jour_vu >= r.debut AND t.jour_vu < r.fin
        WHERE NOT (t.cle > 0 AND t.modalite = 'sos')
    ),
    ilot AS (
        SELECT cle, min(le) AS le, max(coalesce(jusqu_a, 'infinity')) AS jusqu_a FROM (
            SELECT *, count(*) FILTER (WHERE change) OVER (PARTITION BY cle ORDER BY le, id) AS numero FROM (
                SELECT d.*, s.manuel, s.manuel IS DISTINCT FROM lag(s.manuel) OVER (
                    PARTITION BY d.cle ORDER BY d.le, d.id
                ) AS change
                FROM declaration d
                CROSS JOIN LATERAL (
                    SELECT coalesce(d.participe AND (d.cle < 0 OR (NOT d.par_logiciel AND d.modalite <> 'sos')), FALSE)
                        AS manuel
                ) s
                WHERE d.jusqu_a IS NULL OR d.jusqu_a > d.le
            ) etats
        ) numerotes WHERE manuel GROUP BY cle, numero
    ),
    attendu AS MATERIALIZED (
        SELECT * FROM (
            SELECT i.cle, r.depuis, r.fuseau, r.medecins, r.minutes_hebdo, greatest(premier.jour, seuil.jour)
                + (8 - extract(isodow FROM greatest(premier.jour, seuil.jour))::int) %% 7 AS du,
                date_trunc('week', least(
                    (i.jusqu_a AT TIME ZONE r.fuseau)::date - 7,
                    (%(arrete_le)s AT TIME ZONE r.fuseau)::date - 9,
                    %(lendemain)s::date - 4
                )::timestamp)::date AS au
            FROM ilot i JOIN retenu r ON r.cle = i.cle
            CROSS JOIN LATERAL (
                SELECT (i.le AT TIME ZONE r.fuseau + interval '1 day' - interval '1 microsecond')::date AS jour
            ) premier
            CROSS JOIN LATERAL (SELECT r.depuis - 3 AS jour) seuil
        ) bornes WHERE du <= au
    ),
    releve AS MATERIALIZED (
        SELECT coalesce(su.nouveau_id, h.effecteur_id, -h.structure_id) AS cle, h.semaine, max(h.minutes) AS minutes
        FROM agenda_relevehebdomadaire h
        LEFT JOIN remuneration_succession su ON su.ancien_id = h.effecteur_id AND su.le <= %(arrete_le)s
        WHERE h.semaine >= %(premier)s::date - 3 AND h.semaine < %(lendemain)s AND h.releve_le <= %(arrete_le)s
            {releves}
        GROUP BY 1, 2
    ),
    montre AS (
        SELECT a.cle, r.semaine, r.minutes, a.minutes_hebdo * CASE WHEN a.cle > 0 THEN 1
            ELSE greatest(1, coalesce(nullif(d.nombre_effecteurs, 0), a.medecins)) END AS seuil
        FROM attendu a
        JOIN releve r ON r.cle = a.cle AND r.semaine >= a.du AND r.semaine <= a.au
        LEFT JOIN declaration d ON a.cle < 0 AND d.cle = a.cle
            AND d.le < (r.semaine + 7)::timestamp AT TIME ZONE a.fuseau
            AND (d.jusqu_a IS NULL OR d.jusqu_a >= (r.semaine + 7)::timestamp AT TIME ZONE a.fuseau)
    ),
    bilan AS MATERIALIZED (
        SELECT cle, count(*) AS relevees, min(minutes) AS mini, round(avg(minutes)) AS moyenne,
            array_agg(semaine ORDER BY semaine) FILTER (WHERE minutes < seuil) AS courtes,
            array_agg(minutes ORDER BY semaine) FILTER (WHERE minutes < seuil) AS courtes_minutes,
            max(seuil) AS seuil
        FROM montre GROUP BY cle
    ),
    total AS (SELECT cle, sum((au - du) / 7 + 1)::int AS semaines FROM attendu GROUP BY cle),
    manquante AS (
        SELECT a.cle, array_agg(s.semaine::date ORDER BY s.semaine) AS semaines
        FROM attendu a
        JOIN total n ON n.cle = a.cle
        LEFT JOIN bilan b ON b.cle = a.cle
        CROSS JOIN LATERAL generate_series(a.du, a.au, interval '7 days') AS s (semaine)
        LEFT JOIN releve r ON r.cle = a.cle AND r.semaine = s.semaine::date
        WHERE n.semaines > coalesce(b.relevees, 0) AND r.cle IS NULL
        GROUP BY a.cle
    ),
    ouvert AS (
        SELECT DISTINCT ON (r.cle) r.cle, t.id AS territoire_id, t.nom
        FROM retenu r
        JOIN sien s ON s.cle = r.cle AND s.est_actif
        JOIN annuaire_territoire t ON t.id = s.territoire_id
        WHERE t.ouvert_date <= r.jour_vu AND (t.ferme_date IS NULL OR t.ferme_date > r.jour_vu)
        ORDER BY r.cle, s.lieu_id, t.id
    ),
    interfacee AS (
        SELECT DISTINCT l.structure_id FROM agenda_agendaediteur ae
        JOIN annuaire_lieuexercice l ON l.id = ae.lieu_id
        JOIN agenda_raccordement ra ON ra.id = ae.raccordement_id
        JOIN agenda_editeur ed ON ed.id = ra.editeur_id
        WHERE l.effecteur_id IS NULL AND l.structure_id IS NOT NULL AND ed.est_actif
    ),
    histoire AS (
        SELECT d.cle, jsonb_agg(jsonb_build_object(
            'le', d.le, 'participe', d.participe, 'mode', coalesce(d.modalite, d.type_structure),
            'structure', d.par_structure_id, 'logiciel', d.par_logiciel, 'declare_deux_heures', d.declare_deux_heures,
            'medecins', d.nombre_effecteurs
        ) ORDER BY d.le, d.id) AS declarations
        FROM declaration d JOIN retenu r ON r.cle = d.cle
        WHERE d.le < r.terme AND (d.jusqu_a IS NULL OR d.jusqu_a > %(premier)s::timestamp AT TIME ZONE r.fuseau)
        GROUP BY d.cle
    )
    SELECT r.regle_id, r.cle, r.departement_id, coalesce(o.territoire_id, r.territoire_id), r.mode, r.medecins,
        r.jour_vu, coalesce(o.nom, ''), r.par_logiciel AND r.cle > 0,
        EXISTS (SELECT FROM interfacee i WHERE i.structure_id = CASE WHEN r.cle < 0 THEN -r.cle
            WHEN r.modalite IN ('cpts', 'msp') THEN r.par_structure_id END),
        r.declare_deux_heures,
        r.cle < 0 OR EXISTS (
            SELECT FROM comptes_compte c JOIN annuaire_effecteur e ON e.identifiant_national = c.identifiant_national
            WHERE e.id = r.cle AND c.is_active AND c.anonymise_le IS NULL AND c.cree_le <= %(arrete_le)s
        ),
        coalesce(n.semaines, 0), coalesce(b.relevees, 0), b.mini, b.moyenne,
        coalesce(b.courtes, '{{}}'::date[]), coalesce(b.courtes_minutes, '{{}}'::int[]),
        coalesce(b.seuil, r.minutes_hebdo * r.medecins), coalesce(m.semaines, '{{}}'::date[]), h.declarations
    FROM retenu r
    LEFT JOIN ouvert o ON o.cle = r.cle
    LEFT JOIN total n ON n.cle = r.cle
    LEFT JOIN bilan b ON b.cle = r.cle
    LEFT JOIN manquante m ON m.cle = r.cle
    LEFT JOIN histoire h ON h.cle = r.cle
    WHERE TRUE {cles}
    ORDER BY r.regle_id, r.cle"""


def par_tranches(contexte: str, actes: str) -> str:
    """Une ligne par règle à tranches et par bénéficiaire qui a des actes : les actes, comptés par motif."""
    return "WITH " + contexte + _SITUATION + _PAR_TRANCHES.format(actes=actes)


def majorations(contexte: str, actes: str) -> str:
    """Une ligne par majoration et par bénéficiaire : les actes qui l’ouvrent, ceux que le plafond laisse réclamer."""
    return "WITH " + contexte + _SITUATION + _MAJORATIONS.format(actes=actes)


def participation(contexte: str, *, restreint: bool) -> str:
    """Une ligne par bénéficiaire qui a participé dans l’année : les faits de chaque condition."""
    releves = (
        "AND (h.effecteur_id = ANY(%(effecteurs)s) OR h.structure_id = ANY(%(structures)s))"
        if restreint
        else ""
    )
    cles = "AND r.cle = ANY(%(cles)s)" if restreint else ""
    return "WITH " + contexte + _SITUATION + _PARTICIPATION.format(releves=releves, cles=cles)
