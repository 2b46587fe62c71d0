from django.db import migrations


class Migration(migrations.Migration):
    """Numéros des demandes : une suite de la base, pour que deux demandes simultanées n’aient jamais le même."""

    dependencies = [("assistance", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE assistance_ticket_numero",
            "DROP SEQUENCE assistance_ticket_numero",
        ),
    ]
