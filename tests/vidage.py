"""Vidage de la base après un test qui valide ses transactions : seules les tables qui ont des lignes y passent.

Celui de Django tronque toutes les tables, puis recrée types de contenu et
permissions : une demi-seconde, quand le test a écrit dans dix tables.
"""

from django.db import connection, transaction

# Écrits par les migrations, jamais par un test ; Django les efface pour les recréer.
GARDEES = {"django_content_type", "auth_permission"}


def vider() -> None:
    """Efface toutes les lignes, d’un compte superutilisateur de PostgreSQL.

    Déclencheurs et clés étrangères se taisent le temps de cette transaction :
    une base vidée en entier reste cohérente, et ceux qui interdisent d’effacer
    la trace n’ont pas à être suspendus pour les tests eux-mêmes.
    """
    tables = set(connection.introspection.django_table_names(include_views=False)) - GARDEES
    noms = {table: connection.ops.quote_name(table) for table in sorted(tables)}
    with transaction.atomic(), connection.cursor() as curseur:
        curseur.execute(
            " UNION ALL ".join(
                f"SELECT '{table}' WHERE EXISTS (SELECT FROM {nom})" for table, nom in noms.items()
            )
        )
        if pleines := [noms[table] for (table,) in curseur.fetchall()]:
            curseur.execute("SET LOCAL session_replication_role = replica")
            curseur.execute("; ".join(f"DELETE FROM {nom}" for nom in pleines))
