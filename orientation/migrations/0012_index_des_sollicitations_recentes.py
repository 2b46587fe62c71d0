from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agenda", "0024_editeur_ancien_avant_perime"),
        ("annuaire", "0009_besoins"),
        ("orientation", "0011_orientation_a_un_destinataire"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="appel",
            index=models.Index(fields=["le"], name="appel_jour"),
        ),
        migrations.AddIndex(
            model_name="orientation",
            index=models.Index(fields=["lieu", "prise_le"], name="orientation_lieu_jour"),
        ),
        migrations.AddIndex(
            model_name="redirection",
            index=models.Index(fields=["lieu", "le"], name="redirection_lieu_jour"),
        ),
    ]
