"""La règle du guide effecteur, et les mots de passe qu’elle laisse passer à tort."""

import pytest

from comptes.domaine.mots_de_passe import est_devinable, manques


@pytest.mark.parametrize(
    ("mot_de_passe", "attendu"),
    [
        pytest.param("Tournesol-Violet-42", [], id="bon"),
        pytest.param("Tourne-Viol4", [], id="douze juste"),
        pytest.param("Tourn-Viol4", ["12 caractères"], id="onze"),
        pytest.param("tournesol-violet-42", ["une lettre majuscule"], id="sans majuscule"),
        pytest.param("TOURNESOL-VIOLET-42", ["une lettre minuscule"], id="sans minuscule"),
        pytest.param("Tournesol-Violet", ["un chiffre"], id="sans chiffre"),
        pytest.param("TournesolViolet42", ["un caractère spécial"], id="sans spécial"),
        pytest.param("Tournesol Violet 42", ["un caractère spécial"], id="une espace n’est pas un signe"),
        pytest.param("Élève-Étourdi-42", [], id="lettres accentuées"),
        pytest.param(
            "",
            [
                "12 caractères",
                "une lettre majuscule",
                "une lettre minuscule",
                "un chiffre",
                "un caractère spécial",
            ],
            id="vide",
        ),
    ],
)
def test_ce_qui_manque_au_format(mot_de_passe, attendu):
    assert manques(mot_de_passe) == attendu


@pytest.mark.parametrize("signe", "!@#$%^&*()_+={}|'\":><.,/;[]")
def test_chaque_caractere_special_du_guide_est_admis(signe):
    assert manques(f"TournesolViolet42{signe}") == []


@pytest.mark.parametrize(
    "mot_de_passe",
    [
        "Motdepasse2026!",
        "P@ssw0rd12345",
        "Azertyuiop123!",
        "BonjourSante1!",
        "Aaaaaaaaaa1!",
        "Abcdef123456!",
        "M0tDeP@sse!!2026",
        "Medecin-Regulation-15",
        "1234567890Aa!",
        "Admin@2026@2026",
    ],
)
def test_un_mot_de_passe_courant_se_devine(mot_de_passe):
    assert est_devinable(mot_de_passe)


@pytest.mark.parametrize(
    "mot_de_passe", ["Tournesol-Violet-42", "Quatre!Chevaux2Bois", "xK9#vLq2@wTz7", "Passerelle-Bleue-8"]
)
def test_une_phrase_personnelle_ne_se_devine_pas(mot_de_passe):
    assert not est_devinable(mot_de_passe)
