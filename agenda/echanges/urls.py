from django.urls import path

from agenda.echanges.views import calendriers, externes, planning

app_name = "echanges"

urlpatterns = [
    path("planning/", planning.envoyer, name="planning"),
    path("planning/modele.csv", planning.modele, {"format_voulu": "csv"}, name="planning_modele"),
    path("planning/modele.ods", planning.modele, {"format_voulu": "ods"}, name="planning_modele_ods"),
    path("planning/<int:planning_id>/", planning.relu, name="planning_relu"),
    path("planning/<int:planning_id>/confirmer/", planning.confirmer, name="planning_confirmer"),
    path("planning/<int:planning_id>/annuler/", planning.annuler, name="planning_annuler"),
    path("liens/", calendriers.mes_liens, name="liens"),
    path("liens/<int:lien_id>/revoquer/", calendriers.revoquer, name="lien_revoquer"),
    path("calendrier/<str:secret>/agenda.ics", calendriers.lire, name="calendrier"),
    path("lieux/<int:lieu_id>/", externes.du_lieu, name="externes"),
    path("lieux/<int:lieu_id>/<int:calendrier_id>/relire/", externes.relire, name="externe_relire"),
    path("lieux/<int:lieu_id>/<int:calendrier_id>/retirer/", externes.detacher, name="externe_retirer"),
]
