from django.urls import path

from orientation.api import externes, tenues, vues

urlpatterns = [
    path("recherches/", vues.Recherches.as_view(), name="recherches"),
    path("orientations/", vues.Orientations.as_view(), name="orientations"),
    path("orientations/<uuid:uuid>/", vues.UneOrientation.as_view(), name="orientation"),
    path("orientations/<uuid:uuid>/annulation/", vues.Annulation.as_view(), name="orientation_annulation"),
    path("tenues/", tenues.Tenues.as_view(), name="tenues"),
    path("tenues/<uuid:uuid>/", tenues.UneTenue.as_view(), name="tenue"),
    path("tenues/<uuid:uuid>/prolongation/", tenues.Prolongation.as_view(), name="tenue_prolongation"),
    path("orientations-externes/", externes.OrientationsExternes.as_view(), name="orientations_externes"),
    path(
        "orientations-externes/<uuid:uuid>/",
        externes.UneOrientationExterne.as_view(),
        name="orientation_externe",
    ),
]
