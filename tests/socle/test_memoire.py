"""Ce que le processus garde un moment : ni une erreur, ni plus longtemps que dit."""

import pytest

from sas_platform.socle import memoire


@pytest.fixture
def secondes(monkeypatch):
    """L’horloge, à faire avancer."""
    lues = {"": 1000.0}
    monkeypatch.setattr(memoire, "monotonic", lambda: lues[""])
    return lambda valeur: lues.update({"": valeur})


@pytest.fixture
def appels() -> list[str]:
    return []


@pytest.fixture
def majuscules(appels):
    @memoire.memoriser(duree_s=100, taille=2)
    def majuscules(texte: str) -> str:
        appels.append(texte)
        if not texte:
            raise ValueError("vide")
        return texte.upper()

    return majuscules


def test_le_meme_argument_n_est_pas_recalcule(majuscules, appels, secondes):
    assert [majuscules("a"), majuscules("b"), majuscules("a")] == ["A", "B", "A"]

    assert appels == ["a", "b"]


def test_rien_n_est_garde_au_dela_de_la_duree(majuscules, appels, secondes):
    majuscules("a")
    secondes(1100.0)
    majuscules("a")

    assert appels == ["a", "a"]


def test_une_erreur_n_est_pas_gardee(majuscules, appels, secondes):
    for _ in range(2):
        with pytest.raises(ValueError, match="vide"):
            majuscules("")

    assert appels == ["", ""]


def test_la_memoire_est_bornee(majuscules, appels, secondes):
    for texte in ("a", "b", "c", "a"):
        majuscules(texte)

    assert appels == ["a", "b", "c", "a"]


def test_tout_oublier(majuscules, appels, secondes):
    majuscules("a")
    memoire.tout_oublier()
    majuscules("a")

    assert appels == ["a", "a"]
