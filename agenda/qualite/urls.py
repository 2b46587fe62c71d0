from django.urls import path

from agenda.qualite.views import editeurs, lecteur, liens

app_name = "qualite"

urlpatterns = [
    path("", editeurs.liste, name="liste"),
    path("lecteur/", lecteur.lire, name="lecteur"),
    path("<int:editeur_id>/", editeurs.editeur, name="editeur"),
    path("<int:editeur_id>/lieux/", editeurs.lieux, name="lieux"),
    path("<int:editeur_id>/service/", editeurs.service, name="service"),
    path("<int:editeur_id>/reglages/", editeurs.reglages, name="reglages"),
    path("<int:editeur_id>/lien/", liens.lien, name="lien"),
    path("<int:editeur_id>/lien/revoquer/", liens.revoquer, name="lien_revoquer"),
    path("lien/<str:secret>/", liens.page, name="page"),
    path("lien/<str:secret>/lecteur/", liens.lire, name="lecteur_par_lien"),
]
