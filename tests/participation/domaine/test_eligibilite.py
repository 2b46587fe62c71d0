from itertools import product

import pytest

from participation.domaine.declaration import Declaration, pertinente, refus
from participation.domaine.eligibilite import Affichage, affichage_effecteur, affichage_structure

# (modalité, centre de santé, rattaché à la CPTS) → (participe, en sus) ; metier.md S-24 et § 13.
PARTICIPATION = {
    ("individuel", False, False): (True, True),
    ("individuel", False, True): (True, True),
    ("cpts", False, True): (True, True),
    ("cpts", False, False): (False, False),
    ("msp", False, False): (True, False),
    ("msp", False, True): (True, False),
    ("sos", False, False): (True, False),
    ("sos", False, True): (True, False),
}
# (logiciel, affichage refusé) → (agenda saisi, agenda d’éditeur), hors SOS Médecins ; A-06, P-08.
AGENDAS = {
    (None, False): (True, True),
    (None, True): (True, False),
    (False, False): (True, False),
    (False, True): (True, False),
    (True, False): (False, True),
    (True, True): (True, False),
}


@pytest.mark.parametrize(("logiciel", "refuse"), list(AGENDAS))
@pytest.mark.parametrize(("centre", "rattache"), list(product([False, True], repeat=2)))
@pytest.mark.parametrize("modalite", ["", "individuel", "cpts", "msp", "sos"])
@pytest.mark.parametrize("forfait", [False, True])
def test_affichage_d_un_lieu_d_effecteur(modalite, centre, rattache, logiciel, refuse, forfait):
    obtenu = affichage_effecteur(
        participe=bool(modalite),
        modalite=modalite,
        utilise_logiciel=logiciel,
        refuse_affichage=refuse,
        dans_un_centre_de_sante=centre,
        rattache_a_sa_cpts=rattache,
        forfait_reorientation=forfait,
    )

    participe, en_sus = PARTICIPATION.get((modalite, centre, rattache), (False, False))
    saisi, editeur = (False, False) if modalite == "sos" else AGENDAS[logiciel, refuse]
    assert obtenu == Affichage(
        participe, en_sus, saisi, editeur, via=modalite if participe else "", forfait=forfait
    )


def test_qui_participe_montre_toujours_un_agenda_et_un_seul_sauf_via_sos_medecins():
    declarations = [
        Declaration(True, modalite, modalite if modalite != "individuel" else "", 1, logiciel, 1, deux, non)
        for modalite, logiciel, deux, non in product(
            ["individuel", "cpts", "msp", "sos"], [False, True], [False, True], [False, True]
        )
    ]

    for declaration in map(pertinente, (d for d in declarations if not refus(d))):
        obtenu = affichage_effecteur(
            participe=True,
            modalite=declaration.modalite,
            utilise_logiciel=declaration.utilise_logiciel,
            refuse_affichage=declaration.refuse_affichage,
            dans_un_centre_de_sante=False,
            rattache_a_sa_cpts=True,
        )
        assert obtenu.agenda_saisi + obtenu.agenda_editeur == (declaration.modalite != "sos")


# Type → ce qui décide : la déclaration de la structure, ou un effecteur qui participe par elle ; S-24, P-20 à P-23.
DECISIFS = {
    "cds": (True, False),
    "sos": (True, False),
    "msp": (False, True),
    "cpts": (False, False),
    "snp": (False, False),
    "autre": (False, False),
}


@pytest.mark.parametrize(("declare", "par_elle"), list(product([False, True], repeat=2)))
@pytest.mark.parametrize("type_structure", list(DECISIFS))
def test_affichage_du_lieu_d_une_structure(type_structure, declare, par_elle):
    affichage = affichage_structure(
        type_structure=type_structure, declare_participer=declare, effecteurs_par_elle=par_elle
    )

    par_declaration, par_effecteur = DECISIFS[type_structure]
    participe = (declare and par_declaration) or (par_elle and par_effecteur)
    assert affichage == Affichage(participe, participe, True, True)
