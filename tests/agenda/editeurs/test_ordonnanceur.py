"""De la tâche à la base, face à l’éditeur simulé : lots dus, budgets, pannes, commande."""

import asyncio
import datetime as dt
import io
import threading
import time
from collections.abc import Iterator
from unittest.mock import Mock

import pytest
import redis
from aiohttp.test_utils import TestServer
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.utils import timezone

from agenda import tasks
from agenda.editeurs import stockage
from agenda.editeurs.budget import File
from agenda.editeurs.client import Reponse
from agenda.editeurs.ordonnanceur import budget_de, etat_de, ouvrir_interrogateur
from agenda.editeurs.raccordements import raccorder
from agenda.enums import EtatLot
from agenda.models import AgendaEditeur, CarteLieu, Editeur, Lot, QualiteEditeur
from annuaire.models import LieuExercice
from sas_platform.demo.editeur_simule.agenda import est_complet
from sas_platform.demo.editeur_simule.application import EditeurSimule
from sas_platform.demo.editeur_simule.pannes import Mode, Panne
from sas_platform.demo.editeur_simule.titulaires import Lieu, Praticien
from tests.agenda.editeurs.bundles import bundle, octets
from tests.agenda.factories import EditeurFactory, LotFactory, RaccordementFactory
from tests.annuaire.factories import LieuExerciceFactory, SpecialiteFactory
from tests.participation.factories import ParticipationFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("horloge")]
PERIODE = dt.timedelta(seconds=300)


def _praticiens(nombre: int) -> list[Praticien]:
    lieu = Lieu("", "12 rue Nationale", "Lille", "59000", "+33320000000", "Europe/Paris")
    tous = (
        Praticien(f"8100000{numero:05}", f"FICTIF-{numero}", "Camille", "SM54", (lieu,))
        for numero in range(99)
    )
    return [praticien for praticien in tous if not est_complet(praticien, 1)][:nombre]


@pytest.fixture
def simule() -> Iterator[EditeurSimule]:
    """Éditeur simulé en marche dans un autre fil, sur la boucle locale ; `simule.adresse` le désigne."""
    editeur = EditeurSimule(_praticiens(3), horloge=timezone.now)
    boucle = asyncio.new_event_loop()
    serveur = TestServer(editeur.application())
    fil = threading.Thread(target=boucle.run_forever)
    fil.start()
    asyncio.run_coroutine_threadsafe(serveur.start_server(), boucle).result(10)
    editeur.adresse = str(serveur.make_url("/fhir"))
    yield editeur
    asyncio.run_coroutine_threadsafe(serveur.close(), boucle).result(10)
    boucle.call_soon_threadsafe(boucle.stop)
    fil.join(10)
    boucle.close()


@pytest.fixture
def editeur(simule: EditeurSimule) -> Editeur:
    """L’éditeur simulé tel que l’annuaire le connaît, ses trois praticiens raccordés en un lot."""
    SpecialiteFactory()
    lieux = [
        LieuExerciceFactory(effecteur__identifiant_national=identifiant) for identifiant in simule.titulaires
    ]
    editeur = EditeurFactory(url_base=simule.adresse, hotes_reservation=["127.0.0.1"])
    raccorder(editeur, [lieu.effecteur_id for lieu in lieux], timezone.now())
    return editeur


def _interroger(editeur: Editeur):
    with ouvrir_interrogateur() as interrogateur:
        return interrogateur.interroger(
            editeur, list(editeur.lots.values_list("pk", flat=True)), timezone.now()
        )


def test_un_lot_interroge_montre_les_creneaux_de_l_editeur(editeur):
    bilan = _interroger(editeur)

    agenda = AgendaEditeur.objects.first()
    assert (bilan.lots, bilan.agendas_changes) == ({"reussi": 1}, 3)
    assert agenda.creneaux[0]["l"].startswith("http://127.0.0.1")
    assert agenda.telephone == "+33320000000"
    assert all(carte.debuts for carte in CarteLieu.objects.all())


@pytest.mark.parametrize(
    ("panne", "etat"),
    [(Panne(Mode.ERREUR_500), EtatLot.PANNE), (Panne(Mode.MALFORME), EtatLot.ILLISIBLE)],
)
def test_une_panne_de_l_editeur_laisse_ses_creneaux(editeur, simule, panne, etat):
    _interroger(editeur)
    avant = list(AgendaEditeur.objects.order_by("pk").values_list("creneaux", flat=True))
    simule.panne = panne

    _interroger(editeur)

    assert list(AgendaEditeur.objects.order_by("pk").values_list("creneaux", flat=True)) == avant
    assert Lot.objects.get().etat == etat


