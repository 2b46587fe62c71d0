"""Quelques mois de recherches et d’orientations, pour que le pilotage ait de quoi montrer. Fictif, rejouable.

Chaque sorte de faits s’écrit d’une instruction, sans hasard, chez d’autres que les personas ; les mesures sont celles
du vrai calcul, qui clôt les mois échus.
"""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from remuneration.domaine.mois import Mois

MOIS = 3
PSEUDONYME = "demonstration-du-pilotage"

# Chaque jour et chaque SAS ouvert : plus de recherches en semaine, un peu plus chaque mois.
_RECHERCHES = """
    WITH villes AS MATERIALIZED (
        SELECT d.territoire_id, c.code_insee,
            row_number() OVER (PARTITION BY d.territoire_id ORDER BY c.population DESC, c.code_insee) AS rang
        FROM annuaire_territoire_departements d
        JOIN annuaire_commune c ON c.departement_id = d.departement_id AND c.commune_parente_id IS NULL
    ), cherchees AS MATERIALIZED (SELECT * FROM villes WHERE rang <= 12)
    INSERT INTO orientation_recherchesdujour
        (jour, territoire_id, commune_insee, quoi, entree, suite, nombre, elargies, delai_min)
    SELECT j.jour::date, t.id, coalesce(ville.code_insee, ''), 's:1', f.entree, f.suite,
        f.part + t.id %% 4 + CASE f.suite WHEN '0-1' THEN t.id * extract(day FROM j.jour)::integer %% 11 + rang.mois ELSE 0 END,
        f.part / 3, f.delai * f.part
    FROM generate_series(%(debut)s::date, %(fin)s::date - 1, interval '1 day') AS j (jour)
    CROSS JOIN annuaire_territoire t
    CROSS JOIN LATERAL (SELECT extract(month FROM age(j.jour, %(debut)s::date))::integer AS mois) AS rang
    CROSS JOIN (VALUES
        ('web', '0-1', 4, 30), ('web', '1-2', 2, 90), ('web', '2-4', 2, 170), ('web', '4-8', 3, 350),
        ('lrm', '12-24', 2, 1000), ('web', '24-48', 1, 2000), ('web', 'sans_creneau', 1, 0), ('api', 'sans_resultat', 1, 0)
    ) AS f (entree, suite, part, delai)
    -- Les petites villes, plus souvent cherchées en vain que les grandes.
    CROSS JOIN LATERAL (SELECT (t.id * 5 + extract(doy FROM j.jour)::integer) %% 78 AS tirage) AS hasard
    LEFT JOIN cherchees AS ville ON ville.territoire_id = t.id
        AND ville.rang = CASE f.suite WHEN 'sans_resultat' THEN floor((sqrt(8 * tirage + 1) - 1) / 2)::integer + 1
            ELSE 1 + tirage %% 4 END
    WHERE t.ouvert_date IS NOT NULL AND (extract(isodow FROM j.jour) < 6 OR f.part > 1)
    ON CONFLICT DO NOTHING
"""

# Les lieux des généralistes participants, un par un, et une place de leur agenda s’ils en ont un.
_LIEUX = """
    lieux AS MATERIALIZED (
        SELECT l.id, l.effecteur_id, row_number() OVER (ORDER BY l.id) - 1 AS rang, count(*) OVER () AS nombre,
            (SELECT min(d.territoire_id) FROM annuaire_territoire_departements d WHERE d.departement_id = c.departement_id)
                AS territoire_id,
            (SELECT min(d.id) FROM agenda_disponibilite d WHERE d.lieu_id = l.id) AS disponibilite_id
        FROM annuaire_lieuexercice l
        JOIN annuaire_commune c ON c.code_insee = l.commune_id
        JOIN participation_participation p ON p.effecteur_id = l.effecteur_id AND p.participe
        WHERE l.est_actif AND NOT EXISTS (
            SELECT FROM comptes_compte k JOIN annuaire_effecteur e ON e.identifiant_national = k.identifiant_national
            WHERE e.id = l.effecteur_id
        )
    )"""
_INSTANTS = """
    CROSS JOIN LATERAL (
        SELECT %(du)s::timestamptz + (%(au)s::timestamptz - %(du)s::timestamptz) * n / %(nombre)s::integer AS instant
    ) AS quand"""

