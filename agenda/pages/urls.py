from django.urls import path

from agenda.pages.views import calendrier, fermetures, saisie, semaines

app_name = "agenda"

urlpatterns = [
    path("<int:lieu_id>/", calendrier.semaine, name="semaine"),
    path("<int:lieu_id>/imprimer/", calendrier.imprimer, name="imprimer"),
    path("<int:lieu_id>/plus-disponible/", calendrier.fermer_aujourd_hui, name="fermer_aujourd_hui"),
    path("<int:lieu_id>/ce-soir/", calendrier.ce_soir, name="ce_soir"),
    path("<int:lieu_id>/gestes/<int:geste_id>/annuler/", calendrier.annuler, name="annuler"),
    path("<int:lieu_id>/ouvrir/", saisie.ouvrir, name="ouvrir"),
    path("<int:lieu_id>/<int:disponibilite_id>/<str:jour>/modifier/", saisie.modifier, name="modifier"),
    path("<int:lieu_id>/<int:disponibilite_id>/<str:jour>/deplacer/", saisie.deplacer, name="deplacer"),
    path("<int:lieu_id>/<int:disponibilite_id>/<str:jour>/supprimer/", saisie.retirer, name="retirer"),
    path("<int:lieu_id>/semaines/", semaines.semaines_types, name="semaines"),
    path("<int:lieu_id>/semaines/<int:modele_id>/supprimer/", semaines.oublier, name="oublier_semaine"),
    path("<int:lieu_id>/indisponibilites/", fermetures.indisponibilites, name="indisponibilites"),
    path(
        "<int:lieu_id>/indisponibilites/<int:indisponibilite_id>/lever/", fermetures.rouvrir, name="rouvrir"
    ),
]
