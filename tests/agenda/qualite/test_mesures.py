"""Ce que l’on compte d’un éditeur est ce qu’il a répondu, et rien de plus n’est écrit."""

import datetime as dt
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agenda.domaine.motifs import AVERTISSEMENTS, MOTIFS
from agenda.editeurs.mesures import ECHANTILLONS_PAR_RAISON
from agenda.editeurs.stockage import enregistrer
from agenda.editeurs.verdicts import RAISONS
from agenda.enums import EtatLot
from agenda.models import AppelsEditeur, EchantillonRejet, Editeur, ErreurEditeur, Lot
from agenda.qualite.lectures import tableaux
from tests.agenda.editeurs.bundles import MAINTENANT, slot
from tests.agenda.qualite.conftest import echouer, repondre

pytestmark = pytest.mark.django_db


def _tableau(maintenant=MAINTENANT):
    return tableaux(Editeur.objects.all(), maintenant)[0]


def test_le_tableau_dit_ce_que_l_editeur_a_repondu(editeur):
    tableau = _tableau()

    assert (tableau.jour.total, tableau.jour.reussis) == (3, 1)
    assert tableau.jour.disponibilite == pytest.approx(100 / 3)
    assert tableau.jour.p50 == pytest.approx(100, rel=0.05)
    assert tableau.jour.p99 == pytest.approx(7000, rel=0.05)
    assert (tableau.gardes, tableau.ecartes, tableau.part_ecartee) == (1, 1, 50)
    assert (tableau.volumes.titulaires, tableau.volumes.lieux, tableau.volumes.creneaux) == (1, 1, 1)
    assert tableau.lu_le == MAINTENANT


@pytest.mark.parametrize(
    ("apres", "jour", "semaine", "heure"),
    [
        pytest.param(dt.timedelta(hours=1), 3, 3, 3, id="l’heure d’après"),
        pytest.param(dt.timedelta(hours=23), 3, 3, 0, id="le même jour"),
        pytest.param(dt.timedelta(hours=24), 0, 3, 0, id="vingt-quatre heures"),
        pytest.param(dt.timedelta(days=7), 0, 0, 0, id="sept jours"),
    ],
)
def test_les_appels_sortent_des_fenetres_en_vieillissant(editeur, apres, jour, semaine, heure):
    tableau = _tableau(MAINTENANT + apres)

    assert (tableau.jour.total, tableau.semaine.total, tableau.heure_passee) == (jour, semaine, heure)


def test_une_connexion_impossible_compte_comme_echec_sans_peser_sur_la_latence(editeur):
    enregistrer(editeur, [echouer(Lot.objects.get(), EtatLot.RESEAU, duree_ms=0)], MAINTENANT)

    assert _tableau().jour.total == 4
    assert _tableau().jour.p50 == pytest.approx(100, rel=0.05)


def test_les_erreurs_d_une_sorte_tiennent_en_une_ligne_la_derniere(editeur):
    plus_tard = MAINTENANT + dt.timedelta(minutes=5)
    lot = Lot.objects.get()

    for detail in ("HTTP 503 : encore", "HTTP 503 : la\x00 dernière" + "x" * 400):
        panne = echouer(lot, EtatLot.PANNE, code_http=503, detail=detail, le=plus_tard)
        enregistrer(editeur, [panne], plus_tard)

    panne = ErreurEditeur.objects.get(etat=EtatLot.PANNE)
    assert (panne.nombre, panne.code_http, panne.le) == (3, 503, plus_tard)
    assert panne.detail.startswith("HTTP 503 : la dernière")
    assert len(panne.detail) == 200


def test_le_nombre_de_lignes_ne_grandit_pas_avec_les_appels(editeur):
    lot = Lot.objects.get()
    avant = AppelsEditeur.objects.count()

    for minute in range(30):
        le = MAINTENANT + dt.timedelta(minutes=minute)
        enregistrer(editeur, [repondre(lot, slot("garde"), le=le)], le)

    assert AppelsEditeur.objects.count() == avant
    assert AppelsEditeur.objects.get(etat=EtatLot.REUSSI).nombre == 31


def test_les_echantillons_d_un_motif_sont_bornes_et_se_remplacent(editeur):
    lot = Lot.objects.get()

    for rang in range(40):
        le = MAINTENANT + dt.timedelta(minutes=11 * rang)
        enregistrer(editeur, [repondre(lot, slot(f"occupe-{rang}", status="busy"), le=le)], le)

    exemples = EchantillonRejet.objects.filter(raison="status_not_free")
    assert exemples.count() == ECHANTILLONS_PAR_RAISON
    assert exemples.filter(slot="occupe-39").exists()
    assert json.loads(exemples.first().fragment) == {"status": "busy"}


def test_un_rejet_repete_ne_reecrit_pas_son_echantillon(editeur):
    le = MAINTENANT + dt.timedelta(minutes=5)

    with CaptureQueriesContext(connection) as requetes:
        enregistrer(editeur, [repondre(Lot.objects.get(), slot("occupe", status="busy"), le=le)], le)

    assert EchantillonRejet.objects.get(slot="occupe").le == MAINTENANT
    assert sum("agenda_echantillonrejet" in r["sql"] for r in requetes) == 1


def test_chaque_motif_du_jugement_a_son_explication():
    assert tuple(MOTIFS) == RAISONS
    assert all(m.sens.endswith(".") and m.correction.endswith(".") and m.chemin for m in MOTIFS.values())
    assert {"lien_refuse", "tronquee", "chevauchement"} <= set(AVERTISSEMENTS)
