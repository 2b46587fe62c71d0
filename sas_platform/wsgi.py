import gc
import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sas_platform.settings")
application = get_wsgi_application()

# Après la préparation de Django.
from django.conf import settings  # noqa: E402

from sas_platform.controles import exiger_configuration_sure  # noqa: E402
from sas_platform.socle.entrees import RequeteLisible  # noqa: E402

application.request_class = RequeteLisible

exiger_configuration_sure()

# Routes et vues sont chargées avant la première requête. Ce qui l’est ici vit autant que le processus : le
# ramasse-miettes le reparcourait pour rien, un dixième de seconde toutes les quelques centaines de requêtes.
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()