# Tour à tour : sur disponibilité et depuis les urgences là où il y a un agenda, en sus ailleurs.
_ORIENTATIONS = f"""
    WITH {_LIEUX}, tirage AS (
        SELECT n, instant, instant + interval '2 hours' AS debut, l.*,
            CASE WHEN l.disponibilite_id IS NULL OR n %% 10 IN (1, 3, 4, 8) THEN '2' WHEN n %% 10 = 6 THEN '3' ELSE '1' END
                AS type
        FROM generate_series(0, %(nombre)s::integer - 1) AS n {_INSTANTS}
        JOIN lieux l ON l.rang = (n * 7 + n / 5) %% l.nombre
    ), places AS (
        INSERT INTO agenda_reservation (disponibilite_id, debut, fin, rang, prise_le)
        SELECT disponibilite_id, debut, debut + interval '20 minutes', 1, instant FROM tirage WHERE type <> '2'
        RETURNING id, disponibilite_id, debut
    )
    INSERT INTO orientation_orientation
        (uuid, pseudonyme, cle, empreinte, type, voie, reservation_id, lieu_id, effecteur_id, territoire_id,
         territoire_destinataire_id, debut, modalites, prise_le)
    SELECT gen_random_uuid(), %(pseudonyme)s, 'pilotage-' || n, repeat('0', 64), type,
        CASE type WHEN '2' THEN 'surnumeraire' ELSE 'agenda_sas' END, p.id, t.id, effecteur_id, territoire_id, territoire_id,
        t.debut, '{{}}', instant
    FROM tirage t LEFT JOIN places p ON t.type <> '2' AND p.disponibilite_id = t.disponibilite_id AND p.debut = t.debut
"""

# On sait de deux sur trois ce qu’elles sont devenues.
_ISSUES = """
    INSERT INTO orientation_issueorientation (orientation_id, issue, source, pseudonyme, le)
    SELECT id, CASE WHEN id %% 7 = 0 THEN 'pas_venu' ELSE 'venu' END, 'editeur', '', debut + interval '1 hour'
    FROM orientation_orientation WHERE pseudonyme = %(pseudonyme)s AND id %% 3 > 0
"""

# Avant chaque patient en sus, un appel accepté ; parfois un refus ou un silence d’abord.
_APPELS = """
    INSERT INTO orientation_appel (pseudonyme, territoire_id, lieu_id, issue, motif_id, le)
    SELECT o.pseudonyme, o.territoire_id, o.lieu_id, f.issue, m.id, o.prise_le - f.avant
    FROM orientation_orientation o
    CROSS JOIN (VALUES ('accepte', 1, interval '1 minute'), ('refus', 3, interval '6 minutes'),
        ('sans_reponse', 5, interval '9 minutes')) AS f (issue, un_sur, avant)
    LEFT JOIN LATERAL (
        SELECT id FROM orientation_motifrefus WHERE f.issue = 'refus' AND est_actif ORDER BY md5(id || o.cle) LIMIT 1
    ) AS m ON TRUE
    WHERE o.pseudonyme = %(pseudonyme)s AND o.type = '2' AND o.id %% f.un_sur = 0
        AND (f.issue <> 'refus' OR m.id IS NOT NULL)
"""

# Un départ sur cinq vers un éditeur reste sans rendez-vous.
_RENDEZ_VOUS = f"""
    WITH {_LIEUX}, raccordes AS MATERIALIZED (
        SELECT l.*, r.editeur_id, row_number() OVER (ORDER BY l.id) - 1 AS place, count(*) OVER () AS places
        FROM lieux l JOIN agenda_raccordement r ON r.effecteur_id = l.effecteur_id
    ), departs AS (
        INSERT INTO orientation_redirection
            (uuid, pseudonyme, editeur_id, lieu_id, debut, fin, hote, territoire_id, territoire_destinataire_id, le)
        SELECT gen_random_uuid(), %(pseudonyme)s, r.editeur_id, r.id, instant + interval '3 hours',
            instant + interval '200 minutes', '127.0.0.1', r.territoire_id, r.territoire_id, instant
        FROM generate_series(0, %(nombre)s::integer - 1, 2) AS n {_INSTANTS}
        JOIN raccordes r ON r.place = (n * 3 + n / 7) %% r.places
        RETURNING *
    )
    INSERT INTO orientation_rendezvous
        (uuid, editeur_id, systeme, valeur, statut, debut, fin, est_sos, pris_le, effecteur_identifiant, effecteur_id,
         regulateur_systeme, regulateur_identifiant, pseudonyme, lieu_id, redirection_id, rattachement, recu_le, modifie_le,
         empreinte)
    SELECT gen_random_uuid(), d.editeur_id, 'urn:demonstration', d.uuid::text,
        (ARRAY['cancelled', 'noshow', 'booked', 'booked', 'fulfilled', 'fulfilled', 'fulfilled'])[1 + d.id %% 7],
        d.debut, d.fin, FALSE, d.le, '', l.effecteur_id, '', '', d.pseudonyme, d.lieu_id, d.id, 'depart', d.le, d.le,
        repeat('0', 64)
    FROM departs d JOIN lieux l ON l.id = d.lieu_id WHERE d.id %% 5 > 0
"""

