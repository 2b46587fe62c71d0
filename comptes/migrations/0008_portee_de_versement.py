import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("comptes", "0007_identifiant_technique"),
    ]

    operations = [
        migrations.AlterField(
            model_name="jeton",
            name="portees",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("recherche", "Rechercher une offre de soins"),
                        ("orientation", "Enregistrer et annuler des orientations"),
                        ("versement", "Verser les orientations de l’outil d’un territoire"),
                    ],
                    max_length=20,
                ),
                size=None,
                verbose_name="portées",
            ),
        ),
    ]
