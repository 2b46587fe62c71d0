import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annuaire", "0003_territoires_et_delegations")]

    operations = [
        migrations.RemoveConstraint(
            model_name="delegation",
            name="delegation_effecteur_une_fois",
        ),
        migrations.RemoveConstraint(
            model_name="delegation",
            name="delegation_structure_une_fois",
        ),
        migrations.RemoveConstraint(
            model_name="rayonterritoire",
            name="rayon_territoire_un_seul_en_cours",
        ),
        migrations.AddConstraint(
            model_name="delegation",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("effecteur__isnull", False), ("revoquee_le", None)),
                expressions=[
                    ("delegataire", "="),
                    ("effecteur", "="),
                    (
                        models.Func(
                            "debut_le",
                            "fin_le",
                            function="tstzrange",
                            output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                        ),
                        "&&",
                    ),
                ],
                name="delegation_effecteur_sans_chevauchement",
                violation_error_message="Cette personne a déjà délégation de cet effecteur.",
            ),
        ),
        migrations.AddConstraint(
            model_name="delegation",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("revoquee_le", None), ("structure__isnull", False)),
                expressions=[
                    ("delegataire", "="),
                    ("structure", "="),
                    (
                        models.Func(
                            "debut_le",
                            "fin_le",
                            function="tstzrange",
                            output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                        ),
                        "&&",
                    ),
                ],
                name="delegation_structure_sans_chevauchement",
                violation_error_message="Cette personne a déjà délégation de cette structure.",
            ),
        ),
        migrations.AddConstraint(
            model_name="demandedelegation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("effecteur__isnull", False), ("etat", "ouverte")),
                fields=("effecteur", "email"),
                name="demande_delegation_effecteur_ouverte_une_fois",
                violation_error_message="Une demande est déjà en cours pour cette personne.",
            ),
        ),
        migrations.AddConstraint(
            model_name="demandedelegation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("etat", "ouverte"), ("structure__isnull", False)),
                fields=("structure", "email"),
                name="demande_delegation_structure_ouverte_une_fois",
                violation_error_message="Une demande est déjà en cours pour cette personne.",
            ),
        ),
        migrations.AddConstraint(
            model_name="rayonterritoire",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("territoire", "="),
                    (
                        models.Func(
                            "debut_le",
                            "fin_le",
                            function="tstzrange",
                            output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                        ),
                        "&&",
                    ),
                ],
                name="rayon_territoire_un_seul_a_la_fois",
                violation_error_message="Ce territoire a déjà un réglage sur cette période.",
            ),
        ),
    ]
