import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annuaire", "0008_fuseaux_de_france"),
    ]

    operations = [
        migrations.CreateModel(
            name="Besoin",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                (
                    "libelle",
                    models.CharField(
                        help_text="Des mots neutres, sans nom de maladie.", max_length=80, verbose_name="besoin"
                    ),
                ),
                (
                    "formulations",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        default=list,
                        help_text="Ce que l’on tape, séparé par des virgules.",
                        size=None,
                        verbose_name="formulations",
                    ),
                ),
                ("est_actif", models.BooleanField(default=True, verbose_name="proposé")),
                (
                    "specialites",
                    models.ManyToManyField(
                        related_name="+", to="annuaire.specialite", verbose_name="spécialités et professions"
                    ),
                ),
            ],
            options={
                "verbose_name": "besoin",
            },
        ),
    ]
