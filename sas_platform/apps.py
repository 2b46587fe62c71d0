from django.apps import AppConfig


class PlateformeConfig(AppConfig):
    name = "sas_platform"
    label = "plateforme"
    verbose_name = "Plateforme"
