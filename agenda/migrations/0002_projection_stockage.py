from django.db import migrations


class Migration(migrations.Migration):
    """Place pour les mises à jour HOT ; documents gardés sans compression (docs/adr/0008)."""

    dependencies = [("agenda", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE agenda_offrelieu SET (fillfactor = 80);
            ALTER TABLE agenda_cartelieu SET (fillfactor = 80);
            ALTER TABLE agenda_cartelieu ALTER COLUMN document SET STORAGE EXTERNAL;
            """,
            migrations.RunSQL.noop,
        ),
    ]
