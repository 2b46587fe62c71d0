"""Lire un retour du Hub : ce qui s’y comprend, et ce qui s’écarte sans rien en montrer."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orientation.domaine.retours_hub import TAILLE_MAX, Acquittement, RetourIllisible, Suite, lire
from tests.orientation.hub.conftest import acquittement, erreur


def test_un_acquittement_designe_le_message_recu():
    assert lire(acquittement("ptfsas_1", step="INTEGRE")) == Acquittement(
        identifiant="fr.health.samu590_a1", reference="ptfsas_1", refuse=False, etape="INTEGRE"
    )


@pytest.mark.parametrize("champs", [{"refused": True}, {"step": "ERREUR"}])
def test_un_acquittement_peut_dire_un_refus(champs):
    assert lire(acquittement("ptfsas_1", **champs)).refuse


@pytest.mark.parametrize(
    ("code", "suite"),
    [
        (102, Suite.REFUS),
        (300, Suite.REFUS),
        (400, Suite.REPRENDRE),
        (404, Suite.CREER),
        (409, Suite.MODIFIER),
        (500, Suite.REPRENDRE),
        (501, Suite.REFUS),
        (999, Suite.REFUS),
    ],
)
def test_une_erreur_se_reconnait_a_son_nombre_quel_que_soit_son_titre(code, suite):
    lue = lire(erreur(code, "ptfsas_1", titre="TITRE_D_UNE_AUTRE_VERSION"))

    assert (lue.code, lue.connue.suite) == (code, suite)


def test_une_erreur_peut_ne_pas_savoir_de_quel_message_elle_parle():
    assert lire(erreur(102, "")).reference == ""


@pytest.mark.parametrize(
    "corps",
    [
        pytest.param(b"", id="vide"),
        pytest.param(b"\xff\xfe", id="octets"),
        pytest.param(b"[]", id="liste"),
        pytest.param(b"[" * 100_000, id="imbriqué"),
        pytest.param(b'"' + b"x" * TAILLE_MAX + b'"', id="trop long"),
        pytest.param(b'{"distributionID": "a", "distributionKind": "Report"}', id="autre genre"),
        pytest.param(b'{"distributionID": "a", "distributionKind": "Ack", "content": []}', id="sans contenu"),
        pytest.param(acquittement(""), id="sans référence"),
        pytest.param(acquittement("x" * 200), id="référence trop longue"),
        pytest.param(acquittement("a", identifiant="nul\x00"), id="signe nul"),
        pytest.param(erreur("400", "a"), id="code en texte"),
        pytest.param(erreur(True, "a"), id="code booléen"),
        pytest.param(erreur(float("nan"), "a"), id="code qui n’est pas un nombre"),
        pytest.param(erreur(10**12, "a"), id="code démesuré"),
    ],
)
def test_un_retour_incompris_est_refuse_sans_etre_cite(corps):
    with pytest.raises(RetourIllisible) as refus:
        lire(corps)

    assert len(str(refus.value)) < 60


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=10),
        lambda enfants: (
            st.lists(enfants, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["distributionID", "distributionKind", "content", "jsonContent", "embeddedJsonContent"]
                ),
                enfants,
                max_size=4,
            )
        ),
        max_leaves=15,
    )
)
def test_n_importe_quel_json_est_lu_ou_refuse(valeur):
    with contextlib.suppress(RetourIllisible):
        lire(json.dumps(valeur).encode())
