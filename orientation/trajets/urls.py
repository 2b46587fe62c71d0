from django.urls import path

from orientation.trajets import views

app_name = "trajets"

urlpatterns = [
    path("", views.durees, name="durees"),
]
