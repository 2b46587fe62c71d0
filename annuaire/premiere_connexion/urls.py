from django.urls import path

from annuaire.premiere_connexion import views

app_name = "premiere_connexion"

urlpatterns = [
    path("", views.saisie, name="saisie"),
    path("courriel/", views.courriel, name="courriel"),
    path("renvoyer/", views.renvoyer, name="renvoyer"),
    path("continuer/", views.continuer, name="continuer"),
    path("lien/<str:secret>/", views.lien, name="lien"),
    path("sans-habilitation/", views.sans_habilitation, name="sans_habilitation"),
]
