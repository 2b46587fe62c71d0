"""Une page s’aperçoit d’un bloc ; une entrée fautive la fait lire une à une, et rien d’autre ne change."""

import msgspec
import pytest

from agenda.editeurs import fhir
from agenda.editeurs.normaliseur import normaliser
from tests.agenda.editeurs.bundles import agenda_complet, bundle, demande, octets, slot

CRENEAUX = [
    slot("s1"),
    slot("s2", start="2026-11-23T10:00:00.000+01:00", end="2026-11-23T10:15:00.000+01:00"),
    slot("s3", status="busy"),
]
FAUTIVES = [
    pytest.param({"resource": {"resourceType": "OperationOutcome"}}, id="type inconnu"),
    pytest.param({"resource": {"resourceType": "Schedule", "id": {"a": 1}}}, id="champ d’un autre type"),
    pytest.param({"fullUrl": 12, "resource": slot("s4")}, id="adresse d’un autre type"),
    pytest.param(None, id="nulle"),
]


def _page(*fautives: object) -> bytes:
    contenu = bundle(*CRENEAUX, *agenda_complet())
    contenu["entry"][1:1] = fautives
    return octets(contenu)


def _brutes(page: bytes) -> list[msgspec.Raw]:
    return fhir.lire_enveloppe(page).entry or []


def test_une_page_bien_formee_s_apercoit_sans_lire_ses_creneaux():
    apercues = fhir.apercevoir(_page(), _brutes(_page()))

    assert [type(entree.resource) for entree in apercues[:3]] == [fhir.Apercu] * 3
    assert [entree.resource.id for entree in apercues[:3]] == ["s1", "s2", "s3"]


@pytest.mark.parametrize("fautive", FAUTIVES)
def test_une_entree_fautive_fait_lire_les_autres_une_a_une(fautive):
    page = _page(fautive)

    apercues = fhir.apercevoir(page, _brutes(page))

    assert len(apercues) == len(_brutes(page))
    lus = [entree.resource for entree in apercues if entree and isinstance(entree.resource, fhir.Apercu)]
    assert {lu.id for lu in lus} >= {"s1", "s2", "s3"}
    assert {type(lu) for lu in lus} == {fhir.Slot}


@pytest.mark.parametrize("fautive", FAUTIVES)
def test_lue_une_a_une_une_page_se_juge_et_se_retient_de_meme(fautive, monkeypatch):
    page = _page()
    d_un_bloc = normaliser([page], demande())
    monkeypatch.setattr(fhir, "_PAGE", msgspec.json.Decoder(int))
    une_a_une = normaliser([page], demande())
    avec_elle = normaliser([_page(fautive)], demande())

    assert une_a_une == d_un_bloc
    attendus = [(verdict.id, verdict.raison) for verdict in d_un_bloc.verdicts]
    juges = [(verdict.id, verdict.raison) for verdict in avec_elle.verdicts if verdict.id != "s4"]
    assert juges == attendus
    reconnue = normaliser([page], demande(memoires=une_a_une.memoires))
    assert reconnue.reconnues.keys() == demande().identifiants
