"""Le balayage des premiers créneaux, face à ceux qui tiennent des lieux au même moment."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connections, transaction

from agenda.models import OffreLieu
from agenda.offre import balayer, rafraichir, verrouiller
from tests.agenda.factories import DisponibiliteFactory
from tests.annuaire.factories import SpecialiteFactory

MATIN = datetime(2026, 11, 2, 7, tzinfo=UTC)  # lundi, 8 h à Paris
DIX_HEURES = MATIN + timedelta(hours=2)


@pytest.fixture
def lieu():
    """Un lieu à deux créneaux, de 9 h et de 10 h 30."""
    SpecialiteFactory()
    lieu = DisponibiliteFactory().lieu
    DisponibiliteFactory(lieu=lieu, heure_debut=time(10, 30), heure_fin=time(10, 50))
    rafraichir([lieu.pk], MATIN)
    return lieu


def _premier(lieu) -> int | None:
    return OffreLieu.objects.get(lieu=lieu).premier_debut


@pytest.mark.django_db
def test_le_balayage_avance_au_creneau_suivant_puis_a_plus_rien(lieu):
    premier = _premier(lieu)

    assert balayer(MATIN) == 0
    assert balayer(DIX_HEURES) == 1
    assert _premier(lieu) == premier + 90
    assert balayer(DIX_HEURES) == 0
    assert balayer(DIX_HEURES + timedelta(hours=1)) == 1
    assert _premier(lieu) is None


@pytest.mark.django_db(transaction=True)
def test_le_balayage_laisse_un_lieu_tenu_et_avance_les_autres_sans_attendre(lieu):
    """Le lieu tenu est verrouillé par une autre connexion : l’attendre serait se bloquer l’un l’autre."""
    libre = DisponibiliteFactory().lieu
    rafraichir([libre.pk], MATIN)
    autre = connections.create_connection("default")
    try:
        autre.set_autocommit(False)
        with autre.cursor() as curseur:
            curseur.execute("SELECT FROM annuaire_lieuexercice WHERE id = %s FOR NO KEY UPDATE", [lieu.pk])

        pendant = balayer(DIX_HEURES), _premier(lieu) == _premier(libre), _premier(libre)
        autre.rollback()
    finally:
        autre.close()

    assert pendant == (1, False, None)
    assert balayer(DIX_HEURES) == 1


@pytest.mark.django_db(transaction=True)
def test_le_balayage_tient_les_lieux_qu_il_avance(lieu):
    """Qui vient prendre une place attend la fin du balayage : il relit ensuite ce que celui-ci a écrit."""
    autre = connections.create_connection("default")
    try:
        autre.set_autocommit(False)
        with transaction.atomic():
            balayer(DIX_HEURES)
            with autre.cursor() as curseur:
                curseur.execute(
                    "SELECT id FROM annuaire_lieuexercice WHERE id = %s FOR NO KEY UPDATE SKIP LOCKED",
                    [lieu.pk],
                )
                pendant = curseur.fetchall()
        autre.rollback()
    finally:
        autre.close()

    assert pendant == []


@pytest.mark.django_db
def test_un_lieu_tenu_par_soi_se_verrouille_encore(lieu):
    assert verrouiller([lieu.pk, 0]) == verrouiller([lieu.pk], sans_attendre=True) == [lieu.pk]
