from django.db import migrations

from agenda.models.editeurs import CreneauxRecus


class Migration(migrations.Migration):
    """Un document que rien n’interroge n’a pas à être du `jsonb`, qui coûte cinq fois plus à écrire (docs/adr/0031)."""

    dependencies = [("agenda", "0027_absents_de_l_offre")]

    operations = [
        migrations.AlterField("agendaediteur", "creneaux", CreneauxRecus("créneaux", default=list)),
        # Au retour, l’ancienne lecture ne saurait pas ce que l’on tait : la prochaine interrogation le redira.
        migrations.RunSQL("", "UPDATE agenda_agendaediteur SET creneaux = '[]', empreinte = ''"),
    ]
