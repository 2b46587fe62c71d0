"""Première version des conditions générales d’utilisation."""

from datetime import UTC, datetime
from pathlib import Path

from django.db import migrations

NUMERO = "1.0"
PUBLIEE_LE = datetime(2026, 1, 1, tzinfo=UTC)
TEXTE = Path(__file__).resolve().parent.parent / "donnees" / f"cgu-{NUMERO}.md"


def publier(apps, schema_editor):
    apps.get_model("comptes", "VersionCGU").objects.get_or_create(
        numero=NUMERO, defaults={"texte": TEXTE.read_text(encoding="utf-8"), "publiee_le": PUBLIEE_LE}
    )


def retirer(apps, schema_editor):
    """Une version acceptée se garde : la preuve ne s’efface pas avec la migration."""
    acceptees = apps.get_model("comptes", "AcceptationCGU").objects.values("version")
    apps.get_model("comptes", "VersionCGU").objects.filter(numero=NUMERO).exclude(pk__in=acceptees).delete()


class Migration(migrations.Migration):

    dependencies = [
        ("comptes", "0005_ouverture_secours"),
    ]

    operations = [
        migrations.RunPython(publier, retirer, elidable=True),
    ]
