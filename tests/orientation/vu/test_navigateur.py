"""La page dans un vrai navigateur : lue depuis le bureau et le téléphone."""

import datetime as dt

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.urls import reverse
from playwright.sync_api import expect

from agenda.offre import rafraichir
from annuaire.models import LieuExercice
from comptes.enums import Role
from tests.agenda.factories import DisponibiliteFactory, IndisponibiliteFactory
from tests.annuaire.factories import LieuExerciceFactory, SpecialiteFactory
from tests.comptes.factories import CompteFactory
from tests.participation.factories import ParticipationFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_un_medecin_lit_sa_carte_et_ce_qui_en_manque(maintenant, page, connecter, axe, capture):
    SpecialiteFactory()
    lieu: LieuExercice = LieuExerciceFactory(informations_complementaires="Sonner au 2e étage.")
    ParticipationFactory(effecteur=lieu.effecteur)
    demain = (maintenant + dt.timedelta(days=1)).date()
    for heure in range(8, 12):
        DisponibiliteFactory(
            lieu=lieu,
            premier_jour=demain,
            jours=[1, 2, 3, 4, 5, 6, 7],
            heure_debut=dt.time(heure),
            heure_fin=dt.time(heure, 30),
        )
    debut = dt.datetime.combine(demain, dt.time(0), tzinfo=dt.UTC)
    IndisponibiliteFactory(
        lieu=lieu, periode=DateTimeTZRange(debut, debut + dt.timedelta(hours=8, minutes=15))
    )
    rafraichir([lieu.pk], maintenant)
    connecter(CompteFactory(role=Role.EFFECTEUR, identifiant_national=lieu.effecteur.identifiant_national))

    page.goto(reverse("vu:lieu", kwargs={"lieu_id": lieu.pk}))

    expect(page.get_by_role("heading", name="Ce que la régulation ne voit pas")).to_be_visible()
    expect(page.get_by_role("heading", name="Une indisponibilité le recouvre")).to_be_visible()
    expect(page.get_by_text("Sonner au 2e étage.")).to_be_visible()
    axe(page)
    capture(page, "vu-lieu")
