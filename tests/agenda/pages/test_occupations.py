"""Ce qu’un calendrier externe occupe se voit sur l’agenda, se lit sur papier et se signale à qui ouvre dessus."""

import datetime as dt
import re

import pytest
from django.utils.html import strip_tags

from agenda.models import PeriodeOccupee
from tests.agenda.factories import DisponibiliteFactory, IndisponibiliteFactory
from tests.agenda.pages.conftest import MARDI
from tests.agenda.pages.test_saisie import PLAGE

pytestmark = pytest.mark.django_db

NOM = "Occupé (calendrier externe)"


def paris(heure: int) -> dt.datetime:
    return dt.datetime(2026, 11, 24, heure, tzinfo=dt.timezone(dt.timedelta(hours=1)))


@pytest.fixture
def connecte(client, medecin):
    client.force_login(medecin)
    return client


@pytest.fixture
def occupe(lieu):
    """Mardi, de 9 h à 11 h à Paris."""
    PeriodeOccupee.objects.create(lieu=lieu, debut=paris(9), fin=paris(11))


def test_le_calendrier_et_la_liste_le_montrent_sans_le_rendre_modifiable(connecte, occupe, adresse):
    page = connecte.get(adresse("semaine"))

    (evenement,) = page.context["calendrier"]["evenements"]
    assert evenement == {
        "title": NOM,
        "start": "2026-11-24T09:00:00",
        "end": "2026-11-24T11:00:00",
        "display": "background",
        "editable": False,
    }
    assert f"{NOM} de 9\u00a0h à 11\u00a0h" in re.sub(r"[ \n]+", " ", strip_tags(page.content.decode()))


@pytest.mark.parametrize(
    ("ferme", "etat", "cause"),
    [
        pytest.param(None, (False, True), "calendrier externe", id="raccourcie par le calendrier"),
        pytest.param((8, 13), (True, False), "indisponibilité", id="déjà fermée"),
        pytest.param((11, 13), (True, False), "calendrier externe", id="fermée par les deux ensemble"),
    ],
)
def test_ce_qui_est_cache_dit_par_quoi(connecte, lieu, occupe, adresse, ferme, etat, cause):
    DisponibiliteFactory(lieu=lieu, plage=True, premier_jour=MARDI)
    if ferme:
        IndisponibiliteFactory(lieu=lieu, periode=(paris(ferme[0]), paris(ferme[1])))

    page = connecte.get(adresse("semaine") + f"?vue=jour&jour={MARDI}")

    (lue,) = page.context["jours"][0].occurrences
    assert (lue.est_fermee, lue.est_rognee, lue.cause) == (*etat, cause)
    assert f": {cause}</span>" in page.content.decode().replace("\u00a0", " ")


def test_le_papier_le_dit_aussi(connecte, lieu, occupe, adresse):
    papier = connecte.get(adresse("imprimer") + f"?vue=jour&jour={MARDI}").content.decode()

    assert f"{NOM.lower()} de 9\u00a0h à 11\u00a0h" in papier


def test_ouvrir_dessus_avertit_sans_interdire(connecte, occupe, adresse):
    saisie = PLAGE | {"premier_jour": str(MARDI)}

    retenue = connecte.post(adresse("ouvrir"), saisie)

    (phrase,) = retenue.context["form"].avertissements
    assert phrase.startswith("Touche une période occupée d’un calendrier externe")
    averti = retenue.context["form"].data["averti"]
    assert connecte.post(adresse("ouvrir"), saisie | {"averti": averti}).status_code == 302
