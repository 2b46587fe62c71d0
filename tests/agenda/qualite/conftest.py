"""Un éditeur interrogé trois fois : une réponse à deux créneaux dont un écarté, une panne, un délai."""

from __future__ import annotations

import pytest

from agenda.editeurs.client import Reponse
from agenda.editeurs.normaliseur import normaliser
from agenda.editeurs.stockage import LectureLot, enregistrer
from agenda.enums import EtatLot
from agenda.models import Editeur
from comptes.enums import Role
from tests.agenda.editeurs.bundles import (
    MAINTENANT,
    RPPS,
    agenda,
    bundle,
    demande,
    octets,
    praticien,
    role,
    slot,
)
from tests.agenda.factories import EditeurFactory, LotFactory, RaccordementFactory
from tests.annuaire.factories import LieuExerciceFactory, SpecialiteFactory
from tests.comptes.factories import CompteFactory

LILLE = {"line": ["12 rue Nationale"], "city": "Lille", "postalCode": "59000"}


def repondre(lot, *slots, le=MAINTENANT):
    """La réponse entière d’un éditeur pour ce lot, jugée ; à enregistrer."""
    pages = [octets(bundle(*slots, agenda(), praticien(), role(adresse=LILLE, idnst="")))]
    lue = normaliser(pages, demande(identifiants=(RPPS,), maintenant=le))
    return LectureLot(lot.pk, le, frozenset({RPPS}), Reponse(EtatLot.REUSSI, pages, duree_ms=100), lue)


def echouer(lot, etat, *, duree_ms=50, le=MAINTENANT, **champs):
    return LectureLot(lot.pk, le, frozenset({RPPS}), Reponse(etat, duree_ms=duree_ms, **champs))


@pytest.fixture
def editeur(db) -> Editeur:
    SpecialiteFactory()
    editeur = EditeurFactory(nom="Doctoplan", flux=["ps", "comptes"])
    lieu = LieuExerciceFactory(effecteur__identifiant_national=RPPS)
    lot = RaccordementFactory(effecteur=lieu.effecteur, lot=LotFactory(editeur=editeur, numero=0)).lot
    # L’un après l’autre : un lot n’est qu’une fois dans un groupe, et le dernier passage fait son état.
    for lecture in (
        echouer(lot, EtatLot.PANNE, code_http=503, detail="HTTP 503 : maintenance"),
        echouer(lot, EtatLot.DELAI, duree_ms=7000, detail="délai dépassé"),
        repondre(lot, slot("garde"), slot("occupe", status="busy")),
    ):
        enregistrer(editeur, [lecture], MAINTENANT)
    return editeur


@pytest.fixture
def support(client):
    client.force_login(CompteFactory(role=Role.SUPPORT))
    return client


@pytest.fixture
def administrateur(client):
    client.force_login(CompteFactory(administrateur=True))
    return client
