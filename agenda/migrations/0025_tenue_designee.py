"""Une place tenue par l’API se désigne : un numéro au hasard, et la clé d’idempotence de l’appelant."""

import uuid

import django.contrib.postgres.functions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agenda", "0024_editeur_ancien_avant_perime")]

    operations = [
        migrations.AddField(
            model_name="tenue",
            name="uuid",
            field=models.UUIDField(
                db_default=django.contrib.postgres.functions.RandomUUID(),
                default=uuid.uuid4,
                editable=False,
                unique=True,
            ),
        ),
        migrations.AddField(
            model_name="tenue",
            name="cle",
            field=models.CharField(blank=True, db_default="", max_length=100, verbose_name="clé d’idempotence"),
        ),
    ]
