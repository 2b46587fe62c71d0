from django.db import migrations

# (table, événement, lignes touchées, structures dont un effecteur a bougé)
SOURCES = [
    ("participation_participation", "INSERT", "NEW TABLE AS apres", "SELECT structure_id FROM apres"),
    (
        "participation_participation",
        "UPDATE",
        "OLD TABLE AS avant NEW TABLE AS apres",
        "SELECT structure_id FROM avant UNION SELECT structure_id FROM apres",
    ),
    ("participation_participation", "DELETE", "OLD TABLE AS avant", "SELECT structure_id FROM avant"),
    (
        "annuaire_effecteur",
        "UPDATE",
        "OLD TABLE AS avant NEW TABLE AS apres",
        """SELECT p.structure_id FROM avant JOIN apres USING (id)
        JOIN participation_participation p ON p.effecteur_id = avant.id WHERE avant.est_actif <> apres.est_actif""",
    ),
]


def _nom(table, evenement):
    return f"offre_perimee_maison_{table}_{evenement.lower()}"


def creer():
    for table, evenement, lignes, structures in SOURCES:
        nom = _nom(table, evenement)
        yield f"""
            CREATE FUNCTION {nom}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO agenda_offreperimee (lieu_id)
                SELECT l.id FROM annuaire_lieuexercice l
                WHERE l.effecteur_id IS NULL AND l.structure_id IN ({structures})
                ORDER BY l.id ON CONFLICT DO NOTHING;
                RETURN NULL;
            END $$;
            CREATE TRIGGER {nom} AFTER {evenement} ON {table}
            REFERENCING {lignes} FOR EACH STATEMENT EXECUTE FUNCTION {nom}();
        """


def retirer():
    for table, evenement, _, _ in SOURCES:
        nom = _nom(table, evenement)
        yield f"DROP TRIGGER {nom} ON {table}; DROP FUNCTION {nom}();"


class Migration(migrations.Migration):
    """Une maison de santé participe par ses effecteurs : quand l’un d’eux change, ses lieux à elle aussi (S-24)."""

    dependencies = [
        ("agenda", "0007_remplissage_des_agendas"),
        ("participation", "0002_declarations_et_historique"),
    ]

    operations = [migrations.RunSQL("".join(creer()), "".join(retirer()))]
