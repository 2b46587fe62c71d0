from django.urls import path

from annuaire.mon_compte import views

app_name = "mon_compte"

urlpatterns = [
    path("", views.compte, name="compte"),
    path(
        "rattachements/<int:rattachement_id>/accepter/",
        views.accepter_rattachement,
        name="accepter_rattachement",
    ),
    path(
        "rattachements/<int:rattachement_id>/quitter/",
        views.quitter_structure,
        name="quitter_structure",
    ),
]
