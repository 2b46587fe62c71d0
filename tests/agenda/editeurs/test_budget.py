"""Le budget d’un éditeur, sur un vrai serveur Redis : jamais dépassé, quel que soit le nombre de processus."""

import threading
import uuid
from collections.abc import Iterator

import pytest

from agenda.editeurs import budget as module
from agenda.editeurs.budget import Budget, Disjoncteur, File, Permis, Refus
from sas_platform.socle.courtier import connexion


@pytest.fixture
def editeur_id() -> Iterator[int]:
    """Un éditeur que rien d’autre n’utilise ; ses clés sont effacées ensuite."""
    numero = uuid.uuid4().int >> 70
    yield numero
    cles = list(connexion().scan_iter(f"sas:editeur:{numero}:*"))
    if cles:
        connexion().delete(*cles)


def _vieillir(editeur_id: int, secondes: int, quoi: str = "seau", champ: str = "le") -> None:
    """Recule un instant noté : comme si le temps avait passé."""
    cle = f"sas:editeur:{editeur_id}:{quoi}"
    le = int(float(connexion().hget(cle, champ)))
    connexion().hset(cle, champ, le - secondes * 1000)


def _prendre(budget: Budget, lot_id: int, **comment: object) -> Permis | Refus:
    """Un seul lot, comme pour un écran."""
    pris, refus = budget.prendre([lot_id], **comment)
    return pris[0] if pris else refus[lot_id]


def _appeler(budget: Budget, lot_id: int, **issue: object) -> None:
    """Un appel pris et fini d’un bout à l’autre, son lot rendu."""
    permis = _prendre(budget, lot_id, immediat=True)
    assert isinstance(permis, Permis), permis
    budget.finir_appel(permis, **({"reussi": True} | issue))
    budget.rendre_lots([permis])


@pytest.fixture(autouse=True)
def _sans_reserve(settings):
    """Le budget entier est au fond, sauf là où l’on essaie le partage."""
    settings.EDITEURS_PART_IMMEDIATE = 0.0


