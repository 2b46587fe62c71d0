"""Le temps qui passe chez l’éditeur simulé, ses pannes, sa page de réservation, ses refus de démarrer."""

import asyncio
import datetime as dt
import json
from types import SimpleNamespace

import pytest
from aiohttp.test_utils import TestClient, TestServer

from sas_platform.demo.editeur_simule import __main__ as lanceur
from sas_platform.demo.editeur_simule.agenda import creneaux_libres, decoder_id
from sas_platform.demo.editeur_simule.application import EditeurSimule
from sas_platform.demo.editeur_simule.pannes import Mode, Panne
from tests.demo.editeur_simule.test_kit import GRAINE, MAINTENANT, A, B, C, D, demander, editeur, recherche


def _libres(maintenant, graine=GRAINE):
    fin = MAINTENANT + dt.timedelta(hours=60)
    debut = MAINTENANT + dt.timedelta(hours=8)
    return {
        creneau.id
        for praticien in (A, B, C, D)
        for rang in range(len(praticien.lieux))
        for creneau in creneaux_libres(
            praticien, rang, graine=graine, maintenant=maintenant, debut=debut, fin=fin
        )
    }


def test_les_memes_graine_et_heure_donnent_les_memes_creneaux():
    assert _libres(MAINTENANT) == _libres(MAINTENANT)
    assert _libres(MAINTENANT) != _libres(MAINTENANT, graine=GRAINE + 1)


def test_avec_le_temps_des_creneaux_sont_pris_et_d_autres_rendus():
    avant, apres = _libres(MAINTENANT), _libres(MAINTENANT + dt.timedelta(hours=1))

    assert avant - apres
    assert apres - avant
    assert avant & apres


def test_un_creneau_suit_l_horloge_murale_de_son_lieu():
    id_creneau = min(_libres(MAINTENANT))
    decode = decoder_id(id_creneau)

    assert decode
    assert decode[2].astimezone(dt.UTC).utcoffset() == dt.timedelta(0)


@pytest.mark.parametrize(
    "id_creneau", ["", "x", "810000000001-0-20269999T9999", "810000000001-0-", "é-0-20261123T0900"]
)
def test_un_id_inconnu_n_est_le_creneau_de_personne(id_creneau):
    assert decoder_id(id_creneau) is None


def _jouer(serveur, scenario):
    async def tout():
        async with TestServer(serveur.application()) as hote, TestClient(hote) as client:
            return await scenario(client)

    return asyncio.run(tout())


