"""Une réponse déjà lue est reconnue, et seulement tant que la relire donnerait la même chose."""

import datetime as dt
from dataclasses import replace

import pytest

from agenda.editeurs.client import Reponse
from agenda.editeurs.memoire import demandes_par_lot
from agenda.editeurs.normaliseur import normaliser
from agenda.editeurs.stockage import LectureLot, enregistrer
from agenda.enums import EtatLot
from agenda.models import AgendaEditeur, Lot, QualiteEditeur
from annuaire.models import LieuExercice
from tests.agenda.editeurs.bundles import (
    AUTRE_RPPS,
    MAINTENANT,
    RPPS,
    agenda,
    bundle,
    demande,
    octets,
    praticien,
    raisons,
    role,
    slot,
)
from tests.agenda.factories import LotFactory, RaccordementFactory
from tests.annuaire.factories import CommuneFactory, LieuExerciceFactory, SpecialiteFactory

pytestmark = pytest.mark.django_db
LILLE = {"line": ["12 rue Nationale"], "city": "Lille", "postalCode": "59000"}
MINUTES = dt.timedelta(minutes=1)
DEUX = (RPPS, AUTRE_RPPS)


@pytest.fixture
def raccordement():
    """Un généraliste de Lille, seul dans son lot, un lieu connu de l’annuaire."""
    SpecialiteFactory()
    lieu = LieuExerciceFactory(effecteur__identifiant_national=RPPS)
    return RaccordementFactory(effecteur=lieu.effecteur, lot=LotFactory(numero=0))


@pytest.fixture
def autre(raccordement):
    """Un second praticien du même lot."""
    lieu = LieuExerciceFactory(effecteur__identifiant_national=AUTRE_RPPS)
    return RaccordementFactory(effecteur=lieu.effecteur, lot=raccordement.lot)


def _recevoir(raccordement, *slots, apres=0, adresse=LILLE, identifiants=(RPPS,), tronquee=False, **reglages):
    """Lit puis enregistre la réponse, `apres` minutes après neuf heures."""
    maintenant = MAINTENANT + apres * MINUTES
    lot = raccordement.lot
    memoires = {i: memoire for i, memoire in demandes_par_lot([lot.pk])[lot.pk].memoires.items() if memoire}
    ressources = [
        agenda(), praticien(), role(adresse=adresse, idnst=""),
        agenda("a2", "p2", "r2"), praticien("p2", AUTRE_RPPS), role("r2", "p2", LILLE, idnst=""),
    ]  # fmt: skip
    pages = [octets(bundle(*ressources, *slots))]
    demandee = demande(identifiants=identifiants, maintenant=maintenant, memoires=memoires)
    lue = normaliser(pages, replace(demandee, **reglages))
    reponse = Reponse(EtatLot.REUSSI, pages, tronquee=tronquee)
    lecture = LectureLot(lot.pk, maintenant, frozenset(identifiants), reponse, lue)
    return lue, enregistrer(raccordement.editeur, [lecture], maintenant)


def _second(nom="s2", **champs):
    return slot(nom, schedule={"reference": "Schedule/a2"}, **champs)


def _ids():
    return sorted(c["i"] for a in AgendaEditeur.objects.all() for c in a.creneaux)


def _compteurs():
    return dict(QualiteEditeur.objects.values_list("motif", "nombre"))


def test_la_meme_reponse_n_est_pas_jugee_deux_fois_et_compte_autant(raccordement):
    dix_heures = {"start": "2026-11-24T10:00:00+01:00", "end": "2026-11-24T10:15:00+01:00"}
    recus = slot(), slot("s2", status="busy"), slot("s3", comment="ftp://x", **dix_heures)
    premiere, bilan = _recevoir(raccordement, *recus)
    une_fois = _compteurs()

    seconde, second_bilan = _recevoir(raccordement, *recus, apres=5)

    assert (len(premiere.verdicts), premiere.reconnues, seconde.verdicts) == (3, {}, [])
    assert set(seconde.reconnues) == {RPPS}
    assert (second_bilan.agendas_lus, second_bilan.agendas_changes) == (bilan.agendas_lus, 0) == (1, 0)
    assert {motif: 2 * nombre for motif, nombre in une_fois.items()} == _compteurs()
    assert une_fois["avert_lien_refuse"] == 1
    assert Lot.objects.get().lu_le == MAINTENANT + 5 * MINUTES


def test_seul_qui_a_change_est_juge_de_nouveau(raccordement, autre):
    _recevoir(raccordement, slot(), _second(), identifiants=DEUX)

    lue, bilan = _recevoir(raccordement, slot(), _second("neuf"), apres=5, identifiants=DEUX)

    assert [verdict.id for verdict in lue.verdicts] == ["neuf"]
    assert (bilan.agendas_lus, bilan.agendas_changes) == (2, 1)
    assert _ids() == ["neuf", "s1"]


