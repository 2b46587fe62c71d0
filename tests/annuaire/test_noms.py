import pytest

from annuaire.lectures import chercher_noms, chercher_specialites
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory, StructureFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def _charge(referentiels):
    """Les spécialités livrées."""


@pytest.mark.parametrize(
    ("tape", "code"),
    [
        ("médecine générale", "SM54"),
        ("medcine generale", "SM54"),
        ("medcin", "SM54"),
        ("cardilogie", "SM04"),
        ("généraliste", "SM54"),
        ("MG", "SM54"),
        ("gener", "SM54"),
        ("sage femme", "P50"),
        ("kiné", "P70"),
        ("dentiste", "P40"),
        ("pediatre", "SM40"),
        ("sos", "SOS"),
        ("centre de sante", "CDS"),
        ("maison médicale", "MSP"),
    ],
)
def test_une_specialite_se_trouve_comme_on_la_dit(tape, code):
    assert chercher_specialites(tape)[0].code == code


@pytest.mark.parametrize("tape", ["", "x", "qwertyuiop"])
def test_ce_qui_n_est_pas_une_specialite_ne_donne_rien(tape):
    assert chercher_specialites(tape) == []


@pytest.mark.parametrize(
    "tape",
    [
        "lheritier",
        "l’héritier",
        "camille lheritier",
        "LHERITIER Camille",
        "lheritir camille",
        "lheritir",
        "Docteur Lheritier",
        "Mme Lheritier",
    ],
)
def test_un_effecteur_se_trouve_a_une_faute_pres(tape):
    effecteur = EffecteurFactory(nom="LHERITIER", prenom="Camille")
    LieuExerciceFactory(effecteur=effecteur)
    EffecteurFactory(nom="AUTRE")

    trouves = [nom for nom in chercher_noms(tape.replace("l’h", "lh")) if nom.genre == "effecteur"]

    assert [nom.id for nom in trouves] == [effecteur.pk]
    assert trouves[0].detail == "Médecin, Lille"


def test_l_apostrophe_oubliee_ne_cache_personne():
    effecteur = EffecteurFactory(nom="L’HOSTIS", prenom="Axel")

    assert [nom.id for nom in chercher_noms("lhostis")] == [effecteur.pk]


def test_les_autres_etablissements_ne_sont_pas_proposes():
    StructureFactory(nom="Pharmacie des Tilleuls", type="autre")

    assert chercher_noms("tilleuls") == []


def test_une_structure_se_trouve_et_dit_ce_qu_elle_est():
    structure = StructureFactory(nom="Centre de santé des Tilleuls")

    (trouve,) = chercher_noms("tilleuls")

    assert (trouve.genre, trouve.id, trouve.detail) == ("structure", structure.pk, "Centre de santé, Lille")


def test_qui_n_exerce_plus_n_est_pas_propose():
    EffecteurFactory(nom="LHERITIER", inactif=True)

    assert chercher_noms("lheritier") == []
