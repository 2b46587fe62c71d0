"""Reconnaître une réponse déjà lue ne change rien à ce qu’une lecture entière en dirait."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenda.editeurs import fhir, reconnaissance
from agenda.editeurs.normaliseur import normaliser
from agenda.editeurs.verdicts import Lecture, Memoire
from tests.agenda.editeurs.bundles import (
    AUTRE_RPPS,
    RPPS,
    agenda,
    agenda_complet,
    bundle,
    demande,
    octets,
    praticien,
    role,
    slot,
)

TIERS = "810000000003"
TROIS = (RPPS, AUTRE_RPPS, TIERS)
HEURES = (9, 10, 11)
Ressources = list[dict[str, Any]]


def _creneaux(rang: int, prefixe: str = "") -> Ressources:
    """Trois créneaux du praticien de ce rang, dont un occupé et un au lien refusé."""
    reference = {"schedule": {"reference": f"Schedule/a{rang}"}}
    un, deux, trois = (
        reference | {"start": f"2026-11-24T{h:02}:00:00+01:00", "end": f"2026-11-24T{h:02}:15:00+01:00"}
        for h in HEURES
    )
    return [
        slot(f"{prefixe}{rang}-1", **un),
        slot(f"{prefixe}{rang}-2", **deux, status="busy"),
        slot(f"{prefixe}{rang}-3", **trois, comment="ftp://x"),
    ]


UN, DEUX, TROISIEME = (_creneaux(rang) for rang in (1, 2, 3))
AUTRES = [
    *agenda_complet(),
    agenda("a2", "p2", "r2"), praticien("p2", AUTRE_RPPS), role("r2", "p2"),
    agenda("a3", "p3", "r3"), praticien("p3", TIERS), role("r3", "p3"),
]  # fmt: skip
TOUT = [*AUTRES, *UN, *DEUX, *TROISIEME]


def _page(ressources: Ressources) -> bytes:
    """Sans `fullUrl` : il changerait avec la place d’une entrée."""
    return octets(bundle(*ressources, entry=[{"resource": ressource} for ressource in ressources]))


def _lire_pages(pages: list[bytes], memoires: dict[str, Memoire] | None = None) -> Lecture:
    return normaliser(pages, demande(identifiants=TROIS, memoires=memoires or {}))


def _lire(ressources: Ressources, memoires: dict[str, Memoire] | None = None) -> Lecture:
    return _lire_pages([_page(ressources)], memoires)


def _comme_en_entier(ressources: Ressources) -> Lecture:
    """La lecture aidée de ce qui fut retenu de `TOUT`, après l’avoir comparée à une lecture entière."""
    aidee, entiere = _lire(ressources, _lire(TOUT).memoires), _lire(ressources)

    assert aidee.comptes() == entiere.comptes()
    assert aidee.avertissements == entiere.avertissements
    assert aidee.memoires | aidee.reconnues == entiere.memoires
    reste = iter(entiere.verdicts)
    assert all(verdict in reste for verdict in aidee.verdicts), "jugés de même, dans le même ordre"
    return aidee


NEUF = _creneaux(2, "neuf-")
ENTRELACES = [creneau for trio in zip(UN, DEUX, TROISIEME, strict=True) for creneau in trio]


@pytest.mark.parametrize(
    ("ressources", "reconnus"),
    [
        pytest.param(TOUT, {1, 2, 3}, id="les mêmes"),
        pytest.param([*TROISIEME, *UN, *AUTRES, *DEUX], {1, 2, 3}, id="dans un autre ordre"),
        pytest.param([*AUTRES, *ENTRELACES], {1, 2, 3}, id="entrelacés"),
        pytest.param([*AUTRES, *UN, DEUX[0], NEUF[1], DEUX[2], *TROISIEME], {1, 3}, id="changé au milieu"),
        pytest.param([*AUTRES, *UN, *DEUX[1:], *TROISIEME], {1, 3}, id="un premier créneau pris"),
        pytest.param([*AUTRES, *UN, *DEUX[:-1], *TROISIEME], {1, 3}, id="un dernier créneau pris"),
        pytest.param([*AUTRES, *UN, *DEUX, NEUF[0], *TROISIEME], {1, 3}, id="un de plus à la suite"),
        pytest.param([*AUTRES, NEUF[0], *UN, *DEUX, *TROISIEME], {1, 3}, id="un de plus ailleurs"),
        pytest.param([*AUTRES, *UN, *TROISIEME], {1, 3}, id="plus rien d’un praticien"),
        pytest.param([*AUTRES, *UN, {"resourceType": "Patient"}, *DEUX, *TROISIEME], {1, 2, 3}, id="type inconnu"),
        pytest.param([*AUTRES[:-1], role("r3", "p3", idnst="1330000001"), *UN], set(), id="un lieu changé"),
        pytest.param([*AUTRES[:-1], role("r3", "p3", idnst=""), *ENTRELACES], set(), id="un lieu changé, entrelacés"),
        pytest.param([*AUTRES, *UN, *DEUX, *DEUX, *TROISIEME], set(), id="des ids répétés"),
        pytest.param([*AUTRES, *UN, *DEUX, slot("1-1"), *TROISIEME], set(), id="l’id d’un praticien inchangé"),
        pytest.param([*AUTRES, *UN, *DEUX, slot("", schedule={"reference": "Schedule/a2"})], {1}, id="sans id"),
    ],
)  # fmt: skip
def test_une_reponse_deja_lue_se_lit_comme_si_elle_ne_l_etait_pas(ressources, reconnus):
    aidee = _comme_en_entier(ressources)

    assert {TROIS.index(identifiant) + 1 for identifiant in aidee.reconnues} == reconnus


@given(
    st.lists(st.sampled_from([*TOUT, *NEUF, *_creneaux(1, "neuf-"), slot("1-1"), slot("2-1")]), max_size=24)
)
def test_quoi_que_devienne_la_reponse_la_lecture_est_la_meme(ressources):
    _comme_en_entier([*AUTRES, *ressources])


@pytest.fixture
def lues(monkeypatch) -> list[bytes]:
    """Les entrées que l’on décode."""
    lues: list[bytes] = []
    entiere = fhir.lire_entree
    monkeypatch.setattr(fhir, "lire_entree", lambda brute: lues.append(bytes(brute)) or entiere(brute))
    return lues


def test_les_creneaux_de_qui_n_a_pas_change_ne_sont_pas_lus(lues):
    memoires = _lire(TOUT).memoires
    lues.clear()

    _lire([*AUTRES, *UN, *NEUF, *TROISIEME], memoires)

    assert len(lues) == len(AUTRES) + len(NEUF)


def test_des_pages_indentees_se_reconnaissent_aussi(lues):
    pages = [
        msgspec.json.format(_page([*AUTRES, *UN]), indent=3),
        msgspec.json.format(_page([*DEUX, *TROISIEME]), indent=3),
    ]
    memoires = _lire_pages(pages).memoires
    lues.clear()

    aidee = _lire_pages(pages, memoires)

    assert (set(aidee.reconnues), len(lues)) == (set(TROIS), len(AUTRES))


def test_des_creneaux_connus_cites_ailleurs_ne_sont_pas_ceux_de_la_reponse():
    """Les mêmes octets, au fond d’une autre ressource : ce ne sont plus des entrées."""
    cites = {"resourceType": "Basic", "contained": [{"resource": creneau} for creneau in DEUX]}

    aidee = _comme_en_entier([*AUTRES, *UN, cites, *TROISIEME])

    assert (aidee.reconnues, aidee.memoires[AUTRE_RPPS].raisons) == ({}, {})


def test_un_premier_creneau_repete_sans_fin_ne_fait_pas_signer_sans_fin(monkeypatch):
    memoires, signees = _lire(TOUT).memoires, []
    signer = reconnaissance.signer
    monkeypatch.setattr(reconnaissance, "signer", lambda bruts: signees.append(1) or signer(bruts))

    _lire([*AUTRES, *[UN[0]] * 500], memoires)

    assert len(signees) == 1
