from django.urls import path

from annuaire.delegations import views

app_name = "delegations"

urlpatterns = [
    path("", views.donnees, name="donnees"),
    path("recues/", views.recues, name="recues"),
    path("demander/", views.demander, name="demander"),
    path("demandes/", views.demandes, name="demandes"),
    path("demandes/<int:demande_id>/annuler/", views.annuler_demande, name="annuler_demande"),
    path("demandes/<int:demande_id>/accepter/", views.accepter, name="accepter"),
    path("demandes/<int:demande_id>/refuser/", views.refuser, name="refuser"),
    path("accorder/", views.accorder, name="accorder"),
    path("<int:delegation_id>/", views.delegation, name="delegation"),
    path("<int:delegation_id>/consentir/", views.consentir, name="consentir"),
    path("<int:delegation_id>/revoquer/", views.revoquer, name="revoquer"),
]
