from django.urls import path

from orientation.vu import views

app_name = "vu"

urlpatterns = [path("<int:lieu_id>/", views.lieu, name="lieu")]
