from django.db import migrations

from assistance.contenus import charger


def charger_contenus(apps, schema_editor):
    charger(apps.get_model)


class Migration(migrations.Migration):
    """Matrice des thèmes, questions fréquentes et guides livrés ; l’administration les modifie ensuite.

    Au retour ils restent : des demandes peuvent porter un thème, et des textes avoir été réécrits.
    """

    dependencies = [("assistance", "0002_numero_des_demandes")]

    operations = [migrations.RunPython(charger_contenus, migrations.RunPython.noop, elidable=True)]
