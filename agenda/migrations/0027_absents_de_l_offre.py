import django.contrib.postgres.fields.ranges
from django.db import migrations

MARQUER = """
    INSERT INTO agenda_offreperimee (lieu_id) SELECT DISTINCT lieu_id FROM agenda_indisponibilite
    ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    """Les lieux fermés sont à recalculer : on ne les cherche plus tant qu’ils ne montrent rien."""

    dependencies = [
        ("agenda", "0026_accueil_dans_l_offre"),
    ]

    operations = [
        migrations.AddField(
            model_name="offrelieu",
            name="absent",
            field=django.contrib.postgres.fields.ranges.IntegerRangeField(null=True, verbose_name="absent"),
        ),
        migrations.RunSQL(MARQUER, migrations.RunSQL.noop, elidable=True),
    ]
