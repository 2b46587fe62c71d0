"""Le lecteur de Bundle : le jugement de `lire_bundle`, sans rien garder, quoi qu’on lui donne."""

import json
import logging

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agenda.editeurs.normaliseur import TAILLE_MAX
from agenda.editeurs.relecture import relire
from agenda.qualite.views.lecteur import ENTREES_MONTREES, LECTURES_PAR_MINUTE
from comptes.enums import Role
from tests.agenda.editeurs.bundles import (
    CPTS,
    MAINTENANT,
    RPPS,
    SIRET,
    agenda_complet,
    bundle,
    cpts_complete,
    lien_cpts,
    lire,
    octets,
    point_fixe_sos,
    slot,
    visibilite,
)
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db
URL = "/editeurs/lecteur/"
POUR_CPTS = {"meta": {"security": [visibilite("CPTS")]}, "serviceType": [lien_cpts()]}
SCRIPT = "<script>alert(1)</script>"


def _coller(client, contenu, **champs):
    texte = contenu if isinstance(contenu, str) else json.dumps(contenu)
    return client.post(URL, {"cas": "ps", "texte": texte, "maintenant": MAINTENANT.isoformat()} | champs)


def _sorts(reponse):
    return [(e.rang, e.verdict.raison) for e in reponse.context["entrees"]]


@pytest.mark.parametrize(
    ("cas", "ressources", "demande"),
    [
        ("ps", [slot(), *agenda_complet()], RPPS),
        ("cpts", [slot(**POUR_CPTS), *agenda_complet(), *cpts_complete()], RPPS),
        ("sos", [slot(), *point_fixe_sos()], SIRET),
    ],
)
def test_les_trois_cas_se_lisent_sans_dire_qui_est_demande(support, cas, ressources, demande):
    reponse = _coller(support, bundle(*ressources), cas=cas)

    assert _sorts(reponse) == [(0, "")]
    assert reponse.context["relecture"].demandes == {demande}
    page = reponse.content.decode()
    assert "1 gardé sur 1 créneau" in page
    assert "24/11/2026 9\u00a0h – 9\u00a0h\u00a015" in page
    assert ("CPTS " + CPTS in page) == (cas == "cpts")


def test_chaque_faute_a_son_code_sa_phrase_et_son_chemin(support):
    reponse = _coller(
        support,
        bundle(*agenda_complet(), slot(), slot("s2", status="busy"), slot("s1"), slot("s3", start="x")),
    )

    assert _sorts(reponse) == [
        (3, ""),
        (4, "status_not_free"),
        (5, "duplicate_id"),
        (6, "bad_instant"),
    ]
    page = reponse.content.decode()
    assert "Bundle.entry[4] · Slot.status" in page
    assert "Ne rendre que des Slot dont le statut est «\u00a0free\u00a0»" in page
    assert page.count("Un autre créneau du même Bundle porte déjà cet identifiant.") == 2


def test_la_page_juge_comme_une_interrogation():
    ressources = [slot(f"s{n}", status=statut) for n, statut in enumerate(["free", "busy", "free", ""])]

    lue = relire(octets(bundle(*ressources, *agenda_complet())), cas="ps", maintenant=MAINTENANT)

    assert [e.verdict for e in lue.entrees] == lire(*ressources, *agenda_complet()).verdicts


def test_les_identifiants_demandes_excluent_les_autres(support):
    reponse = _coller(support, bundle(slot(), *agenda_complet()), demandes="810002673899")

    assert _sorts(reponse) == [(0, "not_requested")]


def test_un_fichier_se_lit_comme_un_texte_colle(support):
    fichier = SimpleUploadedFile("b.json", octets(bundle(slot(), *agenda_complet())))

    reponse = support.post(URL, {"cas": "ps", "fichier": fichier, "maintenant": MAINTENANT.isoformat()})

    assert _sorts(reponse) == [(0, "")]


def test_un_fichier_trop_gros_est_refuse_sans_etre_garde(support, tmp_path, settings):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    fichier = SimpleUploadedFile("b.json", b"[" * (TAILLE_MAX + 1))

    reponse = support.post(URL, {"cas": "ps", "fichier": fichier})

    assert reponse.context["form"].errors["fichier"] == ["Ce fichier dépasse 10 Mo."]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("champs", "fautif"),
    [
        ({"texte": ""}, "fichier"),
        ({"texte": "   "}, "fichier"),
        ({"cas": "autre"}, "cas"),
        ({"maintenant": "demain"}, "maintenant"),
        ({"maintenant": "2026-11-23T09:00:00"}, "maintenant"),
        ({"maintenant": "9999-12-31T23:00:00+00:00"}, "maintenant"),
        ({"demandes": "12"}, "demandes"),
        ({"demandes": SCRIPT}, "demandes"),
    ],
)
def test_une_saisie_fautive_le_dit_sur_son_champ(support, champs, fautif):
    reponse = _coller(support, bundle(slot()), **champs)

    assert reponse.status_code == 200
    assert list(reponse.context["form"].errors) == [fautif]


