"""Réglages des tests : ce qui diffère, et rien d’autre."""

import os
import re

os.environ.setdefault("ENVIRONNEMENT", "test")

from sas_platform.settings import *  # noqa: F403
from sas_platform.settings import CACHES, DATABASES, REDIS_URL, STORAGES

STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True  # les fichiers sont lus à la demande, sans collectstatic
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
SUITES_IMMEDIATES = True

BANNIERES_MEMOIRE_S = 0  # relues à chaque page : le nombre de requêtes ne dépend pas de la précédente

# Chaque test commence sinon par accepter les CGU ; tests/comptes/local les exige.
PREALABLES_EXIGES = False

# Chaque processus de pytest-xdist a sa base Redis : les budgets et les verrous des uns ne gênent pas les autres.
_processus = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
REDIS_URL = re.sub(r"/(\d+)$", lambda numero: f"/{int(numero[1]) + 8 * _processus}", REDIS_URL)
CELERY_BROKER_URL = REDIS_URL
CACHES["default"]["LOCATION"] = REDIS_URL

# Le groupement des connexions garde des fils ouverts entre deux tests ; une base modèle ne se copie que sans eux.
DATABASES["default"]["OPTIONS"].pop("pool", None)

# Une recherche n’appelle pas les éditeurs de l’essai ; les tests de l’actualisation la rétablissent.
EDITEURS_ACTUALISATION_S = 0

# Un flux se compare et finit aussitôt : le serveur d’un test n’a pas à attendre celui d’une page quittée.
DIRECT_DUREE_S = 0
