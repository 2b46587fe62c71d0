from django.urls import path

from orientation.direct import views

app_name = "direct"

urlpatterns = [
    path("", views.flux, name="flux"),
    path("maintenant/", views.maintenant, name="maintenant"),
]
