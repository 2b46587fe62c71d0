from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from orientation.domaine.classement import Groupe, distance, groupe, raison_du_rang

PARIS = ZoneInfo("Europe/Paris")
MAINTENANT = datetime(2026, 11, 2, 23, 30, tzinfo=PARIS)


@pytest.mark.parametrize(
    ("libre", "participe", "en_sus", "attendu"),
    [
        (True, True, True, Groupe.LIBRE_PARTICIPANT),
        (True, False, False, Groupe.LIBRE),
        (False, True, True, Groupe.EN_SUS),
        (False, True, False, Groupe.AUTRE),
    ],
)
def test_le_groupe_d_une_offre(libre, participe, en_sus, attendu):
    assert groupe(est_libre=libre, participe=participe, en_sus=en_sus) == attendu


@pytest.mark.parametrize(
    ("km", "attendue"),
    [
        (0.004, "0\u00a0m"),
        (0.174, "170\u00a0m"),
        (0.994, "990\u00a0m"),
        (0.997, "1,0\u00a0km"),
        (1.04, "1,0\u00a0km"),
        (2.0504, "2,0\u00a0km"),
        (2.05, "2,0\u00a0km"),
        (12.37, "12,4\u00a0km"),
    ],
)
def test_une_distance_se_lit_en_metres_puis_en_kilometres(km, attendue):
    assert distance(km) == attendue


@pytest.mark.parametrize(
    ("premier", "attendu"),
    [
        pytest.param(datetime(2026, 11, 2, 22, 0, tzinfo=PARIS), "dès maintenant", id="plage en cours"),
        pytest.param(
            datetime(2026, 11, 2, 23, 45, tzinfo=PARIS), "aujourd’hui à 23\u00a0h\u00a045", id="ce soir"
        ),
        pytest.param(
            datetime(2026, 11, 3, 0, 15, tzinfo=PARIS), "demain à 0\u00a0h\u00a015", id="après minuit"
        ),
        pytest.param(datetime(2026, 11, 4, 9, 0, tzinfo=PARIS), "après-demain à 9\u00a0h", id="J+2"),
        pytest.param(
            datetime(2026, 11, 3, 2, 45, tzinfo=ZoneInfo("Indian/Reunion")),
            "aujourd’hui à 2\u00a0h\u00a045",
            id="à La Réunion, il est déjà demain",
        ),
    ],
)
def test_la_raison_du_rang_dit_quand(premier, attendu):
    phrase = raison_du_rang(Groupe.LIBRE, premier=premier, maintenant=MAINTENANT, distance_km=2)

    assert phrase == f"Ne participe pas au SAS · libre {attendu} · à 2,0\u00a0km"
