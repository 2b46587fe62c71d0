from django.db import migrations, models


class Migration(migrations.Migration):
    """Ce que la recherche filtre et compte, dans la ligne étroite (docs/adr/0008)."""

    dependencies = [("agenda", "0020_qualite_des_editeurs")]

    operations = [
        migrations.AddField(
            model_name="offrelieu",
            name="forfait",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="forfait de réorientation"
            ),
        ),
        migrations.AddField(
            model_name="offrelieu",
            name="cpts",
            field=models.IntegerField(null=True, verbose_name="CPTS par laquelle le lieu participe"),
        ),
        migrations.AddField(
            model_name="offrelieu",
            name="nature",
            field=models.CharField(
                db_default="",
                default="",
                max_length=5,
                verbose_name="profession, sinon type de structure",
            ),
        ),
        migrations.AddField(
            model_name="offrelieu",
            name="secteur",
            field=models.CharField(db_default="", default="", max_length=20, verbose_name="conventionnement"),
        ),
        migrations.AddField(
            model_name="offrelieu",
            name="departement",
            field=models.CharField(db_default="", default="", max_length=3, verbose_name="département"),
        ),
        migrations.AddField(
            model_name="offrelieu",
            name="via",
            field=models.CharField(
                db_default="", default="", max_length=10, verbose_name="modalité de participation"
            ),
        ),
        migrations.AddIndex(
            model_name="offrelieu",
            index=models.Index(
                condition=models.Q(("cpts__isnull", False)), fields=["cpts"], name="offrelieu_cpts"
            ),
        ),
    ]
