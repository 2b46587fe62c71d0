from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class AdministrationConfig(admin_apps.AdminConfig):
    default = False
    default_site = "sas_platform.administration.SiteAdministration"


class PlateformeConfig(AppConfig):
    default = True
    name = "sas_platform"
    label = "plateforme"
    verbose_name = "Plateforme"

    def ready(self) -> None:
        from django.core.signals import got_request_exception

        from sas_platform import controles, journalisation  # noqa: F401  les contrôles s’enregistrent à l’import

        got_request_exception.connect(journalisation.noter_exception, dispatch_uid="journal")
