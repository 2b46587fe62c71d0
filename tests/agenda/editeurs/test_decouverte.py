"""Qui n’a pas d’éditeur connu est cherché chez tous, rarement ; qui répond est raccordé, qui part est détaché."""

import datetime as dt

import pytest

from agenda import tasks
from agenda.editeurs.client import Reponse
from agenda.editeurs.decouverte import (
    INTERVALLE,
    REPRISE,
    VIDES_MAX,
    decouvrir,
    detacher_les_partis,
    oublier_les_recherches_vides,
)
from agenda.enums import EtatLot, Flux
from agenda.models import AgendaEditeur, Decouverte, Lot, Raccordement
from tests.agenda.editeurs.bundles import MAINTENANT, RPPS, agenda_complet, bundle, octets, slot
from tests.agenda.factories import AgendaEditeurFactory, EditeurFactory, LotFactory, RaccordementFactory
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory
from tests.participation.factories import ParticipationFactory

pytestmark = pytest.mark.django_db
VIDE = Reponse(EtatLot.REUSSI, [octets(bundle())])
TROUVE = Reponse(EtatLot.REUSSI, [octets(bundle(slot(), *agenda_complet()))])


class Reseau:
    """Ce que chaque éditeur répond, par code ; retient ce qu’on lui a demandé."""

    def __init__(self, **reponses):
        self.reponses = reponses
        self.demandes = []

    def __call__(self, editeur, demande):
        self.demandes.append((editeur.code, demande.cas, sorted(demande.identifiants)))
        return self.reponses.get(editeur.code.replace("-", "_"), VIDE)


@pytest.fixture
def editeurs():
    return EditeurFactory(code="agenda-a"), EditeurFactory(code="agenda-b")


@pytest.fixture
def participant():
    return ParticipationFactory(effecteur__identifiant_national=RPPS, interface=True).effecteur


def test_tous_les_editeurs_sont_interroges_et_qui_a_des_creneaux_y_est_raccorde(editeurs, participant):
    reseau = Reseau(agenda_b=TROUVE)

    bilan = decouvrir(MAINTENANT, appeler=reseau)

    assert reseau.demandes == [("agenda-a", "ps", [RPPS]), ("agenda-b", "ps", [RPPS])]
    assert [(r.effecteur, r.editeur) for r in Raccordement.objects.all()] == [(participant, editeurs[1])]
    assert (bilan.appels, bilan.trouves) == (2, 1)


def test_un_meme_editeur_n_est_redemande_qu_apres_l_intervalle(editeurs, participant):
    reseau = Reseau()

    for apres in (dt.timedelta(), dt.timedelta(hours=1), INTERVALLE - dt.timedelta(seconds=1), INTERVALLE):
        decouvrir(MAINTENANT + apres, appeler=reseau)

    assert len(reseau.demandes) == 4
    assert {d.vides for d in Decouverte.objects.all()} == {2}


@pytest.mark.parametrize("etat", [EtatLot.DELAI, EtatLot.PANNE, EtatLot.REFUS])
def test_un_echec_ne_compte_pas_et_se_reprend_plus_tot(editeurs, participant, etat):
    reseau = Reseau(agenda_a=Reponse(etat))
    decouvrir(MAINTENANT, appeler=reseau)

    decouvrir(MAINTENANT + REPRISE - dt.timedelta(seconds=1), appeler=reseau)
    decouvrir(MAINTENANT + REPRISE, appeler=reseau)

    assert [code for code, *_ in reseau.demandes] == ["agenda-a", "agenda-b", "agenda-a"]
    assert Decouverte.objects.get(editeur=editeurs[0]).vides == 0


def test_une_recherche_qu_un_arret_brutal_interrompt_se_reprend_comme_un_echec(editeurs, participant):
    def mourir(editeur, demande):
        raise SystemExit

    with pytest.raises(SystemExit):
        decouvrir(MAINTENANT, appeler=mourir)
    reseau = Reseau()

    decouvrir(MAINTENANT + dt.timedelta(minutes=1), appeler=reseau)
    apres_une_minute = [code for code, *_ in reseau.demandes]
    decouvrir(MAINTENANT + REPRISE, appeler=reseau)

    assert apres_une_minute == ["agenda-b"]
    assert [code for code, *_ in reseau.demandes] == ["agenda-b", "agenda-a"]


def test_un_passage_finit_avant_que_le_courtier_ne_redonne_la_tache(editeurs, participant, monkeypatch):
    EditeurFactory(code="agenda-c")
    ecoule = [0.0]
    appeles = []

    def trainer(self, editeur, demande):
        ecoule[0] += 50
        appeles.append(editeur.code)
        return VIDE

    monkeypatch.setattr("agenda.tasks.monotonic", lambda: ecoule[0])
    monkeypatch.setattr("agenda.editeurs.ordonnanceur.Interrogateur.chercher", trainer)

    tasks.chercher_des_editeurs()
    premier_passage = list(appeles)
    tasks.chercher_des_editeurs()

    assert premier_passage == ["agenda-a", "agenda-b"]
    assert appeles == ["agenda-a", "agenda-b", "agenda-c"]


