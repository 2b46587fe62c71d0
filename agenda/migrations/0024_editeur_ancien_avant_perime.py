from django.db import migrations, models
from django.db.models import F


class Migration(migrations.Migration):
    """Un créneau se montre comme ancien avant de n’être plus montré : un éditeur réglé à l’envers l’est au tiers."""

    dependencies = [("agenda", "0023_places_tenues")]

    operations = [
        migrations.RunSQL(
            "UPDATE agenda_editeur SET grise_s = peremption_s / 3 WHERE grise_s >= peremption_s",
            migrations.RunSQL.noop,
            elidable=True,
        ),
        migrations.AddConstraint(
            model_name="editeur",
            constraint=models.CheckConstraint(
                condition=models.Q(("grise_s__lt", F("peremption_s"))),
                name="editeur_ancien_avant_perime",
                violation_error_message="Un créneau est montré comme ancien avant de n’être plus montré.",
            ),
        ),
    ]
