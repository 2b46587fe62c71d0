from django.db import migrations

# La connexion, le compte qui ne doit plus être actif, l’identité qui change : une ligne par compte touché.
# `personne` garde l’identité d’avant si elle était entière, la seule avec laquelle on saura désactiver.
MARQUER = """
    CREATE FUNCTION regulateur_compte_change() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        avant jsonb := NULL;
        entre boolean;
    BEGIN
        IF (OLD.email, OLD.nom, OLD.prenom) IS DISTINCT FROM (NEW.email, NEW.nom, NEW.prenom)
            AND OLD.email LIKE '%_@_%._%' AND trim(OLD.nom) <> '' AND trim(OLD.prenom) <> '' THEN
            avant := jsonb_build_object('uuid', OLD.uuid, 'nom', OLD.nom, 'prenom', OLD.prenom,
                'email', OLD.email, 'identifiant_national', coalesce(OLD.identifiant_national, ''));
        END IF;
        -- Le nom que Pro Santé Connect vient de donner s’écrit juste après l’entrée : il en fait partie.
        entre := NEW.last_login IS NOT NULL AND (
            NEW.last_login IS DISTINCT FROM OLD.last_login OR NEW.last_login > now() - interval '1 minute');
        INSERT INTO agenda_regulateuracomparer AS marque (compte_id, est_connexion, personne)
        VALUES (NEW.id, entre, avant)
        ON CONFLICT (compte_id) DO UPDATE SET
            est_connexion = marque.est_connexion OR EXCLUDED.est_connexion,
            personne = coalesce(EXCLUDED.personne, marque.personne);
        RETURN NULL;
    END $$;
    CREATE TRIGGER regulateur_compte_change
    AFTER UPDATE OF last_login, is_active, email, nom, prenom, identifiant_national ON comptes_compte
    FOR EACH ROW WHEN (
        (OLD.last_login, OLD.is_active, OLD.email, OLD.nom, OLD.prenom, OLD.identifiant_national)
        IS DISTINCT FROM
        (NEW.last_login, NEW.is_active, NEW.email, NEW.nom, NEW.prenom, NEW.identifiant_national)
    ) EXECUTE FUNCTION regulateur_compte_change();

    CREATE FUNCTION regulateur_role_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO agenda_regulateuracomparer (compte_id, est_connexion) VALUES (OLD.compte_id, false)
        ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$;
    CREATE TRIGGER regulateur_role_change
    AFTER UPDATE OR DELETE ON comptes_habilitation
    FOR EACH ROW EXECUTE FUNCTION regulateur_role_change();
"""
OUBLIER = """
    DROP TRIGGER regulateur_role_change ON comptes_habilitation;
    DROP FUNCTION regulateur_role_change();
    DROP TRIGGER regulateur_compte_change ON comptes_compte;
    DROP FUNCTION regulateur_compte_change();
"""


class Migration(migrations.Migration):
    """Tout retrait de droit se voit, par quelque chemin qu’il passe : écrans, import, administration, tâche, SQL."""

    dependencies = [
        ("agenda", "0018_comptes_des_regulateurs"),
        ("comptes", "0007_identifiant_technique"),
    ]

    operations = [migrations.RunSQL(MARQUER, OUBLIER)]