def test_un_editeur_muet_est_abandonne_et_ses_creneaux_restent(editeur, simule, monkeypatch):
    _interroger(editeur)
    monkeypatch.setattr("agenda.editeurs.client.DELAI_S", 0.2)
    simule.panne = Panne.lire(Mode.DELAI)

    _interroger(editeur)

    assert Lot.objects.get().etat == EtatLot.DELAI
    assert any(agenda.creneaux for agenda in AgendaEditeur.objects.all())


def test_les_creneaux_d_un_praticien_non_demande_sont_rejetes_et_comptes(editeur, simule):
    simule.panne = Panne(Mode.MAUVAIS_PRATICIENS)

    bilan = _interroger(editeur)

    assert set(bilan.creneaux) == {"not_requested"}
    assert QualiteEditeur.objects.get(motif="not_requested").nombre == bilan.creneaux["not_requested"] > 0
    assert not AgendaEditeur.objects.exists()


def test_qui_refuse_l_affichage_n_est_pas_demande(editeur, simule):
    effecteur_id = LieuExercice.objects.order_by("pk").values_list("effecteur_id", flat=True)[0]
    _interroger(editeur)
    ParticipationFactory(effecteur_id=effecteur_id, refuse_affichage=True)

    tasks.interroger_lots_dus()
    _interroger(editeur)

    restants = AgendaEditeur.objects.values_list("raccordement__effecteur_id", flat=True)
    assert len(restants) == 2
    assert effecteur_id not in restants


def test_un_lot_dont_personne_n_est_a_demander_n_est_pas_appele(editeur):
    for lieu in LieuExercice.objects.all():
        ParticipationFactory(effecteur=lieu.effecteur, refuse_affichage=True)

    bilan = _interroger(editeur)

    assert not bilan.lots
    assert Lot.objects.get().prochaine_le > timezone.now()  # il ne revient pas à chaque passage


def _epuiser(editeur: Editeur) -> None:
    budget = budget_de(editeur)
    while pris := budget.prendre([1_000_000], immediat=True)[0]:
        budget.finir_appel(pris[0], reussi=True)
        budget.rendre_lots(pris)


def test_un_lot_que_le_budget_refuse_reste_du(editeur):
    prochaine_le = Lot.objects.get().prochaine_le
    _epuiser(editeur)

    bilan = _interroger(editeur)

    assert bilan.reportes == {"epuise": 1}
    assert Lot.objects.get().prochaine_le == prochaine_le


def test_la_tache_periodique_interroge_les_lots_dus(editeur):
    Lot.objects.update(prochaine_le=None)

    assert tasks.interroger_lots_dus() == 1
    assert Lot.objects.get().etat == EtatLot.REUSSI
    assert AgendaEditeur.objects.count() == 3


def test_rejouer_la_tache_ne_rappelle_ni_ne_change_rien(editeur, simule, horloge):
    lot = editeur.lots.get()
    tasks.interroger_lots(editeur_id=editeur.pk, lot_ids=[lot.pk])
    simule.panne = Panne(Mode.ERREUR_500)

    assert tasks.interroger_lots(editeur_id=editeur.pk, lot_ids=[lot.pk]) == 0
    assert Lot.objects.get().etat == EtatLot.REUSSI


