"""Ce qu’une session garde des recherches : les onglets ouverts, et de quoi revenir en arrière."""

import pytest
from django.contrib.sessions.backends.base import SessionBase

from orientation import carnet
from orientation.carnet import GARDEES, Recherche

ICI = {"code_insee": "", "libelle": "Lille"}


@pytest.fixture
def session() -> SessionBase:
    return SessionBase()


def chercher(session: SessionBase, quoi: str = "médecine générale", **champs: str) -> str:
    return carnet.garder(session, Recherche(quoi=quoi, lieu=ICI, rayon_km=10, **champs))


def affiner(session: SessionBase, jeton: str, fois: int) -> list[str]:
    """Les jetons des affinages successifs, chacun à partir du précédent."""
    jetons = []
    for rayon_km in range(11, 11 + fois):
        jeton = carnet.garder(session, carnet.retrouver(session, jeton).avec(rayon_km=rayon_km))
        jetons.append(jeton)
    return jetons


def test_affiner_sans_fin_n_efface_pas_la_recherche_d_un_autre_onglet(session):
    autre_onglet, ici = chercher(session, "pédiatrie"), chercher(session)

    affiner(session, ici, 3 * GARDEES)

    assert carnet.retrouver(session, autre_onglet).quoi == "pédiatrie"
    assert len(session[carnet.CLE]) == GARDEES


def test_le_retour_en_arriere_retrouve_les_derniers_affinages(session):
    autre_onglet, ici = chercher(session, "pédiatrie"), chercher(session)

    jetons = affiner(session, ici, 3 * GARDEES)

    retrouves = [jeton for jeton in jetons if carnet.retrouver(session, jeton)]
    assert retrouves == jetons[-(GARDEES - 1) :]
    assert autre_onglet not in retrouves


@pytest.mark.parametrize("rang", [0, GARDEES - 1])
def test_apres_dix_recherches_la_page_que_l_on_vient_d_affiner_reste(session, rang):
    quittee = [chercher(session, f"besoin {n}") for n in range(GARDEES)][rang]

    affiner(session, quittee, 1)

    assert carnet.retrouver(session, quittee) is not None
    assert len(session[carnet.CLE]) == GARDEES


def test_la_recherche_d_ou_vient_la_page_d_une_cpts_reste(session):
    depart = chercher(session)
    cpts = carnet.garder(session, carnet.retrouver(session, depart).avec(cpts_id=1, retour=depart))

    affiner(session, cpts, 2 * GARDEES)

    assert carnet.retrouver(session, depart) is not None


def test_de_recherches_sans_lien_les_dix_dernieres_restent(session):
    jetons = [chercher(session, f"besoin {n}") for n in range(GARDEES + 2)]

    assert list(session[carnet.CLE]) == jetons[2:]


def test_changer_de_liste_sur_place_ne_coute_aucune_recherche(session):
    jetons = [chercher(session, f"besoin {n}") for n in range(GARDEES)]

    carnet.remplacer(session, jetons[0], carnet.retrouver(session, jetons[0]).avec(disponibilite="sans"))

    assert list(session[carnet.CLE]) == jetons
