"""Les pages du régulateur chez l’éditeur simulé, et l’annonce des rendez-vous à la plateforme."""

import asyncio
import json
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer

from orientation.rendez_vous.message import lire
from sas_platform.demo.editeur_simule.application import EditeurSimule
from sas_platform.demo.editeur_simule.jeu_kit import SOS, A
from sas_platform.demo.editeur_simule.rendez_vous import Retour
from tests.kit.client import MAINTENANT, Client
from tests.kit.profils import VERSIONS, Profils
from tests.kit.test_comptes import IDNPS, regulateur

SYSTEME = "urn:essai:rendez-vous"
ORIGINE = "origin=sas"


class Regulateur(Client):
    """Un navigateur, et ce que la plateforme a reçu pendant sa visite."""

    annonces: list[tuple[str, str, dict]]

    async def ouvrir_un_compte(self, **champs):
        entetes = {"Content-Type": "application/json"}
        cle = urlencode({"identifier": f"urn:oid:1.2.250.1.71.4.2.1|{IDNPS}"})
        corps = json.dumps(regulateur(**champs)).encode()
        return await self.appeler("PUT", f"/fhir/Practitioner?{cle}", data=corps, headers=entetes)

    async def se_connecter(self, suite=f"/rdv/liste?{ORIGINE}"):
        return await self.poster("/connexion", suite=suite, compte="1")

    async def poster(self, chemin, **champs):
        return await self.appeler("POST", chemin, data=champs)

    async def creneau(self, titulaire=A, code="ROUTINE"):
        slots = await self._slots(titulaire)
        return next(s["id"] for s in slots if s["appointmentType"]["coding"][0]["code"] == code)

    async def _slots(self, titulaire):
        est_sos = titulaire == SOS
        chemin, borne, qui = (
            ("Schedule", "_has:Slot:schedule:start", "actor:Location.organization.identifier")
            if est_sos
            else ("Slot", "start", "schedule.actor:Practitioner.identifier")
        )
        parametres = [(borne, "ge2026-11-23"), (borne, "le2026-11-26"), (qui, titulaire.identifiant)]
        reponse = await self.appeler("GET", f"/fhir/{chemin}?{urlencode(parametres)}")
        entrees = [entree["resource"] for entree in reponse.json()["entry"]]
        return [ressource for ressource in entrees if ressource["resourceType"] == "Slot"]


def visiter(scenario, *, statut=201, avec_retour=True):
    """Joue une visite chez un éditeur du kit, devant une plateforme qui répond `statut` à ses annonces."""
    annonces = []

    async def recevoir(requete):
        annonces.append((requete.method, requete.query.get("identifier", ""), await requete.json()))
        return web.Response(status=statut)

    async def tout():
        plateforme = web.Application()
        plateforme.router.add_route("*", "/fhir/Appointment", recevoir)
        async with TestServer(plateforme) as hote_plateforme:
            retour = Retour(str(hote_plateforme.make_url("/fhir")), SYSTEME) if avec_retour else None
            editeur = EditeurSimule((), horloge=lambda: MAINTENANT, retour=retour)
            editeur.jouer("kit")
            async with (
                TestServer(editeur.application()) as hote,
                ClientSession(cookie_jar=CookieJar(unsafe=True)) as session,
            ):
                client = Regulateur(session, str(hote.make_url("")).rstrip("/"))
                client.annonces = annonces
                return await scenario(client)

    return asyncio.run(tout())


async def _prendre(client, titulaire=A):
    await client.ouvrir_un_compte()
    await client.se_connecter()
    creneau = await client.creneau(titulaire)
    return creneau, await client.poster("/rdv/prendre", creneau=creneau, origin="sas")


# --- Connexion déléguée ----------------------------------------------------------------


def test_sans_compte_ouvert_par_la_plateforme_la_connexion_n_offre_personne():
    async def scenario(client):
        return await client.appeler("GET", f"/rdv/liste?{ORIGINE}")

    page = visiter(scenario)

    assert page.statut == 200
    assert "aucun compte de régulateur" in page.corps.decode()


def test_le_regulateur_choisi_arrive_sur_la_page_demandee():
    async def scenario(client):
        await client.ouvrir_un_compte()
        adresse = f"/rdv/agenda?creneau={await client.creneau()}&{ORIGINE}"
        connexion = await client.appeler("GET", adresse)
        arrivee = await client.se_connecter(adresse)
        return connexion.corps.decode(), arrivee, await client.appeler("GET", arrivee.lieu)

    connexion, arrivee, page = visiter(scenario)

    assert "Camille Fictive" in connexion
    assert arrivee.statut == 303
    assert "Prendre ce rendez-vous" in page.corps.decode()


def test_meme_connecte_rien_ne_s_ouvre_sans_origin():
    async def scenario(client):
        creneau, _ = await _prendre(client)
        return [
            await client.appeler("GET", f"/rdv/agenda?creneau={creneau}"),
            await client.appeler("GET", "/rdv/liste"),
            await client.appeler("GET", "/place-de-marche"),
            await client.poster("/rdv/prendre", creneau=creneau),
            await client.poster("/rdv/statut", statut="cancelled"),
        ]

    assert {page.statut for page in visiter(scenario)} == {401}


def test_un_compte_ferme_par_la_plateforme_perd_l_acces_aussitot():
    async def scenario(client):
        creneau, _ = await _prendre(client)
        await client.ouvrir_un_compte(active=False)
        return [
            await client.appeler("GET", f"/rdv/agenda?creneau={creneau}&{ORIGINE}"),
            await client.se_connecter(),
        ]

    assert [page.statut for page in visiter(scenario)] == [403, 403]