async def _slots(client):
    async with client.get(recherche(A)) as reponse:
        bundle = await reponse.json(content_type=None)
    return [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Slot"]


def test_prendre_un_rendez_vous_retire_son_creneau():
    async def scenario(client):
        avec_rdv = [s for s in await _slots(client) if s["appointmentType"]["coding"][0]["code"] == "ROUTINE"]
        formulaire = {"creneau": avec_rdv[0]["id"], "origin": "sas"}
        statuts = []
        for _ in range(2):
            async with client.post("/rdv/prendre", data=formulaire) as reponse:
                statuts.append(reponse.status)
        return avec_rdv[0]["id"], statuts, {s["id"] for s in await _slots(client)}

    pris, statuts, restants = _jouer(editeur(), scenario)

    assert statuts == [200, 409]
    assert pris not in restants


def test_la_page_du_creneau_propose_de_le_prendre():
    async def scenario(client):
        slots = [s for s in await _slots(client) if s["appointmentType"]["coding"][0]["code"] == "ROUTINE"]
        async with client.get(f"/rdv/agenda?creneau={slots[0]['id']}&origin=%22%3E%3Cscript%3E") as reponse:
            return await reponse.text()

    page = _jouer(editeur(), scenario)

    assert "Prendre ce rendez-vous" in page
    assert "<script>" not in page


def test_on_ne_prend_rien_sans_origin():
    async def scenario(client):
        slots = await _slots(client)
        async with client.post("/rdv/prendre", data={"creneau": slots[0]["id"]}) as reponse:
            return reponse.status, len(slots) == len(await _slots(client))

    assert _jouer(editeur(), scenario) == (401, True)


# --- Pannes ---------------------------------------------------------------------


def test_en_erreur_500_il_rend_un_operationoutcome():
    statut, _, corps = demander(editeur(panne=Panne(Mode.ERREUR_500)), recherche(A))

    assert (statut, json.loads(corps)["resourceType"]) == (500, "OperationOutcome")


def test_malforme_il_coupe_son_json():
    statut, _, corps = demander(editeur(panne=Panne(Mode.MALFORME)), recherche(A))

    assert statut == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(corps)


def test_il_peut_rendre_les_creneaux_d_un_praticien_que_personne_n_a_demande():
    _, _, corps = demander(editeur(panne=Panne(Mode.MAUVAIS_PRATICIENS)), recherche(A))

    assert f'"value":"{A.identifiant_national}"'.encode() not in corps
    assert json.loads(corps)["total"] > 0


@pytest.mark.parametrize("mode", [Mode.LENT, Mode.DELAI])
def test_lent_il_attend_avant_de_repondre(mode, monkeypatch):
    attentes = []

    async def attendre(secondes):
        attentes.append(secondes)

    monkeypatch.setattr(
        "sas_platform.demo.editeur_simule.application.asyncio", SimpleNamespace(sleep=attendre)
    )

    statut, _, _ = demander(editeur(panne=Panne.lire(mode, 12)), recherche(A))

    assert (statut, attentes) == (200, [12.0])


def test_une_panne_se_met_et_se_retire_a_chaud():
    async def scenario(client):
        statuts = []
        for mode in ("erreur_500", "aucune"):
            async with client.post("/pannes", json={"mode": mode}) as reponse:
                assert (await reponse.json())["mode"] == mode
            async with client.get(recherche(A)) as reponse:
                statuts.append(reponse.status)
        return statuts

    assert _jouer(editeur(), scenario) == [500, 200]


@pytest.mark.parametrize(
    "corps",
    [
        b"",
        b"[]",
        b"{}",
        b'{"mode":"inconnu"}',
        b'{"mode":"lent","secondes":"3"}',
        b'{"mode":"lent","secondes":9999}',
    ],
)
def test_une_panne_mal_demandee_est_refusee(corps):
    statut, _, _ = demander(editeur(), "/pannes", "POST", data=corps)

    assert statut == 400


def test_la_sonde_dit_qui_repond():
    statut, _, corps = demander(editeur(code="agenda-libre"), "/")

    assert (statut, json.loads(corps)["editeur"]) == (200, "agenda-libre")


# --- Démarrage --------------------------------------------------------------------


@pytest.mark.parametrize("environnement", ["production", "preproduction"])
def test_il_refuse_de_demarrer_en_production(environnement, monkeypatch, capsys):
    monkeypatch.setenv("ENVIRONNEMENT", environnement)

    assert lanceur.main(["--port", "1", "--annuaire", "absent.json"]) == 2
    assert "refusé" in capsys.readouterr().err


def test_un_annuaire_illisible_est_une_erreur_claire(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ENVIRONNEMENT", "test")
    fichier = tmp_path / "annuaire.json"
    fichier.write_text('[{"nom": 3}]')

    assert lanceur.main(["--port", "1", "--annuaire", str(fichier)]) == 1
    assert "Annuaire illisible" in capsys.readouterr().err


def test_l_annuaire_du_lanceur_se_lit(tmp_path):
    fichier = tmp_path / "annuaire.json"
    lieu = {
        "idnst": "",
        "ligne": "1 rue",
        "ville": "Lille",
        "code_postal": "59000",
        "telephone": "",
        "fuseau": "Europe/Paris",
    }
    praticien = {
        "identifiant_national": "810000000001",
        "nom": "X",
        "prenom": "Y",
        "specialite": "SM54",
        "lieux": [lieu],
    }
    fichier.write_text(json.dumps([praticien]))

    (lu,) = lanceur.lire_annuaire(fichier)

    assert (
        EditeurSimule([lu], horloge=lambda: MAINTENANT).praticiens["810000000001"].lieux[0].ville == "Lille"
    )
