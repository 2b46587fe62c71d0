from django.urls import path

from orientation.suivi.views import appels, corrections, issues, tableau

app_name = "suivi"

urlpatterns = [
    path("tenues/prendre/<slug:creneau_id>/", appels.tenir, name="tenir"),
    path("tenues/prolonger/<slug:creneau_id>/", appels.prolonger, name="prolonger"),
    path("tenues/rendre/<slug:creneau_id>/", appels.rendre, name="rendre"),
    path("appels/<slug:lieu_id>/", appels.appel, name="appel"),
    path("orientations/<uuid:uuid>/bulletin/", corrections.bulletin, name="bulletin"),
    path("orientations/<uuid:uuid>/correction/", corrections.corriger, name="corriger"),
    path("suivi/", tableau.tableau, name="tableau"),
    path("suivi/orientations.csv", tableau.export, name="export"),
    path("suivi/notes/", tableau.noter, name="noter"),
    path("suivi/notes/<int:note_id>/effacer/", tableau.effacer_note, name="effacer_note"),
    path("suivi/<uuid:uuid>/", tableau.fiche, name="fiche"),
    path("suivi/<uuid:uuid>/retrait/", corrections.retirer, name="retirer"),
    path("patients-adresses/", issues.liste, name="issues"),
    path("patients-adresses/avis/", issues.avis, name="avis"),
    path("patients-adresses/<uuid:uuid>/issue/", issues.issue, name="issue"),
    path("patients-adresses/lien/<str:jeton>/", issues.issue_par_lien, name="issue_par_lien"),
]
