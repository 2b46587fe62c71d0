"""L’instruction qui relève les actes : une seule, pour le pays comme pour un bénéficiaire.

Les faits viennent de trois sources (nos orientations, les rendez-vous pris chez
un éditeur après un départ, les outils des territoires), à la date et à la semaine
du lieu. Un bénéficiaire est désigné par `cle` : l’effecteur, ou moins la structure.
La semaine d’avant et celle d’après la période se lisent aussi : le plafond des
majorations est hebdomadaire. Mesure : `./bin/mesures --seulement indicateurs`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from remuneration.calcul.perimetre import Perimetre
from remuneration.calcul.regles import RegleLue
from remuneration.calcul.sql_regles import majorations, motif
from remuneration.domaine.periodes import SEMAINE, lundi_de

# L’outil d’un territoire ne donne pas toujours l’heure du rendez-vous : deux orientations du même
# destinataire, à moins de dix minutes, sont la même.
DIX_MINUTES_S = 600
_MARGE = timedelta(days=1)  # couvre tous les fuseaux

COLONNES = (
    "source", "numero", "effecteur_id", "structure_id", "territoire_id", "orientee_le", "debut", "jour",
    "semaine", "type", "issue", "motif", "majorations", "rang",
)  # fmt: skip

_RELEVE = ", ".join(f"r.{nom}" for nom in COLONNES)
_ECRIT = ", ".join(f"a.{nom}" for nom in COLONNES)

# Un calcul refait pose son relevé dans une table temporaire : seul ce qui diffère du précédent s’écrit.
ECARTER = f"""
    DELETE FROM remuneration_acte a WHERE a.calcul_id = %(calcul)s AND NOT EXISTS (
        SELECT FROM remuneration_releve r
        WHERE r.source = a.source AND r.numero = a.numero AND ROW({_RELEVE}) IS NOT DISTINCT FROM ROW({_ECRIT})
    )"""  # noqa: S608 : des noms de colonnes
_AJOUTER = f"INSERT INTO remuneration_acte (calcul_id, {', '.join(COLONNES)}) SELECT %(calcul)s, {_RELEVE}"
SAUF_CEUX_QUI_Y_SONT = """
    WHERE NOT EXISTS (
        SELECT FROM remuneration_acte a
        WHERE a.calcul_id = %(calcul)s AND a.source = r.source AND a.numero = r.numero
    )"""

_COMMUNES = """
    commune AS MATERIALIZED (
        SELECT DISTINCT ON (commune_id) commune_id, territoire_id FROM (
            SELECT tc.commune_id, tc.territoire_id, 0 AS ordre FROM annuaire_territoire_communes tc
            UNION ALL
            SELECT c.code_insee, tc.territoire_id, 0 FROM annuaire_commune c
            JOIN annuaire_territoire_communes tc ON tc.commune_id = c.commune_parente_id
            UNION ALL
            SELECT c.code_insee, td.territoire_id, 1 FROM annuaire_commune c
            JOIN annuaire_territoire_departements td ON td.departement_id = c.departement_id
        ) toutes {communes} ORDER BY commune_id, ordre, territoire_id
    ),
    lieu AS MATERIALIZED (
        SELECT l.id, l.effecteur_id, l.structure_id, l.fuseau, c.territoire_id, co.departement_id,
            CASE WHEN st.type IN ('cds', 'sos') THEN l.structure_id END AS recoit_id, l.est_actif
        FROM annuaire_lieuexercice l
        JOIN annuaire_commune co ON co.code_insee = l.commune_id
        LEFT JOIN commune c ON c.commune_id = l.commune_id
        LEFT JOIN annuaire_structure st ON st.id = l.structure_id
        {lieux}
    ),"""

# Ce qui valait à chaque instant : une ligne par déclaration, jusqu’à la suivante. Une CPTS ou une MSP ne déclare
# pas : elle participe tant que l’un de ses membres participe par elle.
_DECLARATIONS = """
    declaration AS MATERIALIZED (
        SELECT coalesce(su.nouveau_id, v.effecteur_id, -v.structure_id) AS cle, v.le, v.apres, v.id,
            lead(v.le) OVER (
                PARTITION BY coalesce(su.nouveau_id, v.effecteur_id, -v.structure_id) ORDER BY v.le, v.id
            ) AS jusqu_a,
            (v.apres->>'participe')::boolean AS participe,
            v.apres->>'modalite' AS modalite,
            v.apres->>'type_structure' AS type_structure,
            (v.apres->>'structure')::bigint AS par_structure_id,
            coalesce((v.apres->>'utilise_logiciel')::boolean, FALSE)
                AND NOT coalesce((v.apres->>'refuse_affichage')::boolean, FALSE)
                AND coalesce(v.apres->>'modalite', '') <> 'sos' AS par_logiciel,
            coalesce((v.apres->>'declare_deux_heures')::boolean, FALSE) AS declare_deux_heures,
            coalesce((v.apres->>'nombre_effecteurs')::int, 0) AS nombre_effecteurs
        FROM participation_versionparticipation v
        LEFT JOIN remuneration_succession su ON su.ancien_id = v.effecteur_id AND su.le <= %(arrete_le)s
        WHERE v.le <= %(arrete_le)s {declarations}
    ),
    participation AS MATERIALIZED (
        SELECT cle, le, jusqu_a FROM declaration WHERE participe
        UNION ALL
        SELECT -par_structure_id, min(le), nullif(max(coalesce(jusqu_a, 'infinity')), 'infinity')
        FROM declaration WHERE participe AND modalite IN ('cpts', 'msp') GROUP BY par_structure_id
    ),"""

_FAITS = """
    fait AS MATERIALIZED (
        SELECT brut.*, coalesce(su.nouveau_id, brut.effecteur_brut, -brut.structure_id) AS cle,
            coalesce(su.nouveau_id, brut.effecteur_brut) AS effecteur_id,
            brut.type <> '3' AND NOT brut.annulee AS vivant,
            local::date AS jour, date_trunc('week', local)::date AS semaine, local::time AS heure
        FROM (
            SELECT 1 AS canal, 'orientation' AS source, o.id AS numero,
                CASE WHEN recoit.id IS NULL THEN o.effecteur_id END AS effecteur_brut,
                CASE WHEN recoit.id IS NOT NULL THEN recoit.id
                    WHEN o.effecteur_id IS NULL THEN o.structure_id END AS structure_id,
                coalesce(o.territoire_destinataire_id, l.territoire_id) AS territoire_id,
                o.prise_le AS orientee_le, o.debut, TRUE AS a_une_heure, o.type::text AS type,
                coalesce(i.issue, '') AS issue, o.modalites,
                coalesce(o.annulee_le <= %(arrete_le)s, FALSE) OR coalesce(i.issue = 'annule', FALSE) AS annulee,
                o.debut AT TIME ZONE l.fuseau AS local
            FROM orientation_orientation o
            JOIN lieu l ON l.id = o.lieu_id
            LEFT JOIN annuaire_structure so ON so.id = o.structure_id
            CROSS JOIN LATERAL (
                SELECT CASE WHEN so.type IN ('cds', 'sos') THEN so.id ELSE l.recoit_id END AS id
            ) recoit
            LEFT JOIN {issues} ON i.orientation_id = o.id
            WHERE o.debut >= %(de)s AND o.debut < %(a)s AND o.prise_le <= %(arrete_le)s {orientations}
            UNION ALL
            SELECT 2, 'rendez_vous', r.id,
                CASE WHEN recoit.id IS NULL THEN coalesce(r.effecteur_id, l.effecteur_id) END,
                CASE WHEN recoit.id IS NOT NULL THEN recoit.id
                    WHEN coalesce(r.effecteur_id, l.effecteur_id) IS NULL THEN l.structure_id END,
                coalesce(d.territoire_destinataire_id, l.territoire_id),
                r.pris_le, r.debut, TRUE, '1',
                CASE r.statut WHEN 'fulfilled' THEN 'venu' WHEN 'noshow' THEN 'pas_venu' ELSE '' END,
                '{{}}'::varchar[], r.statut = 'cancelled',
                r.debut AT TIME ZONE coalesce(l.fuseau, 'Europe/Paris')
            FROM orientation_rendezvous r
            JOIN orientation_redirection d ON d.id = r.redirection_id
            LEFT JOIN lieu lr ON lr.id = coalesce(r.lieu_id, d.lieu_id)
            LEFT JOIN principal pr ON pr.cle = r.effecteur_id AND lr.id IS NULL
            LEFT JOIN lieu l ON l.id = coalesce(lr.id, pr.lieu_id)
            CROSS JOIN LATERAL (SELECT CASE WHEN lr.id IS NOT NULL THEN l.recoit_id END AS id) recoit
            WHERE r.debut >= %(de)s AND r.debut < %(a)s AND r.recu_le <= %(arrete_le)s
                AND (r.effecteur_id IS NOT NULL OR lr.id IS NOT NULL) {rendez_vous}
            UNION ALL
            SELECT 2 + x.outil_id, 'externe', x.id, x.effecteur_id, x.structure_id, x.territoire_id,
                x.orientee_le, coalesce(x.rendez_vous_le, x.orientee_le), x.rendez_vous_le IS NOT NULL,
                CASE x.nature WHEN 'disponibilite' THEN '1' WHEN 'en_sus' THEN '2' ELSE '3' END,
                CASE x.issue WHEN 'inconnue' THEN '' ELSE x.issue END, '{{}}'::varchar[], x.est_annulee,
                coalesce(x.rendez_vous_le, x.orientee_le) AT TIME ZONE coalesce(pr.fuseau, 'Europe/Paris')
            FROM orientation_orientationexterne x
            LEFT JOIN principal pr ON pr.cle = coalesce(x.effecteur_id, -x.structure_id)
            WHERE coalesce(x.rendez_vous_le, x.orientee_le) >= %(de)s
                AND coalesce(x.rendez_vous_le, x.orientee_le) < %(a)s AND x.cree_le <= %(arrete_le)s {externes}
        ) brut
        LEFT JOIN remuneration_succession su ON su.ancien_id = brut.effecteur_brut AND su.le <= %(arrete_le)s
    ),"""

# Le n-ième patient d’un même destinataire à une même heure, vu par deux sources, est le même patient : deux
# orientations d’une plage restent deux. Sans heure de rendez-vous, l’orientation la plus proche, une fois chacune.
_DOUBLONS = """
    partage AS (SELECT DISTINCT cle, debut FROM fait WHERE canal > 1 AND vivant AND a_une_heure),
    sans_heure AS MATERIALIZED (
        SELECT cle, numero, orientee_le, floor(date_part('epoch', orientee_le) / %(dix_minutes)s) AS tiroir
        FROM fait WHERE canal > 2 AND vivant AND NOT a_une_heure
    ),
    proche AS (
        SELECT DISTINCT ON (x.numero) x.numero, x.orientee_le, f.source AS source_f, f.numero AS numero_f,
            abs(date_part('epoch', f.orientee_le - x.orientee_le)) AS ecart
        FROM (
            SELECT cle, source, numero, orientee_le,
                floor(date_part('epoch', orientee_le) / %(dix_minutes)s) AS tiroir
            FROM fait WHERE canal <= 2 AND vivant AND cle IN (SELECT cle FROM sans_heure)
        ) f
        JOIN (
            SELECT cle, numero, orientee_le, tiroir + saut AS tiroir
            FROM sans_heure CROSS JOIN generate_series(-1, 1) saut
        ) x ON x.cle = f.cle AND x.tiroir = f.tiroir
        WHERE f.orientee_le BETWEEN x.orientee_le - %(dix_minutes)s * interval '1 second'
            AND x.orientee_le + %(dix_minutes)s * interval '1 second'
        ORDER BY x.numero, ecart, f.orientee_le, f.source, f.numero
    ),
    doublon AS MATERIALIZED (
        SELECT source, numero FROM (
            SELECT source, numero, row_number() OVER (PARTITION BY cle, debut, patient ORDER BY canal, numero) AS vu
            FROM (
                SELECT f.cle, f.debut, f.source, f.numero, f.canal, row_number() OVER (
                    PARTITION BY f.cle, f.debut, f.canal ORDER BY f.orientee_le, f.numero
                ) AS patient
                FROM fait f JOIN partage p ON p.cle = f.cle AND p.debut = f.debut
                WHERE f.vivant AND f.a_une_heure
            ) numerotes
        ) vus WHERE vu > 1
        UNION ALL
        SELECT 'externe', numero FROM (
            SELECT numero, row_number() OVER (
                PARTITION BY source_f, numero_f ORDER BY ecart, orientee_le, numero
            ) AS vu FROM proche
        ) rapproches WHERE vu = 1
    ),"""

_ACTES = """
    juge AS (
        SELECT f.*, dup.numero IS NOT NULL AS est_doublon, p.cle IS NOT NULL AS participait,
            coalesce(t.ouvert_date <= f.jour AND (t.ferme_date IS NULL OR t.ferme_date > f.jour), FALSE) AS ouvert
        FROM fait f
        LEFT JOIN annuaire_territoire t ON t.id = f.territoire_id
        LEFT JOIN doublon dup ON dup.source = f.source AND dup.numero = f.numero
        LEFT JOIN participation p
            ON p.cle = f.cle AND p.le <= f.debut AND (p.jusqu_a IS NULL OR f.debut < p.jusqu_a)
        WHERE f.jour >= %(lundi)s AND f.jour < %(dernier)s AND f.cle IS NOT NULL {cles}
    ),
    majore AS (
        SELECT j.source, j.numero, j.canal, j.cle, j.effecteur_id, j.structure_id, j.territoire_id, j.orientee_le,
            j.debut, j.jour, j.semaine, j.type, j.issue, {motif} AS motif, {majorations} AS majorations FROM juge j
    ),
    range AS (
        SELECT m.*, CASE WHEN majore THEN row_number() OVER (
            PARTITION BY cle, semaine, majore ORDER BY debut, canal, numero
        ) END AS rang
        FROM (SELECT *, majorations <> '{{}}' AS majore FROM majore OFFSET 0) m
    )
    SELECT source, numero, effecteur_id, structure_id, territoire_id, orientee_le, debut, jour, semaine, type, issue,
        motif, majorations, rang
    FROM range WHERE jour >= %(premier)s AND jour < %(lendemain)s"""

# Les lieux de chaque bénéficiaire, puis un seul : le premier en activité, sinon le premier ; il dit le fuseau, la caisse
# et le territoire. Une structure sans lieu est à son adresse ; à défaut de tout, l’outil qui oriente dit le département.
_BENEFICIAIRES = """
    sien AS MATERIALIZED (
        SELECT effecteur_id AS cle, id AS lieu_id, fuseau, departement_id, territoire_id, est_actif, 0 AS ordre
        FROM lieu WHERE effecteur_id IS NOT NULL
        UNION ALL
        SELECT -structure_id, id, fuseau, departement_id, territoire_id, est_actif, (effecteur_id IS NOT NULL)::int
        FROM lieu WHERE structure_id IS NOT NULL
        UNION ALL
        SELECT -st.id, NULL, dep.fuseau, co.departement_id, c.territoire_id, TRUE, 2
        FROM annuaire_structure st
        JOIN annuaire_commune co ON co.code_insee = st.commune_id
        JOIN annuaire_departement dep ON dep.code = co.departement_id
        LEFT JOIN commune c ON c.commune_id = st.commune_id
        WHERE TRUE {structures}
        UNION ALL
        SELECT x.cle, NULL, dep.fuseau, dep.code, x.territoire_id, FALSE, 3
        FROM (
            SELECT coalesce(effecteur_id, -structure_id) AS cle, min(territoire_id) AS territoire_id
            FROM orientation_orientationexterne x
            WHERE NOT EXISTS (SELECT FROM annuaire_lieuexercice l
                WHERE l.effecteur_id = x.effecteur_id OR l.structure_id = x.structure_id) {externes}
            GROUP BY 1
        ) x
        JOIN annuaire_departement dep ON dep.code = coalesce(
            (SELECT min(departement_id) FROM annuaire_territoire_departements WHERE territoire_id = x.territoire_id),
            (SELECT min(c.departement_id) FROM annuaire_territoire_communes tc
                JOIN annuaire_commune c ON c.code_insee = tc.commune_id WHERE tc.territoire_id = x.territoire_id)
        )
    ),
    principal AS MATERIALIZED (
        SELECT DISTINCT ON (cle) cle, lieu_id, fuseau, departement_id, territoire_id
        FROM sien ORDER BY cle, ordre > 1, est_actif DESC, ordre, lieu_id
    ),"""

_DERNIERE_ISSUE = """(
    SELECT DISTINCT ON (orientation_id) orientation_id, issue FROM orientation_issueorientation
    WHERE le <= %(arrete_le)s ORDER BY orientation_id, le DESC, id DESC
) i"""
_DERNIERE_ISSUE_D_UNE = """LATERAL (
    SELECT orientation_id, issue FROM orientation_issueorientation
    WHERE orientation_id = o.id AND le <= %(arrete_le)s ORDER BY le DESC, id DESC LIMIT 1
) i"""


def ajouter(releve: str) -> str:
    """INSERT des actes que rend l’instruction `releve`."""
    return f"{_AJOUTER} FROM ({releve}) r"


def contexte(perimetre: Perimetre | None) -> str:
    """Ce que toutes les instructions partagent : communes, lieux, lieu principal, déclarations."""
    restreint = perimetre is not None
    return (
        _COMMUNES.format(
            communes="WHERE commune_id = ANY(%(communes)s)" if restreint else "",
            lieux="WHERE l.id = ANY(%(lieux)s)" if restreint else "",
        )
        + _BENEFICIAIRES.format(
            structures="AND st.id = ANY(%(structures)s)" if restreint else "",
            externes="AND x.id = ANY(%(externes)s)" if restreint else "",
        )
        + _DECLARATIONS.format(declarations="AND v.id = ANY(%(declarations)s)" if restreint else "")
    )


def instruction(
    regles: Sequence[RegleLue],
    debut: date,
    fin: date,
    *,
    arrete_le: datetime,
    perimetre: Perimetre | None = None,
) -> tuple[str, dict[str, Any]]:
    """SELECT des actes de [debut, fin[, colonnes de `COLONNES`, et ses paramètres ; commence par `WITH`."""
    lundi, dernier = lundi_de(debut), lundi_de(fin - timedelta(days=1)) + SEMAINE
    parametres: dict[str, Any] = {
        "arrete_le": arrete_le,
        "dix_minutes": DIX_MINUTES_S,
        "lundi": lundi,
        "dernier": dernier,
        "premier": debut,
        "lendemain": fin,
        # Un outil peut verser sans heure une orientation dont la consultation tombe la semaine suivante.
        "de": datetime.combine(lundi, time.min, UTC) - _MARGE,
        "a": datetime.combine(dernier, time.min, UTC) + SEMAINE + _MARGE,
    }
    restrictions = {"orientations": "", "rendez_vous": "", "externes": "", "cles": ""}
    if perimetre is not None:
        parametres |= perimetre.parametres
        restrictions = {
            "orientations": "AND o.id = ANY(%(orientations)s)",
            "rendez_vous": "AND r.id = ANY(%(rendez_vous)s)",
            "externes": "AND x.id = ANY(%(externes)s)",
            "cles": "AND f.cle = ANY(%(cles)s)",
        }
    issues = _DERNIERE_ISSUE_D_UNE if perimetre else _DERNIERE_ISSUE
    sql = (
        "WITH "
        + contexte(perimetre)
        + _FAITS.format(
            issues=issues,
            orientations=restrictions["orientations"],
            rendez_vous=restrictions["rendez_vous"],
            externes=restrictions["externes"],
        )
        + _DOUBLONS
        + _ACTES.format(
            cles=restrictions["cles"],
            motif=motif(regles, parametres),
            majorations=majorations(regles, parametres),
        )
    )
    return sql, parametres
