from django.apps import AppConfig


class PlateformeConfig(AppConfig):
    name = "sas_platform"
    label = "plateforme"
    verbose_name = "Plateforme"

    def ready(self) -> None:
        from django.core.signals import got_request_exception

        from sas_platform import controles, journalisation  # noqa: F401  les contrôles s’enregistrent à l’import

        got_request_exception.connect(journalisation.noter_exception, dispatch_uid="journal")
