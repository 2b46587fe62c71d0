from django.urls import path

from remuneration.espace.views import contestations, participation, periodes

app_name = "ma_participation"

urlpatterns = [
    path("", participation.accueil, name="accueil"),
    path("contestations/<int:contestation_id>/", contestations.contestation, name="contestation"),
    path("contestations/<int:contestation_id>/clore/", contestations.clore, name="clore"),
    path("<slug:qui>/periodes/", periodes.periodes, name="periodes"),
    path("<slug:qui>/periodes/<slug:code>/", periodes.periode, name="periode"),
    path("<slug:qui>/periodes/<slug:code>/contester/", contestations.ouvrir, name="contester"),
]
