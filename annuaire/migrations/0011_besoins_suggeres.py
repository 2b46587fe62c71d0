from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annuaire", "0010_accueil_et_langues_d_un_lieu")]

    operations = [
        migrations.AddField(
            model_name="besoin",
            name="est_suggere",
            field=models.BooleanField(
                default=False, help_text="Montré avant d’avoir rien tapé.", verbose_name="suggéré d’emblée"
            ),
        ),
    ]
