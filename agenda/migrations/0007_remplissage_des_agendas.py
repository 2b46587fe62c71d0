from django.db import migrations

# (table, remplissage en % : le reste accueille les versions suivantes de ses lignes)
REMPLISSAGES = [("agenda_agendaediteur", 70), ("agenda_raccordement", 70), ("agenda_cartelieu", 80)]
VIDAGE = ("autovacuum_vacuum_scale_factor", "toast.autovacuum_vacuum_scale_factor")


def regler():
    for table, remplissage in REMPLISSAGES:
        yield f"ALTER TABLE {table} SET (fillfactor = {remplissage}, {', '.join(f'{nom} = 0.02' for nom in VIDAGE)});"


def revenir():
    for table, _ in REMPLISSAGES:
        yield f"ALTER TABLE {table} RESET (fillfactor, {', '.join(VIDAGE)});"
    yield "ALTER TABLE agenda_cartelieu SET (fillfactor = 80);"


class Migration(migrations.Migration):
    """Ce qu’une interrogation réécrit doit pouvoir l’être sur place (HOT), et vidé souvent (docs/adr/0008)."""

    dependencies = [("agenda", "0006_memoire_des_reponses")]

    operations = [migrations.RunSQL("".join(regler()), "".join(revenir()))]
