"""La purge du détail : les sommes closes et leurs preuves restent."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from orientation.models import Orientation
from remuneration.calcul import calculer, clore, ouvrir, rectifier
from remuneration.models import Acte, Decompte
from remuneration.retention import actes_echus
from sas_platform.conservation import REGLES, executer
from tests.comptes.factories import CompteFactory
from tests.remuneration.calcul.monde import PARIS, medecin, orienter, sas_ouvert

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("regles_semees")]
CLOS_LE = datetime(2025, 10, 15, tzinfo=UTC)
QUATRE_ANS_APRES = datetime(2029, 11, 1, tzinfo=UTC)


@pytest.fixture
def calcul(regles_semees):
    sas_ouvert()
    cabinet = medecin()
    for heure in range(9, 14):
        orienter(cabinet, datetime(2025, 7, 8, heure, tzinfo=PARIS))
    return clore(calculer(ouvrir("2025T3"), CLOS_LE), par=CompteFactory(), maintenant=CLOS_LE)


def sommes():
    return list(
        Decompte.objects.order_by("pk").values("prestation", "nombre", "montant", "preuve", "conditions")
    )


def test_le_detail_part_et_les_sommes_restent(calcul):
    avant = sommes()

    assert executer(REGLES["actes_clos"], maintenant=QUATRE_ANS_APRES) == (5, True)

    assert not Acte.objects.exists()
    assert sommes() == avant
    assert avant[0]["preuve"]["motifs"] == {"compte": 5}


def test_rien_ne_part_avant_le_terme_ni_tant_qu_un_rectificatif_est_ouvert(calcul):
    assert actes_echus(CLOS_LE).count() == 0
    assert actes_echus(QUATRE_ANS_APRES).count() == 5

    rectifier(calcul.periode, motif="Essai", par=CompteFactory(), maintenant=CLOS_LE)

    assert actes_echus(QUATRE_ANS_APRES).count() == 0


def test_effacer_un_acte_clos_hors_de_la_purge_reste_refuse(calcul):
    executer(REGLES["actes_clos"], maintenant=CLOS_LE + timedelta(days=1))

    with pytest.raises(DatabaseError, match="clos"), transaction.atomic():
        Acte.objects.all().delete()


def test_pseudonymiser_les_orientations_ne_change_ni_les_comptes_clos_ni_un_rectificatif(calcul):
    """Au terme de leur conservation, les orientations perdent leur régulateur ; les faits qui comptent restent."""
    avant = sommes()
    for nom in ("orientations", "issues", "cles_idempotence"):
        executer(REGLES[nom], maintenant=QUATRE_ANS_APRES)
    rectificatif = rectifier(calcul.periode, motif="Essai", par=CompteFactory(), maintenant=CLOS_LE)
    calculer(rectificatif, QUATRE_ANS_APRES)

    assert not Orientation.objects.filter(acteur__isnull=False).exists()
    assert sommes()[: len(avant)] == avant
    assert [(s["nombre"], s["montant"]) for s in sommes()[len(avant) :]] == [
        (s["nombre"], s["montant"]) for s in avant
    ]
