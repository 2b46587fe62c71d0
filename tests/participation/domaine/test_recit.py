import pytest

from participation.domaine.recit import Changement, Noms, raconter

NOMS = Noms(structures={3: "CPTS de Lille"}, lieux={7: "12 rue Nationale"}, logiciels={"l": "Logiciel"})
SANS = {
    "participe": False,
    "modalite": "",
    "structure": None,
    "lieux": [],
    "utilise_logiciel": None,
    "logiciels": [],
    "declare_deux_heures": False,
    "refuse_affichage": False,
    "forfait_reorientation": False,
}
PAR_CPTS = SANS | {
    "participe": True,
    "modalite": "cpts",
    "structure": 3,
    "lieux": [7, 8],
    "utilise_logiciel": True,
    "logiciels": ["l", "disparu"],
}


@pytest.mark.parametrize(
    ("avant", "apres", "attendu"),
    [
        pytest.param(
            None, SANS, [("Participation au SAS", "sans réponse", "non")], id="première, sans participer"
        ),
        pytest.param(SANS, SANS, [], id="rien ne change"),
        pytest.param(
            SANS,
            PAR_CPTS,
            [
                ("Participation au SAS", "non", "oui"),
                ("Modalité", "sans réponse", "via une CPTS"),
                ("Structure", "sans réponse", "CPTS de Lille"),
                ("Lieux rattachés à la CPTS", "sans réponse", "12 rue Nationale\u00a0; lieu fermé"),
                ("Logiciel de rendez-vous interfacé", "sans réponse", "oui"),
                ("Logiciels", "sans réponse", "Logiciel, disparu"),
            ],
            id="via une CPTS",
        ),
        pytest.param(
            PAR_CPTS,
            PAR_CPTS | {"structure": 99, "utilise_logiciel": False},
            [
                ("Structure", "CPTS de Lille", "structure fermée"),
                ("Logiciel de rendez-vous interfacé", "oui", "non"),
            ],
            id="une structure fermée depuis",
        ),
        pytest.param(
            {"participe": True, "nombre_effecteurs": 3},
            {"participe": True, "nombre_effecteurs": 0},
            [("Nombre de professionnels qui participent", "3", "0")],
            id="un centre",
        ),
    ],
)
def test_une_declaration_se_raconte(avant, apres, attendu):
    obtenu = raconter(avant, apres, NOMS)

    assert obtenu == [Changement(*ligne) for ligne in attendu]
