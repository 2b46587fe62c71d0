from django.db import migrations

EVENEMENTS = {"insert": "NEW TABLE", "delete": "OLD TABLE"}


def creer():
    for evenement, lignes in EVENEMENTS.items():
        nom = f"offre_perimee_participation_lieux_{evenement}"
        yield f"""
            CREATE FUNCTION {nom}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO agenda_offreperimee (lieu_id)
                SELECT DISTINCT lieuexercice_id FROM touchees ORDER BY 1 ON CONFLICT DO NOTHING;
                RETURN NULL;
            END $$;
            CREATE TRIGGER {nom} AFTER {evenement.upper()} ON participation_participation_lieux
            REFERENCING {lignes} AS touchees FOR EACH STATEMENT EXECUTE FUNCTION {nom}();
        """


def retirer():
    for evenement in EVENEMENTS:
        nom = f"offre_perimee_participation_lieux_{evenement}"
        yield f"DROP TRIGGER {nom} ON participation_participation_lieux; DROP FUNCTION {nom}();"


class Migration(migrations.Migration):
    """Via une CPTS, seuls participent les lieux qui y sont rattachés : les changer recalcule ces lieux."""

    dependencies = [
        ("agenda", "0010_releves_hebdomadaires"),
        ("participation", "0002_declarations_et_historique"),
    ]

    operations = [migrations.RunSQL("".join(creer()), "".join(retirer()))]
