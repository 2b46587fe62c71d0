import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sas_platform.settings")
application = get_wsgi_application()

# Après la préparation de Django.
from sas_platform.controles import exiger_configuration_sure  # noqa: E402
from sas_platform.socle.entrees import RequeteLisible  # noqa: E402

application.request_class = RequeteLisible

exiger_configuration_sure()
