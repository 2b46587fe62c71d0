import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import migrations, models


class Migration(migrations.Migration):
    """Chaque compte reçoit le sien de la base, ceux d’avant compris : c’est elle qui remplit la colonne."""

    dependencies = [("comptes", "0006_premieres_cgu")]

    operations = [
        migrations.AddField(
            model_name="compte",
            name="uuid",
            field=models.UUIDField(db_default=RandomUUID(), default=uuid.uuid4, editable=False, unique=True),
        ),
    ]
