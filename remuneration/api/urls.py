from django.urls import path

from remuneration.api import vues

urlpatterns = [path("indicateurs/", vues.Indicateurs.as_view(), name="indicateurs")]
