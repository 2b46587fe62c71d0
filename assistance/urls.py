from django.urls import path

from assistance.views import demandes, faq, formation, pieces, traitement

app_name = "assistance"
urlpatterns = [
    path("faq/", faq.faq, name="faq"),
    path("assistance/", demandes.contact, name="contact"),
    path("assistance/demandes/", demandes.demandes, name="demandes"),
    path("assistance/demandes/<str:numero>/", demandes.demande, name="demande"),
    path("assistance/pieces/<int:piece_id>/", pieces.piece, name="piece"),
    path("assistance/suivi/<str:secret>/", demandes.suivi, name="suivi"),
    path("assistance/suivi/<str:secret>/pieces/<int:piece_id>/", pieces.piece_suivie, name="piece_suivie"),
    path("assistance/traitement/", traitement.traitement, name="traitement"),
    path("assistance/traitement/<str:numero>/", traitement.traiter, name="traiter"),
    path("assistance/traitement/<str:numero>/<str:geste>/", traitement.geste, name="geste"),
    path("formation/", formation.formation, name="formation"),
    path("formation/pages/<int:page_id>/", formation.page_formation, name="page_formation"),
    path("formation/documents/<int:ressource_id>/", formation.document, name="document"),
    path("formation/<str:profil>/", formation.formation_profil, name="formation_profil"),
]
