import pytest

from participation.domaine.eligibilite import Affichage, affichage_effecteur, affichage_structure


@pytest.mark.parametrize(
    ("participe", "modalite", "refus", "centre", "attendu"),
    [
        pytest.param(True, "individuel", False, False, Affichage(True, True, True, True), id="individuel"),
        pytest.param(True, "cpts", False, False, Affichage(True, True, True, True), id="CPTS"),
        pytest.param(True, "msp", False, False, Affichage(True, False, True, True), id="MSP"),
        pytest.param(True, "sos", False, False, Affichage(True, False, False, False), id="SOS Médecins"),
        pytest.param(
            True, "individuel", True, False, Affichage(True, True, True, False), id="affichage refusé"
        ),
        pytest.param(
            True, "individuel", False, True, Affichage(False, False, True, True), id="centre de santé"
        ),
        pytest.param(False, "", False, False, Affichage(False, False, True, True), id="ne participe pas"),
        pytest.param(
            False, "", True, False, Affichage(False, False, True, False), id="ne montre rien d’éditeur"
        ),
    ],
)
def test_affichage_d_un_lieu_d_effecteur(participe, modalite, refus, centre, attendu):
    obtenu = affichage_effecteur(
        participe=participe, modalite=modalite, refuse_affichage=refus, dans_un_centre_de_sante=centre
    )

    assert obtenu == attendu


@pytest.mark.parametrize("participe", [True, False])
def test_une_structure_qui_participe_accepte_en_sus(participe):
    affichage = affichage_structure(participe=participe)

    assert (affichage.participe, affichage.en_sus) == (participe, participe)
