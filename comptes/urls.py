from django.urls import path

from comptes import views

app_name = "comptes"

urlpatterns = [
    path("connexion/", views.connexion, name="connexion"),
    path("oidc/depart/", views.DepartPSC.as_view(), name="oidc_depart"),
    path("oidc/callback/", views.RetourPSC.as_view(), name="oidc_retour"),
    path("deconnexion/", views.deconnexion, name="deconnexion"),
]
