from django.urls import re_path

from orientation.rendez_vous import views

app_name = "fhir"

# Avec ou sans barre finale, et sans redirection : le guide écrit l’une, le kit l’autre.
urlpatterns = [
    re_path(r"^metadata/?$", views.metadata, name="metadata"),
    re_path(r"^Appointment/?$", views.appointment, name="appointment"),
    re_path(r"^(?P<reste>.*)$", views.inconnue, name="inconnue"),
]
