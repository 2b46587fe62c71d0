import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annuaire", "0004_delegations_et_rayons_sans_chevauchement")]

    operations = [
        migrations.AddField(
            model_name="structure",
            name="informations_complementaires",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                max_length=1000,
                verbose_name="informations complémentaires à destination de la régulation",
            ),
        ),
        migrations.AddConstraint(
            model_name="structure",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.LessThanOrEqual(
                    django.db.models.functions.text.Length("informations_complementaires"), 1000
                ),
                name="structure_informations_bornees",
                violation_error_message="Les informations complémentaires tiennent en 1 000 caractères.",
            ),
        ),
    ]
