import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sas_platform.settings")
application = get_wsgi_application()

from sas_platform.controles import exiger_configuration_sure  # noqa: E402  après la préparation de Django

exiger_configuration_sure()
