from django.urls import path

from agenda.regulateurs import views

app_name = "regulateurs"

urlpatterns = [
    path("<int:compte_id>/editeurs/", views.compte, name="compte"),
    path("<int:compte_id>/editeurs/<int:copie_id>/renvoyer/", views.renvoyer, name="renvoyer"),
]
