from django.apps import AppConfig


class SocleConfig(AppConfig):
    name = "sas_platform.socle"
    label = "socle"
    verbose_name = "Socle"
