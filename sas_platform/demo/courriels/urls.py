from django.urls import path

from sas_platform.demo.courriels import views

app_name = "demo"

urlpatterns = [
    path("courriels/", views.courriels, name="courriels"),
    path("courriels/<str:cle>/", views.courriel, name="courriel"),
    path("courriels/<str:cle>/html/", views.courriel_html, name="courriel_html"),
    path("courriels-types/<path:gabarit>/html/", views.gabarit_html, name="gabarit_html"),
    path("courriels-types/<path:gabarit>/", views.gabarit, name="gabarit"),
]
