"""Rouvrir dix fois le tableau de bord d’un professionnel laisse une trace par jour."""

import pytest
from django.test import Client
from django.urls import reverse

from comptes.enums import Role
from comptes.models import Trace
from tests.annuaire.factories import LieuExerciceFactory, StructureFactory, habiliter
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db


def test_une_seule_trace_par_jour_et_par_professionnel():
    structure = StructureFactory()
    lieux = LieuExerciceFactory.create_batch(2, structure=structure)
    compte = CompteFactory()
    habiliter(compte, Role.GESTIONNAIRE_STRUCTURE, structure=structure)
    client = Client()
    client.force_login(compte)

    for lieu in lieux * 2:
        adresse = reverse("tableau:professionnel", kwargs={"effecteur_id": lieu.effecteur_id})
        assert client.get(adresse).status_code == 200

    lues = Trace.objects.filter(verbe="effecteur.lu").order_by("pk").values_list("objet", flat=True)
    assert list(lues) == [f"effecteur:{lieu.effecteur_id}" for lieu in lieux]
