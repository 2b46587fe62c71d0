from django.urls import path

from orientation.carte_geo import views

app_name = "carte_geo"

urlpatterns = [
    path("epingles/", views.epingles, name="epingles"),
    path("relancer/", views.relancer, name="relancer"),
]
