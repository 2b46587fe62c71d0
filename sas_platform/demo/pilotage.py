"""Quelques mois de recherches et d’orientations, pour que le pilotage ait de quoi montrer. Fictif, rejouable.

Les faits s’écrivent en quatre instructions ; les mesures sont celles du vrai calcul, qui clôt les mois échus.
"""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

MOIS = 3
PSEUDONYME = "demonstration-du-pilotage"

# Chaque jour et chaque territoire : plus de recherches en semaine, un peu plus chaque mois, sans hasard.
_RECHERCHES = """
    WITH villes AS MATERIALIZED (
        SELECT d.territoire_id, c.code_insee,
            row_number() OVER (PARTITION BY d.territoire_id ORDER BY c.population DESC, c.code_insee) AS rang
        FROM annuaire_territoire_departements d
        JOIN annuaire_commune c ON c.departement_id = d.departement_id AND c.commune_parente_id IS NULL
    ), grandes AS MATERIALIZED (SELECT * FROM villes WHERE rang <= 4)
    INSERT INTO orientation_recherchesdujour
        (jour, territoire_id, commune_insee, quoi, entree, suite, nombre, elargies, delai_min)
    SELECT j.jour::date, t.id, coalesce(ville.code_insee, ''), 's:1', f.entree, f.suite,
        f.part + CASE f.suite WHEN '0-1' THEN (t.id + extract(day FROM j.jour)::integer) %% 3 + rang.mois ELSE 0 END,
        f.part / 3, f.delai * f.part
    FROM generate_series(%(debut)s::date, %(fin)s::date - 1, interval '1 day') AS j (jour)
    CROSS JOIN annuaire_territoire t
    LEFT JOIN grandes AS ville
        ON ville.territoire_id = t.id AND ville.rang = 1 + extract(day FROM j.jour)::integer %% 4
    CROSS JOIN LATERAL (SELECT extract(month FROM age(j.jour, %(debut)s::date))::integer AS mois) AS rang
    CROSS JOIN (VALUES
        ('web', '0-1', 4, 30), ('web', '4-8', 3, 350), ('lrm', '12-24', 2, 1000), ('web', 'sans_creneau', 1, 0),
        ('api', 'sans_resultat', 1, 0)
    ) AS f (entree, suite, part, delai)
    WHERE extract(isodow FROM j.jour) < 6 OR f.part > 1
    ON CONFLICT DO NOTHING
"""

# Un patient en sus par jour chez un généraliste participant, tour à tour.
_ORIENTATIONS = """
    WITH lieux AS (
        SELECT l.id, l.effecteur_id, row_number() OVER (ORDER BY l.id) - 1 AS rang, count(*) OVER () AS nombre,
            (SELECT min(d.territoire_id) FROM annuaire_territoire_departements d WHERE d.departement_id = c.departement_id)
                AS territoire_id
        FROM annuaire_lieuexercice l
        JOIN annuaire_commune c ON c.code_insee = l.commune_id
        JOIN participation_participation p ON p.effecteur_id = l.effecteur_id AND p.participe
        WHERE l.est_actif AND NOT EXISTS (
            SELECT FROM comptes_compte k JOIN annuaire_effecteur e ON e.identifiant_national = k.identifiant_national
            WHERE e.id = l.effecteur_id
        )
    )
    INSERT INTO orientation_orientation
        (uuid, pseudonyme, cle, empreinte, type, voie, lieu_id, effecteur_id, territoire_id, territoire_destinataire_id,
         debut, modalites, prise_le)
    SELECT gen_random_uuid(), %(pseudonyme)s, 'pilotage-' || n, repeat('0', 64), '2', 'surnumeraire', l.id, l.effecteur_id,
        l.territoire_id, l.territoire_id, instant + interval '2 hours', '{}', instant
    FROM generate_series(0, %(nombre)s::integer - 1) AS n
    CROSS JOIN LATERAL (
        SELECT %(du)s::timestamptz + (%(au)s::timestamptz - %(du)s::timestamptz) * n / %(nombre)s::integer AS instant
    ) AS quand
    JOIN lieux l ON l.rang = (n * 7 + n / 5) %% l.nombre
"""

# On sait de deux sur trois ce qu’elles sont devenues.
_ISSUES = """
    INSERT INTO orientation_issueorientation (orientation_id, issue, source, pseudonyme, le)
    SELECT id, CASE WHEN id %% 7 = 0 THEN 'pas_venu' ELSE 'venu' END, 'editeur', '', debut + interval '1 hour'
    FROM orientation_orientation WHERE pseudonyme = %(pseudonyme)s AND id %% 3 > 0
"""
_PARTICIPATIONS = "UPDATE participation_participation SET cree_le = %(du)s WHERE cree_le >= %(du)s"


def preparer_pilotage(maintenant: datetime, *, par_mois: int = 1200) -> None:
    """Trois mois finis, et celui qui court jusqu’à hier ; rien si des mois sont déjà mesurés."""
    from django.db import connection
    from django.utils import timezone

    from remuneration.domaine.mois import Mois
    from remuneration.models import MoisMesure
    from remuneration.pilotage.agregation import mesurer, relever_les_creneaux_recus

    if MoisMesure.objects.exists():
        return
    en_cours = Mois.de(timezone.localdate(maintenant))
    debut = en_cours.plus(-MOIS)
    parametres: dict[str, Any] = {
        "debut": debut.premier,
        "fin": timezone.localdate(maintenant),
        "du": timezone.make_aware(datetime.combine(debut.premier, time.min)),
        # Avant le mois en cours : ni les limites d’un cabinet ni l’ordre de la liste n’y changent.
        "au": timezone.make_aware(datetime.combine(en_cours.premier, time.min)),
        "nombre": par_mois * MOIS,
        "pseudonyme": PSEUDONYME,
    }
    with connection.cursor() as curseur:
        for instruction in (_PARTICIPATIONS, _RECHERCHES, _ORIENTATIONS, _ISSUES):
            curseur.execute(instruction, parametres)
    relever_les_creneaux_recus(maintenant=maintenant)
    for rang in range(MOIS + 1):
        mesurer(debut.plus(rang), maintenant=maintenant)
