from django.urls import path

from orientation.lrm import arrivee, essai

app_name = "lrm"

urlpatterns = [
    path("recherche/", arrivee.depot, name="depot"),
    path("arrivee/<slug:numero>/", arrivee.arrivee, name="arrivee"),
    path("essai/", essai.essai, name="essai"),
]
