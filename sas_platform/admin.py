"""Ce qui ne s’administre pas.

L’en-tête et le pied de page sont à nous ; l’horaire des tâches est la table de
`celery.py`, que l’on relit et teste, pas des lignes qu’un écran change.
"""

from django.apps import apps
from django.contrib import admin

for application in ("dsfr", "django_celery_beat"):
    for modele in apps.get_app_config(application).get_models():
        if admin.site.is_registered(modele):
            admin.site.unregister(modele)
