"""Un rendez-vous pris chez un éditeur cache ce qui le chevauche, jusqu’à la lecture qui le connaît."""

import datetime as dt

import pytest

from agenda.actions import masquer_apres_rendez_vous
from agenda.domaine.explication import Motif
from agenda.editeurs.client import Reponse
from agenda.editeurs.memoire import demandes_par_lot
from agenda.editeurs.normaliseur import normaliser
from agenda.editeurs.prises import oublier_les_periodes_passees
from agenda.editeurs.stockage import LectureLot, enregistrer
from agenda.enums import EtatLot
from agenda.models import CarteLieu, PeriodePrise
from agenda.offre import decodeur_carte, rafraichir
from agenda.offre.explication import creneaux_expliques
from annuaire.models import LieuExercice
from tests.agenda.editeurs.bundles import (
    MAINTENANT,
    RPPS,
    agenda,
    bundle,
    demande,
    octets,
    praticien,
    role,
    slot,
)
from tests.agenda.factories import LotFactory, RaccordementFactory
from tests.annuaire.factories import LieuExerciceFactory, SpecialiteFactory

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
LILLE = {"line": ["12 rue Nationale"], "city": "Lille", "postalCode": "59000"}
NEUF_HEURES = dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)
QUART = dt.timedelta(minutes=15)


def _a(nom, heure, minute, duree=15):
    debut = dt.datetime(2026, 11, 24, heure, minute, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    return slot(nom, start=debut.isoformat(), end=(debut + dt.timedelta(minutes=duree)).isoformat())


SLOTS = (_a("court", 9, 0), _a("long", 8, 45, 60), _a("suivant", 9, 15), _a("ailleurs", 11, 0))


@pytest.fixture
def raccordement():
    SpecialiteFactory()
    lieu = LieuExerciceFactory(effecteur__identifiant_national=RPPS)
    raccordement = RaccordementFactory(effecteur=lieu.effecteur, lot=LotFactory(numero=0))
    _lire(raccordement, 0)
    return raccordement


def _lire(raccordement, minutes, *, slots=SLOTS, etat=EtatLot.REUSSI):
    """L’éditeur répond à une demande partie `minutes` minutes après neuf heures."""
    maintenant = MAINTENANT + minutes * MINUTE
    lot = raccordement.lot
    memoires = {i: memoire for i, memoire in demandes_par_lot([lot.pk])[lot.pk].memoires.items() if memoire}
    pages = [octets(bundle(*slots, agenda(), praticien(), role(adresse=LILLE, idnst="")))]
    lue = normaliser(pages, demande(identifiants=(RPPS,), maintenant=maintenant, memoires=memoires))
    reponse = Reponse(etat, pages)
    lecture = LectureLot(
        lot.pk, maintenant, frozenset({RPPS}), reponse, lue if etat == EtatLot.REUSSI else None
    )
    return enregistrer(raccordement.editeur, [lecture], maintenant)


def _montres():
    """Heures de début montrées, à Paris."""
    carte = decodeur_carte.decode(CarteLieu.objects.get().document)
    return [f"{creneau.debut:%H:%M}" for creneau in carte.creneaux]


def _prendre(minutes=1, **ou):
    ou = ou or {"lieu_id": LieuExercice.objects.get().pk}
    return masquer_apres_rendez_vous(
        debut=NEUF_HEURES, fin=NEUF_HEURES + QUART, maintenant=MAINTENANT + minutes * MINUTE, **ou
    )


def test_un_rendez_vous_cache_tout_ce_qui_le_chevauche_et_rien_d_autre(raccordement):
    avant = _montres()

    changes = _prendre()

    assert avant == ["08:45", "09:00", "09:15", "11:00"]
    assert (changes, _montres()) == (1, ["09:15", "11:00"])


def test_la_lecture_partie_avant_le_rendez_vous_ne_devoile_rien_la_suivante_fait_foi(raccordement):
    _prendre(minutes=3)

    _lire(raccordement, 2)
    avant = _montres()
    _lire(raccordement, 4)

    assert avant == ["09:15", "11:00"]
    assert _montres() == ["08:45", "09:00", "09:15", "11:00"]


def test_un_echec_de_l_editeur_ne_devoile_rien(raccordement):
    _prendre()

    _lire(raccordement, 2, etat=EtatLot.DELAI)

    assert _montres() == ["09:15", "11:00"]


def test_reconstruire_la_projection_garde_cache_ce_qui_l_est(raccordement):
    _prendre()
    CarteLieu.objects.all().delete()

    rafraichir([LieuExercice.objects.get().pk], MAINTENANT + 2 * MINUTE)

    assert _montres() == ["09:15", "11:00"]


def test_l_effecteur_suffit_quand_le_message_ne_dit_pas_le_lieu(raccordement):
    assert _prendre(effecteur_id=raccordement.effecteur_id) == 1
    assert _montres() == ["09:15", "11:00"]


def test_un_autre_lieu_n_est_pas_touche(raccordement):
    autre = LieuExerciceFactory()

    assert _prendre(lieu_id=autre.pk) == 0
    assert len(_montres()) == 4
    assert not PeriodePrise.objects.exists()


def test_le_meme_rendez_vous_annonce_deux_fois_garde_la_prise_la_plus_recente(raccordement):
    _prendre(minutes=5)
    _prendre(minutes=1)

    assert PeriodePrise.objects.get().prise_le == MAINTENANT + 5 * MINUTE


def test_un_rendez_vous_passe_ou_sans_duree_ne_cache_rien(raccordement):
    lieu_id = LieuExercice.objects.get().pk
    debut = MAINTENANT - QUART

    assert masquer_apres_rendez_vous(debut=debut, fin=MAINTENANT, maintenant=MAINTENANT, lieu_id=lieu_id) == 0
    assert (
        masquer_apres_rendez_vous(debut=NEUF_HEURES, fin=NEUF_HEURES, maintenant=MAINTENANT, lieu_id=lieu_id)
        == 0
    )
    assert not PeriodePrise.objects.exists()


def test_deux_editeurs_au_meme_lieu_chacun_se_devoile_a_sa_lecture(raccordement):
    second = RaccordementFactory(effecteur=raccordement.effecteur, lot=LotFactory(numero=1))
    _lire(second, 0)
    _prendre()

    _lire(second, 2)

    assert _montres() == ["08:45", "09:00", "09:15", "09:15", "11:00", "11:00"]


def test_l_effecteur_lit_pourquoi_son_creneau_est_cache(raccordement):
    _prendre()

    expliques = creneaux_expliques(LieuExercice.objects.get(), maintenant=MAINTENANT + 2 * MINUTE)

    assert [c.motif for c in expliques] == [Motif.PRIS, Motif.PRIS, None, None]


def test_ce_qui_est_fini_s_oublie(raccordement):
    _prendre()

    assert oublier_les_periodes_passees(NEUF_HEURES) == 0
    assert oublier_les_periodes_passees(NEUF_HEURES + QUART) == 1
