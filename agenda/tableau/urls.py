from django.urls import path

from agenda.tableau.views import lieux, participations, tableaux

app_name = "tableau"

urlpatterns = [
    path("", tableaux.accueil, name="accueil"),
    path("lies/", tableaux.lies, name="lies"),
    path("professionnels/<int:effecteur_id>/", tableaux.professionnel, name="professionnel"),
    path("heures/", tableaux.releves, name="releves"),
    path("participation/", participations.participation, name="participation"),
    path("participation/suggestions/", participations.suggestions, name="suggestions"),
    path("participation/historique/", participations.historique, name="historique"),
    path("structures/<int:structure_id>/", tableaux.structure, name="structure"),
    path(
        "structures/<int:structure_id>/participation/",
        participations.participation_structure,
        name="participation_structure",
    ),
    path(
        "structures/<int:structure_id>/participation/historique/",
        participations.historique_structure,
        name="historique_structure",
    ),
    path("lieux/<int:lieu_id>/informations/", lieux.informations, name="informations"),
    path("lieux/<int:lieu_id>/sollicitation/", lieux.sollicitation, name="sollicitation"),
]