def test_sans_budget_rien_n_est_note_et_l_editeur_suivant_est_quand_meme_demande(editeurs, participant):
    reseau = Reseau(agenda_a=None)

    decouvrir(MAINTENANT, appeler=reseau)
    decouvrir(MAINTENANT, appeler=reseau)

    assert [code for code, *_ in reseau.demandes] == ["agenda-a", "agenda-b", "agenda-a"]


def test_seuls_sont_cherches_les_participants_sans_editeur_et_qui_declare_celui_ci(editeurs):
    ParticipationFactory()  # saisit son agenda
    ParticipationFactory(refus=True, refuse_affichage=True)
    EffecteurFactory()  # ne participe pas
    ParticipationFactory(interface=True, effecteur__est_actif=False)
    deja = ParticipationFactory(interface=True).effecteur
    declare = ParticipationFactory(interface=True, logiciels=["agenda-b"]).effecteur
    for effecteur in (deja, declare):
        RaccordementFactory(effecteur=effecteur, lot=LotFactory(editeur=editeurs[0]))
    reseau = Reseau()

    decouvrir(MAINTENANT, appeler=reseau)

    assert reseau.demandes == [("agenda-b", "ps", [declare.identifiant_national])]


def test_l_editeur_declare_est_demande_d_abord(editeurs):
    autres = [ParticipationFactory(interface=True).effecteur for _ in range(25)]
    declare = ParticipationFactory(interface=True, logiciels=["agenda-a"]).effecteur
    reseau = Reseau()

    decouvrir(MAINTENANT, appeler=reseau)

    premier = next(identifiants for code, _, identifiants in reseau.demandes if code == "agenda-a")
    assert declare.identifiant_national in premier
    assert len(premier) == 25 < len(autres) + 1


def test_un_membre_de_cpts_est_cherche_par_la_requete_des_cpts(participant):
    EditeurFactory(code="agenda-c", flux=[Flux.PS, Flux.CPTS])
    membre = ParticipationFactory(via_cpts=True, interface=True).effecteur
    reseau = Reseau()

    decouvrir(MAINTENANT, appeler=reseau)

    assert reseau.demandes == [
        ("agenda-c", "cpts", [membre.identifiant_national]),
        ("agenda-c", "ps", [RPPS]),
    ]


def test_un_editeur_coupe_n_est_pas_demande(participant):
    EditeurFactory(est_actif=False)
    EditeurFactory(flux=[Flux.SOS])
    reseau = Reseau()

    decouvrir(MAINTENANT, appeler=reseau)

    assert reseau.demandes == []


def _semaines(raccordement, nombre):
    """Des semaines où le lot est lu, l’agenda restant tel qu’il est."""
    for semaine in range(1, nombre + 1):
        instant = MAINTENANT + semaine * INTERVALLE
        Lot.objects.update(lu_le=instant)
        detacher_les_partis(instant)


@pytest.fixture
def raccordement(editeurs, participant):
    return RaccordementFactory(effecteur=participant, lot=LotFactory(editeur=editeurs[0]))


def test_qui_ne_montre_plus_rien_est_detache_puis_cherche_partout(raccordement, editeurs):
    _semaines(raccordement, VIDES_MAX - 1)
    garde = Raccordement.objects.exists()

    _semaines(raccordement, VIDES_MAX)

    assert (garde, Raccordement.objects.exists()) == (True, False)
    reseau = Reseau()
    decouvrir(MAINTENANT + 9 * INTERVALLE, appeler=reseau)
    assert [code for code, *_ in reseau.demandes] == ["agenda-a", "agenda-b"]


def test_un_creneau_montre_entre_temps_remet_le_compte_a_zero(raccordement):
    _semaines(raccordement, VIDES_MAX - 1)

    oublier_les_recherches_vides([raccordement.pk])
    Decouverte.objects.update(demandee_le=MAINTENANT)
    _semaines(raccordement, VIDES_MAX - 1)

    assert Raccordement.objects.exists()


def test_qui_montre_des_creneaux_ou_n_est_pas_lu_n_est_jamais_compte(raccordement):
    agenda = AgendaEditeurFactory(
        raccordement=raccordement, lieu=LieuExerciceFactory(effecteur=raccordement.effecteur)
    )
    _semaines(raccordement, VIDES_MAX)
    assert not Decouverte.objects.exists()

    AgendaEditeur.objects.filter(pk=agenda.pk).update(creneaux=[])
    Lot.objects.update(lu_le=None)
    for semaine in range(VIDES_MAX):
        detacher_les_partis(MAINTENANT + semaine * INTERVALLE)

    assert Raccordement.objects.exists()
