"""Ce que la démonstration ajoute aux données fictives."""

from __future__ import annotations

import pytest

from annuaire.models import Effecteur
from sas_platform.demo.donnees import nommer
from tests.annuaire.factories import EffecteurFactory


@pytest.mark.django_db
def test_l_effecteur_que_joue_une_persona_porte_son_nom():
    joue, autre = EffecteurFactory(), EffecteurFactory()
    nom_de_l_autre = str(autre)

    nommer({"effecteur": joue.identifiant_national})

    joue.refresh_from_db()
    autre.refresh_from_db()
    assert str(joue) == "Étienne FAVIER"
    assert Effecteur.objects.filter(nom_recherche="etienne favier").get() == joue
    assert str(autre) == nom_de_l_autre
