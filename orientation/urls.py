from django.urls import path

from orientation.views import orientations, recherche, resultats

app_name = "orientation"

urlpatterns = [
    path("recherche/", recherche.recherche, name="recherche"),
    path("recherche/suggestions/quoi/", recherche.suggestions_quoi, name="suggestions_quoi"),
    path("recherche/suggestions/ou/", recherche.suggestions_ou, name="suggestions_ou"),
    path("recherche/<slug:jeton>/", resultats.resultats, name="resultats"),
    path("orientations/", orientations.liste, name="orientations"),
    path("orientations/nouvelle/<slug:creneau_id>/", orientations.orienter_creneau, name="orienter"),
    path("orientations/en-sus/<slug:lieu_id>/", orientations.orienter_en_sus, name="orienter_en_sus"),
    path("orientations/<uuid:uuid>/", orientations.notification, name="orientation"),
    path("orientations/<uuid:uuid>/annulation/", orientations.annulation, name="annulation"),
    path("redirections/places-de-marche/<slug:code>/", orientations.place_de_marche, name="place_de_marche"),
    path("redirections/<slug:creneau_id>/", orientations.redirection, name="rediriger"),
]
