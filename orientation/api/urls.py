from django.urls import path

from orientation.api import externes, vues

urlpatterns = [
    path("recherches/", vues.Recherches.as_view(), name="recherches"),
    path("orientations/", vues.Orientations.as_view(), name="orientations"),
    path("orientations/<uuid:uuid>/", vues.UneOrientation.as_view(), name="orientation"),
    path("orientations/<uuid:uuid>/annulation/", vues.Annulation.as_view(), name="orientation_annulation"),
    path("orientations-externes/", externes.OrientationsExternes.as_view(), name="orientations_externes"),
    path(
        "orientations-externes/<uuid:uuid>/",
        externes.UneOrientationExterne.as_view(),
        name="orientation_externe",
    ),
]
