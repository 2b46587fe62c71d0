"""L’index local des communes, sans réseau, sur les vraies communes."""

import logging

import pytest

from annuaire.connecteurs import geoplateforme
from annuaire.enums import PrecisionGeo
from annuaire.lectures import LieuIntrouvableError, geocoder, localiser, par_commune, par_position

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def _charge(referentiels):
    """Les 35 008 communes."""


@pytest.mark.parametrize(
    ("tape", "code_insee"),
    [
        ("59000", "59350"),
        ("59000 Lille", "59350"),
        ("Lille 59000", "59350"),
        ("lille", "59350"),
        ("LILLE", "59350"),
        ("lill", "59350"),
        ("st etienne", "42218"),
        ("Saint-Étienne", "42218"),
        ("saint etien", "42218"),
        ("ste marie la mer", "66182"),
        ("marseile", "13055"),
        ("villeneuve dasq", "59009"),
        ("l'hay les roses", "94038"),
        ("havre", "76351"),
        ("paris", "75056"),
        ("paris 15", "75115"),
        ("Paris 15e arrondissement", "75115"),
        ("75015", "75115"),
        ("75116", "75116"),
        ("75015 Paris", "75115"),
        ("lyon 3e", "69383"),
        ("lyon 3", "69383"),
        ("Marseille 1er", "13201"),
        ("marseille 13013", "13213"),
        ("cayenne", "97302"),
        ("97400", "97411"),
        ("fort de france", "97209"),
        ("20000 ajaccio", "2A004"),
        ("12 rue nationale, 59000 Lille", "59350"),
        ("12 rue Nationale lille", "59350"),
        ("12 rue nationale, lile", "59350"),
        ("3 place de la Nation, Paris 11e", "75111"),
        ("5 avenue de Paris 59000 Lille", "59350"),
        ("59033 Lille CEDEX", "59350"),
        ("1 rue de la Paix, Saint-Denis", "97411"),
        ("papeete", "98735"),
    ],
)
def test_un_texte_donne_sa_commune(tape, code_insee):
    trouve = localiser(tape)[0]

    assert trouve.code_insee == code_insee
    assert trouve.precision == PrecisionGeo.COMMUNE
    assert trouve.source == "index_local"


@pytest.mark.parametrize(
    ("tape", "departement", "rayon_km"),
    [
        ("Nord", "59", 107),
        ("59", "59", 107),
        ("2A", "2A", 90),
        ("2b", "2B", 97),
        ("973", "973", 409),
        ("guyane", "973", 409),
        ("Guadeloup", "971", 57),
        ("reunion", "974", 71),
        ("creuse", "23", 106),
        ("1", "01", 108),
    ],
)
def test_un_departement_a_son_centre_et_son_rayon(tape, departement, rayon_km):
    trouve = localiser(tape)[0]

    assert trouve.departement == departement
    assert trouve.precision == PrecisionGeo.DEPARTEMENT
    assert trouve.rayon_defaut_km == rayon_km
    assert trouve.code_insee == ""


def test_les_homonymes_se_distinguent_et_le_plus_peuple_vient_d_abord():
    libelles = [lieu.libelle for lieu in localiser("saint denis")]

    assert libelles[:2] == ["Saint-Denis (97400)", "Saint-Denis (93200)"]
    assert len(libelles) == len(set(libelles))


@pytest.mark.parametrize(
    "tape", ["", " ", "z", "xyzzyx", "99999", "99", "paris 21", "%", "'; DROP TABLE", "\x00"]
)
def test_ce_qui_ne_dit_rien_ne_casse_rien(tape):
    assert all(lieu.departement for lieu in localiser(tape))


def test_le_nombre_de_propositions_est_borne():
    assert len(localiser("saint", 5)) == 5


def test_une_commune_sans_coordonnees_dit_qu_elle_est_a_peu_pres():
    trouve = localiser("bora bora")[0]

    assert trouve.precision == PrecisionGeo.DEPARTEMENT
    assert "à défaut le centre de Polynésie française" in trouve.libelle
    assert trouve.rayon_defaut_km == 1700


def test_les_marquises_ont_leur_heure():
    assert par_commune("98731").fuseau == "Pacific/Marquesas"
    assert par_commune("97411").fuseau == "Indian/Reunion"


def test_une_commune_donne_les_rayons_de_son_departement():
    lille = par_commune("59350")

    assert (lille.rayon_defaut_km, lille.pas_elargissement_km) == (10, 5)
    assert (lille.lat, lille.lon) == (pytest.approx(50.63, abs=0.02), pytest.approx(3.05, abs=0.03))


def test_une_commune_inconnue_est_refusee_en_francais():
    with pytest.raises(LieuIntrouvableError, match="Commune inconnue"):
        par_commune("00000")


