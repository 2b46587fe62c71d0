from django.urls import path

from orientation.hub import views

app_name = "hub"

urlpatterns = [
    path("", views.liste, name="liste"),
    path("messages/<int:message_id>/", views.message, name="message"),
    path("messages/<int:message_id>/renvoyer/", views.renvoyer, name="renvoyer"),
]
