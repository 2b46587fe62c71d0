from django.db import migrations

NOM = "offre_perimee_agenda_editeur_update"


class Migration(migrations.Migration):
    """Un éditeur coupé, rouvert ou corrigé (nom, hôtes, origine) marque les lieux qu’il tient (docs/adr/0008)."""

    dependencies = [("agenda", "0004_marquer_les_offres_perimees")]

    operations = [
        migrations.RunSQL(
            f"""
            CREATE FUNCTION {NOM}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO agenda_offreperimee (lieu_id)
                SELECT DISTINCT a.lieu_id FROM touches e
                JOIN agenda_raccordement r ON r.editeur_id = e.id
                JOIN agenda_agendaediteur a ON a.raccordement_id = r.id
                ORDER BY a.lieu_id ON CONFLICT DO NOTHING;
                RETURN NULL;
            END $$;
            CREATE TRIGGER {NOM} AFTER UPDATE ON agenda_editeur
            REFERENCING NEW TABLE AS touches FOR EACH STATEMENT EXECUTE FUNCTION {NOM}();
            """,
            f"DROP TRIGGER {NOM} ON agenda_editeur; DROP FUNCTION {NOM}();",
        )
    ]