HOSTILES = {
    "pas du JSON": "<html>",
    "nombre": "42",
    "liste": "[]",
    "vide": "{}",
    "pas un searchset": json.dumps({"resourceType": "Bundle", "type": "batch"}),
    "abîme": '{"resourceType":"Bundle","type":"searchset","entry":' + "[" * 100_000 + "]" * 100_000 + "}",
    "entrées folles": json.dumps(bundle(None, 3, "x", [], {"resourceType": "Slot", "id": {"a": 1}})),
    "demi-caractères": json.dumps(bundle(slot("\ud800"), *agenda_complet())),
    "signe nul": json.dumps(bundle(slot("a\0b"), *agenda_complet())),
    "id démesuré": json.dumps(bundle(slot("x" * 10_000), *agenda_complet())),
    "script": json.dumps(bundle(slot(SCRIPT, status=SCRIPT), *agenda_complet())),
    "fin du monde": json.dumps(bundle(slot(end="9999-12-31T23:59:59.999+00:00"), *agenda_complet())),
    "nombres infinis": '{"resourceType":"Bundle","type":"searchset","total":1e999,"entry":[]}',
    "clés répétées": '{"resourceType":"Bundle","resourceType":"Bundle","type":"searchset","entry":[]}',
    "clés mal typées": json.dumps({"resourceType": ["Bundle"], "type": {"a": 1}, "entry": "x"}),
}


@pytest.mark.parametrize("texte", HOSTILES.values(), ids=HOSTILES)
@pytest.mark.parametrize("cas", ["ps", "cpts", "sos"])
def test_un_bundle_hostile_a_toujours_une_page(support, texte, cas):
    for envoi in (
        _coller(support, texte, cas=cas),
        support.post(URL, {"cas": cas, "fichier": SimpleUploadedFile("b", texte.encode())}),
    ):
        assert envoi.status_code == 200
        assert SCRIPT not in envoi.content.decode()
        assert envoi.context["relecture"] is not None or envoi.context["form"].errors


def test_ce_que_l_editeur_ecrit_est_echappe(support):
    ressources = agenda_complet()
    ressources[2]["contained"][0]["address"]["city"] = SCRIPT

    page = _coller(support, bundle(slot(), *ressources)).content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert SCRIPT not in page


def test_rien_n_est_ecrit_ni_journalise(support, caplog):
    caplog.set_level(logging.DEBUG)
    support.get(URL)

    with CaptureQueriesContext(connection) as requetes:
        reponse = _coller(support, bundle(slot("tres-reconnaissable", status="busy"), *agenda_complet()))

    assert _sorts(reponse) == [(0, "status_not_free")]
    assert not [r["sql"] for r in requetes if r["sql"].startswith(("INSERT", "UPDATE"))]
    assert "tres-reconnaissable" not in caplog.text
    assert "no-store" in reponse["Cache-Control"]


def test_les_ecartees_se_montrent_d_abord_quand_il_y_en_a_trop(support):
    gardes = [
        slot(
            f"s{n}", start=f"2026-11-24T09:{n % 60:02}:00+01:00", end=f"2026-11-24T{10 + n // 60}:00:00+01:00"
        )
        for n in range(ENTREES_MONTREES + 1)
    ]

    reponse = _coller(support, bundle(*gardes, slot("faux", status="busy"), *agenda_complet()))

    assert len(reponse.context["entrees"]) == ENTREES_MONTREES
    assert reponse.context["entrees"][0].verdict.id == "faux"
    assert f"{ENTREES_MONTREES} premières" in reponse.content.decode()


def test_au_dela_du_debit_le_lecteur_fait_attendre(support):
    etats = [_coller(support, "{}").status_code for _ in range(LECTURES_PAR_MINUTE + 1)]

    assert etats == [200] * LECTURES_PAR_MINUTE + [429]
    cache.clear()
    assert _coller(support, "{}").status_code == 200


def test_un_formulaire_venu_d_ailleurs_est_refuse(db):
    client = Client(enforce_csrf_checks=True)
    client.force_login(CompteFactory(role=Role.SUPPORT))

    assert client.post(URL, {"cas": "ps", "texte": "{}"}).status_code == 403
    client.get(URL)
    jeton = client.cookies["csrftoken"].value
    assert client.post(URL, {"cas": "ps", "texte": "{}", "csrfmiddlewaretoken": jeton}).status_code == 200


def test_l_adresse_est_celle_du_menu():
    assert reverse("qualite:lecteur") == URL
