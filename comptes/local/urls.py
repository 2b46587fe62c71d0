"""Routes de l’espace de noms `comptes:`."""

from django.urls import path

from comptes.local import views

urlpatterns = [
    path("compte/connexion/", views.Connexion.as_view(), name="mot_de_passe"),
    path("compte/activation/<str:secret>/", views.activation, name="activation"),
    path("compte/activation/<str:secret>/renvoi/", views.activation_renvoi, name="activation_renvoi"),
    path("compte/identifiants/", views.identifiants, name="identifiants"),
    path("compte/adresse/<str:secret>/", views.adresse_confirmer, name="adresse_confirmer"),
    path("compte/secours/<slug:motif>/", views.secours_refuse, name="secours_refuse"),
    path("conditions-generales/", views.cgu, name="cgu"),
]
