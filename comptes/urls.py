from django.urls import include, path

from comptes.views import psc, session

app_name = "comptes"

urlpatterns = [
    path("connexion/", psc.connexion, name="connexion"),
    path("connexion/exercice/", session.exercice, name="exercice"),
    path("oidc/depart/", psc.DepartPSC.as_view(), name="oidc_depart"),
    path("oidc/callback/", psc.RetourPSC.as_view(), name="oidc_retour"),
    path("oidc/deconnexion/", psc.deconnexion_par_psc, name="oidc_deconnexion"),
    path("deconnexion/", psc.deconnexion, name="deconnexion"),
    path("session/etat/", session.etat, name="session_etat"),
    path("session/prolonger/", session.prolonger, name="session_prolonger"),
    path("session/prolongee/", session.prolongee, name="session_prolongee"),
    path("", include("comptes.local.urls")),
]
