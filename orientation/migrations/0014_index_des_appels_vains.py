from django.db import migrations, models


class Migration(migrations.Migration):
    """Les refus et les silences du jour, que chaque recherche lit, dans leur propre index."""

    dependencies = [("orientation", "0013_compteurs_de_recherches")]

    operations = [
        migrations.AddIndex(
            model_name="appel",
            index=models.Index(
                condition=models.Q(("issue", "accepte"), _negated=True),
                fields=["le"],
                include=("lieu",),
                name="appel_vain",
            ),
        ),
    ]
