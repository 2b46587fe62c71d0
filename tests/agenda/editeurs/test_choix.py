"""Le choix des lots : les plus pressants d’abord, une fois, dans le budget, et sans emplir la file."""

import datetime as dt

import pytest
from django.utils import timezone

from agenda.editeurs import choix, demande
from agenda.editeurs.budget import File
from agenda.editeurs.choix import Groupe, prendre_groupes_dus
from agenda.editeurs.ordonnanceur import budget_de
from sas_platform.socle.courtier import connexion
from tests.agenda.factories import EditeurFactory, LotFactory, RaccordementFactory
from tests.participation.factories import ParticipationFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("horloge")]
PERIODE = dt.timedelta(seconds=300)


@pytest.fixture
def maintenant() -> dt.datetime:
    return timezone.now()


def _pris(maintenant) -> list[int]:
    return [lot_id for groupe in prendre_groupes_dus(maintenant) for lot_id in groupe.lot_ids]


def a_mi_chemin(editeur, maintenant):
    """Un lot interrogé il y a une demi-période : rien ne presse encore."""
    return LotFactory(
        editeur=editeur, interroge_le=maintenant - PERIODE / 2, prochaine_le=maintenant + PERIODE / 2
    )


def test_les_lots_dus_sont_pris_une_seule_fois_dans_l_ordre_de_leur_retard(maintenant):
    editeur = EditeurFactory()
    recent = LotFactory(editeur=editeur, prochaine_le=maintenant)
    jamais = LotFactory(editeur=editeur, prochaine_le=None)
    ancien = LotFactory(editeur=editeur, prochaine_le=maintenant - PERIODE)
    LotFactory(editeur=editeur, prochaine_le=maintenant + PERIODE)
    LotFactory(editeur=EditeurFactory(est_actif=False), prochaine_le=None)

    premier, second = _pris(maintenant), _pris(maintenant)

    assert premier == [jamais.pk, ancien.pk, recent.pk]
    assert second == []


def test_les_lots_dus_d_un_editeur_vont_ensemble_dans_l_ordre_du_plus_pressant(maintenant, monkeypatch):
    monkeypatch.setattr(choix, "LOTS_PAR_GROUPE", 2)
    un, autre = EditeurFactory.create_batch(2)
    retards = [(un, 1), (autre, 3), (un, 5), (un, 4)]
    a, b, c, d = (LotFactory(editeur=e, prochaine_le=maintenant - n * PERIODE).pk for e, n in retards)

    assert prendre_groupes_dus(maintenant) == [
        Groupe(un.pk, [c, d]),
        Groupe(autre.pk, [b]),
        Groupe(un.pk, [a]),
    ]


def test_un_lot_cherche_passe_avant_son_tour(maintenant):
    editeur = EditeurFactory()
    a_mi_chemin(editeur, maintenant)
    cherche = a_mi_chemin(editeur, maintenant)
    demande.noter({cherche.pk: 1}, maintenant)

    assert _pris(maintenant) == [cherche.pk]


def test_la_demande_s_oublie(maintenant):
    cherche = a_mi_chemin(EditeurFactory(), maintenant)
    demande.noter({cherche.pk: 1}, maintenant - demande.TRANCHE * demande.TRANCHES)

    assert _pris(maintenant) == []


def test_la_demande_ne_garde_que_des_numeros_de_lots_et_s_efface(maintenant):
    demande.noter({12: 1, 15: 1}, maintenant)
    demande.noter({12: 1}, maintenant)

    (cle,) = connexion().scan_iter("sas:demande:*")
    assert connexion().hgetall(cle) == {b"12": b"2", b"15": b"1"}
    assert 0 < connexion().ttl(cle) <= 3 * 3600
    assert demande.lire(maintenant) == {12: 2.0, 15: 1.0}


