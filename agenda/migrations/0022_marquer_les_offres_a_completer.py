from django.db import migrations


class Migration(migrations.Migration):
    """Toutes les offres sont à recalculer : `rafraichir_perimees` y écrit ce que la recherche filtre."""

    dependencies = [("agenda", "0021_offre_filtrable")]

    operations = [
        migrations.RunSQL(
            """
            INSERT INTO agenda_offreperimee (lieu_id)
            SELECT DISTINCT lieu_id FROM agenda_offrelieu ORDER BY 1 ON CONFLICT DO NOTHING
            """,
            migrations.RunSQL.noop,
            elidable=True,
        ),
    ]
