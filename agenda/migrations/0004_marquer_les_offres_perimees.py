from django.db import migrations

# (table, colonnes qui relient ses lignes aux lieux, événements)
SOURCES = [
    ("annuaire_lieuexercice", "l.id = s.id", ("INSERT", "UPDATE")),
    ("annuaire_effecteur", "l.effecteur_id = s.id", ("UPDATE",)),
    ("annuaire_structure", "l.structure_id = s.id", ("UPDATE",)),
    ("participation_participation", "l.effecteur_id = s.effecteur_id", ("INSERT", "UPDATE", "DELETE")),
    ("participation_participationstructure", "l.structure_id = s.structure_id", ("INSERT", "UPDATE", "DELETE")),
]


def _nom(table, evenement):
    return f"offre_perimee_{table}_{evenement.lower()}"


def creer():
    for table, lien, evenements in SOURCES:
        for evenement in evenements:
            nom = _nom(table, evenement)
            lignes = "OLD TABLE" if evenement == "DELETE" else "NEW TABLE"
            yield f"""
                CREATE FUNCTION {nom}() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    INSERT INTO agenda_offreperimee (lieu_id)
                    SELECT l.id FROM annuaire_lieuexercice l JOIN touchees s ON {lien} ORDER BY l.id
                    ON CONFLICT DO NOTHING;
                    RETURN NULL;
                END $$;
                CREATE TRIGGER {nom} AFTER {evenement} ON {table}
                REFERENCING {lignes} AS touchees FOR EACH STATEMENT EXECUTE FUNCTION {nom}();
            """


def retirer():
    for table, _, evenements in SOURCES:
        for evenement in evenements:
            nom = _nom(table, evenement)
            yield f"DROP TRIGGER {nom} ON {table}; DROP FUNCTION {nom}();"


class Migration(migrations.Migration):
    """Tout changement de l’annuaire ou de la participation marque les lieux à recalculer (docs/adr/0008)."""

    dependencies = [
        ("agenda", "0003_offre_perimee"),
        ("annuaire", "0001_initial"),
        ("participation", "0001_initial"),
    ]

    operations = [migrations.RunSQL("".join(creer()), "".join(retirer()))]