def test_a_retard_egal_les_participants_passent_les_premiers(maintenant):
    editeur = EditeurFactory()
    sans, avec = (LotFactory(editeur=editeur, prochaine_le=maintenant) for _ in range(2))
    RaccordementFactory(lot=sans)
    ParticipationFactory(effecteur=RaccordementFactory(lot=avec).effecteur)

    assert _pris(maintenant) == [avec.pk, sans.pk]


def test_la_nuit_un_lot_que_personne_ne_cherche_attend_deux_periodes(horloge):
    horloge.move_to(dt.datetime(2026, 3, 17, 2, tzinfo=dt.UTC))
    nuit = timezone.now()
    LotFactory(interroge_le=nuit - PERIODE, prochaine_le=nuit)
    ancien = LotFactory(interroge_le=nuit - 2 * PERIODE, prochaine_le=nuit - PERIODE)

    assert _pris(nuit) == [ancien.pk]


def test_on_n_enfile_pas_plus_de_lots_que_le_budget_n_en_permet(maintenant):
    editeur = EditeurFactory(requetes_par_heure=120)  # un seau de deux
    LotFactory.create_batch(5, editeur=editeur, prochaine_le=None)

    assert len(_pris(maintenant)) == 2
    assert _pris(maintenant) == []  # ceux qui attendent ont déjà leurs jetons


def test_on_n_enfile_rien_chez_un_editeur_disjoncte(maintenant):
    editeur = EditeurFactory()
    LotFactory.create_batch(2, editeur=editeur, prochaine_le=None)
    ailleurs = LotFactory(prochaine_le=None)
    budget = budget_de(editeur)
    for lot_id in range(5):
        (permis,), _ = budget.prendre([lot_id])
        budget.finir_appel(permis, reussi=False)

    assert _pris(maintenant) == [ailleurs.pk]


@pytest.fixture
def file_de_fond():
    """La vraie file, avec autant de tâches qu’on veut ; vidée ensuite."""

    def remplir(nombre: int) -> None:
        connexion().rpush(File.FOND, *["{}"] * nombre)

    yield remplir
    connexion().delete(File.FOND)


def test_rien_ne_s_enfile_dans_une_file_pleine(maintenant, file_de_fond, settings):
    settings.EDITEURS_FILE_MAX = 3
    LotFactory.create_batch(2, prochaine_le=None)
    file_de_fond(3)

    assert _pris(maintenant) == []


def test_la_file_ne_depasse_pas_sa_borne_et_garde_les_plus_pressants(maintenant, file_de_fond, settings):
    settings.EDITEURS_FILE_MAX = 3
    file_de_fond(1)
    moins = LotFactory(prochaine_le=maintenant)
    plus = [LotFactory(prochaine_le=maintenant - rang * PERIODE) for rang in (3, 2)]

    pris = _pris(maintenant)

    assert pris == [lot.pk for lot in plus]
    assert budget_de(moins.editeur).attendus(File.FOND, [moins.pk]) == set()


def test_les_poids_des_heures_se_reglent(settings):
    settings.EDITEURS_POIDS_HORAIRES = [1.0, 2.0, 0.25, 4.0]
    settings.EDITEURS_HEURES = [7, 19]

    horaires = choix.horaires()

    assert (horaires.soiree, horaires.nuit, horaires.fin_de_semaine) == (2.0, 0.25, 4.0)
    assert (horaires.debut_journee.hour, horaires.debut_soiree.hour) == (7, 19)


def test_le_nombre_de_requetes_ne_suit_pas_celui_des_lots(maintenant, compter_requetes):
    editeur = EditeurFactory(requetes_par_heure=60_000)
    RaccordementFactory(lot=LotFactory(editeur=editeur, prochaine_le=None))
    _pris(maintenant)
    avec_un = compter_requetes(lambda: _pris(maintenant))

    LotFactory.create_batch(20, editeur=editeur, prochaine_le=None)

    assert compter_requetes(lambda: _pris(maintenant)) == avec_un
