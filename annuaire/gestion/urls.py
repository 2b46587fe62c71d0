from django.urls import path

from annuaire.gestion.views import gestes, imports, liste, saisie

app_name = "gestion"

urlpatterns = [
    path("", liste.liste, name="liste"),
    path("export.csv", liste.export, name="export"),
    path("a-revoir/", liste.a_revoir, name="a_revoir"),
    path("creer/", saisie.creer, name="creer"),
    path("importer/", imports.importer, name="importer"),
    path("importer/modele.csv", imports.modele, name="modele"),
    path("importer/confirmer/", imports.confirmer, name="confirmer"),
    path("<int:compte_id>/", liste.fiche, name="compte"),
    path("<int:compte_id>/modifier/", saisie.modifier, name="modifier"),
    path("<int:compte_id>/bienvenue/", gestes.geste, {"nom": "bienvenue"}, name="bienvenue"),
    path("<int:compte_id>/desactiver/", gestes.geste, {"nom": "desactiver"}, name="desactiver"),
    path("<int:compte_id>/reactiver/", gestes.geste, {"nom": "reactiver"}, name="reactiver"),
    path("<int:compte_id>/supprimer/", gestes.geste, {"nom": "supprimer"}, name="supprimer"),
]
