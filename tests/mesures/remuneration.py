"""Le calcul d’un trimestre pour tout le pays : 60 000 professionnels, deux millions d’orientations, les relevés de chaque semaine.

Le trimestre (actes, forfait d’activité, majorations), puis le forfait de l’année en cours, dont les relevés
hebdomadaires sont la preuve. Les données s’ajoutent par SQL, une fois, à la base jetable des mesures.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from comptes.models import Compte
from remuneration.calcul import calculer, ouvrir
from remuneration.models import Acte, Calcul, Decompte
from tests.mesures.lignes import Budget, Ligne, dire
from tests.mesures.reglages import Reglages

BUDGET_S = 60
PROFESSIONNELS = 60_000
ORIENTATIONS, RENDEZ_VOUS, EXTERNES = 1_700_000, 200_000, 100_000
TRIMESTRE, ANNEE = "2025T3", "2025"
MAINTENANT = datetime(2025, 10, 6, 3, tzinfo=UTC)
_MARQUE = "mesure-remuneration"

# Une orientation sur dix est annulée, une sur vingt vient des urgences, une issue sur sept manque.
_DONNEES = [
    "INSERT INTO annuaire_profession (code, libelle) VALUES ('10', 'Médecin') ON CONFLICT DO NOTHING",
    """INSERT INTO annuaire_territoire
        (nom, ouvert_date, courriel_gestionnaires, courriel_referents, samu, fournisseur_identite, cree_le, modifie_le)
    SELECT 'Mesure ' || code, CASE WHEN code < '93' THEN date '2021-06-01' END, '', '', '', '', now(), now()
    FROM annuaire_departement""",
    """INSERT INTO annuaire_territoire_departements (territoire_id, departement_id)
    SELECT t.id, d.code FROM annuaire_departement d JOIN annuaire_territoire t ON t.nom = 'Mesure ' || d.code""",
    """INSERT INTO annuaire_effecteur
        (identifiant_national, civilite, nom, prenom, nom_recherche, profession_id, savoir_faire, conventionnement, est_actif)
    SELECT '8997' || lpad(n::text, 8, '0'), 'DR', 'MESURE-' || n, 'Alix', 'alix mesure ' || n,
        '10', ARRAY['SM54'], '', TRUE
    FROM generate_series(1, %(professionnels)s) n""",
    """CREATE TEMP TABLE endroit AS
    SELECT row_number() OVER (ORDER BY c.code_insee) AS n, c.code_insee, d.fuseau
    FROM annuaire_commune c JOIN annuaire_departement d ON d.code = c.departement_id""",
    "ANALYZE endroit",
    """INSERT INTO annuaire_lieuexercice
        (effecteur_id, source, cle, nom, adresse, code_postal, commune_id, lat, lon, precision_geo, fuseau, telephone,
         finess, siret, mode_exercice, secteur_activite, informations_complementaires, est_actif)
    SELECT e.id, 'fictive', %(marque)s, '', '', '', c.code_insee, 46, 2, 'commune', c.fuseau, '', '', '', 'L', 'SA07',
        '', TRUE
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM annuaire_effecteur
        WHERE identifiant_national LIKE '8997%%') e
    CROSS JOIN (SELECT count(*) AS nombre FROM endroit) combien
    JOIN endroit c ON c.n = 1 + (e.n * 37) %% combien.nombre""",
    """CREATE TEMP TABLE cabinet AS
    SELECT row_number() OVER (ORDER BY l.id) AS n, l.id AS lieu_id, l.effecteur_id, t.id AS territoire_id
    FROM annuaire_lieuexercice l JOIN annuaire_commune c ON c.code_insee = l.commune_id
    JOIN annuaire_territoire t ON t.nom = 'Mesure ' || c.departement_id WHERE l.cle = %(marque)s""",
    "CREATE UNIQUE INDEX ON cabinet (n)",
    "ANALYZE cabinet",
    """INSERT INTO participation_versionparticipation (effecteur_id, le, apres)
    SELECT effecteur_id, timestamptz '2024-03-01 10:00+00' + v * interval '1 month', jsonb_build_object(
        'participe', TRUE, 'modalite', 'individuel', 'type_structure', '', 'structure', NULL, 'lieux', '[]'::jsonb,
        'lieux_rattaches', 0, 'utilise_logiciel', n %% 3 <> 0, 'logiciels', '["logiciel"]'::jsonb,
        'declare_deux_heures', n %% 3 = 0, 'refuse_affichage', FALSE, 'forfait_reorientation', v = 1)
    FROM cabinet CROSS JOIN generate_series(0, 1) v WHERE v = 0 OR n %% 5 = 0""",
    """INSERT INTO agenda_relevehebdomadaire (effecteur_id, semaine, minutes, seuil_min, releve_le)
    SELECT effecteur_id, lundi::date, 120 + (n %% 7) * 15 - (n %% 97 = 0)::int * 60, 120, lundi + interval '8 days'
    FROM cabinet CROSS JOIN generate_series(timestamp '2025-06-30', '2025-09-29', interval '7 days') lundi""",
    """INSERT INTO orientation_orientation
        (uuid, acteur_id, pseudonyme, cle, empreinte, type, voie, lieu_id, debut, modalites, effecteur_id,
         territoire_destinataire_id, prise_le, annulee_le)
    SELECT gen_random_uuid(), %(acteur)s, '', %(marque)s || k, '', '2', 'surnumeraire', c.lieu_id, o.debut,
        ARRAY['cabinet'], c.effecteur_id, c.territoire_id, o.debut - interval '5 hours',
        CASE WHEN k %% 10 = 0 THEN o.debut - interval '4 hours' END
    FROM generate_series(1, %(orientations)s) k
    JOIN cabinet c ON c.n = 1 + (k::bigint * 7919) %% %(professionnels)s
    CROSS JOIN LATERAL (SELECT timestamptz '2025-07-01 06:00+00' + (k %% 92) * interval '1 day'
        + ((k / 92) %% 52) * interval '15 minutes' AS debut) o""",
    """INSERT INTO orientation_issueorientation (orientation_id, issue, source, acteur_id, pseudonyme, le)
    SELECT id, CASE WHEN id %% 11 = 0 THEN 'pas_venu' ELSE 'venu' END, 'tableau', %(acteur)s, '',
        debut + interval '2 hours' FROM orientation_orientation WHERE acteur_id = %(acteur)s AND id %% 7 <> 0""",
    """INSERT INTO orientation_redirection
        (uuid, acteur_id, pseudonyme, editeur_id, lieu_id, debut, fin, hote, territoire_destinataire_id, le)
    SELECT gen_random_uuid(), %(acteur)s, '', %(editeur)s, c.lieu_id, o.debut, o.debut + interval '15 minutes', 'hote',
        c.territoire_id, o.debut - interval '3 hours'
    FROM generate_series(1, %(rendez_vous)s) k JOIN cabinet c ON c.n = 1 + (k::bigint * 104729) %% %(professionnels)s
    CROSS JOIN LATERAL (SELECT timestamptz '2025-07-01 06:05+00' + (k %% 92) * interval '1 day'
        + ((k / 92) %% 52) * interval '15 minutes' AS debut) o""",
    """INSERT INTO orientation_rendezvous
        (uuid, editeur_id, systeme, valeur, statut, debut, fin, est_sos, pris_le, effecteur_identifiant, effecteur_id,
         regulateur_systeme, regulateur_identifiant, pseudonyme, lieu_id, redirection_id, rattachement, recu_le,
         modifie_le, empreinte)
    SELECT gen_random_uuid(), d.editeur_id, %(marque)s, d.id, CASE WHEN d.id %% 9 = 0 THEN 'noshow' ELSE 'fulfilled' END,
        d.debut, d.fin, FALSE, d.le, '', l.effecteur_id, '', '', '', d.lieu_id, d.id, 'depart', d.le, d.le, ''
    FROM orientation_redirection d JOIN annuaire_lieuexercice l ON l.id = d.lieu_id WHERE d.hote = 'hote'""",
    """INSERT INTO orientation_orientationexterne
        (uuid, outil_id, empreinte_cle, version, territoire_id, effecteur_id, orientee_le, rendez_vous_le, nature, issue,
         pseudonyme, est_annulee, cree_le, modifie_le)
    SELECT gen_random_uuid(), %(outil)s, o.id, 1, o.territoire_destinataire_id, o.effecteur_id,
        o.prise_le + (o.id %% 3) * interval '3 minutes', CASE WHEN o.id %% 4 <> 0 THEN o.debut + (o.id %% 2) * interval '1 hour' END,
        'en_sus', 'venu', '', FALSE, o.prise_le, o.prise_le
    FROM orientation_orientation o WHERE o.acteur_id = %(acteur)s AND o.territoire_destinataire_id IS NOT NULL
    ORDER BY o.id DESC LIMIT %(externes)s""",
]
_INDEX = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid = 'orientation_orientation'::regclass
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)"""
_TABLES = (
    "annuaire_effecteur", "annuaire_lieuexercice", "orientation_orientation", "orientation_issueorientation",
    "orientation_redirection", "orientation_rendezvous", "orientation_orientationexterne",
    "participation_versionparticipation", "agenda_relevehebdomadaire",
)  # fmt: skip