def test_qui_n_a_pas_de_creneau_est_reconnu_aussi(raccordement, autre):
    _recevoir(raccordement, slot(), identifiants=DEUX)

    lue, _ = _recevoir(raccordement, slot(), apres=5, identifiants=DEUX)

    assert set(lue.reconnues) == set(DEUX)


def test_un_creneau_commence_fait_relire_la_reponse(raccordement):
    tot = slot("tot", start="2026-11-23T09:30:00+01:00", end="2026-11-23T09:45:00+01:00")
    _recevoir(raccordement, tot, slot())

    avant, _ = _recevoir(raccordement, tot, slot(), apres=29)
    apres, _ = _recevoir(raccordement, tot, slot(), apres=31)

    assert avant.verdicts == []
    assert raisons(apres) == ["past", ""]
    assert _ids() == ["s1"]


def test_a_minuit_la_fenetre_avance_et_la_meme_reponse_est_relue(raccordement):
    jeudi = slot("jeudi", start="2026-11-26T09:00:00+01:00", end="2026-11-26T09:15:00+01:00")
    premiere, _ = _recevoir(raccordement, slot("mardi"), jeudi)

    _recevoir(raccordement, slot("mardi"), jeudi, apres=15 * 60 + 1)

    assert raisons(premiere) == ["", "out_of_window"]
    assert _ids() == ["jeudi", "mardi"]


def test_des_creneaux_retires_reviennent_a_la_meme_reponse(raccordement):
    _recevoir(raccordement, slot())
    AgendaEditeur.objects.all().delete()

    _recevoir(raccordement, slot(), apres=5)

    assert _ids() == ["s1"]


def test_un_agenda_modifie_a_la_main_est_remis_d_apres_la_meme_reponse(raccordement):
    _recevoir(raccordement, slot())
    AgendaEditeur.objects.update(creneaux=[], empreinte="")

    _recevoir(raccordement, slot(), apres=5)

    assert _ids() == ["s1"]


def test_un_lieu_ferme_dans_l_annuaire_fait_chercher_un_autre_lieu(raccordement):
    ferme = LieuExercice.objects.get()
    ouvert = LieuExerciceFactory(effecteur=raccordement.effecteur, adresse="")
    LieuExercice.objects.filter(pk=ferme.pk).update(adresse="12 rue Nationale")
    _recevoir(raccordement, slot())
    assert AgendaEditeur.objects.get().lieu == ferme

    LieuExercice.objects.filter(pk=ferme.pk).update(est_actif=False)
    _recevoir(raccordement, slot(), apres=5)

    assert {a.lieu_id: len(a.creneaux) for a in AgendaEditeur.objects.all()} == {ferme.pk: 0, ouvert.pk: 1}


def test_un_hote_retire_fait_relire_les_liens(raccordement):
    _recevoir(raccordement, slot(), hotes=frozenset({"rdv.exemple.fr"}))

    _recevoir(raccordement, slot(), apres=5, hotes=frozenset())

    assert [c["l"] for a in AgendaEditeur.objects.all() for c in a.creneaux] == [""]


def test_une_commune_introuvable_est_cherchee_de_nouveau(raccordement):
    ailleurs = {"line": ["3 rue de Paris"], "city": "Saint-Denis", "postalCode": "97400"}
    _, bilan = _recevoir(raccordement, slot(), adresse=ailleurs)
    CommuneFactory(reunion=True)

    _recevoir(raccordement, slot(), apres=5, adresse=ailleurs)

    assert bilan.creneaux["lieu_introuvable"] == 1
    assert AgendaEditeur.objects.get().lieu.commune_id == "97411"


def test_un_id_repete_chez_deux_praticiens_fait_tout_relire(raccordement, autre):
    """Le second créneau est rejeté à cause du premier : sans lui, il est gardé, bien qu’il n’ait pas changé."""
    _recevoir(raccordement, _second("double"), slot("double"), identifiants=DEUX)
    premiers = _ids()

    lue, _ = _recevoir(raccordement, _second("autre"), slot("double"), apres=5, identifiants=DEUX)

    assert premiers == ["double"]
    assert lue.reconnues == {}
    assert _ids() == ["autre", "double"]


def test_une_reponse_tronquee_n_est_pas_retenue(raccordement):
    """Les mêmes octets, cette fois au complet, disent que le créneau absent a disparu."""
    _recevoir(raccordement, slot("ancien"))
    _recevoir(raccordement, apres=5, tronquee=True)
    gardes = _ids()

    _recevoir(raccordement, apres=10)

    assert (gardes, _ids()) == (["ancien"], [])


def test_un_lieu_qui_vient_d_etre_cree_est_retenu_au_tour_suivant(raccordement):
    LieuExerciceFactory(effecteur=raccordement.effecteur, adresse="7 place Rihour")
    ailleurs = {"line": ["5 rue du Port"], "city": "Lille", "postalCode": "59000"}
    lues = [
        _recevoir(raccordement, slot(), apres=rang, adresse=ailleurs, identifiants=(RPPS,))[0]
        for rang in range(3)
    ]

    assert [len(lue.verdicts) for lue in lues] == [1, 1, 0]
    assert _ids() == ["s1"]
