"""Les colonnes de départ des fichiers des caisses ; l’administration les change (remuneration.caisse.catalogue)."""

from django.db import migrations

QUI = ["identifiant", "rpps", "finess", "nom", "prenom", "genre", "departement", "territoire"]
COLONNES = {
    "participants": [
        *QUI,
        "mode",
        "structure_identifiant",
        "structure",
        "debut",
        "fin",
        "interface",
        "refuse_affichage",
        "semaines",
        "heures_min",
        "heures_moyenne",
        "semaines_courtes",
        "inscrit",
        "eligible",
        "motif",
        "montant",
        "regle",
        "calcul",
    ],
    "activite": [
        *QUI,
        "mode",
        "prestation",
        "orientations",
        "type_1",
        "type_2",
        "type_3",
        "venus",
        "pas_venus",
        "annulees",
        "issue_inconnue",
        "nombre",
        "tranche",
        "du",
        "versement",
        "montant",
        "regle",
        "calcul",
    ],
    "anomalies": [*QUI, "anomalie", "libelle", "nombre", "detail", "calcul"],
}


def semer(apps, schema_editor):
    Colonne = apps.get_model("remuneration", "Colonne")
    Colonne.objects.bulk_create(
        Colonne(nature=nature, rang=rang, entete=champ, champ=champ)
        for nature, champs in COLONNES.items()
        for rang, champ in enumerate(champs, start=1)
    )


def retirer(apps, schema_editor):
    apps.get_model("remuneration", "Colonne").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("remuneration", "0005_mesures_mensuelles")]

    operations = [migrations.RunPython(semer, retirer)]
