import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """Carte Vitale, fauteuil roulant, langues parlées : ce que le lieu en déclare ; vide tant qu’il n’en dit rien."""

    dependencies = [
        ("annuaire", "0009_besoins"),
    ]

    operations = [
        migrations.AddField(
            model_name="lieuexercice",
            name="accueil",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("carte_vitale", "Carte Vitale acceptée"),
                        ("fauteuil", "Accessible en fauteuil roulant"),
                    ],
                    max_length=12,
                ),
                blank=True,
                db_default=[],
                default=list,
                size=None,
                verbose_name="accueil",
            ),
        ),
        migrations.AddField(
            model_name="lieuexercice",
            name="langues",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("en", "Anglais"),
                        ("ar", "Arabe"),
                        ("es", "Espagnol"),
                        ("pt", "Portugais"),
                        ("it", "Italien"),
                        ("de", "Allemand"),
                        ("nl", "Néerlandais"),
                        ("tr", "Turc"),
                        ("ro", "Roumain"),
                        ("pl", "Polonais"),
                        ("ru", "Russe"),
                        ("uk", "Ukrainien"),
                        ("zh", "Chinois"),
                        ("vi", "Vietnamien"),
                        ("fa", "Persan, dari"),
                        ("ta", "Tamoul"),
                        ("ber", "Berbère"),
                        ("crp", "Créole"),
                        ("fsl", "Langue des signes française"),
                    ],
                    max_length=3,
                ),
                blank=True,
                db_default=[],
                default=list,
                size=None,
                verbose_name="langues parlées, en plus du français",
            ),
        ),
        migrations.AddConstraint(
            model_name="lieuexercice",
            constraint=models.CheckConstraint(
                condition=models.Q(("accueil__contained_by", ["carte_vitale", "fauteuil"])),
                name="lieu_accueil_connu",
                violation_error_message="Cet accueil n’est pas prévu.",
            ),
        ),
        migrations.AddConstraint(
            model_name="lieuexercice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "langues__contained_by",
                        [
                            "en",
                            "ar",
                            "es",
                            "pt",
                            "it",
                            "de",
                            "nl",
                            "tr",
                            "ro",
                            "pl",
                            "ru",
                            "uk",
                            "zh",
                            "vi",
                            "fa",
                            "ta",
                            "ber",
                            "crp",
                            "fsl",
                        ],
                    )
                ),
                name="lieu_langues_connues",
                violation_error_message="Cette langue n’est pas prévue.",
            ),
        ),
    ]
