"""L’adresse où un éditeur annonce ses rendez-vous : formes admises, états HTTP, histoire, secrets gardés."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from agenda.enums import Flux
from agenda.models import Editeur
from comptes.models import Trace
from orientation.models import EtatRendezVous, RendezVous
from orientation.rendez_vous.message import TAILLE_MAX
from tests.agenda.factories import EditeurFactory
from tests.orientation.rendez_vous.conftest import (
    ADRESSE,
    CN,
    OU,
    SYSTEME,
    VALEUR,
    designe,
    en_tetes,
    lire_exemple,
    message,
    participant,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("maintenant")]

TYPES = ("application/fhir+json", "application/json+fhir", "application/json")


def issue(reponse) -> dict:
    """Toute réponse en échec est une OperationOutcome, qui ne recopie pas le message."""
    corps = json.loads(reponse.content)
    assert reponse.headers["Content-Type"].startswith(TYPES)
    assert corps["resourceType"] == "OperationOutcome"
    assert VALEUR not in reponse.content.decode()
    return corps["issue"][0]


# --- Créer, modifier ----------------------------------------------------------


def test_un_rendez_vous_annonce_est_cree(envoyer, editeur):
    reponse = envoyer(message())

    rendez_vous = RendezVous.objects.get()
    assert reponse.status_code == 201
    assert (
        reponse.headers["Location"] == f"https://fhir.sas.exemple.invalid/fhir/Appointment/{rendez_vous.uuid}"
    )
    assert (rendez_vous.editeur, rendez_vous.systeme, rendez_vous.valeur) == (editeur, SYSTEME, VALEUR)
    assert rendez_vous.debut == datetime(2026, 11, 2, 8, tzinfo=UTC)
    assert rendez_vous.statut == "booked"


def test_le_meme_message_deux_fois_rend_la_meme_adresse_sans_rien_ecrire(envoyer):
    premiere, seconde = envoyer(message()), envoyer(message())

    assert (premiere.status_code, seconde.status_code) == (201, 201)
    assert premiere.headers["Location"] == seconde.headers["Location"]
    assert RendezVous.objects.count() == EtatRendezVous.objects.count() == 1


@pytest.mark.parametrize(
    "requete",
    [
        pytest.param(designe(), id="identifier"),
        pytest.param(designe().replace("identifier", "Identifier"), id="Identifier"),
        pytest.param(f"?identifier={SYSTEME}|{VALEUR}", id="sans encodage"),
        pytest.param("", id="sans requête, comme l’exemple du guide"),
        pytest.param(f"?identifier={VALEUR}&_format=json", id="sans système"),
    ],
)
@pytest.mark.parametrize("adresse", [ADRESSE, f"{ADRESSE}/"])
def test_une_mise_a_jour_designe_le_rendez_vous_de_plusieurs_facons(envoyer, requete, adresse):
    creation = envoyer(message())

    reponse = envoyer(message(status="cancelled"), "PUT", requete, adresse=adresse)

    assert reponse.status_code == 200
    assert reponse.headers["Location"] == creation.headers["Location"]
    assert RendezVous.objects.get().statut == "cancelled"
    assert list(EtatRendezVous.objects.order_by("pk").values_list("statut", flat=True)) == [
        "booked",
        "cancelled",
    ]


def test_une_mise_a_jour_d_un_rendez_vous_inconnu_le_cree(envoyer):
    assert envoyer(message(), "PUT", designe()).status_code == 201
    assert envoyer(message(), "PUT", designe()).status_code == 200
    assert RendezVous.objects.count() == 1


def test_la_requete_supplee_un_corps_sans_identifiant(envoyer):
    assert envoyer(message(identifier=None), "PUT", designe()).status_code == 201
    assert RendezVous.objects.get().valeur == VALEUR


@pytest.mark.parametrize("statut", ["pending", "booked", "fulfilled", "noshow", "cancelled"])
def test_chaque_statut_est_garde_et_date(envoyer, statut):
    envoyer(message())
    envoyer(message(status=statut, start="2026-11-02T09:05:00+01:00"), "PUT", designe())

    etat = EtatRendezVous.objects.order_by("pk").last()
    assert (etat.statut, etat.est_applique) == (statut, True)
    assert etat.recu_le == datetime(2026, 11, 2, 7, tzinfo=UTC)


def test_la_cle_est_propre_a_chaque_editeur(envoyer, autorite):
    EditeurFactory(
        cn="autre", ou="0002", flux=[Flux.RENDEZ_VOUS], systemes_rendez_vous=[SYSTEME], nom="Autre"
    )
    envoyer(message())

    assert envoyer(message(), paire=autorite.delivrer("autre", ["0002"])).status_code == 201
    assert RendezVous.objects.count() == 2


@pytest.mark.parametrize(
    "exemple", ["1.1.0/Appointment-1", "1.1.0/Appointment-2", "1.2.0/Appointment-12345678"]
)
def test_les_exemples_officiels_sont_admis(envoyer, exemple):
    assert envoyer(lire_exemple(exemple)).status_code == 201


# --- Désordre, horloges -------------------------------------------------------


def version(instant: str) -> dict:
    return {
        "meta": {
            "lastUpdated": instant,
            "profile": ["http://sas.fr/fhir/StructureDefinition/FrAppointmentSAS"],
        }
    }


def test_une_creation_arrivee_apres_la_mise_a_jour_ne_la_defait_pas(envoyer):
    envoyer(message(status="cancelled"), "PUT", designe())

    tardive = envoyer(message(status="booked"))

    assert tardive.status_code == 201
    assert RendezVous.objects.get().statut == "cancelled"
    assert list(EtatRendezVous.objects.order_by("pk").values_list("statut", "est_applique")) == [
        ("cancelled", True),
        ("booked", False),
    ]


def test_une_mise_a_jour_plus_ancienne_que_l_etat_connu_n_est_pas_appliquee(envoyer):
    envoyer(message(**version("2026-11-02T06:00:00Z")))
    envoyer(message(status="cancelled", **version("2026-11-02T06:40:00Z")), "PUT", designe())

    tardive = envoyer(message(status="fulfilled", **version("2026-11-02T06:20:00Z")), "PUT", designe())

    assert tardive.status_code == 200
    assert RendezVous.objects.get().statut == "cancelled"


def test_sans_date_l_ordre_est_celui_de_la_reception(envoyer):
    envoyer(message())
    envoyer(message(status="cancelled"), "PUT", designe())
    envoyer(message(status="booked"), "PUT", designe())

    assert RendezVous.objects.get().statut == "booked"
    assert EtatRendezVous.objects.count() == 3


def test_une_creation_datee_plus_recente_est_appliquee(envoyer):
    envoyer(message(**version("2026-11-02T06:00:00Z")))
    envoyer(message(status="cancelled", **version("2026-11-02T06:30:00Z")))

    assert RendezVous.objects.get().statut == "cancelled"


def test_une_horloge_en_avance_ne_bloque_pas_la_suite(envoyer):
    envoyer(message(**version("2026-11-03T06:00:00Z")))
    envoyer(message(status="cancelled", **version("2026-11-02T06:59:59Z")), "PUT", designe())
    assert RendezVous.objects.get().statut == "booked"

    envoyer(message(status="cancelled", **version("2026-11-03T06:00:01Z")), "PUT", designe())
    assert RendezVous.objects.get().statut == "cancelled"


def test_un_created_a_venir_vaut_l_instant_de_reception(envoyer):
    envoyer(message(created="2026-12-02T07:55:00+01:00"))

    assert RendezVous.objects.get().pris_le == datetime(2026, 11, 2, 7, tzinfo=UTC)


# --- Refus --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("corps", "etat"),
    [
        pytest.param(b"pas du json", 400, id="pas du JSON"),
        pytest.param(b"", 400, id="vide"),
        pytest.param(message(status="XX"), 422, id="statut"),
        pytest.param(message(identifier=None), 422, id="sans identifiant"),
        pytest.param(message(identifier=[{"value": VALEUR}]), 422, id="sans système"),
        pytest.param(
            message(identifier=[{"system": "urn:oid:9.9", "value": "1"}]), 422, id="système d’un autre"
        ),
        pytest.param(b"{" + b" " * TAILLE_MAX + b"}", 413, id="trop long"),
    ],
)
def test_un_message_refuse_ne_laisse_rien(envoyer, corps, etat):
    reponse = envoyer(corps)

    assert reponse.status_code == etat
    assert issue(reponse)["severity"] == "error"
    assert not RendezVous.objects.exists()


def test_la_requete_et_le_corps_doivent_designer_le_meme_rendez_vous(envoyer):
    assert issue(envoyer(message(), "PUT", designe(valeur="autre")))["code"] == "invalid"
    assert not RendezVous.objects.exists()


@pytest.mark.parametrize("methode", ["GET", "DELETE", "PATCH", "OPTIONS"])
def test_une_autre_methode_est_un_405_qui_dit_les_bonnes(envoyer, methode):
    reponse = envoyer(message(), methode)

    assert reponse.status_code == 405
    assert reponse.headers["Allow"] == "POST, PUT"
    assert issue(reponse)["code"] == "not-supported"


@pytest.mark.parametrize(
    "adresse", ["/fhir/Slot", "/fhir/", "/fhir/Appointment/123", "/fhir/Appointment/x/y", "/fhir/appointment"]
)
def test_une_autre_adresse_est_un_404_en_fhir(envoyer, adresse):
    reponse = envoyer(message(), adresse=adresse)

    assert reponse.status_code == 404
    assert issue(reponse)["code"] == "not-found"


def test_un_parametre_au_signe_nul_est_un_400_en_fhir(envoyer):
    reponse = envoyer(message(), "PUT", "?identifier=a%00")

    assert reponse.status_code == 400
    assert issue(reponse)["code"] == "invalid"


def test_une_panne_est_un_500_en_fhir(client, envoyer, monkeypatch):
    client.raise_request_exception = False

    def tomber(**_):
        raise RuntimeError(VALEUR)

    monkeypatch.setattr("orientation.rendez_vous.actions.recevoir", tomber)
    reponse = envoyer(message())

    assert reponse.status_code == 500
    assert issue(reponse)["code"] == "exception"


def test_un_flux_ferme_ou_un_editeur_arrete_est_un_403(envoyer, editeur):
    Editeur.objects.filter(pk=editeur.pk).update(flux=[Flux.PS])
    assert issue(envoyer(message()))["code"] == "forbidden"

    Editeur.objects.filter(pk=editeur.pk).update(flux=[Flux.RENDEZ_VOUS], est_actif=False)
    reponse = envoyer(message())
    assert reponse.status_code == 403
    assert not RendezVous.objects.exists()


def test_au_dela_du_debit_l_editeur_attend(envoyer, reglages):
    reglages.FHIR_APPELS_PAR_MINUTE = 2
    etats = [envoyer(message()).status_code for _ in range(3)]

    assert etats == [201, 201, 429]
    assert issue(envoyer(message()))["code"] == "throttled"


# --- Types de média -----------------------------------------------------------


@pytest.mark.parametrize("type_mime", TYPES)
@pytest.mark.parametrize("suite", ["", ";charset=utf-8", '; charset="UTF-8"'])
def test_les_trois_types_de_media_sont_lus(envoyer, type_mime, suite):
    assert envoyer(message(), content_type=type_mime + suite).status_code == 201


@pytest.mark.parametrize(
    "content_type", ["application/xml", "text/plain", "application/json; charset=latin-1"]
)
def test_un_autre_type_est_un_415(envoyer, content_type):
    reponse = envoyer(message(), content_type=content_type)

    assert reponse.status_code == 415
    issue(reponse)


def test_un_corps_compresse_est_un_415(envoyer):
    assert envoyer(b"\x1f\x8b", **{"Content-Encoding": "gzip"}).status_code == 415


@pytest.mark.parametrize(
    ("accept", "attendu"),
    [
        ("", "application/fhir+json"),
        ("*/*", "application/fhir+json"),
        ("application/json+fhir", "application/json+fhir"),
        ("application/json+fhir;charset=utf-8", "application/json+fhir"),
        ("application/json", "application/json"),
        ("text/html, application/fhir+json;q=0.9, */*;q=0.1", "application/fhir+json"),
        ("application/xml, application/*;q=0.5", "application/fhir+json"),
    ],
)
def test_la_reponse_a_le_type_demande(client, accept, attendu):
    reponse = client.get("/fhir/metadata", headers={"Accept": accept})

    assert reponse.status_code == 200
    assert reponse.headers["Content-Type"] == f"{attendu}; charset=utf-8"


@pytest.mark.parametrize("accept", ["application/fhir+xml", "text/html", "application/fhir+json;q=0"])
def test_un_type_qui_n_est_pas_servi_est_un_406(client, envoyer, accept):
    for reponse in (
        client.get("/fhir/metadata", headers={"Accept": accept}),
        envoyer(message(), Accept=accept),
    ):
        assert reponse.status_code == 406
        issue(reponse)
    assert not RendezVous.objects.exists()


@pytest.mark.parametrize(
    ("format_voulu", "etat"), [("json", 200), ("application/fhir+json", 200), ("xml", 406)]
)
def test_le_parametre_format_l_emporte_sur_accept(client, format_voulu, etat):
    reponse = client.get(f"/fhir/metadata?_format={format_voulu}", headers={"Accept": "text/html"})

    assert reponse.status_code == etat


# --- Ce qui est dit, ce qui ne l’est pas --------------------------------------


def test_un_patient_est_ecarte_signale_et_jamais_garde(envoyer, caplog):
    patient = {"actor": {"reference": "Patient/1234", "display": "Jeanne Martin"}, "status": "accepted"}

    reponse = envoyer(message(participant=[patient, participant("810100050075")], comment="Mme Martin"))

    assert reponse.status_code == 201
    assert Trace.objects.filter(verbe="rendez_vous.patient_ecarte").count() == 1
    garde = json.dumps(
        [list(modele.objects.values()) for modele in (RendezVous, EtatRendezVous, Trace)], default=str
    )
    assert "Martin" not in garde + caplog.text
    assert "1234" not in garde.replace(VALEUR, "")


def test_un_regulateur_et_un_professionnel_inconnus_sont_gardes_et_signales(envoyer):
    reponse = envoyer(message(), Prefer="return=OperationOutcome")

    rendez_vous = RendezVous.objects.get()
    assert reponse.status_code == 201
    assert (rendez_vous.regulateur, rendez_vous.effecteur) == (None, None)
    assert rendez_vous.regulateur_identifiant == "3456780581/11242343"
    assert rendez_vous.effecteur_identifiant == "810100050075"
    assert [i["severity"] for i in json.loads(reponse.content)["issue"]] == ["warning", "warning"]


def test_la_trace_dit_l_editeur_et_ne_recopie_pas_l_identifiant(envoyer, editeur):
    envoyer(message())
    envoyer(message(status="noshow"), "PUT", designe())

    lignes = Trace.objects.filter(objet=f"rendez_vous:{RendezVous.objects.get().uuid}").order_by("pk")
    assert [ligne.verbe for ligne in lignes] == ["rendez_vous.recu", "rendez_vous.modifie"]
    assert lignes[1].details["editeur"] == editeur.code
    assert VALEUR not in json.dumps([ligne.details for ligne in lignes])


def test_les_capacites_disent_ce_qui_est_servi(client, reglages, envoyer):
    corps = json.loads(client.get("/fhir/metadata").content)

    ressource = corps["rest"][0]["resource"][0]
    assert corps["fhirVersion"] == "4.0.1"
    assert corps["implementation"]["url"] == "https://fhir.sas.exemple.invalid/fhir"
    assert [i["code"] for i in ressource["interaction"]] == ["create", "update"]
    assert ressource["conditionalUpdate"] is ressource["updateCreate"] is True
    assert envoyer(message(), "PUT", designe()).status_code == 201
    assert client.get("/fhir/metadata/").status_code == 200
    assert client.post("/fhir/metadata").status_code == 405


def test_aucune_session_ni_jeton_csrf_n_est_demande(reglages, certificat, editeur):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    reponse = strict.post(
        ADRESSE, json.dumps(message()), content_type="application/fhir+json", headers=en_tetes(certificat)
    )

    assert reponse.status_code == 201
    assert not reponse.cookies
    assert (editeur.cn, editeur.ou) == (CN, OU)


def test_un_certificat_qui_serait_celui_de_deux_editeurs_n_est_celui_d_aucun(envoyer, editeur, autorite):
    """Ce qu’il annonce irait à l’un ou à l’autre au hasard."""
    EditeurFactory(cn=CN, ou="00098765432109")
    paire = autorite.delivrer(CN, [OU, "00098765432109"])

    assert envoyer(message(), paire=paire).status_code == 403
    assert not RendezVous.objects.exists()
