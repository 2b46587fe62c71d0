"""De qui est chaque ligne d’un fichier de caisse : chacun y relit les siennes. Les fichiers déjà gardés se relisent une fois."""

import csv
import io

import django.contrib.postgres.fields
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


def relire(apps, schema_editor):
    """D’après la colonne « identifiant » ; un fichier réglé sans elle garde ses lignes sans bénéficiaire."""
    Export = apps.get_model("remuneration", "Export")
    for export in Export.objects.defer("manifeste").iterator(chunk_size=20):
        texte = bytes(export.contenu).decode("utf-8-sig")
        rangees = csv.DictReader(io.StringIO(texte, newline=""), delimiter=";")
        if "identifiant" not in (rangees.fieldnames or ()):
            continue
        ecrits = [rangee["identifiant"] for rangee in rangees]
        connus = _connus(apps, ecrits)
        export.cles = [connus.get(ecrit, 0) for ecrit in ecrits]
        export.save(update_fields=["cles"])


def _connus(apps, ecrits):
    """« RPPS:… », « ADELI:… », « FINESS:… » ou « SIRET:… » → l’effecteur, ou moins la structure."""
    numeros = {genre: [] for genre in ("RPPS", "ADELI", "FINESS", "SIRET")}
    for ecrit in ecrits:
        genre, _, numero = ecrit.partition(":")
        numeros[genre].append(numero)
    Effecteur, Structure = apps.get_model("annuaire", "Effecteur"), apps.get_model("annuaire", "Structure")
    connus = {}
    for genre, prefixe in (("RPPS", "8"), ("ADELI", "0")):
        siens = Effecteur.objects.filter(identifiant_national__in=[prefixe + n for n in numeros[genre]])
        connus |= {f"{genre}:{numero[1:]}": pk for numero, pk in siens.values_list("identifiant_national", "pk")}
    for genre, champ in (("FINESS", "finess"), ("SIRET", "siret")):
        siennes = Structure.objects.filter(**{f"{champ}__in": numeros[genre]})
        connus |= {f"{genre}:{numero}": -pk for numero, pk in siennes.values_list(champ, "pk")}
    return connus


class Migration(migrations.Migration):

    dependencies = [
        ('remuneration', '0010_typographie_des_libelles'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='export',
            name='export_immuable',
        ),
        migrations.AddField(
            model_name='export',
            name='cles',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None, verbose_name='bénéficiaire de chaque ligne'),
        ),
        migrations.RunPython(relire, migrations.RunPython.noop, elidable=True),
        pgtrigger.migrations.AddTrigger(
            model_name='export',
            trigger=pgtrigger.compiler.Trigger(name='export_immuable', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."calcul_id" IS DISTINCT FROM (NEW."calcul_id") OR OLD."departement_id" IS DISTINCT FROM (NEW."departement_id") OR OLD."nature" IS DISTINCT FROM (NEW."nature") OR OLD."rectifie_id" IS DISTINCT FROM (NEW."rectifie_id") OR OLD."nom" IS DISTINCT FROM (NEW."nom") OR OLD."contenu" IS DISTINCT FROM (NEW."contenu") OR OLD."lignes" IS DISTINCT FROM (NEW."lignes") OR OLD."cles" IS DISTINCT FROM (NEW."cles") OR OLD."empreinte" IS DISTINCT FROM (NEW."empreinte") OR OLD."manifeste" IS DISTINCT FROM (NEW."manifeste") OR OLD."signature" IS DISTINCT FROM (NEW."signature") OR OLD."genere_le" IS DISTINCT FROM (NEW."genere_le") OR OLD."genere_par_id" IS DISTINCT FROM (NEW."genere_par_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='8882ad9e3c50c991ca1457fd985b287e5caf742b', operation='UPDATE', pgid='pgtrigger_export_immuable_168ec', table='remuneration_export', when='BEFORE')),
        ),
    ]
