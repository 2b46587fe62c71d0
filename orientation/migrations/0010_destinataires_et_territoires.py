from django.db import migrations

# Ce que le serveur établit désormais en enregistrant (W-20, W-24), retrouvé pour l’existant : le destinataire
# d’après le lieu, et la CPTS pour un patient en sus par elle ; les territoires d’après la commune et les
# périmètres en cours à l’instant de l’acte.
_COUVRANT = """
    SELECT t.id FROM annuaire_territoire t
    LEFT JOIN annuaire_territoire_communes nomme ON nomme.territoire_id = t.id
        AND nomme.commune_id IN (c.code_insee, c.commune_parente_id)
    LEFT JOIN annuaire_territoire_departements entier ON entier.territoire_id = t.id
        AND entier.departement_id = c.departement_id
    WHERE nomme.id IS NOT NULL OR entier.id IS NOT NULL
    ORDER BY nomme.id IS NULL, t.id LIMIT 1
"""


def _du_regulateur(acte: str, instant: str) -> str:
    return f"""
    SELECT p.territoire_id FROM annuaire_perimetre p
    JOIN comptes_habilitation h ON h.id = p.habilitation_id
    WHERE h.compte_id = {acte}.acteur_id AND h.role IN ('osnp', 'regulateur', 'ioa')
    AND p.territoire_id IS NOT NULL
    AND h.debut_le <= {acte}.{instant} AND (h.fin_le IS NULL OR h.fin_le > {acte}.{instant})
    AND p.debut_le <= {acte}.{instant} AND (p.fin_le IS NULL OR p.fin_le > {acte}.{instant})
    ORDER BY p.territoire_id IS DISTINCT FROM couvrant.id, p.territoire_id LIMIT 1
"""


REMPLIR = f"""
    UPDATE orientation_orientation o SET
        effecteur_id = l.effecteur_id,
        structure_id = CASE WHEN l.effecteur_id IS NULL THEN l.structure_id
            WHEN o.voie = 'surnumeraire' AND part.modalite = 'cpts' THEN part.structure_id END,
        territoire_destinataire_id = couvrant.id,
        territoire_id = ({_du_regulateur("o", "prise_le")})
    FROM annuaire_lieuexercice l
    JOIN annuaire_commune c ON c.code_insee = l.commune_id
    LEFT JOIN participation_participation part ON part.effecteur_id = l.effecteur_id
    LEFT JOIN LATERAL ({_COUVRANT}) couvrant ON true
    WHERE l.id = o.lieu_id;

    UPDATE orientation_redirection r SET territoire_destinataire_id = couvrant.id
    FROM annuaire_lieuexercice l
    JOIN annuaire_commune c ON c.code_insee = l.commune_id
    CROSS JOIN LATERAL ({_COUVRANT}) couvrant
    WHERE l.id = r.lieu_id;

    UPDATE orientation_redirection r SET territoire_id = (
        SELECT trouve.territoire_id FROM (SELECT r.territoire_destinataire_id AS id) couvrant
        CROSS JOIN LATERAL ({_du_regulateur("r", "le")}) trouve
    );

    INSERT INTO orientation_motifrefus (libelle, rang, est_actif) VALUES
        ('Complet aujourd’hui', 10, true),
        ('Absent ou en visite', 20, true),
        ('Ne prend pas de nouveau patient', 30, true),
        ('Motif hors de sa compétence', 40, true),
        ('Autre raison', 90, true)
    ON CONFLICT DO NOTHING;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("orientation", "0009_suivi_des_orientations"),
        ("participation", "0003_espaces_insecables"),
    ]

    operations = [migrations.RunSQL(REMPLIR, migrations.RunSQL.noop, elidable=True)]
