"""Plusieurs à la fois, sur de vraies connexions et de vrais fils : une place n’est donnée qu’une fois."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import OperationalError, connection, transaction

from agenda.actions import PlaceIndisponible
from agenda.models import Reservation
from agenda.offre import rafraichir_perimees
from annuaire.models import LieuExercice
from comptes.enums import Role
from comptes.models import Trace
from orientation import actions
from orientation.actions import (
    OrientationRefusee,
    annuler,
    orienter,
)
from orientation.models import Orientation
from sas_platform.socle.verrous import prendre_verrou
from tests.comptes.factories import CompteFactory
from tests.orientation.conftest import identifiant


def ensemble(*appels):
    """Lance les appels en même temps, chacun sur sa connexion ; rend résultats et exceptions."""
    depart = Barrier(len(appels))

    def jouer(appel):
        try:
            depart.wait(timeout=10)
            return appel()
        except (PlaceIndisponible, OrientationRefusee) as refus:
            return refus
        finally:
            connection.close()

    with ThreadPoolExecutor(len(appels)) as fils:
        return list(fils.map(jouer, appels))


@pytest.mark.django_db(transaction=True)
def test_la_derniere_place_n_est_donnee_qu_a_un_seul(creneau, maintenant):
    acteurs = [CompteFactory(role=Role.OSNP) for _ in range(2)]
    creneau_id = identifiant(creneau)

    issues = ensemble(
        *[
            lambda acteur=acteur: orienter(
                acteur=acteur, cle="a", creneau_id=creneau_id, maintenant=maintenant
            )
            for acteur in acteurs
        ]
    )

    refus = [issue for issue in issues if isinstance(issue, PlaceIndisponible)]
    assert [r.code for r in refus] == ["place_prise"]
    assert (Orientation.objects.count(), Reservation.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_une_plage_de_trois_en_recoit_exactement_trois(plage, maintenant):
    acteurs = [CompteFactory(role=Role.OSNP) for _ in range(6)]
    creneau_id = identifiant(plage)

    issues = ensemble(
        *[
            lambda acteur=acteur: orienter(
                acteur=acteur, cle="a", creneau_id=creneau_id, maintenant=maintenant
            )
            for acteur in acteurs
        ]
    )

    assert sum(isinstance(issue, Orientation) for issue in issues) == 3
    assert sorted(Reservation.objects.values_list("rang", flat=True)) == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_la_meme_cle_envoyee_quatre_fois_n_ecrit_qu_une_ligne(osnp, plage, maintenant):
    creneau_id = identifiant(plage)

    issues = ensemble(
        *[lambda: orienter(acteur=osnp, cle="a", creneau_id=creneau_id, maintenant=maintenant)] * 4
    )

    assert {issue.pk for issue in issues} == {Orientation.objects.get().pk}
    assert Reservation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_deux_annulations_simultanees_n_en_font_qu_une(osnp, creneau, maintenant):
    orientation = orienter(acteur=osnp, cle="a", creneau_id=identifiant(creneau), maintenant=maintenant)

    issues = ensemble(*[lambda: annuler(acteur=osnp, orientation=orientation, maintenant=maintenant)] * 2)

    assert sorted(type(issue).__name__ for issue in issues) == ["Orientation", "OrientationRefusee"]
    assert Trace.objects.filter(verbe="orientation.annulee").count() == 1


@pytest.mark.django_db(transaction=True)
def test_le_recalcul_laisse_au_tour_suivant_le_lieu_qu_une_orientation_tient(creneau, maintenant):
    LieuExercice.objects.update(telephone="+33353010009")  # marque le lieu à recalculer

    def recalculer():
        with connection.cursor() as curseur:
            curseur.execute("SET lock_timeout = '2s'")
        return rafraichir_perimees(maintenant)

    with transaction.atomic():
        LieuExercice.objects.select_for_update(no_key=True).get(pk=creneau.lieu_id)
        (pendant,) = ensemble(recalculer)

    assert (pendant, rafraichir_perimees(maintenant)) == (0, 1)


@pytest.mark.django_db(transaction=True)
def test_une_cle_qui_porte_le_nom_d_un_verrou_ne_l_attend_pas(osnp, creneau, maintenant):
    cle = identifiant(creneau)

    def demander():
        with connection.cursor() as curseur:
            curseur.execute("SET lock_timeout = '2s'")
        return orienter(acteur=osnp, cle="a", creneau_id=cle, maintenant=maintenant)

    with transaction.atomic():
        assert prendre_verrou(f"orientation:{osnp.pk}:a")
        (orientation,) = ensemble(demander)

    assert orientation == Orientation.objects.get()


@pytest.mark.django_db(transaction=True)
def test_un_lieu_tenu_trop_longtemps_ne_fait_pas_attendre_le_serveur(osnp, creneau, maintenant, monkeypatch):
    monkeypatch.setattr(actions, "ATTENTE_MAX_MS", 50)
    cle = identifiant(creneau)

    with transaction.atomic():
        LieuExercice.objects.select_for_update(no_key=True).get(pk=creneau.lieu_id)
        with pytest.raises(OperationalError):
            ensemble(lambda: orienter(acteur=osnp, cle="a", creneau_id=cle, maintenant=maintenant))

    assert not Orientation.objects.exists()
