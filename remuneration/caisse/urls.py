from django.urls import path

from remuneration.caisse.views import contestations, fichiers, periodes

app_name = "caisse"
urlpatterns = [
    path("", periodes.periodes, name="periodes"),
    path("cle-publique.pem", fichiers.cle_publique, name="cle_publique"),
    path("contestations/", contestations.liste, name="contestations"),
    path("contestations/<int:contestation_id>/", contestations.contestation, name="contestation"),
    path("contestations/<int:contestation_id>/clore/", contestations.clore, name="clore"),
    path("fichiers/<int:export_id>/", fichiers.export, name="export"),
    path("fichiers/<int:export_id>/valider/", fichiers.valider, name="valider"),
    path("fichiers/<int:export_id>/retirer/", fichiers.retirer, name="retirer"),
    path("fichiers/<int:export_id>/telecharger/", fichiers.telecharger, name="telecharger"),
    path("fichiers/<int:export_id>/manifeste/", fichiers.manifeste, name="manifeste"),
    path("<slug:departement_id>/<slug:code>/", periodes.periode, name="periode"),
    path("<slug:departement_id>/<slug:code>/produire/", fichiers.produire, name="produire"),
]
