from django.db import migrations, models


class Migration(migrations.Migration):
    """De quoi reconnaître une réponse d’éditeur déjà lue ; vide, la prochaine est lue en entier."""

    dependencies = [("agenda", "0005_marquer_les_offres_d_un_editeur")]

    operations = [
        migrations.AddField(
            "raccordement",
            "memoire",
            models.JSONField(editable=False, null=True, verbose_name="mémoire de la dernière réponse"),
        ),
        migrations.AddField(
            "raccordement",
            "etat",
            models.CharField(
                blank=True, db_default="", editable=False, max_length=32, verbose_name="état de la base après elle"
            ),
        ),
    ]
