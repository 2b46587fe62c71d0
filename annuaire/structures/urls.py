from django.urls import path

from annuaire.structures import views

app_name = "structures"

urlpatterns = [
    path("", views.liste, name="liste"),
    path("creer/", views.creer, name="creer"),
    path("<int:structure_id>/", views.structure, name="structure"),
    path("<int:structure_id>/informations/", views.informations, name="informations"),
    path("<int:structure_id>/zone/", views.zone, name="zone"),
    path("<int:structure_id>/membres/", views.chercher_membre, name="chercher_membre"),
    path("<int:structure_id>/membres/<int:effecteur_id>/", views.rattacher, name="rattacher"),
    path(
        "<int:structure_id>/rattachements/<int:rattachement_id>/terminer/",
        views.terminer_rattachement,
        name="terminer_rattachement",
    ),
    path("<int:structure_id>/points-fixes/ajouter/", views.ajouter_point_fixe, name="ajouter_point_fixe"),
    path(
        "<int:structure_id>/points-fixes/<int:lieu_id>/",
        views.modifier_point_fixe,
        name="modifier_point_fixe",
    ),
    path(
        "<int:structure_id>/points-fixes/<int:lieu_id>/activer/",
        views.activer_point_fixe,
        name="activer_point_fixe",
    ),
]
