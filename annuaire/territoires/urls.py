from django.urls import path

from annuaire.territoires import views

app_name = "territoires"

urlpatterns = [
    path("", views.liste, name="liste"),
    path("creer/", views.creer, name="creer"),
    path("<int:territoire_id>/", views.territoire, name="territoire"),
    path("<int:territoire_id>/modifier/", views.modifier, name="modifier"),
    path("<int:territoire_id>/rayon/", views.rayon, name="rayon"),
    path("<int:territoire_id>/rayon/retirer/", views.retirer_rayon, name="retirer_rayon"),
]