def test_un_editeur_qui_renvoie_des_erreurs_est_ralenti(editeur, simule):
    simule.panne = Panne(Mode.ERREUR_500)

    _interroger(editeur)

    etat = etat_de(editeur)
    assert (etat.allure, etat.debit, etat.en_vol) == (0.5, editeur.requetes_par_heure // 2, 0)


def test_l_etat_d_un_editeur_est_inconnu_sans_courtier(editeur, monkeypatch):
    def en_panne(self):
        raise redis.ConnectionError

    monkeypatch.setattr("agenda.editeurs.budget.Budget.etat", en_panne)

    assert etat_de(editeur) is None


def test_un_ecran_interroge_tous_ses_lots_et_les_rend(editeur):
    lot = editeur.lots.get()
    budget_de(editeur).retenir(File.IMMEDIAT, [lot.pk], places=10, duree_s=60)

    assert tasks.interroger_pour_un_ecran(editeur_id=editeur.pk, lot_ids=[lot.pk]) == 3
    assert budget_de(editeur).attendus(File.IMMEDIAT, [lot.pk]) == set()


@pytest.fixture
def lots(editeur) -> list[int]:
    """Trois lots de plus, et une seule place d’appel."""
    Editeur.objects.update(concurrence_max=1)
    editeur.refresh_from_db()
    return [RaccordementFactory(lot=LotFactory(editeur=editeur, numero=n)).lot_id for n in (7, 8, 9)]


@pytest.fixture
def lentement(monkeypatch) -> list[float]:
    """Chaque appel dure cinq secondes, sans qu’aucune ne passe ; ce que l’on a attendu en tout."""
    ecoule, horloge = [0.0], time.monotonic

    async def repondre(self, editeur, demande, suivre):
        ecoule[0] += 5
        return Reponse(EtatLot.REUSSI, [octets(bundle())])

    monkeypatch.setattr("agenda.editeurs.ordonnanceur.time.monotonic", lambda: horloge() + ecoule[0])
    monkeypatch.setattr("agenda.editeurs.ordonnanceur.Interrogateur._lire_chez", repondre)
    return ecoule


def _etats(lots: list[int]) -> list[str]:
    return list(Lot.objects.filter(pk__in=lots).order_by("numero").values_list("etat", flat=True))


def test_un_editeur_lent_ne_fait_pas_perdre_a_un_ecran_ce_qui_est_deja_arrive(editeur, lots, lentement):
    """Ce qui ne tient pas dans l’attente d’un écran ne part pas."""
    tasks.interroger_pour_un_ecran(editeur_id=editeur.pk, lot_ids=lots)

    assert lentement == [10]
    assert _etats(lots) == [EtatLot.REUSSI, EtatLot.REUSSI, EtatLot.JAMAIS]


def test_un_editeur_lent_voit_ses_reponses_de_fond_enregistrees_au_fur_et_a_mesure(
    editeur, lots, lentement, monkeypatch
):
    enregistres = []
    entier = stockage.enregistrer

    def enregistrer(editeur, lectures, maintenant):
        enregistres.append(len(lectures))
        return entier(editeur, lectures, maintenant)

    monkeypatch.setattr(stockage, "enregistrer", enregistrer)

    tasks.interroger_lots(editeur_id=editeur.pk, lot_ids=lots)

    assert (lentement, enregistres) == ([15], [1, 1, 1])
    assert _etats(lots) == [EtatLot.REUSSI] * 3


def test_un_editeur_trop_lent_laisse_des_lots_a_la_prochaine_fois(editeur, lots, lentement, monkeypatch):
    monkeypatch.setattr("agenda.editeurs.ordonnanceur.REPRISE_MAX_S", 9)
    budget_de(editeur).retenir(File.FOND, lots, places=10, duree_s=60)

    tasks.interroger_lots(editeur_id=editeur.pk, lot_ids=lots)

    assert _etats(lots) == [EtatLot.REUSSI, EtatLot.REUSSI, EtatLot.JAMAIS]
    assert budget_de(editeur).attendus(File.FOND, lots) == set()
    assert budget_de(editeur).prendre(lots, si_repose=True)[0][0].lot_id == lots[2]


def test_un_editeur_qui_tombe_ne_garde_pas_les_lots_pris_d_avance(editeur, lots, simule):
    """Chaque échec rend les lots suivants de la série, et leurs jetons : le compte des pannes reste celui des appels."""
    simule.panne = Panne(Mode.ERREUR_500)

    with ouvrir_interrogateur() as interrogateur:
        bilan = interrogateur.interroger(editeur, lots, timezone.now())

    assert bilan.lots == {EtatLot.PANNE: 3}
    assert etat_de(editeur).en_vol == 0
    # Le premier échec réduit le seau de moitié ; les deux appels suivants y prennent chacun le leur.
    assert etat_de(editeur).jetons == editeur.requetes_par_heure // 120 - 2


def test_des_reponses_demesurees_n_emplissent_pas_la_memoire_ensemble(editeur, monkeypatch):
    """Chacune tient dans sa limite ; quarante à la fois feraient tuer le processus."""
    autres = [RaccordementFactory(lot=LotFactory(editeur=editeur, numero=n)).lot_id for n in (7, 8, 9)]
    page = octets(bundle()).ljust(1000)
    monkeypatch.setattr("agenda.editeurs.ordonnanceur.GROUPE_TAILLE_MAX", 2500)

    async def repondre(self, editeur, demande, suivre):
        return Reponse(EtatLot.REUSSI, [page])

    monkeypatch.setattr("agenda.editeurs.ordonnanceur.Interrogateur._lire_chez", repondre)

    with ouvrir_interrogateur() as interrogateur:
        bilan = interrogateur.interroger(editeur, autres, timezone.now())

    assert bilan.lots == {EtatLot.REUSSI: 2, EtatLot.ILLISIBLE: 1}


def test_les_pages_d_une_reponse_comptent_dans_le_budget_et_ce_qui_manque_se_voit(
    editeur, monkeypatch, settings
):
    settings.EDITEURS_PART_IMMEDIATE = 0.0
    editeur.requetes_par_heure = 180  # un seau de trois jetons
    lues = []

    async def paginer(session, url, *, suivre, **_):
        while len(lues) < 10:
            lues.append(octets(bundle()))
            if not suivre():
                return Reponse(EtatLot.REUSSI, lues, tronquee=True, sans_jeton=True)
        return Reponse(EtatLot.REUSSI, lues)

    monkeypatch.setattr("agenda.editeurs.ordonnanceur.interroger", paginer)

    _interroger(editeur)

    assert len(lues) == 3
    assert QualiteEditeur.objects.get(motif="avert_pages_sans_jeton").nombre == 1


def test_un_ecran_n_attend_pas_une_tache_qui_echoue(editeur, monkeypatch):
    lot = editeur.lots.get()
    budget_de(editeur).retenir(File.IMMEDIAT, [lot.pk], places=10, duree_s=60)
    monkeypatch.setattr("agenda.editeurs.stockage.enregistrer", Mock(side_effect=DatabaseError))

    with pytest.raises(DatabaseError):
        tasks.interroger_pour_un_ecran(editeur_id=editeur.pk, lot_ids=[lot.pk])

    assert budget_de(editeur).attendus(File.IMMEDIAT, [lot.pk]) == set()
    assert budget_de(editeur).prendre([lot.pk])[0]


def test_un_lot_disparu_ou_d_un_editeur_inactif_n_est_pas_interroge(editeur):
    Editeur.objects.update(est_actif=False)

    assert tasks.interroger_lots(editeur_id=editeur.pk, lot_ids=[editeur.lots.get().pk]) == 0
    assert tasks.interroger_lots(editeur_id=0, lot_ids=[0]) == 0


def _commande(*arguments: str) -> tuple[str, str]:
    sortie, erreurs = io.StringIO(), io.StringIO()
    call_command("interroger_editeurs", *arguments, stdout=sortie, stderr=erreurs)
    return sortie.getvalue().strip(), erreurs.getvalue()


def test_la_commande_simule_par_defaut(editeur):
    bilan, progres = _commande()

    assert bilan.startswith("Simulation : 1 lots demandés, 1 lus")
    assert "3 agendas changés sur 3" in bilan
    assert f"{editeur.code} : 1/1 lots" in progres
    assert not AgendaEditeur.objects.exists()
    assert Lot.objects.get().lu_le is None


def test_la_commande_ecrit_si_on_le_demande_et_se_rejoue(editeur):
    _commande("--ecrire", "--editeur", editeur.code)

    bilan, _ = _commande("--ecrire")

    assert "0 agendas changés sur 3, 0 lieux créés" in bilan
    assert AgendaEditeur.objects.count() == 3


def test_la_commande_echoue_si_un_lot_n_a_pas_ete_lu(editeur, simule):
    simule.panne = Panne(Mode.ERREUR_500)

    with pytest.raises(CommandError, match="gardés tels quels"):
        _commande("--ecrire")


def test_la_commande_echoue_si_le_budget_a_fait_reporter_un_lot(editeur):
    _epuiser(editeur)

    with pytest.raises(CommandError, match="faute de budget"):
        _commande("--ecrire")


def test_la_commande_n_echoue_pas_pour_un_lot_qu_un_autre_interroge(editeur):
    budget_de(editeur).prendre([editeur.lots.get().pk])

    bilan, _ = _commande("--ecrire")

    assert "1 reportés (en_cours 1)" in bilan


def test_la_commande_dit_qu_un_editeur_est_inconnu():
    with pytest.raises(CommandError, match="absent"):
        _commande("--editeur", "absent")