def indicateurs(_: Reglages) -> Iterator[Ligne]:
    """Un premier calcul, de zéro ; puis le même refait, comme chaque nuit."""
    _charger()
    # Le calcul d’une série d’avant s’efface : celui-ci part de zéro.
    for modele in (Acte, Decompte):
        modele.objects.filter(calcul__periode__code__in=(TRIMESTRE, ANNEE)).delete()
    Calcul.objects.filter(periode__code__in=(TRIMESTRE, ANNEE)).delete()
    for mesure, budget in (
        ("indicateurs", Budget(max=BUDGET_S)),
        ("indicateurs_refaits", Budget(max=BUDGET_S)),
    ):
        duree = 0.0
        for code in (TRIMESTRE, ANNEE):
            debut = time.perf_counter()
            calculer(
                ouvrir(code),
                MAINTENANT,
                signaler=dire,
            )
            duree += time.perf_counter() - debut
        actes = Acte.objects.filter(calcul__periode__code=TRIMESTRE).count()
        yield Ligne(mesure, duree, "s", n=actes, budget=budget)


def _charger() -> None:
    if Compte.objects.filter(email=f"{_MARQUE}@exemple.invalid").exists():
        return
    dire(f"{PROFESSIONNELS} professionnels, {ORIENTATIONS + RENDEZ_VOUS + EXTERNES} orientations")
    with transaction.atomic(), connection.cursor() as curseur:
        acteur = Compte.objects.create(email=f"{_MARQUE}@exemple.invalid", nom="Mesure", prenom="Alix")
        # Ces données respectent les clés étrangères : les vérifier ligne à ligne doublerait la durée.
        curseur.execute("SET LOCAL session_replication_role = replica")
        parametres = {
            "acteur": acteur.pk,
            "marque": _MARQUE,
            "professionnels": PROFESSIONNELS,
            "orientations": ORIENTATIONS,
            "rendez_vous": RENDEZ_VOUS,
            "externes": EXTERNES,
            "editeur": _numero(curseur, "agenda_editeur"),
            "outil": _numero(curseur, "orientation_outilterritorial"),
        }
        # Tenir une dizaine d’index ligne à ligne prendrait cinq minutes : ils se refont d’un coup.
        curseur.execute(_INDEX)
        index = curseur.fetchall()
        for nom, _ in index:
            curseur.execute(f"DROP INDEX {nom}")
        for instruction in _DONNEES:
            curseur.execute(instruction, parametres)
        for _, definition in index:
            curseur.execute(definition)
        curseur.execute("DROP TABLE cabinet, endroit")
    with connection.cursor() as curseur:
        for table in _TABLES:
            curseur.execute(f"VACUUM ANALYZE {table}")


def _numero(curseur: Any, table: str) -> int:
    curseur.execute(f"SELECT coalesce(min(id), 1) FROM {table}")
    (numero,) = curseur.fetchone()
    return int(numero)
