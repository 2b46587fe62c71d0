import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annuaire", "0008_fuseaux_de_france"),
        ("orientation", "0006_rendez_vous_depuis_une_place_de_marche"),
    ]

    operations = [
        migrations.CreateModel(
            name="LogicielRegulation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("cree_le", models.DateTimeField(auto_now_add=True, verbose_name="créé le")),
                ("modifie_le", models.DateTimeField(auto_now=True, verbose_name="modifié le")),
                (
                    "code",
                    models.CharField(
                        help_text="Valeur du paramètre « origin », sans égard à la casse.",
                        max_length=60,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9._:|-]*$",
                                "Lettres, chiffres, point, tiret, deux-points.",
                            )
                        ],
                        verbose_name="autorité d’affectation",
                    ),
                ),
                ("nom", models.CharField(max_length=100, verbose_name="nom du logiciel")),
                (
                    "contact",
                    models.CharField(
                        blank=True,
                        help_text="Boîte ou numéro d’un service, montré quand la liaison est fermée.",
                        max_length=150,
                        verbose_name="à qui s’adresser",
                    ),
                ),
                (
                    "sso_psc",
                    models.BooleanField(
                        default=True,
                        help_text="Sans session ouverte, va droit à Pro Santé Connect plutôt qu’à la page de connexion.",
                        verbose_name="connexion unique",
                    ),
                ),
                ("est_actif", models.BooleanField(default=True, verbose_name="actif")),
                (
                    "territoire",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="annuaire.territoire",
                    ),
                ),
            ],
            options={
                "verbose_name": "logiciel de régulation médicale",
                "verbose_name_plural": "logiciels de régulation médicale",
            },
        ),
        migrations.CreateModel(
            name="ArriveesLRM",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("jour", models.DateField(verbose_name="jour")),
                (
                    "issue",
                    models.CharField(
                        choices=[
                            ("resultats_mt", "Résultats, médecin traitant reconnu"),
                            ("resultats_sans_mt", "Résultats, médecin traitant non transmis"),
                            ("resultats_mt_inconnu", "Résultats, médecin traitant non reconnu"),
                            ("a_completer", "Formulaire à compléter"),
                            ("origine_refusee", "Origine inconnue ou désactivée"),
                        ],
                        max_length=20,
                        verbose_name="issue",
                    ),
                ),
                ("nombre", models.PositiveIntegerField(default=0, verbose_name="nombre")),
                (
                    "logiciel",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orientation.logicielregulation",
                    ),
                ),
            ],
            options={
                "verbose_name": "arrivées depuis un logiciel de régulation",
                "verbose_name_plural": "arrivées depuis les logiciels de régulation",
            },
        ),
        migrations.AddConstraint(
            model_name="logicielregulation",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("code"),
                name="logicielregulation_code_unique",
                violation_error_message="Un logiciel a déjà cette autorité d’affectation.",
            ),
        ),
        migrations.AddConstraint(
            model_name="arriveeslrm",
            constraint=models.UniqueConstraint(
                fields=("jour", "logiciel", "issue"),
                name="arriveeslrm_une_ligne_par_jour",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="arriveeslrm",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "issue__in",
                        [
                            "resultats_mt",
                            "resultats_sans_mt",
                            "resultats_mt_inconnu",
                            "a_completer",
                            "origine_refusee",
                        ],
                    )
                ),
                name="arriveeslrm_issue_connue",
            ),
        ),
    ]
