"""Tenir une place le temps d’un appel : vue des autres, prolongée une fois, rendue toute seule."""

from datetime import timedelta

import pytest

from agenda import tenues
from agenda.actions import PlaceIndisponible
from agenda.lectures import creneau_sas
from agenda.models import Reservation, Tenue
from agenda.tenues import TenuePerdue
from comptes.enums import Role
from orientation.actions import orienter
from orientation.models import Orientation
from orientation.suivi.lectures import signaux
from tests.agenda.factories import IndisponibiliteFactory
from tests.annuaire.factories import TerritoireFactory
from tests.comptes.factories import CompteFactory
from tests.orientation.conftest import identifiant, identifiants

TROIS_MINUTES = timedelta(minutes=3)


@pytest.fixture
def autre(db):
    return CompteFactory(role=Role.REGULATEUR)


def tenir(compte, creneau_id, maintenant, territoire=None):
    return tenues.tenir(compte=compte, creneau_id=creneau_id, territoire=territoire, maintenant=maintenant)


def test_une_place_tenue_quitte_la_recherche_et_y_revient_a_la_fin(osnp, creneau, maintenant):
    creneau_id = identifiant(creneau)

    tenir(osnp, creneau_id, maintenant)
    pendant = identifiants(creneau.lieu_id)
    liberees = tenues.liberer_echues(maintenant=maintenant + TROIS_MINUTES)

    assert creneau_id not in pendant
    assert (liberees, Tenue.objects.count()) == (1, 0)
    assert creneau_id in identifiants(creneau.lieu_id)


def test_une_tenue_en_cours_n_est_pas_liberee(osnp, creneau, maintenant):
    tenir(osnp, identifiant(creneau), maintenant)

    assert tenues.liberer_echues(maintenant=maintenant + timedelta(seconds=179)) == 0


def test_un_autre_ne_prend_pas_la_derniere_place_tenue(osnp, autre, creneau, maintenant):
    creneau_id = identifiant(creneau)
    tenir(osnp, creneau_id, maintenant)

    with pytest.raises(PlaceIndisponible) as refus:
        orienter(acteur=autre, cle="a", creneau_id=creneau_id, maintenant=maintenant)

    assert refus.value.code == "place_tenue"
    assert not Reservation.objects.exists()


def test_un_autre_prend_une_place_que_personne_ne_tient(osnp, autre, plage, maintenant):
    creneau_id = identifiant(plage)
    tenue = tenir(osnp, creneau_id, maintenant)

    orientation = orienter(acteur=autre, cle="a", creneau_id=creneau_id, maintenant=maintenant)

    assert orientation.reservation.rang != tenue.rang


def test_qui_tient_la_place_la_confirme_et_la_tenue_finit(osnp, creneau, maintenant):
    creneau_id = identifiant(creneau)
    tenue = tenir(osnp, creneau_id, maintenant)

    orientation = orienter(acteur=osnp, cle="a", creneau_id=creneau_id, maintenant=maintenant)

    assert orientation.reservation.rang == tenue.rang
    assert not Tenue.objects.exists()


def test_une_confirmation_refusee_laisse_la_place_tenue(osnp, creneau, maintenant):
    creneau_id = identifiant(creneau)
    tenue = tenir(osnp, creneau_id, maintenant)
    IndisponibiliteFactory(lieu=creneau.lieu)

    with pytest.raises(PlaceIndisponible) as refus:
        orienter(acteur=osnp, cle="a", creneau_id=creneau_id, maintenant=maintenant)

    assert refus.value.code == "perimee"  # elle n’est tenue par personne d’autre
    assert Tenue.objects.get() == tenue


def test_la_fin_d_une_tenue_n_attend_aucune_tache(osnp, autre, creneau, maintenant):
    creneau_id = identifiant(creneau)
    tenir(osnp, creneau_id, maintenant)

    orientation = orienter(
        acteur=autre, cle="a", creneau_id=creneau_id, maintenant=maintenant + TROIS_MINUTES
    )

    assert orientation.reservation.rang == 1


def test_une_tenue_finie_n_empeche_pas_un_autre_de_tenir(osnp, autre, creneau, maintenant):
    creneau_id = identifiant(creneau)
    tenir(osnp, creneau_id, maintenant)

    tenue = tenir(autre, creneau_id, maintenant + TROIS_MINUTES)

    assert list(Tenue.objects.all()) == [tenue]


