from django.urls import path

from remuneration.bareme.views import periodes, regles

app_name = "bareme"
urlpatterns = [
    path("bareme/", regles.regles, name="regles"),
    path("bareme/proposer/<slug:prestation>/", regles.proposer, name="proposer"),
    path("bareme/regles/<int:regle_id>/", regles.regle, name="regle"),
    path("bareme/regles/<int:regle_id>/mettre-en-vigueur/", regles.activer, name="activer"),
    path("bareme/regles/<int:regle_id>/ecarter/", regles.ecarter, name="ecarter"),
    path("periodes/", periodes.periodes, name="periodes"),
    path("periodes/<slug:code>/", periodes.periode, name="periode"),
    path("periodes/<slug:code>/calculer/", periodes.calculer, name="calculer"),
    path("periodes/<slug:code>/clore/", periodes.clore, name="clore"),
    path("periodes/<slug:code>/rectifier/", periodes.rectifier, name="rectifier"),
]