def test_deux_ordonnanceurs_en_meme_temps_ne_depassent_pas_le_budget(editeur_id):
    """180 requêtes par heure : un seau de trois jetons, quel que soit l’appétit des deux."""
    pris: list[Permis] = []

    def consommer(premier: int) -> None:
        budget = Budget(editeur_id, requetes_par_heure=180, concurrence_max=1000)
        for lot_id in range(premier, premier + 200):
            issue = _prendre(budget, lot_id)
            if isinstance(issue, Permis):
                pris.append(issue)
                budget.finir_appel(issue, reussi=True)

    fils = [threading.Thread(target=consommer, args=(depart,)) for depart in (0, 1000)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join()

    assert len(pris) == 3


def test_une_heure_entiere_ne_voit_jamais_plus_que_le_budget(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=120, concurrence_max=1000)
    pris = 0
    for passage in range(240):  # un beat toutes les quinze secondes
        pris += sum(isinstance(_prendre(budget, passage * 100 + rang), Permis) for rang in range(4))
        _vieillir(editeur_id, 15)

    assert 110 <= pris <= 120


def test_les_appels_simultanes_sont_comptes_pour_tous(editeur_id):
    un, autre = (Budget(editeur_id, requetes_par_heure=6000, concurrence_max=3) for _ in range(2))

    premier, second = _prendre(un, 1), _prendre(autre, 2)
    refuse = _prendre(un, 3)
    assert isinstance(premier, Permis)
    assert isinstance(second, Permis)
    un.finir_appel(premier, reussi=True)

    assert refuse == Refus.CONCURRENCE
    assert isinstance(_prendre(autre, 3), Permis)


def test_la_prise_suivante_rend_la_place_de_l_appel_qui_vient_de_reussir(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=6000, concurrence_max=2)
    premier = _prendre(budget, 1)
    assert isinstance(premier, Permis)

    second = _prendre(budget, 2, apres=premier)

    assert isinstance(second, Permis)
    assert budget.etat().en_vol == 1


def test_une_prise_refusee_finit_quand_meme_l_appel_qui_vient_de_reussir(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=60, concurrence_max=2)
    permis = _prendre(budget, 1)
    assert isinstance(permis, Permis)
    budget.finir_appel(Permis(9, "autre"), reussi=False)

    refus = _prendre(budget, 2, apres=permis)
    for _ in range(module.PANNES_DE_SUITE - 1):
        budget.finir_appel(Permis(9, "autre"), reussi=False)

    assert refus == Refus.EPUISE
    assert budget.etat().en_vol == 0
    assert budget.etat().disjoncteur == Disjoncteur.FERME  # la réussite avait effacé la première panne


def test_un_lot_n_est_interroge_qu_une_fois_a_la_fois(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=6000, concurrence_max=10)
    permis = _prendre(budget, 1)
    assert isinstance(permis, Permis)
    budget.finir_appel(permis, reussi=True)

    pendant = _prendre(budget, 1)
    budget.rendre_lots([permis])

    assert pendant == Refus.EN_COURS
    assert isinstance(_prendre(budget, 1), Permis)


def test_un_permis_perime_ne_libere_pas_le_lot_repris_par_un_autre(editeur_id, monkeypatch):
    monkeypatch.setattr(module, "BAIL_MS", 1)
    budget = Budget(editeur_id, requetes_par_heure=6000, concurrence_max=10)
    ancien = _prendre(budget, 1)
    assert isinstance(ancien, Permis)
    while connexion().exists(f"sas:editeur:{editeur_id}:lot:1"):
        pass
    monkeypatch.setattr(module, "BAIL_MS", 60_000)
    assert isinstance(_prendre(budget, 1), Permis)

    budget.rendre_lots([ancien])

    assert _prendre(budget, 1) == Refus.EN_COURS


def test_un_processus_mort_ne_garde_pas_sa_place(editeur_id, monkeypatch):
    monkeypatch.setattr(module, "BAIL_APPEL_MS", 1)
    budget = Budget(editeur_id, requetes_par_heure=6000, concurrence_max=1)
    assert isinstance(_prendre(budget, 1), Permis)
    while connexion().exists(f"sas:editeur:{editeur_id}:appels"):
        pass

    assert isinstance(_prendre(budget, 2), Permis)


def test_cinq_echecs_de_suite_ouvrent_le_disjoncteur(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=60_000, concurrence_max=10)
    for lot_id in range(5):
        _appeler(budget, lot_id, reussi=False)

    assert (_prendre(budget, 99), budget.disponible()) == (Refus.DISJONCTE, 0)
    assert budget.etat().disjoncteur == Disjoncteur.OUVERT
    assert 0 < budget.etat().rouvre_dans_s <= 60


@pytest.mark.parametrize(("reussi", "ensuite"), [(True, None), (False, Refus.DISJONCTE)])
def test_apres_le_repos_un_seul_appel_essaie_l_editeur(editeur_id, reussi, ensuite):
    budget = Budget(editeur_id, requetes_par_heure=60_000, concurrence_max=10)
    for lot_id in range(5):
        _appeler(budget, lot_id, reussi=False)
    _vieillir(editeur_id, 60, "pannes", "jusqu")

    avant = budget.etat().disjoncteur, budget.disponible()
    essai = _prendre(budget, 10)
    pendant = _prendre(budget, 11)
    assert isinstance(essai, Permis)
    budget.finir_appel(essai, reussi=reussi)
    apres = _prendre(budget, 12)

    assert avant == (Disjoncteur.ESSAI, 1)
    assert pendant == Refus.DISJONCTE
    assert apres == ensuite if ensuite else isinstance(apres, Permis)


def test_un_editeur_en_peine_est_appele_deux_fois_moins_puis_de_nouveau_autant(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=6000, concurrence_max=10)
    _appeler(budget, 1, reussi=False, ralentir=True)

    ralenti = budget.etat()
    _vieillir(editeur_id, 150, "allure")
    remonte = budget.etat()
    _vieillir(editeur_id, 600, "allure")

    assert (ralenti.allure, ralenti.debit) == (0.5, 3000)
    assert ralenti.jetons <= 50
    assert 0.74 <= remonte.allure <= 0.76
    assert budget.etat().allure == 1


def test_des_echecs_simultanes_sont_un_seul_embarras(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=6000, concurrence_max=10)
    for lot_id in range(4):
        _appeler(budget, lot_id, reussi=False, ralentir=True)

    assert budget.etat().allure == 0.5


def test_l_allure_ne_tombe_jamais_a_rien(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=6000, concurrence_max=10)
    for lot_id in range(12):
        _appeler(budget, lot_id, reussi=True, ralentir=True)
        _vieillir(editeur_id, 10, "allure")

    _vieillir(editeur_id, 60)

    assert 1 / 16 <= budget.etat().allure <= 1 / 16 + 0.05
    assert budget.etat().jetons >= 1


def test_l_editeur_qui_demande_d_attendre_n_est_plus_appele_par_personne(editeur_id):
    un, autre = (Budget(editeur_id, requetes_par_heure=6000, concurrence_max=10) for _ in range(2))
    _appeler(un, 1, reussi=False, attente_s=120)

    assert [_prendre(autre, 2), _prendre(autre, 3, immediat=True)] == [Refus.RALENTI] * 2
    assert autre.disponible() == 0
    assert 115 <= autre.etat().attente_s <= 120


def test_une_attente_plus_courte_n_abrege_pas_celle_qui_court(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=6000, concurrence_max=10)
    premier, second = _prendre(budget, 1), _prendre(budget, 2)
    assert isinstance(premier, Permis)
    assert isinstance(second, Permis)

    budget.finir_appel(premier, reussi=False, attente_s=300)
    budget.finir_appel(second, reussi=False, attente_s=1)

    assert budget.etat().attente_s > 200


def test_le_fond_laisse_aux_ecrans_leur_part_de_jetons(editeur_id, settings):
    settings.EDITEURS_PART_IMMEDIATE = 0.25
    budget = Budget(editeur_id, requetes_par_heure=480, concurrence_max=100)  # huit jetons, deux réservés

    fond = [_prendre(budget, lot) for lot in range(8)]
    reste = budget.disponible()
    ecran = [_prendre(budget, lot, immediat=True) for lot in range(8, 11)]

    assert fond[6:] == [Refus.EPUISE] * 2
    assert all(isinstance(issue, Permis) for issue in [*fond[:6], *ecran[:2]])
    assert (reste, ecran[2]) == (0, Refus.EPUISE)


def test_le_fond_laisse_aux_ecrans_une_place_d_appel(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=6000, concurrence_max=2)

    issues = [_prendre(budget, 1), _prendre(budget, 2), _prendre(budget, 3, immediat=True)]

    assert isinstance(issues[0], Permis)
    assert issues[1] == Refus.CONCURRENCE
    assert isinstance(issues[2], Permis)


def test_un_lot_n_est_retenu_qu_une_fois_par_file(editeur_id):
    un, autre = (Budget(editeur_id, requetes_par_heure=6000, concurrence_max=4) for _ in range(2))

    premier = un.retenir(File.FOND, [1, 2, 3], places=10, duree_s=60)
    second = autre.retenir(File.FOND, [2, 3, 4], places=10, duree_s=60)
    ecran = autre.retenir(File.IMMEDIAT, [2], places=10, duree_s=60)
    autre.liberer(File.FOND, [2])

    assert (premier, second, ecran) == ([1, 2, 3], [4], [2])
    assert un.attendus(File.FOND, [1, 2, 3, 9]) == {1, 3}
    assert un.retenir(File.FOND, [1, 2], places=10, duree_s=60) == [2]


def test_une_file_n_en_retient_pas_plus_que_ses_places(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=6000, concurrence_max=4)

    assert budget.retenir(File.FOND, [1, 2, 3], places=2, duree_s=60) == [1, 2]
    assert budget.retenir(File.FOND, [4], places=2, duree_s=60) == []
    assert budget.retenir(File.FOND, [4], places=3, duree_s=60) == [4]


def test_un_lot_retenu_par_un_ordonnanceur_mort_redevient_libre(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=6000, concurrence_max=4)
    budget.retenir(File.FOND, [1], places=9, duree_s=60)
    connexion().zadd(f"sas:editeur:{editeur_id}:fond", {"1": 0})  # son terme est passé

    assert budget.attendus(File.FOND, [1]) == set()
    assert budget.retenir(File.FOND, [1], places=9, duree_s=60) == [1]


def test_un_succes_referme_le_compte_des_echecs(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=60_000, concurrence_max=10)
    for lot_id, reussi in enumerate([False] * 4 + [True] + [False] * 4):
        _appeler(budget, lot_id, reussi=reussi)

    assert isinstance(_prendre(budget, 99), Permis)


def test_lire_ce_qui_reste_ne_prend_rien(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=600, concurrence_max=10)

    assert [budget.disponible(), budget.disponible()] == [10, 10]


def test_le_fond_laisse_reposer_un_lot_qu_un_autre_vient_de_rendre(editeur_id):
    """Décidé avec le bail : la réponse de l’autre n’est peut-être pas encore enregistrée."""
    budget = Budget(editeur_id, requetes_par_heure=18_000, concurrence_max=10)
    _appeler(budget, 1)

    assert _prendre(budget, 1, si_repose=True) == Refus.RECENT
    assert isinstance(_prendre(budget, 2, si_repose=True), Permis)
    assert isinstance(_prendre(budget, 1, immediat=True), Permis)


def test_des_lots_pris_ensemble_n_ont_qu_une_place_et_chacun_son_jeton(editeur_id):
    un, autre = (Budget(editeur_id, requetes_par_heure=180, concurrence_max=2) for _ in range(2))
    _prendre(autre, 2, immediat=True)

    pris, refus = un.prendre([1, 2, 3, 4], immediat=True)

    assert ([permis.lot_id for permis in pris], refus) == ([1, 3], {2: Refus.EN_COURS, 4: Refus.EPUISE})
    assert (un.etat().en_vol, un.etat().jetons) == (2, 0)
    assert [_prendre(autre, lot) for lot in (1, 3)] == [Refus.EN_COURS] * 2


def test_un_lot_laisse_sans_appel_rend_son_jeton_et_ne_se_repose_pas(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=180, concurrence_max=3)
    pris, _ = budget.prendre([1, 2, 3])

    budget.laisser(pris[1:])
    budget.finir_appel(pris[0], reussi=True)
    repris = budget.prendre([2, 3], si_repose=True)[0]
    budget.laisser(pris[1:])  # trop tard : ils sont à un autre

    assert [permis.lot_id for permis in repris] == [2, 3]
    assert _prendre(budget, 2) == Refus.EN_COURS
    assert budget.etat().jetons == 0


def test_un_seul_lot_d_une_serie_essaie_un_editeur_coupe(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=60_000, concurrence_max=10)
    for lot_id in range(5):
        _appeler(budget, lot_id, reussi=False)
    _vieillir(editeur_id, 60, "pannes", "jusqu")

    pris, refus = budget.prendre([10, 11, 12])

    assert ([permis.lot_id for permis in pris], refus) == ([10], dict.fromkeys((11, 12), Refus.DISJONCTE))


def test_chaque_page_d_un_appel_prend_un_jeton(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=180, concurrence_max=1)
    assert isinstance(_prendre(budget, 1), Permis)

    assert [budget.prendre_page() for _ in range(3)] == [True, True, False]

    assert _prendre(budget, 2, immediat=True) == Refus.CONCURRENCE  # l’appel qui lit ses pages garde sa place
    assert budget.etat().jetons == 0


def test_les_pages_du_fond_laissent_aux_ecrans_leur_part(editeur_id, settings):
    settings.EDITEURS_PART_IMMEDIATE = 0.5
    budget = Budget(editeur_id, requetes_par_heure=240, concurrence_max=2)

    assert [budget.prendre_page() for _ in range(3)] == [True, True, False]
    assert [budget.prendre_page(immediat=True) for _ in range(3)] == [True, True, False]


def test_l_editeur_qui_demande_d_attendre_n_a_plus_de_page_a_rendre(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=1200, concurrence_max=2)
    _appeler(budget, 1, reussi=False, attente_s=30)

    assert not budget.prendre_page(immediat=True)