def test_qui_tient_encore_la_derniere_place_la_voit_les_autres_non(osnp, autre, creneau, maintenant):
    creneau_id = identifiant(creneau)
    tenir(osnp, creneau_id, maintenant)

    assert creneau_sas(creneau_id, maintenant, compte=osnp).prises == 0
    assert creneau_sas(creneau_id, maintenant, compte=autre) is None


def test_une_place_se_prolonge_une_fois(osnp, creneau, maintenant):
    tenir(osnp, identifiant(creneau), maintenant)
    plus_tard = maintenant + timedelta(minutes=2)

    prolongee = tenues.prolonger(compte=osnp, maintenant=plus_tard)

    assert prolongee.expire_le == maintenant + 2 * TROIS_MINUTES
    with pytest.raises(TenuePerdue, match="qu’une fois"):
        tenues.prolonger(compte=osnp, maintenant=plus_tard)


def test_une_tenue_finie_ne_se_prolonge_pas(osnp, creneau, maintenant):
    tenir(osnp, identifiant(creneau), maintenant)

    with pytest.raises(TenuePerdue, match="le temps est passé"):
        tenues.prolonger(compte=osnp, maintenant=maintenant + TROIS_MINUTES)


def test_tenir_deux_fois_la_meme_place_ne_rallonge_rien(osnp, creneau, maintenant):
    creneau_id = identifiant(creneau)
    premiere = tenir(osnp, creneau_id, maintenant)

    seconde = tenir(osnp, creneau_id, maintenant + timedelta(minutes=2))

    assert seconde.expire_le == premiere.expire_le


def test_une_nouvelle_tenue_rend_la_precedente(osnp, creneau, plage, maintenant):
    tenir(osnp, identifiant(creneau), maintenant)

    tenir(osnp, identifiant(plage), maintenant)

    assert Tenue.objects.get().disponibilite == plage
    assert identifiant(creneau) in identifiants(creneau.lieu_id)


def test_une_tenue_refusee_garde_la_precedente(osnp, autre, creneau, plage, maintenant):
    tenir(osnp, identifiant(plage), maintenant)
    creneau_id = identifiant(creneau)
    tenir(autre, creneau_id, maintenant)

    with pytest.raises(PlaceIndisponible):
        tenir(osnp, creneau_id, maintenant)

    assert Tenue.objects.get(compte=osnp).disponibilite == plage


def test_rendre_remontre_la_place(osnp, creneau, maintenant):
    creneau_id = identifiant(creneau)
    tenir(osnp, creneau_id, maintenant)

    assert tenues.rendre(compte=osnp, maintenant=maintenant)
    assert creneau_id in identifiants(creneau.lieu_id)
    assert not tenues.rendre(compte=osnp, maintenant=maintenant)


def test_tenir_ne_retire_rien_a_une_orientation_deja_confirmee(osnp, autre, creneau, maintenant):
    creneau_id = identifiant(creneau)
    orienter(acteur=osnp, cle="a", creneau_id=creneau_id, maintenant=maintenant)

    with pytest.raises(PlaceIndisponible) as refus:
        tenir(autre, creneau_id, maintenant)

    assert refus.value.code == "place_prise"
    assert Orientation.objects.filter(annulee_le=None).count() == 1


def test_une_plage_tenue_trois_fois_n_a_plus_de_place(plage, maintenant):
    creneau_id = identifiant(plage)
    rangs = {tenir(CompteFactory(role=Role.OSNP), creneau_id, maintenant).rang for _ in range(3)}

    with pytest.raises(PlaceIndisponible):
        tenir(CompteFactory(role=Role.OSNP), creneau_id, maintenant)

    assert rangs == {1, 2, 3}


def test_les_autres_lisent_la_regulation_jamais_la_personne(osnp, autre, creneau, maintenant):
    nord = TerritoireFactory(nom="SAS Nord")
    tenir(osnp, identifiant(creneau), maintenant, nord)
    lieu = creneau.lieu_id

    vu = signaux([lieu], compte_id=autre.pk, maintenant=maintenant)

    assert vu == {
        lieu: ("Lundi à 9\u00a0h\u00a0: place tenue par un autre régulateur (SAS Nord), en cours d’appel",)
    }
    assert signaux([lieu], compte_id=osnp.pk, maintenant=maintenant) == {}
    assert signaux([lieu], compte_id=autre.pk, maintenant=maintenant + TROIS_MINUTES) == {}
