"""Ce que l’éditeur simulé fait de travers, vu par notre propre client : chaque panne a l’effet qu’elle annonce."""

import asyncio
import json

import pytest
from aiohttp.test_utils import TestServer

from agenda.editeurs import client as client_editeur
from agenda.editeurs.client import interroger, ouvrir_session, url_creneaux
from agenda.editeurs.normaliseur import normaliser
from agenda.editeurs.verdicts import Demande, fenetre_interrogee
from agenda.enums import EtatLot
from sas_platform.demo.editeur_simule import pannes
from sas_platform.demo.editeur_simule.jeu_kit import A
from sas_platform.demo.editeur_simule.pannes import Mode, Panne
from tests.kit.client import MAINTENANT, demander, editeur_du_kit, jouer

FENETRE = fenetre_interrogee(MAINTENANT)
RECHERCHE = url_creneaux("/fhir", [A.identifiant], FENETRE)
SANS_REPONSE = {
    Mode.ERREUR_500: EtatLot.PANNE,
    Mode.TROP_DE_REQUETES: EtatLot.PANNE,
    Mode.COUPURE: EtatLot.RESEAU,
    Mode.REDIRECTION: EtatLot.ILLISIBLE,
    Mode.ENORME: EtatLot.ILLISIBLE,
    Mode.BOMBE: EtatLot.ILLISIBLE,
    Mode.DELAI: EtatLot.DELAI,
    Mode.GOUTTE_A_GOUTTE: EtatLot.DELAI,
}
# Ce que la lecture en dit : défaut du Bundle, ou compte des verdicts. Les motifs de A sont tous les mêmes.
LUES = {
    Mode.AUCUNE: {"garde"},
    Mode.LENT: {"garde"},
    Mode.MALFORME: "la réponse n’est pas du JSON",
    Mode.PAS_DU_JSON: "la réponse n’est pas du JSON",
    Mode.MAUVAIS_PRATICIENS: {"not_requested"},
    Mode.CLES_REPETEES: {"garde"},
    Mode.IMBRICATION: {"garde"},
    Mode.IDS_GEANTS: {"garde"},
    Mode.SCRIPT: {"garde"},
}


@pytest.fixture(autouse=True)
def presse(monkeypatch):
    """Les attentes de l’éditeur ne durent pas."""
    monkeypatch.setattr(pannes, "ATTENTES_S", {Mode.LENT: 0.01, Mode.DELAI: 1.0})


def interroger_en_panne(mode):
    """Réponse de notre client à qui la panne est choisie par le chemin."""

    async def tout():
        async with TestServer(editeur_du_kit().application()) as hote, ouvrir_session() as session:
            url = url_creneaux(str(hote.make_url(f"/panne/{mode}/fhir")), [A.identifiant], FENETRE)
            return url, await interroger(session, url, http_admis=True)

    return asyncio.run(tout())


@pytest.mark.parametrize("mode", SANS_REPONSE)
def test_une_panne_sans_reponse_lisible_se_voit_dans_l_etat_de_l_appel(mode, monkeypatch):
    if SANS_REPONSE[mode] == EtatLot.DELAI:
        monkeypatch.setattr(client_editeur, "DELAI_S", 0.3)

    _, reponse = interroger_en_panne(mode)

    assert reponse.etat == SANS_REPONSE[mode]
    assert reponse.pages == []
    assert reponse.attente_s == (pannes.REESSAYER_S if mode == Mode.TROP_DE_REQUETES else 0)


@pytest.mark.parametrize("mode", LUES)
def test_une_reponse_abimee_est_lue_et_jugee(mode):
    url, reponse = interroger_en_panne(mode)
    demande = Demande("ps", frozenset({A.identifiant}), FENETRE, frozenset({"127.0.0.1"}), True, url)

    lecture = normaliser(reponse.pages, demande)

    assert reponse.etat == EtatLot.REUSSI
    if isinstance(LUES[mode], str):
        assert lecture.defaut == LUES[mode]
    else:
        assert lecture.comptes().keys() == LUES[mode]
        assert all(len(verdict.id) <= 64 for verdict in lecture.verdicts)


def test_chaque_panne_a_son_effet_verifie():
    assert SANS_REPONSE.keys() | LUES.keys() == set(Mode)
    assert not SANS_REPONSE.keys() & LUES.keys()


def test_un_script_dans_les_textes_est_bien_envoye():
    page = demander(editeur_du_kit(), RECHERCHE.replace("/fhir", f"/panne/{Mode.SCRIPT}/fhir"))

    assert page.corps.count(pannes.SCRIPT.encode()) > 2


def test_une_panne_choisie_par_le_chemin_ne_touche_qu_une_requete():
    async def scenario(client):
        chemins = [RECHERCHE.replace("/fhir", f"{panne}/fhir") for panne in ("/panne/erreur_500", "")]
        return [(await client.appeler("GET", chemin)).statut for chemin in chemins]

    assert jouer(editeur_du_kit(), scenario) == [500, 200]


def test_une_panne_inconnue_du_chemin_est_introuvable():
    assert demander(editeur_du_kit(), "/panne/inconnue/fhir/metadata").statut == 404


def test_une_panne_se_met_pour_tous_et_se_retire_a_chaud():
    async def scenario(client):
        statuts = []
        for mode in ("erreur_500", "aucune"):
            reponse = await client.appeler("POST", "/pannes", json={"mode": mode})
            assert reponse.json()["mode"] == mode
            statuts += [(await client.appeler("GET", c)).statut for c in (RECHERCHE, "/fhir/metadata")]
        return statuts

    assert jouer(editeur_du_kit(), scenario) == [500, 500, 200, 200]


@pytest.mark.parametrize(
    "corps",
    [b"", b"[]", b"{}", b'{"mode":"inconnu"}', b'{"mode":"lent","secondes":"3"}', b'{"mode":"lent","secondes":9999}'],
)  # fmt: skip
def test_une_panne_mal_demandee_est_refusee(corps):
    assert demander(editeur_du_kit(), "/pannes", "POST", data=corps).statut == 400


@pytest.mark.parametrize(
    ("corps", "statut", "jeu"),
    [
        (b"", 200, "kit"),
        (b'{"jeu":"demonstration"}', 200, "demonstration"),
        (b'{"jeu":"autre"}', 400, "kit"),
        (b"[]", 400, "kit"),
        (b"{", 400, "kit"),
    ],
)
def test_la_remise_a_neuf_change_de_donnees_et_retire_la_panne(corps, statut, jeu):
    editeur = editeur_du_kit()
    editeur.panne = Panne(Mode.ERREUR_500)

    assert demander(editeur, "/commandes/reinitialiser", "POST", data=corps).statut == statut
    assert editeur.jeu == jeu
    assert (editeur.panne.mode == Mode.AUCUNE) == (statut == 200)


def test_la_sonde_dit_qui_repond():
    etat = json.loads(demander(editeur_du_kit(), "/").corps)

    assert (etat["statut"], etat["jeu"], etat["panne"]) == ("ok", "kit", "aucune")