# L’outil d’un territoire a lui aussi orienté.
_AUTRE_OUTIL = f"""
    WITH {_LIEUX}, voisins AS MATERIALIZED (
        SELECT l.*, o.id AS outil_id, o.territoire_id AS du, row_number() OVER (PARTITION BY o.id ORDER BY l.id) - 1 AS place,
            count(*) OVER (PARTITION BY o.id) AS places
        FROM lieux l JOIN orientation_outilterritorial o ON o.territoire_id = l.territoire_id
    )
    INSERT INTO orientation_orientationexterne
        (uuid, outil_id, empreinte_cle, version, territoire_id, effecteur_id, orientee_le, nature, issue, pseudonyme,
         est_annulee, cree_le, modifie_le)
    SELECT gen_random_uuid(), v.outil_id, md5('a' || n) || md5('b' || n), 1, v.du, v.effecteur_id, instant,
        (ARRAY['disponibilite', 'en_sus', 'en_sus', 'reorientation'])[1 + n / 10 %% 4], CASE n / 10 %% 3 WHEN 0 THEN 'inconnue' ELSE 'venu' END,
        %(pseudonyme)s, FALSE, instant, instant
    FROM generate_series(0, %(nombre)s::integer - 1, 10) AS n {_INSTANTS}
    JOIN voisins v ON v.place = n / 10 %% v.places
"""

_HEURES = f"""
    WITH {_LIEUX}
    INSERT INTO agenda_relevehebdomadaire (effecteur_id, semaine, minutes, seuil_min, releve_le)
    SELECT DISTINCT l.effecteur_id, s.lundi::date, 90 + (l.effecteur_id * 37 + extract(week FROM s.lundi)::integer * 11) %% 240,
        120, s.lundi + interval '8 days'
    FROM lieux l
    CROSS JOIN generate_series(date_trunc('week', %(debut)s::date + 6), %(fin)s::date - 7, interval '1 week') AS s (lundi)
    ON CONFLICT DO NOTHING
"""

# De plus en plus d’agendas ont montré un créneau ; leurs vrais créneaux, eux, ne sont lus qu’ensuite.
_CRENEAUX_RECUS = """
    INSERT INTO remuneration_creneaurecu (mois, effecteur_id)
    SELECT %(debut)s::date + rang * interval '1 month', r.effecteur_id
    FROM (
        SELECT effecteur_id, row_number() OVER (ORDER BY effecteur_id) AS place FROM agenda_raccordement
        WHERE effecteur_id IS NOT NULL GROUP BY effecteur_id
    ) AS r
    CROSS JOIN generate_series(0, %(mois)s::integer) AS rang
    WHERE r.place %% 10 <= 9 - %(mois)s::integer + rang
    ON CONFLICT DO NOTHING
"""

# Une heure par jour suffit ; les classes de durée vont de 55 ms à 6 s.
_APPELS_AUX_EDITEURS = """
    INSERT INTO agenda_appelsediteur (editeur_id, heure, etat, classe, nombre)
    SELECT e.id, j.jour + interval '10 hours', f.etat, f.classe + e.id %% 5, f.nombre
    FROM agenda_editeur e
    CROSS JOIN generate_series(%(du)s::timestamptz, %(au)s::timestamptz - interval '1 day', interval '1 day') AS j (jour)
    CROSS JOIN (VALUES ('reussi', 40, 900), ('reussi', 52, 300), ('reussi', 66, 40), ('delai', 80, 6), ('panne', 45, 3))
        AS f (etat, classe, nombre)
    WHERE e.est_actif ON CONFLICT DO NOTHING
"""
_PARTICIPATIONS = "UPDATE participation_participation SET cree_le = %(du)s WHERE cree_le >= %(du)s"

_FAITS = (
    _PARTICIPATIONS,
    _RECHERCHES,
    _ORIENTATIONS,
    _ISSUES,
    _APPELS,
    _RENDEZ_VOUS,
    _AUTRE_OUTIL,
    _HEURES,
    _CRENEAUX_RECUS,
    _APPELS_AUX_EDITEURS,
)


def raconter_les_mois(maintenant: datetime, *, par_mois: int = 1200) -> None:
    """Trois mois finis, et les recherches de celui qui court jusqu’à hier ; rien si c’est déjà fait."""
    from django.db import connection
    from django.utils import timezone

    from orientation.models import Orientation

    if Orientation.objects.filter(pseudonyme=PSEUDONYME).exists():
        return
    en_cours = _mois_en_cours(maintenant)
    debut = en_cours.plus(-MOIS)
    parametres: dict[str, Any] = {
        "debut": debut.premier,
        "fin": timezone.localdate(maintenant),
        "du": timezone.make_aware(datetime.combine(debut.premier, time.min)),
        # Avant le mois en cours : ni les limites d’un cabinet ni l’ordre de la liste n’y changent.
        "au": timezone.make_aware(datetime.combine(en_cours.premier, time.min)),
        "mois": MOIS,
        "nombre": par_mois * MOIS,
        "pseudonyme": PSEUDONYME,
    }
    with connection.cursor() as curseur:
        for instruction in _FAITS:
            curseur.execute(instruction, parametres)


def mesurer_les_mois(maintenant: datetime) -> None:
    from remuneration.models import MoisMesure
    from remuneration.pilotage.agregation import mesurer

    if MoisMesure.objects.exists():
        return
    en_cours = _mois_en_cours(maintenant)
    for rang in range(MOIS + 1):
        mesurer(en_cours.plus(rang - MOIS), maintenant=maintenant)


def _mois_en_cours(maintenant: datetime) -> Mois:
    from django.utils import timezone

    from remuneration.domaine.mois import Mois

    return Mois.de(timezone.localdate(maintenant))
