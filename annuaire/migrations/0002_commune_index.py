from django.db import migrations, models


class Migration(migrations.Migration):
    """Deux index pour le géocodage local : le début du nom, la commune la plus proche d’un point."""

    dependencies = [("annuaire", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="commune",
            index=models.Index(
                fields=["nom_recherche"], name="commune_nom_debut", opclasses=["varchar_pattern_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="commune",
            index=models.Index(fields=["lat", "lon"], name="commune_position"),
        ),
    ]
