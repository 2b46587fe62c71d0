"""Une session dit son compte : la table de Django en garde le numéro, et passe aux comptes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.recorder import MigrationRecorder


class ReprendreOuCreer(migrations.CreateModel):
    """Là où Django a déjà créé la table, n’y ajoute que le compte : les sessions en cours restent ouvertes.

    Ailleurs, la crée et dit celle de Django faite : la version d’avant peut toujours être remise.
    """

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        base = schema_editor.connection
        session = to_state.apps.get_model(app_label, self.name)
        if session._meta.db_table in base.introspection.table_names():
            schema_editor.add_field(session, session._meta.get_field("compte"))
        else:
            schema_editor.create_model(session)
            MigrationRecorder(base).record_applied("sessions", "0001_initial")

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        session = from_state.apps.get_model(app_label, self.name)
        schema_editor.remove_field(session, session._meta.get_field("compte"))


# Les autres sessions en cours le diront à leur prochaine écriture.
COMPTES_CONNUS = """
    UPDATE django_session s SET compte_id = o.compte_id
    FROM comptes_sessionouverte o WHERE o.cle_session = s.session_key
"""


class Migration(migrations.Migration):

    dependencies = [
        ("comptes", "0009_role_pilotage"),
    ]

    operations = [
        ReprendreOuCreer(
            name="Session",
            fields=[
                ("session_key", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key")),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("compte", models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="sessions", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
                "db_table": "django_session",
                "abstract": False,
            },
        ),
        migrations.RunSQL(COMPTES_CONNUS, migrations.RunSQL.noop),
    ]
