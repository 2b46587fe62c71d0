"""De la tâche à la base, face à l’éditeur simulé : lots dus, budgets, pannes, commande."""

import asyncio
import datetime as dt
import io
import threading
from collections.abc import Iterator

import pytest
from aiohttp.test_utils import TestServer
from django.core.management import CommandError, call_command
from django.utils import timezone

from agenda import tasks
from agenda.editeurs.ordonnanceur import budget_de, ouvrir_interrogateur, prendre_lots_dus
from agenda.editeurs.raccordements import raccorder
from agenda.enums import EtatLot
from agenda.models import AgendaEditeur, CarteLieu, Editeur, Lot, QualiteEditeur
from annuaire.models import LieuExercice
from sas_platform.demo.editeur_simule.agenda import Lieu, Praticien, est_complet
from sas_platform.demo.editeur_simule.application import EditeurSimule
from sas_platform.demo.editeur_simule.pannes import Mode, Panne
from tests.agenda.factories import EditeurFactory, LotFactory
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
        LieuExerciceFactory(effecteur__identifiant_national=identifiant) for identifiant in simule.praticiens
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


def test_les_lots_dus_sont_pris_une_seule_fois_dans_l_ordre_de_leur_retard():
    maintenant = timezone.now()
    editeur = EditeurFactory()
    recent = LotFactory(editeur=editeur, prochaine_le=maintenant)
    jamais = LotFactory(editeur=editeur, prochaine_le=None)
    ancien = LotFactory(editeur=editeur, prochaine_le=maintenant - PERIODE)
    LotFactory(editeur=editeur, prochaine_le=maintenant + PERIODE)
    LotFactory(editeur=EditeurFactory(est_actif=False), prochaine_le=None)

    premier, second = prendre_lots_dus(maintenant), prendre_lots_dus(maintenant)

    assert premier == [jamais.pk, ancien.pk, recent.pk]
    assert second == []


def test_on_n_enfile_pas_plus_de_lots_que_le_budget_n_en_permet():
    editeur = EditeurFactory(requetes_par_heure=120)  # un seau de deux
    LotFactory.create_batch(5, editeur=editeur, prochaine_le=None)

    assert len(prendre_lots_dus(timezone.now())) == 2


def _epuiser(editeur: Editeur) -> None:
    budget = budget_de(editeur)
    while budget.disponible():
        permis = budget.prendre(budget.disponible() + 1_000_000)
        budget.finir_appel(permis, reussi=True)


def test_un_lot_que_le_budget_refuse_redevient_du(editeur):
    _epuiser(editeur)

    bilan = _interroger(editeur)

    assert bilan.reportes == {"epuise": 1}
    assert Lot.objects.get().prochaine_le <= timezone.now()


def test_la_tache_periodique_interroge_les_lots_dus(editeur):
    Lot.objects.update(prochaine_le=None)

    assert tasks.interroger_lots_dus() == 1
    assert Lot.objects.get().etat == EtatLot.REUSSI
    assert AgendaEditeur.objects.count() == 3


def test_rejouer_la_tache_ne_change_rien(editeur):
    lot = editeur.lots.get()
    tasks.interroger_lot(lot_id=lot.pk)

    assert tasks.interroger_lot(lot_id=lot.pk) == 0


def test_un_lot_disparu_ou_d_un_editeur_inactif_n_est_pas_interroge(editeur):
    Editeur.objects.update(est_actif=False)

    assert tasks.interroger_lot(lot_id=editeur.lots.get().pk) == 0
    assert tasks.interroger_lot(lot_id=0) == 0


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
    budget_de(editeur).prendre(editeur.lots.get().pk)

    bilan, _ = _commande("--ecrire")

    assert "1 reportés (en_cours 1)" in bilan


def test_la_commande_dit_qu_un_editeur_est_inconnu():
    with pytest.raises(CommandError, match="absent"):
        _commande("--editeur", "absent")
