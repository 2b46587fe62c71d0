"""Du fait au décompte, sur de petits mondes ; la comparaison générale est dans test_reference.py."""

from datetime import UTC, datetime

import pytest

from remuneration.calcul import calculer, ouvrir
from remuneration.enums import Etape, MotifActe, Prestation
from remuneration.models import Acte, Decompte
from tests.remuneration.calcul.monde import PARIS, medecin, orienter, sas_ouvert

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("regles_semees")]
FIN_2025 = datetime(2026, 1, 15, tzinfo=UTC)


def mardi(heure: int, minute: int = 0, jour: int = 8) -> datetime:
    return datetime(2025, 7, jour, heure, minute, tzinfo=PARIS)


def le_decompte(calcul, prestation) -> Decompte:
    return Decompte.objects.get(calcul=calcul, prestation=prestation)


def motifs(calcul) -> list[str]:
    return list(Acte.objects.filter(calcul=calcul).order_by("debut", "pk").values_list("motif", flat=True))


def test_cinq_patients_venus_valent_la_premiere_tranche():
    sas_ouvert()
    cabinet = medecin()
    for heure in range(9, 14):
        orienter(cabinet, mardi(heure))

    calcul = calculer(ouvrir("2025T3"), FIN_2025)

    decompte = le_decompte(calcul, Prestation.ACTIVITE)
    assert (calcul.etape, decompte.nombre, decompte.montant, decompte.est_du) == (Etape.FAIT, 5, 70, True)
    assert decompte.preuve["suivante"] == {"de": 16, "montant": "210.00"}
    assert le_decompte(calcul, Prestation.MAJORATION_SNP).montant == 75
    assert motifs(calcul) == [MotifActe.COMPTE] * 5
