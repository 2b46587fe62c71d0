from django.urls import path

from remuneration.espace.views import actes, contestations, participation, periodes, preuves

app_name = "ma_participation"

urlpatterns = [
    path("", participation.accueil, name="accueil"),
    path("contestations/<int:contestation_id>/", contestations.contestation, name="contestation"),
    path("contestations/<int:contestation_id>/clore/", contestations.clore, name="clore"),
    path("<slug:qui>/", participation.participation, name="participation"),
    path("<slug:qui>/actes/", actes.actes, name="actes"),
    path("<slug:qui>/actes/<uuid:uuid>/issue/", actes.issue, name="issue"),
    path("<slug:qui>/periodes/", periodes.periodes, name="periodes"),
    path("<slug:qui>/periodes/<slug:code>/", periodes.periode, name="periode"),
    path("<slug:qui>/periodes/<slug:code>/contester/", contestations.ouvrir, name="contester"),
    path("<slug:qui>/periodes/<slug:code>/preuves.pdf", preuves.pdf, name="preuves_pdf"),
    path("<slug:qui>/periodes/<slug:code>/decomptes.csv", preuves.csv, name="preuves_csv"),
    path("<slug:qui>/periodes/<slug:code>/actes.csv", preuves.actes_csv, name="actes_csv"),
]
