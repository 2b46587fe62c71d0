"""Une petite zone autour de Lille, le lundi 2 novembre 2026 à 8 h."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from django.urls import reverse

from agenda.enums import EtatLot
from agenda.models import CarteLieu, Disponibilite, OffreLieu
from agenda.offre import decodeur_carte, rafraichir
from annuaire.models import LieuExercice
from comptes.enums import Role
from comptes.models import Compte
from participation.models import Participation
from tests.agenda.factories import AgendaEditeurFactory, DisponibiliteFactory
from tests.annuaire.factories import (
    CommuneFactory,
    DepartementFactory,
    EffecteurFactory,
    LieuExerciceFactory,
    SpecialiteFactory,
)
from tests.comptes.factories import CompteFactory
from tests.participation.factories import ParticipationFactory

LUNDI_8H = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)


@pytest.fixture
def maintenant() -> Iterator[datetime]:
    """Arrête l’horloge : les vues et les sessions lisent cet instant."""
    with time_machine.travel(LUNDI_8H, tick=False):
        yield LUNDI_8H


@pytest.fixture
def osnp(db) -> Compte:
    return CompteFactory(role=Role.OSNP, nom="Régule", prenom="Odile")


@pytest.fixture
def medecine_generale(db):
    return SpecialiteFactory()


@pytest.fixture
def lieu(medecine_generale) -> LieuExercice:
    """Un généraliste qui participe, sans disponibilité encore."""
    effecteur = EffecteurFactory(nom="MARTIN", prenom="Camille")
    ParticipationFactory(effecteur=effecteur)
    return LieuExerciceFactory(effecteur=effecteur)


@pytest.fixture
def creneau(lieu, maintenant) -> Disponibilite:
    """Lundi de 9 h à 9 h 20, dans la projection."""
    disponibilite = DisponibiliteFactory(lieu=lieu)
    rafraichir([lieu.pk], maintenant)
    return disponibilite


@pytest.fixture
def plage(lieu, maintenant) -> Disponibilite:
    """Lundi de 14 h à 17 h, pour trois patients, dans la projection."""
    disponibilite = DisponibiliteFactory(
        lieu=lieu, plage=True, capacite=3, heure_debut=time(14), heure_fin=time(17)
    )
    rafraichir([lieu.pk], maintenant)
    return disponibilite


def identifiant(disponibilite: Disponibilite) -> str:
    """Identifiant opaque de la première occurrence, tel que la carte le montre."""
    prefixe = f"d{disponibilite.pk}-"
    return next(i for i in identifiants(disponibilite.lieu_id) if i.startswith(prefixe))


def identifiants(lieu_id: int) -> list[str]:
    """Identifiants opaques des créneaux que la carte d’un lieu montre."""
    return [c.id for c in decodeur_carte.decode(CarteLieu.objects.get(lieu=lieu_id).document).creneaux]


def projeter(*lieux: LieuExercice) -> None:
    rafraichir([lieu.pk for lieu in lieux], LUNDI_8H)
    assert OffreLieu.objects.filter(lieu__in=lieux).exists()


@pytest.fixture
def chez_l_editeur(lieu, maintenant):
    """Un créneau d’éditeur réservable en ligne, lundi à 9 h, lu il y a quatre minutes."""
    Participation.objects.filter(effecteur=lieu.effecteur).update(
        utilise_logiciel=True, logiciels=["logiciel"], declare_deux_heures=False
    )
    agenda = AgendaEditeurFactory(lieu=lieu)
    lot = agenda.raccordement.lot
    lot.lu_le = maintenant - timedelta(minutes=4)
    lot.etat = EtatLot.REUSSI
    lot.save()
    lien = f"https://{agenda.raccordement.editeur.hotes_reservation[0]}/rdv?creneau=1"
    agenda.creneaux = [agenda.creneaux[0] | {"l": lien}]
    agenda.save()
    rafraichir([lieu.pk], maintenant)
    return agenda


@pytest.fixture
def connecte(client, osnp):
    client.force_login(osnp)
    return client


@pytest.fixture
def jeton(connecte, medecine_generale, maintenant) -> str:
    """Une recherche de médecine générale à Lille, faite par le formulaire."""
    CommuneFactory()
    reponse = connecte.post(reverse("orientation:recherche"), {"quoi": "médecine générale", "ou": "Lille"})
    assert reponse.status_code == 302, reponse.context["form"].errors
    return reponse.headers["Location"].split("/")[-2]


def url_resultats(jeton: str) -> str:
    return reverse("orientation:resultats", kwargs={"jeton": jeton})


def saint_denis() -> None:
    CommuneFactory(reunion=True)
    CommuneFactory(
        code_insee="93066",
        nom="Saint-Denis",
        departement=DepartementFactory(code="93", nom="Seine-Saint-Denis", population=1_668_670),
        codes_postaux=["93200"],
        lat=48.936,
        lon=2.357,
    )
