from django.apps import AppConfig


class ComptesConfig(AppConfig):
    name = "comptes"

    def ready(self) -> None:
        from comptes.local import signaux  # noqa: F401  se branche sur les signaux de django-allauth
