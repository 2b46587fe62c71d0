from django.db import migrations, models


class Migration(migrations.Migration):
    """Ce que la recherche filtre de l’accueil d’un lieu ; personne n’en a encore rien dit : rien à recalculer."""

    dependencies = [
        ("agenda", "0025_tenue_designee"),
    ]

    operations = [
        migrations.AddField(
            model_name="offrelieu",
            name="accueil",
            field=models.IntegerField(
                db_default=0, default=0, verbose_name="accueil et langues, un bit chacun"
            ),
        ),
    ]
