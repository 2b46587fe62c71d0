"""Un geste sur plusieurs lieux s’annule d’un bloc, ou pas du tout."""

from datetime import UTC, datetime, timedelta

import pytest

from agenda.models import Disponibilite, GesteAgenda, Indisponibilite
from agenda.saisie.fermetures import fermer, fermer_aujourd_hui, fermer_sur, rouvrir
from agenda.saisie.journal import RetourImpossible, annuler
from agenda.saisie.lectures import dernier_geste
from annuaire.models import LieuExercice
from tests.agenda.factories import DisponibiliteFactory
from tests.annuaire.factories import LieuExerciceFactory, SpecialiteFactory

pytestmark = pytest.mark.django_db

MAINTENANT = datetime(2026, 11, 23, 7, tzinfo=UTC)
HEURE = timedelta(hours=1)


@pytest.fixture
def lieux() -> list[LieuExercice]:
    SpecialiteFactory()
    premier = LieuExerciceFactory()
    return [premier, *LieuExerciceFactory.create_batch(2, effecteur=premier.effecteur)]


def defaire(geste: GesteAgenda, auteur, *, tenus=None, quand=MAINTENANT) -> int:
    tous = LieuExercice.objects.all() if tenus is None else tenus
    return annuler(geste=geste, tenus=tous, auteur=auteur, maintenant=quand)


def periodes() -> list[tuple[int, int, int]]:
    """(lieu, heures du début depuis maintenant, heures de la fin)."""
    return [
        (
            ligne.lieu_id,
            (ligne.periode.lower - MAINTENANT) // HEURE,
            (ligne.periode.upper - MAINTENANT) // HEURE,
        )
        for ligne in Indisponibilite.objects.order_by("lieu", "periode")
    ]


def fermer_tout(lieux, auteur, *, de=2, a=5) -> GesteAgenda:
    fermer(
        lieux=lieux,
        debut=MAINTENANT + de * HEURE,
        fin=MAINTENANT + a * HEURE,
        auteur=auteur,
        maintenant=MAINTENANT,
    )
    return GesteAgenda.objects.latest("pk")


def test_une_fermeture_de_trois_lieux_se_dit_et_s_annule_depuis_chacun(lieux, auteur):
    fermer_tout(lieux, auteur)
    vus = [dernier_geste(lieu, maintenant=MAINTENANT) for lieu in lieux]
    assert [vu.lieux for vu in vus] == [3, 3, 3]

    assert defaire(vus[1], auteur) == 3

    assert periodes() == []
    assert [dernier_geste(lieu, maintenant=MAINTENANT) for lieu in lieux] == [None] * 3


def test_une_fermeture_d_un_seul_lieu_ne_touche_que_lui(lieux, auteur):
    fermer_tout(lieux[:1], auteur)
    fermer_tout(lieux[1:2], auteur)

    assert dernier_geste(lieux[0], maintenant=MAINTENANT).lieux == 1
    defaire(dernier_geste(lieux[0], maintenant=MAINTENANT), auteur)

    assert periodes() == [(lieux[1].pk, 2, 5)]


def test_plusieurs_periodes_qui_se_touchent_en_un_lieu_se_defont_dans_l_ordre_inverse(lieux, auteur):
    avant = fermer_tout(lieux[:1], auteur, de=1, a=3)
    fermer_sur(
        periodes=[
            (lieu, MAINTENANT + de * HEURE, MAINTENANT + a * HEURE)
            for lieu in lieux[:2]
            for de, a in ((2, 4), (3, 6), (9, 10))
        ],
        auteur=auteur,
        maintenant=MAINTENANT,
    )
    geste = GesteAgenda.objects.latest("pk")
    assert periodes() == [
        (lieux[0].pk, 1, 6),
        (lieux[0].pk, 9, 10),
        (lieux[1].pk, 2, 6),
        (lieux[1].pk, 9, 10),
    ]

    assert defaire(geste, auteur) == 2

    assert periodes() == [(lieux[0].pk, 1, 3)]
    assert defaire(avant, auteur) == 1
    assert periodes() == []


def test_un_lieu_change_depuis_retient_tous_les_autres_et_se_nomme(lieux, auteur):
    geste = fermer_tout(lieux, auteur)
    rouvrir(indisponibilite=Indisponibilite.objects.get(lieu=lieux[1]), auteur=auteur, maintenant=MAINTENANT)
    restent = periodes()

    with pytest.raises(RetourImpossible, match="a changé depuis") as refus:
        defaire(geste, auteur)

    assert lieux[1].adresse_complete in str(refus.value)
    assert periodes() == restent
    assert not GesteAgenda.objects.filter(groupe=geste.groupe, annule_le__isnull=False).exists()


def test_une_fermeture_etendue_depuis_en_un_lieu_ne_s_annule_plus_en_silence(lieux, auteur):
    """La ligne créée a été avalée par une autre : la retirer ne rendrait rien."""
    geste = fermer_tout(lieux, auteur)
    etendue = fermer_tout(lieux[:1], auteur, de=1, a=9)

    with pytest.raises(RetourImpossible, match="a changé depuis"):
        defaire(geste, auteur)
    assert periodes()[0] == (lieux[0].pk, 1, 9)

    defaire(etendue, auteur)
    assert defaire(geste, auteur) == 3
    assert periodes() == []


def test_un_geste_deja_annule_ou_trop_vieux_ne_s_annule_pas(lieux, auteur):
    geste = fermer_tout(lieux, auteur)

    with pytest.raises(RetourImpossible, match="plus d’une heure"):
        defaire(geste, auteur, quand=MAINTENANT + 2 * HEURE)
    defaire(geste, auteur)
    with pytest.raises(RetourImpossible, match="déjà annulé"):
        defaire(geste, auteur)


def test_qui_ne_tient_plus_tous_les_lieux_n_en_rouvre_aucun(lieux, auteur):
    geste = fermer_tout(lieux, auteur)
    siens = LieuExercice.objects.filter(pk__in=[lieu.pk for lieu in lieux[:2]])

    with pytest.raises(RetourImpossible, match="dont vous ne tenez pas l’agenda"):
        defaire(geste, auteur, tenus=siens)

    assert len(periodes()) == 3


def test_plus_disponible_aujourd_hui_partout_s_annule_d_un_bloc(lieux, auteur):
    DisponibiliteFactory(lieu=lieux[0], plage=True, premier_jour=MAINTENANT.date())
    fermer_aujourd_hui(lieux=lieux, auteur=auteur, maintenant=MAINTENANT)
    assert len(periodes()) == 3

    defaire(GesteAgenda.objects.latest("pk"), auteur)

    assert periodes() == []
    assert Disponibilite.objects.count() == 1
