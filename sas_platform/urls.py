from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from sas_platform import views

urlpatterns: list[URLPattern | URLResolver] = [
    # Django essaie les routes dans l’ordre : d’abord celles de la recherche.
    path("api/v1/", include("sas_platform.urls_api")),
    path("", include("orientation.urls")),
    path("", views.accueil, name="accueil"),
    path("", include("comptes.urls")),
    path("", include("comptes.local.urls_allauth")),
    path("premiere-connexion/", include("annuaire.premiere_connexion.urls")),
    path("mentions-legales/", views.page, {"gabarit": "mentions_legales"}, name="mentions_legales"),
    path("donnees-personnelles/", views.donnees_personnelles, name="donnees_personnelles"),
    path("accessibilite/", views.page, {"gabarit": "accessibilite"}, name="accessibilite"),
    path("plan/", views.plan, name="plan"),
    path("sante/", views.sante, name="sante"),
    path("metrics", views.metriques, name="metriques"),
    path("fhir/", include("orientation.rendez_vous.urls")),
    path("administration/", admin.site.urls),
    path("comptes/", include("annuaire.gestion.urls")),
    path("comptes/", include("agenda.regulateurs.urls")),
    path("delegations/", include("annuaire.delegations.urls")),
    path("territoires/", include("annuaire.territoires.urls")),
    path("structures/", include("annuaire.structures.urls")),
    path("mon-compte/", include("annuaire.mon_compte.urls")),
    path("mon-compte/", include("sas_platform.mes_donnees.urls")),
    path("agenda/", include("agenda.pages.urls")),
    path("tableau-de-bord/", include("agenda.tableau.urls")),
    path("echanges/", include("agenda.echanges.urls")),
    path("editeurs/", include("agenda.qualite.urls")),
    path("hub/", include("orientation.hub.urls")),
    path("", include("remuneration.pilotage.urls")),
    path("lrm/", include("orientation.lrm.urls")),
    path("ce-que-voit-la-regulation/", include("orientation.vu.urls")),
    path("recherche/<slug:jeton>/direct/", include("orientation.direct.urls")),
    path("recherche/<slug:jeton>/trajets/", include("orientation.trajets.urls")),
    path("", include("orientation.suivi.urls")),
    path("recherche/<slug:jeton>/carte/", include("orientation.carte_geo.urls")),
    path("remuneration/ma-participation/", include("remuneration.espace.urls")),
    path("remuneration/", include("remuneration.bareme.urls")),
    path("remuneration/caisse/", include("remuneration.caisse.urls")),
    path("", include("assistance.urls")),
]

if not settings.EST_EN_LIGNE:
    # Par son nom : le code de la démonstration n’est ni importé ni livré en production.
    urlpatterns.append(path("demo/", include("sas_platform.demo.courriels.urls")))

handler400 = "sas_platform.views.erreur_400"
handler404 = "sas_platform.views.erreur_404"
handler500 = "sas_platform.views.erreur_500"
