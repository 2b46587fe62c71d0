from django.urls import path

from remuneration.pilotage import views

app_name = "pilotage"

urlpatterns = [
    path("pilotage/", views.accueil, name="accueil"),
    path("pilotage/chiffres-cles/", views.cles, name="chiffres_cles"),
    path("pilotage/chiffres-cles/<slug:code>.csv", views.cles_donnees, name="chiffres_cles_donnees"),
    path("pilotage/<slug:code>.csv", views.donnees, name="donnees"),
    path("indicateurs/", views.publics, name="publics"),
    path("indicateurs/territoires.csv", views.publics_donnees, name="publics_donnees"),
]
