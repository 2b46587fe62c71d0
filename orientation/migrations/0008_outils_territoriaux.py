import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annuaire", "0008_fuseaux_de_france"),
        ("comptes", "0008_portee_de_versement"),
        ("orientation", "0007_logiciels_de_regulation"),
    ]

    operations = [
        migrations.CreateModel(
            name="OutilTerritorial",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("cree_le", models.DateTimeField(auto_now_add=True, verbose_name="créé le")),
                ("modifie_le", models.DateTimeField(auto_now=True, verbose_name="modifié le")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("nom", models.CharField(max_length=100, verbose_name="nom")),
                (
                    "contact",
                    models.CharField(
                        blank=True, help_text="Un service.", max_length=150, verbose_name="à qui s’adresser"
                    ),
                ),
                ("est_actif", models.BooleanField(default=True, verbose_name="actif")),
                (
                    "territoire",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="annuaire.territoire",
                    ),
                ),
            ],
            options={
                "verbose_name": "outil territorial",
                "verbose_name_plural": "outils territoriaux",
            },
        ),
        migrations.CreateModel(
            name="JetonOutil",
            fields=[
                (
                    "jeton",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="comptes.jeton",
                    ),
                ),
                (
                    "outil",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="jetons",
                        to="orientation.outilterritorial",
                    ),
                ),
            ],
            options={
                "verbose_name": "jeton d’un outil territorial",
                "verbose_name_plural": "jetons des outils territoriaux",
            },
        ),
        migrations.CreateModel(
            name="OrientationExterne",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("cree_le", models.DateTimeField(auto_now_add=True, verbose_name="créé le")),
                ("modifie_le", models.DateTimeField(auto_now=True, verbose_name="modifié le")),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "empreinte_cle",
                    models.CharField(editable=False, max_length=64, verbose_name="empreinte de la clé"),
                ),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("orientee_le", models.DateTimeField(verbose_name="orientée le")),
                (
                    "rendez_vous_le",
                    models.DateTimeField(blank=True, null=True, verbose_name="rendez-vous le"),
                ),
                (
                    "nature",
                    models.CharField(
                        choices=[
                            ("disponibilite", "Sur disponibilité"),
                            ("en_sus", "En sus des disponibilités"),
                            ("reorientation", "Réorientation depuis les urgences"),
                        ],
                        max_length=15,
                        verbose_name="nature",
                    ),
                ),
                (
                    "issue",
                    models.CharField(
                        choices=[
                            ("inconnue", "Pas encore connue"),
                            ("venu", "Patient venu"),
                            ("pas_venu", "Patient non venu"),
                        ],
                        default="inconnue",
                        max_length=10,
                        verbose_name="issue",
                    ),
                ),
                (
                    "pseudonyme",
                    models.CharField(
                        blank=True, editable=False, max_length=32, verbose_name="pseudonyme du régulateur"
                    ),
                ),
                ("est_annulee", models.BooleanField(default=False, verbose_name="annulée")),
                (
                    "effecteur",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="annuaire.effecteur",
                    ),
                ),
                (
                    "structure",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="annuaire.structure",
                    ),
                ),
                (
                    "territoire",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="annuaire.territoire",
                    ),
                ),
                (
                    "outil",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orientations",
                        to="orientation.outilterritorial",
                    ),
                ),
            ],
            options={
                "verbose_name": "orientation externe",
                "verbose_name_plural": "orientations externes",
                "indexes": [
                    models.Index(fields=["territoire", "orientee_le"], name="orientationexterne_periode")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("outil", "empreinte_cle"),
                        name="orientationexterne_une_fois",
                        violation_error_message="Cet outil a déjà versé cette orientation.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("effecteur__isnull", False), ("structure", None)),
                            models.Q(("effecteur", None), ("structure__isnull", False)),
                            _connector="OR",
                        ),
                        name="orientationexterne_un_destinataire",
                        violation_error_message="Une orientation a un destinataire, et un seul.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("rendez_vous_le", None),
                            ("rendez_vous_le__gte", models.F("orientee_le")),
                            _connector="OR",
                        ),
                        name="orientationexterne_rendez_vous_ensuite",
                        violation_error_message="Le rendez-vous précède l’orientation.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("version__gte", 1)), name="orientationexterne_version_positive"
                    ),
                ],
            },
        ),
    ]
