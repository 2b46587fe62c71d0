"""Les règles des textes lus, chacune avec sa source et ce qui n’a pas pu y être vérifié (docs/adr/0029)."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

from django.db import migrations

SEMEES_LE = datetime(2026, 11, 22, tzinfo=UTC)
TOUS = ["individuel", "cpts", "msp", "cds", "sos"]

_AVENANT_9 = date(2022, 7, 6)
_CONVENTION_2024 = date(2024, 12, 22)
_2026 = date(2026, 1, 1)

REGLES = [
    {
        "prestation": "pilote",
        "debut": date(2021, 1, 1),
        "fin": _AVENANT_9,
        "conditions": ["sas_ouvert", "participe"],
        "source": "Fiche de présentation de la plateforme SAS, phase pilote, « Valorisation financière »",
        "remarque": "Versé au praticien ou à la structure. La fiche ne date pas le premier jour : le début de 2021 est "
        "retenu. Pour SOS Médecins, l’avenant ne s’applique que depuis décembre 2022 : cas non distingué.",
        "tranches": [(5, 10, 75), (11, 40, 200), (41, 70, 400), (71, 100, 650), (101, None, 800)],
    },
    {
        "prestation": "participation",
        "debut": _AVENANT_9,
        "fin": _2026,
        "montant": 1400,
        "conditions": ["sas_ouvert", "participe", "montre"],
        "minutes_hebdo": 120,
        "semaines_manquantes_max": 0,
        "source": "Avenant n° 9, indicateur 8 ; guide de l’effecteur § 2.1 ; FAQ du 30/01/2023, niveau 1",
        "remarque": "200 points de 7 € du forfait structure. Aucun prorata n’est prévu par les textes lus pour une année "
        "incomplète, ni aucune tolérance pour les congés : l’année est due entière, ou ne l’est pas.",
    },
    {
        "prestation": "participation",
        "debut": _2026,
        "montant": 1000,
        "conditions": ["sas_ouvert", "participe", "montre", "interface", "inscrit"],
        "minutes_hebdo": 120,
        "semaines_manquantes_max": 0,
        "source": "Convention médicale de 2024, forfait SAS de 2026 ; fiche repères 2026 ; page d’information d’ameli",
        "remarque": "Qu’un agenda saisi à la main ouvre encore droit au forfait restait à arbitrer par l’assurance "
        "maladie ; la validation de l’organisation territoriale par le SAS du département n’est pas contrôlée ici.",
    },
    {
        "prestation": "activite",
        "debut": _AVENANT_9,
        "fin": _2026,
        "conditions": ["sas_ouvert", "participe"],
        "issues": ["venu"],
        "source": "Avenant n° 9, indicateur 9 ; guide de l’effecteur § 2.1",
        "remarque": "Le guide imprime « 350 € de 16 à 35 » : coquille, la borne est 26. Depuis le règlement arbitral du "
        "28/04/2023 la majoration de 15 € l’a remplacé en pratique, sans texte lu qui l’abroge : maintenu jusqu’à "
        "la fin de l’avenant, à confirmer.",
        "tranches": [(5, 15, 70), (16, 25, 210), (26, 35, 350), (36, 45, 490), (46, None, 630)],
    },
    {
        "prestation": "majoration_snp",
        "debut": _AVENANT_9,
        "montant": 15,
        "conditions": ["sas_ouvert"],
        "issues": ["venu"],
        "plafond_hebdo": 30,
        "delai_h": 48,
        "source": "Mission flash de l’été 2022, règlement arbitral du 28/04/2023 ; FAQ du 30/01/2023, niveau 2",
        "remarque": "Plafond de 30 par semaine et par médecin d’après la FAQ ; son historique n’a pas pu être vérifié, ni "
        "le premier jour exact. Patient hors patientèle : la plateforme ne sait rien du patient, le médecin l’atteste "
        "en cotant.",
    },
    {
        "prestation": "majoration_soiree",
        "debut": _CONVENTION_2024,
        "montant": 5,
        "conditions": ["sas_ouvert"],
        "issues": ["venu"],
        "plafond_hebdo": 30,
        "delai_h": 48,
        "heure_debut": time(19),
        "heure_fin": time(21),
        "source": "Convention médicale de 2024, majoration de 19 h à 21 h depuis le 22/12/2024",
        "remarque": "Montant d’après la presse syndicale, à relire dans la convention. En sus de la majoration de 15 €, "
        "elle en suit le plafond et le délai : non vérifié.",
    },
    {
        "prestation": "majoration_visite",
        "debut": date(2024, 12, 1),
        "montant": 10,
        "conditions": ["sas_ouvert"],
        "issues": ["venu"],
        "delai_h": 48,
        "modalite": "domicile",
        "source": "Convention médicale de 2024, visites régulées par le SAS depuis décembre 2024",
        "remarque": "D’après une lettre syndicale du 11/06/2024 ; premier jour, plafond et délai à relire dans la "
        "convention. Comptée si la visite était la seule modalité proposée.",
    },
]  # fmt: skip


def semer(apps, schema_editor):
    Regle = apps.get_model("remuneration", "Regle")
    Tranche = apps.get_model("remuneration", "Tranche")
    for description in REGLES:
        champs = {nom: valeur for nom, valeur in description.items() if nom != "tranches"}
        if "montant" in champs:
            champs["montant"] = Decimal(champs["montant"])
        regle = Regle.objects.create(
            **champs, modes=TOUS, etat="active", proposee_le=SEMEES_LE, relue_le=SEMEES_LE
        )
        Tranche.objects.bulk_create(
            Tranche(regle=regle, de=de, a=a, montant=Decimal(montant))
            for de, a, montant in description.get("tranches", [])
        )


def retirer(apps, schema_editor):
    """Les déclencheurs protègent une règle en vigueur ; ils ne valent pas pour défaire cette migration."""
    with schema_editor.connection.cursor() as curseur:
        for table in ("remuneration_tranche", "remuneration_regle"):
            curseur.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        curseur.execute(
            "DELETE FROM remuneration_tranche USING remuneration_regle r"
            " WHERE regle_id = r.id AND r.auteur_id IS NULL AND r.proposee_le = %s",
            [SEMEES_LE],
        )
        curseur.execute(
            "DELETE FROM remuneration_regle WHERE auteur_id IS NULL AND proposee_le = %s", [SEMEES_LE]
        )
        curseur.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("remuneration_tranche", "remuneration_regle"):
            curseur.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


class Migration(migrations.Migration):
    dependencies = [("remuneration", "0001_bareme_periodes_et_exports")]

    operations = [migrations.RunPython(semer, retirer)]