@pytest.mark.parametrize(
    ("lat", "lon", "departement", "fuseau"),
    [
        pytest.param(50.63, 3.06, "59", "Europe/Paris", id="Lille"),
        pytest.param(48.8566, 2.3522, "75", "Europe/Paris", id="Paris"),
        pytest.param(4.92, -52.31, "973", "America/Cayenne", id="Cayenne"),
        pytest.param(3.1, -53.1, "973", "America/Cayenne", id="forêt guyanaise"),
        pytest.param(-20.88, 55.45, "974", "Indian/Reunion", id="La Réunion"),
        pytest.param(18.07, -63.08, "978", "America/Marigot", id="Saint-Martin"),
        pytest.param(-22.27, 166.45, "988", "Pacific/Noumea", id="Nouméa"),
    ],
)
def test_un_point_a_les_rayons_de_son_departement(lat, lon, departement, fuseau):
    trouve = par_position(lat, lon)

    assert (trouve.departement, trouve.fuseau) == (departement, fuseau)
    assert (trouve.lat, trouve.lon) == (lat, lon)
    assert trouve.rayon_defaut_km > 0


@pytest.mark.parametrize(
    ("lat", "lon"),
    [
        pytest.param(50.85, 4.35, id="Bruxelles"),
        pytest.param(51.5, -0.12, id="Londres"),
        pytest.param(0.0, 0.0, id="golfe de Guinée"),
        pytest.param(3.06, 50.63, id="latitude et longitude échangées"),
        pytest.param(float("nan"), 3.0, id="pas un nombre"),
        pytest.param(float("inf"), 3.0, id="infini"),
        pytest.param(999.0, 999.0, id="hors du globe"),
    ],
)
def test_un_point_hors_de_france_est_refuse(lat, lon):
    with pytest.raises(LieuIntrouvableError, match="hors de France"):
        par_position(lat, lon)


LILLE_12 = geoplateforme.AdresseTrouvee(
    "12 Rue Nationale 59000 Lille", "housenumber", 0.97, 50.6371, 3.0601, "59350", "59000"
)


def test_sans_adresse_configuree_le_geocodeur_n_est_jamais_appele(settings, monkeypatch):
    settings.GEOCODEUR_URL = ""
    monkeypatch.setattr(geoplateforme, "chercher", lambda *a, **k: pytest.fail("appelé"))

    assert geocoder("lille")[0].source == "index_local"


def test_le_geocodeur_de_l_etat_passe_d_abord(settings, monkeypatch):
    settings.GEOCODEUR_URL = "https://geocodeur.invalid/geocodage"
    monkeypatch.setattr(geoplateforme, "chercher", lambda *a, **k: [LILLE_12])

    trouve = geocoder("12 rue nationale lille")[0]

    assert trouve.source == "geoplateforme"
    assert trouve.precision == PrecisionGeo.NUMERO
    assert (trouve.lat, trouve.lon, trouve.rayon_defaut_km) == (50.6371, 3.0601, 10)


@pytest.mark.parametrize("reponse", ["vide", "panne", "commune inconnue"])
def test_l_index_local_prend_le_relais(settings, monkeypatch, reponse):
    settings.GEOCODEUR_URL = "https://geocodeur.invalid/geocodage"

    def chercher(*args, **kwargs):
        if reponse == "panne":
            raise geoplateforme.GeocodeurIndisponibleError("TimeoutError")
        inconnue = geoplateforme.AdresseTrouvee("Ailleurs", "street", 0.9, 50.0, 3.0, "00000", "00000")
        return [inconnue] if reponse == "commune inconnue" else []

    monkeypatch.setattr(geoplateforme, "chercher", chercher)

    trouve = geocoder("12 rue nationale, 59000 Lille")[0]

    assert (trouve.code_insee, trouve.source) == ("59350", "index_local")


def test_une_adresse_cherchee_ne_laisse_pas_de_trace(settings, caplog, capfd):
    settings.GEOCODEUR_URL = "http://127.0.0.1:9/geocodage"
    geoplateforme.disjoncteur.noter(reussi=True)
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="asyncio")

    assert geocoder("77 impasse du Mystère, 59000 Lille")

    traces = caplog.text + "".join(capfd.readouterr())
    assert "geocodeur_indisponible" in traces
    assert "myst" not in traces.casefold()
    geoplateforme.disjoncteur.noter(reussi=True)


def test_un_refus_ne_repete_pas_ce_qui_etait_cherche():
    with pytest.raises(LieuIntrouvableError) as refus:
        par_commune("77 impasse du Mystère")

    assert "Mystère" not in str(refus.value)
