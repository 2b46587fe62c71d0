"""Plusieurs processus, et un processus tué ou réveillé trop tard : un message à la fois, et jamais le mauvais en dernier."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from agenda.enums import EtatEnvoi, Flux
from agenda.models import CopieRegulateur
from agenda.regulateurs.comparaison import comparer_les_marques, retirer_les_echus
from agenda.regulateurs.dialogue import Reponse
from agenda.regulateurs.expedition import APPELS_SIMULTANES, BAIL, conclure, envoyer_dus, prendre
from comptes.models import Habilitation
from tests.agenda.factories import EditeurFactory
from tests.agenda.regulateurs.conftest import Plateforme, Vendeur
from tests.comptes.factories import CompteFactory


@pytest.fixture
def annonce(plateforme):
    """Une création écrite, pas encore partie."""
    compte = CompteFactory(osnp=True)
    plateforme.connecter(compte)
    comparer_les_marques(maintenant=plateforme.maintenant)
    return compte


def _retirer(plateforme, compte) -> None:
    Habilitation.objects.filter(compte=compte).delete()
    comparer_les_marques(maintenant=plateforme.maintenant)


def test_un_message_en_route_ne_se_reprend_pas(plateforme, annonce):
    copie = plateforme.copie(annonce)

    assert prendre(copie.pk, maintenant=plateforme.maintenant) is not None
    assert prendre(copie.pk, maintenant=plateforme.maintenant) is None


def test_la_desactivation_attend_que_l_activation_en_route_soit_revenue(plateforme, annonce):
    copie = plateforme.copie(annonce)
    en_route = prendre(copie.pk, maintenant=plateforme.maintenant)
    _retirer(plateforme, annonce)
    assert plateforme.passer() == 0

    reponse = plateforme.vendeur.remettre(plateforme.editeur, en_route.message)
    conclure(en_route, reponse, maintenant=plateforme.maintenant, hasard=0)
    plateforme.passer()

    assert [appel[2]["active"] for appel in plateforme.vendeur.appels] == [True, False]
    assert plateforme.vendeur.actifs == []


def test_un_processus_tue_en_plein_appel_laisse_la_place_au_bout_de_son_bail(plateforme, annonce):
    prendre(plateforme.copie(annonce).pk, maintenant=plateforme.maintenant)
    assert plateforme.passer(dans=BAIL - timedelta(seconds=1)) == 0

    assert plateforme.passer(dans=timedelta(seconds=1)) == 1
    assert len(plateforme.vendeur.actifs) == 1


def test_un_processus_reveille_apres_la_desactivation_la_fait_redire(plateforme, annonce):
    """Gelé le temps de son bail, il envoie son activation après la désactivation d’un autre."""
    en_route = prendre(plateforme.copie(annonce).pk, maintenant=plateforme.maintenant)
    _retirer(plateforme, annonce)
    plateforme.passer(dans=BAIL)
    assert plateforme.copie(annonce).peut_etre_active is False

    reponse = plateforme.vendeur.remettre(plateforme.editeur, en_route.message)
    conclure(en_route, reponse, maintenant=plateforme.maintenant, hasard=0)
    assert len(plateforme.vendeur.actifs) == 1
    retirer_les_echus(maintenant=plateforme.maintenant)
    plateforme.tout_passer()

    assert plateforme.vendeur.actifs == []


def test_un_editeur_n_est_pas_appele_plus_que_permis_a_la_fois(plateforme):
    for _ in range(APPELS_SIMULTANES + 1):
        plateforme.connecter(CompteFactory(osnp=True))
    comparer_les_marques(maintenant=plateforme.maintenant)
    copies = CopieRegulateur.objects.order_by("pk")

    pris = [prendre(copie.pk, maintenant=plateforme.maintenant) for copie in copies]

    assert [expedition is not None for expedition in pris] == [True] * APPELS_SIMULTANES + [False]


def test_un_changement_pendant_l_appel_part_ensuite(plateforme, annonce):
    en_route = prendre(plateforme.copie(annonce).pk, maintenant=plateforme.maintenant)
    type(annonce).objects.filter(pk=annonce.pk).update(nom="Durand")
    plateforme.connecter(annonce)
    comparer_les_marques(maintenant=plateforme.maintenant)
    conclure(
        en_route,
        plateforme.vendeur.remettre(plateforme.editeur, en_route.message),
        maintenant=plateforme.maintenant,
        hasard=0,
    )

    plateforme.passer()

    assert [tenu.nom for tenu in plateforme.vendeur.actifs] == ["Durand"]
    assert plateforme.suspens(annonce) is None


@pytest.mark.django_db(transaction=True)
def test_deux_processus_en_meme_temps_n_envoient_chaque_message_qu_une_fois():
    plateforme = Plateforme(Vendeur(), EditeurFactory(flux=[Flux.COMPTES]))
    comptes = [CompteFactory(osnp=True) for _ in range(4)]
    for compte in comptes:
        plateforme.connecter(compte)
    comparer_les_marques(maintenant=plateforme.maintenant)
    depart, verrou, pannes = threading.Barrier(2), threading.Lock(), []

    def remettre(editeur, message):
        with verrou:
            return plateforme.vendeur.remettre(editeur, message)

    def travailler():
        try:
            depart.wait(10)
            envoyer_dus(plateforme.editeur.pk, horloge=lambda: plateforme.maintenant, remettre=remettre)
        except Exception as erreur:
            pannes.append(erreur)
        finally:
            connection.close()

    fils = [threading.Thread(target=travailler) for _ in range(2)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join(20)
    plateforme.passer()

    assert pannes == []
    assert plateforme.vendeur.methodes == ["POST"] * 4
    assert not CopieRegulateur.objects.exclude(bail=None).exists()


@pytest.mark.django_db(transaction=True)
def test_un_retrait_annule_avec_sa_transaction_n_envoie_rien():
    plateforme = Plateforme(Vendeur(), EditeurFactory(flux=[Flux.COMPTES]))
    compte = CompteFactory(osnp=True)
    plateforme.connecter(compte)
    plateforme.passer()

    with transaction.atomic():
        Habilitation.objects.filter(compte=compte).delete()
        transaction.set_rollback(True)
    plateforme.passer()

    assert len(plateforme.vendeur.actifs) == 1
    assert plateforme.copie(compte).envois.get().etat == EtatEnvoi.ACQUITTE


def test_un_delai_demande_par_l_editeur_se_lit_sur_l_envoi(plateforme, annonce):
    en_route = prendre(plateforme.copie(annonce).pk, maintenant=plateforme.maintenant)
    conclure(en_route, Reponse(429, "HTTP 429", 300), maintenant=plateforme.maintenant, hasard=0.5)

    envoi = plateforme.suspens(annonce)
    assert envoi.prochain_essai_le == plateforme.maintenant + timedelta(seconds=300)
    assert (envoi.methode, envoi.essais) == ("POST", 1)