@pytest.mark.parametrize("suite", ["https://ailleurs.exemple.invalid/", "//ailleurs", "/pannes", ""])
def test_la_connexion_ne_mene_qu_aux_pages_de_l_editeur(suite):
    async def scenario(client):
        await client.ouvrir_un_compte()
        return await client.se_connecter(suite)

    assert visiter(scenario).statut == 403


def test_un_nom_ou_une_origine_pleins_de_balises_restent_du_texte():
    async def scenario(client):
        await client.ouvrir_un_compte(name=[{"family": "<script>x</script>", "given": ["<b>"]}])
        hostile = urlencode({"creneau": await client.creneau(), "origin": '"><script>y</script>'})
        avant = await client.appeler("GET", f"/rdv/agenda?{hostile}")
        await client.se_connecter()
        return avant.corps + (await client.appeler("GET", f"/rdv/agenda?{hostile}")).corps

    assert b"<script>" not in visiter(scenario)


# --- Rendez-vous -------------------------------------------------------------------------


def test_prendre_un_rendez_vous_retire_son_creneau_et_l_annonce():
    async def scenario(client):
        creneau, page = await _prendre(client)
        encore = await client.poster("/rdv/prendre", creneau=creneau, origin="sas")
        return creneau, page, encore, {s["id"] for s in await client._slots(A)}, client.annonces

    creneau, page, encore, restants, annonces = visiter(scenario)

    assert "transmis" in page.corps.decode()
    assert encore.statut == 409
    assert creneau not in restants
    ((methode, cle, corps),) = annonces
    assert (methode, cle) == ("POST", "")
    lu = lire(json.dumps(corps).encode())
    assert (lu.statut, lu.professionnel, lu.regulateur.valeur) == ("booked", A.identifiant, IDNPS)
    assert lu.cle.systeme == SYSTEME
    assert lu.debut.minute == 0


@pytest.mark.parametrize("statut", ["fulfilled", "noshow", "cancelled"])
def test_la_suite_d_un_rendez_vous_est_annoncee_par_un_put(statut):
    async def scenario(client):
        creneau, _ = await _prendre(client)
        rdv = client.annonces[0][2]["identifier"][0]["value"]
        reponses = [
            await client.poster("/rdv/statut", rdv=rdv, statut=statut, origin="sas") for _ in range(2)
        ]
        libre = creneau in {s["id"] for s in await client._slots(A)}
        return rdv, [r.statut for r in reponses], libre, client.annonces

    rdv, statuts, libre, annonces = visiter(scenario, statut=200)

    assert statuts == [303, 409]
    assert libre == (statut == "cancelled")
    assert annonces[-1][:2] == ("PUT", f"{SYSTEME}|{rdv}")
    assert lire(json.dumps(annonces[-1][2]).encode()).statut == statut
    assert len(annonces) == 2


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("titulaire", [A, SOS], ids=["PS", "SOS"])
def test_l_annonce_est_conforme_a_son_profil(titulaire, version):
    async def scenario(client):
        await _prendre(client, titulaire)
        return client.annonces[0][2]

    annonce = visiter(scenario)

    assert Profils(version).ecarts(annonce) == []
    assert lire(json.dumps(annonce).encode()).est_sos == (titulaire == SOS)


@pytest.mark.parametrize("statut", [422, 500])
def test_un_refus_de_la_plateforme_se_voit_et_n_annule_rien(statut):
    async def scenario(client):
        _, page = await _prendre(client)
        return page, await client.appeler("GET", f"/rdv/liste?{ORIGINE}")

    page, liste = visiter(scenario, statut=statut)

    assert page.statut == 200
    assert f"refusé ({statut})" in page.corps.decode()
    assert "Rendez-vous pris." in liste.corps.decode()


def test_sans_retour_configure_l_editeur_le_dit():
    async def scenario(client):
        return (await _prendre(client))[1]

    assert "aucun retour n’est configuré" in visiter(scenario, avec_retour=False).corps.decode()


def test_un_creneau_sans_rendez_vous_ne_se_prend_pas():
    async def scenario(client):
        await client.ouvrir_un_compte()
        await client.se_connecter()
        creneau = await client.creneau(code="WALKIN")
        page = await client.appeler("GET", f"/rdv/agenda?creneau={creneau}&{ORIGINE}")
        return page, await client.poster("/rdv/prendre", creneau=creneau, origin="sas")

    page, prise = visiter(scenario)

    assert "le patient se présente" in page.corps.decode()
    assert prise.statut == 409


# --- Place de marché -----------------------------------------------------------------


@pytest.mark.parametrize(("ville", "trouve"), [("", True), ("lille", True), ("Brest", False)])
def test_la_place_de_marche_cherche_chez_tous_ses_clients(ville, trouve):
    async def scenario(client):
        await client.ouvrir_un_compte()
        await client.se_connecter()
        return await client.appeler("GET", f"/place-de-marche?{ORIGINE}&{urlencode({'ville': ville})}")

    page = visiter(scenario).corps.decode()

    assert ("Voir</a>" in page) == trouve
    assert ("SOS Médecins" in page) == trouve
    assert ("Aucun créneau" in page) != trouve


def test_remettre_a_neuf_oublie_comptes_rendez_vous_et_seances():
    async def scenario(client):
        creneau, _ = await _prendre(client)
        await client.appeler("POST", "/commandes/reinitialiser")
        comptes = (await client.appeler("GET", "/comptes")).json()
        page = await client.appeler("GET", f"/rdv/agenda?creneau={creneau}&{ORIGINE}")
        return comptes, page.corps.decode(), creneau in {s["id"] for s in await client._slots(A)}

    comptes, page, libre = visiter(scenario)

    assert (comptes, libre) == ([], True)
    assert "aucun compte de régulateur" in page
