"""Ce que la base refuse, et le voisin qu’elle accepte."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from orientation.enums import TypeOrientation, Voie
from orientation.models import Orientation
from tests.annuaire.factories import LieuExerciceFactory
from tests.comptes.factories import CompteFactory
from tests.orientation.factories import OrientationFactory, RedirectionFactory

pytestmark = pytest.mark.django_db
PRISE_LE = datetime(2026, 11, 1, 17, tzinfo=UTC)


def refuse(contrainte: str, **champs: object) -> None:
    with pytest.raises(IntegrityError, match=contrainte), transaction.atomic():
        OrientationFactory(**champs)


def test_une_cle_ne_sert_qu_une_fois_par_acteur():
    premiere = OrientationFactory(cle="a")

    refuse("orientation_cle_par_acteur", cle="a", acteur=premiere.acteur)
    OrientationFactory(cle="a")


def test_une_cle_vide_est_refusee():
    refuse("orientation_a_une_cle", cle="")


def test_seule_une_orientation_de_l_agenda_tient_une_place():
    lieu = LieuExerciceFactory()

    refuse("orientation_reservation_selon_la_voie", reservation=None, lieu=lieu)
    refuse(
        "orientation_reservation_selon_la_voie",
        voie=Voie.SURNUMERAIRE,
        type=TypeOrientation.OSNP_SURNUMERAIRE,
    )
    OrientationFactory(surnumeraire=True)


@pytest.mark.parametrize(
    ("type_", "traits"),
    [
        pytest.param(TypeOrientation.OSNP_SURNUMERAIRE, {}, id="en sus, sur une place"),
        pytest.param(TypeOrientation.OSNP_CRENEAU, {"surnumeraire": True}, id="sur place, en sus"),
        pytest.param(TypeOrientation.IOA, {"surnumeraire": True}, id="IOA, en sus"),
    ],
)
def test_le_type_suit_la_voie(type_, traits):
    refuse("orientation_type_selon_la_voie", type=type_, **traits)


def test_une_orientation_d_ioa_tient_une_place():
    assert OrientationFactory(type=TypeOrientation.IOA).reservation is not None


def test_une_orientation_en_sus_n_est_jamais_dans_le_passe():
    refuse(
        "orientation_surnumeraire_a_venir",
        surnumeraire=True,
        debut=PRISE_LE - timedelta(minutes=1),
    )
    OrientationFactory(surnumeraire=True, debut=PRISE_LE)


def test_la_fin_suit_le_debut():
    debut = datetime(2026, 11, 2, 8, tzinfo=UTC)

    refuse("orientation_fin_apres_debut", fin=debut)
    OrientationFactory(fin=debut + timedelta(minutes=1))


def test_l_annulation_suit_l_enregistrement():
    refuse("orientation_annulee_apres_prise", annulee_le=PRISE_LE - timedelta(seconds=1))
    OrientationFactory(annulee_le=PRISE_LE)


def test_une_redirection_a_une_duree():
    with pytest.raises(IntegrityError, match="redirection_fin_apres_debut"), transaction.atomic():
        RedirectionFactory(fin=datetime(2026, 11, 2, 8, tzinfo=UTC))

    assert RedirectionFactory().pk


def test_chacun_ne_voit_que_ses_orientations():
    la_mienne = OrientationFactory()
    OrientationFactory()

    assert list(Orientation.objects.visibles_par(la_mienne.acteur)) == [la_mienne]
    assert not Orientation.objects.visibles_par(CompteFactory()).exists()


def test_la_journee_est_fermee_a_gauche_et_ouverte_a_droite():
    dedans = OrientationFactory(prise_le=PRISE_LE)
    OrientationFactory(prise_le=PRISE_LE + timedelta(hours=1))

    du_jour = Orientation.objects.enregistrees_entre(PRISE_LE, PRISE_LE + timedelta(hours=1))

    assert list(du_jour) == [dedans]
