from django.urls import path

from sas_platform.mes_donnees import views

app_name = "mes_donnees"

urlpatterns = [
    path("historique/", views.historique, name="historique"),
    path("mes-donnees.json", views.export, name="export"),
]
