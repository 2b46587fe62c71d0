from django.contrib.auth.backends import BaseBackend


class ConnexionPSC(BaseBackend):
    pass
