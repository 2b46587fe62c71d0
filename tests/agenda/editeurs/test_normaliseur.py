"""Le Bundle entier : ce qui en fait une réponse lisible, et ce qui n’en coûte qu’une entrée."""

import gc
import weakref

import pytest

from agenda.editeurs import normaliseur
from agenda.editeurs.jugement import Juge
from agenda.editeurs.normaliseur import normaliser
from tests.agenda.editeurs.bundles import MAINTENANT, agenda_complet, bundle, demande, octets, raisons, slot

TOUT = agenda_complet()


@pytest.mark.parametrize(
    "reponse",
    [
        pytest.param(b"", id="vide"),
        pytest.param(b"<html>erreur</html>", id="HTML"),
        pytest.param(octets(bundle(slot(), *TOUT))[:-20], id="tronqué"),
        pytest.param(b'"Bundle"', id="une chaîne"),
        pytest.param(b"[]", id="une liste"),
        pytest.param(octets({"resourceType": "OperationOutcome"}), id="OperationOutcome"),
        pytest.param(octets(bundle(type="transaction")), id="pas une recherche"),
        pytest.param(octets(bundle(entry={"resource": slot()})), id="entrées hors d’une liste"),
        pytest.param(octets(bundle()) + b"{}", id="deux documents"),
        pytest.param(b"[" * 100_000, id="ouvertures sans fin"),
        pytest.param(b'{"a":' * 2_000 + b'"\\"' * 5_000, id="ouvertures et chaîne sans fin"),
    ],
)
def test_une_reponse_qui_n_est_pas_un_bundle_de_recherche_est_refusee(reponse):
    lecture = normaliser([reponse], demande())

    assert lecture.etat == "bundle_invalid"
    assert lecture.verdicts == []


def test_une_reponse_demesuree_est_refusee_sans_etre_lue(monkeypatch):
    monkeypatch.setattr(normaliseur, "TAILLE_MAX", 100)

    assert normaliser([octets(bundle(slot(), *TOUT))], demande()).defaut == "réponse trop volumineuse"


@pytest.mark.parametrize("champs", [{}, {"entry": None}, {"entry": []}, {"total": "trois"}, {"link": 4}])
def test_un_bundle_vide_est_une_reponse_comme_une_autre(champs):
    lecture = normaliser([octets(bundle(**champs))], demande())

    assert (lecture.etat, lecture.verdicts) == ("ok", [])


@pytest.mark.parametrize(
    "entree",
    [
        None,
        7,
        {},
        {"resource": None},
        {"resource": []},
        {"resource": {"resourceType": "OperationOutcome"}},
        {"resource": {"resourceType": "Patient", "id": "p1"}},
        {"resource": {"resourceType": 3}},
        {"fullUrl": 12, "resource": {"resourceType": "Schedule", "id": {"a": 1}}},
    ],
)
def test_une_entree_qui_n_est_pas_une_ressource_connue_est_ignoree(entree):
    contenu = bundle(slot(), *TOUT)
    contenu["entry"].insert(0, entree)

    lecture = normaliser([octets(contenu)], demande())

    assert raisons(lecture) == [""]


@pytest.mark.parametrize(
    "poison",
    [
        pytest.param(b'{"resourceType":"Slot","id":"x","comment":"\xff\xfe"}', id="hors UTF-8"),
        pytest.param(b'{"resourceType":"Slot","id":"\\ud800"}', id="moitié de paire"),
        pytest.param(b'{"resourceType":"Slot","x":' + b"9" * 6_000 + b"}", id="nombre démesuré"),
        pytest.param(b'{"resourceType":"Slot","x":' + b"[" * 50_000 + b"]" * 50_000 + b"}", id="imbrication"),
        pytest.param(b'{"resourceType":"Slot","status":[1,2]}', id="types faux"),
    ],
)
def test_une_entree_empoisonnee_est_rejetee_seule(poison):
    contenu = octets(bundle("POISON", slot(), *TOUT)).replace(b'"POISON"', poison)

    assert raisons(normaliser([contenu], demande())) == ["status_not_free", ""]


def test_une_marque_d_ordre_des_octets_est_toleree():
    assert raisons(normaliser([b"\xef\xbb\xbf" + octets(bundle(slot(), *TOUT))], demande())) == [""]


def test_les_pages_d_une_reponse_se_lisent_comme_un_seul_bundle():
    pages = [octets(bundle(slot())), octets(bundle(*TOUT))]

    assert raisons(normaliser(pages, demande())) == [""]


def test_un_total_faux_ou_un_lien_self_different_ne_fait_qu_avertir():
    url = "https://e.exemple/fhir/Slot?status=free&start=ge2026-11-23T09:00:00.000%2B01:00"
    contenu = bundle(slot(), *TOUT, total=12, link=[{"relation": "self", "url": f"{url}&_count=1000"}])

    lecture = normaliser([octets(contenu)], demande(url=url))

    assert raisons(lecture) == [""]
    assert lecture.avertissements == {"total_different": 1, "lien_self_different": 1}


def test_un_lien_self_aux_parametres_reordonnes_est_le_meme():
    contenu = bundle(slot(), *TOUT, link=[{"relation": "self", "url": "https://autre/Slot?b=%7C&a=1"}])

    lecture = normaliser([octets(contenu)], demande(url="https://e.exemple/Slot?a=1&b=|"))

    assert not lecture.avertissements


def test_la_fenetre_des_tests_est_bien_celle_du_lundi():
    assert demande().fenetre.debut == MAINTENANT


def test_ce_qui_a_servi_a_lire_se_libere_sans_le_ramasse_miettes(monkeypatch):
    """Il est arrêté pendant un groupe de lots : un cycle garderait en mémoire chaque réponse lue."""
    juges = []

    class Temoin(Juge):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            juges.append(weakref.ref(self))

    monkeypatch.setattr(normaliseur, "Juge", Temoin)
    gc.disable()
    try:
        normaliser([octets(bundle(slot(), *TOUT))], demande())
        assert [juge() for juge in juges] == [None]
    finally:
        gc.enable()
