"""Une installation en ligne refuse chaque réglage dangereux, et accepte une bonne configuration."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.exceptions import ImproperlyConfigured

from sas_platform import controles
from tests.agenda.factories import EditeurFactory
from tests.autorite import Autorite

# Une clé neuve à chaque fois : celle d’un dépôt ne serait plus un secret.
CLE_DES_FICHIERS = (
    Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
)
ISSUER = "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet"
BONNE = {
    "EST_EN_LIGNE": True,
    "SECRET_KEY": "bonne-cle-0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ-abcdefghijkl",
    "DEBUG": False,
    "ALLOWED_HOSTS": ["sas.example.fr"],
    "URL_PUBLIQUE": "https://sas.example.fr",
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": 31_536_000,
    "PSC_DECOUVERTE_URL": f"{ISSUER}/.well-known/wallet-openid-configuration",
    "PSC_HOTES_ADMIS": ["auth.esw.esante.gouv.fr", "wallet.esw.esante.gouv.fr"],
    "PSC_CLIENT_ID": "sas",
    "PSC_CLIENT_SECRET": "un-vrai-secret",
    "PSC_ACR_ADMIS": ["eidas1"],
    "ENVIRONNEMENT": "production",
    "PSC_CLIENT_AUTH": "secret",
    "GEOCODEUR_URL": "https://data.geopf.fr/geocodage",
    "ITINERAIRE_URL": "https://data.geopf.fr/navigation",
    "ITINERAIRE_LIEN": "https://geo.example.fr/?vers={lat},{lon}",
    "CARTE_TUILES_URL": "",
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST": "smtp.example.fr",
    "EMAIL_USE_TLS": True,
    "DEFAULT_FROM_EMAIL": "SAS <nepasrepondre@example.fr>",
    "EXPORTS_CLE_SIGNATURE": CLE_DES_FICHIERS,
}


@pytest.fixture
def en_ligne(settings, monkeypatch):
    for nom, valeur in BONNE.items():
        setattr(settings, nom, valeur)
    monkeypatch.setitem(settings.DATABASES["default"], "PASSWORD", "un-mot-de-passe")
    return settings


def identifiants() -> set[str]:
    return {erreur.id for erreur in controles.configuration_en_ligne()}


def test_une_bonne_configuration_passe(en_ligne):
    assert identifiants() == set()
    controles.exiger_configuration_sure()


@pytest.mark.parametrize(
    ("reglage", "valeur", "erreur"),
    [
        pytest.param("SECRET_KEY", "court", "sas.E001", id="clé courte"),
        pytest.param("SECRET_KEY", "a" * 80, "sas.E001", id="clé d’un seul signe"),
        pytest.param("SECRET_KEY", "cle-locale-sans-valeur" * 4, "sas.E001", id="clé de démonstration"),
        pytest.param("DEBUG", True, "sas.E002", id="débogage"),
        pytest.param("ALLOWED_HOSTS", ["*"], "sas.E010", id="tous les hôtes"),
        pytest.param("ALLOWED_HOSTS", [], "sas.E010", id="aucun hôte"),
        pytest.param("URL_PUBLIQUE", "http://sas.example.fr", "sas.E011", id="adresse en clair"),
        pytest.param("URL_PUBLIQUE", "https://127.0.0.1", "sas.E011", id="adresse locale"),
        pytest.param("URL_PUBLIQUE", "https://autre.example.fr", "sas.E012", id="adresse d’un autre hôte"),
        pytest.param("SESSION_COOKIE_SECURE", False, "sas.E013", id="session en clair"),
        pytest.param("CSRF_COOKIE_SECURE", False, "sas.E013", id="csrf en clair"),
        pytest.param("SECURE_SSL_REDIRECT", False, "sas.E013", id="sans redirection"),
        pytest.param("SECURE_HSTS_SECONDS", 60, "sas.E014", id="HSTS court"),
        pytest.param("PSC_DECOUVERTE_URL", "", "sas.E020", id="sans découverte"),
        pytest.param("PSC_CLIENT_ID", "", "sas.E020", id="sans client"),
        pytest.param("PSC_CLIENT_SECRET", "", "sas.E020", id="sans secret"),
        pytest.param(
            "PSC_CLIENT_SECRET", "secret-de-demonstration", "sas.E021", id="secret de démonstration"
        ),
        pytest.param("PSC_DECOUVERTE_URL", "http://127.0.0.1:8081/x", "sas.E022", id="simulé"),
        pytest.param("PSC_DECOUVERTE_URL", "https://localhost/x", "sas.E022", id="local"),
        pytest.param("PSC_DECOUVERTE_URL", "https://ailleurs.example/x", "sas.E023", id="hôte non admis"),
        pytest.param(
            "PSC_HOTES_ADMIS", ["auth.esw.esante.gouv.fr", "127.0.0.1:8081"], "sas.E024", id="hôte local"
        ),
        pytest.param("PSC_ACR_ADMIS", [], "sas.E025", id="sans niveau"),
        pytest.param("PSC_ACR_ADMIS", ["eidas1", "eidas3"], "sas.E025", id="niveau du bac à sable"),
        pytest.param("GEOCODEUR_URL", "http://geo.example/", "sas.E030", id="géocodeur en clair"),
        pytest.param("ITINERAIRE_URL", "http://geo.example/", "sas.E031", id="itinéraire en clair"),
        pytest.param(
            "ITINERAIRE_LIEN", "http://geo.example/{lat},{lon}", "sas.E033", id="lien d’itinéraire en clair"
        ),
        pytest.param(
            "ITINERAIRE_LIEN",
            "https://geo.example/",
            "sas.E033",
            id="lien d’itinéraire qui ne mène nulle part",
        ),
        pytest.param("CARTE_TUILES_URL", "http://geo.example/{z}", "sas.E032", id="tuiles en clair"),
        pytest.param(
            "EMAIL_BACKEND", "sas_platform.demo.courriels.boite.Boite", "sas.E040", id="courriels publics"
        ),
        pytest.param("EMAIL_HOST", "", "sas.E040", id="sans messagerie"),
        pytest.param("EMAIL_USE_TLS", False, "sas.E041", id="messagerie en clair"),
        pytest.param("DEFAULT_FROM_EMAIL", "SAS <x@exemple.invalid>", "sas.E042", id="sans expéditeur"),
    ],
)
def test_chaque_reglage_dangereux_est_refuse(en_ligne, reglage, valeur, erreur):
    setattr(en_ligne, reglage, valeur)

    assert erreur in identifiants()
    with pytest.raises(ImproperlyConfigured, match=erreur):
        controles.exiger_configuration_sure()


@pytest.mark.parametrize(
    ("reglages", "erreurs"),
    [
        pytest.param({"HUB_URL": ""}, set(), id="fermé"),
        pytest.param(
            {"HUB_URL": "amqps://hub.example/", "HUB_CERTIFICAT": __file__, "HUB_CLE": __file__},
            set(),
            id="par certificat",
        ),
        pytest.param(
            {"HUB_URL": "amqp://hub.example/", "HUB_CERTIFICAT": __file__, "HUB_CLE": __file__},
            {"sas.E050"},
            id="en clair",
        ),
        pytest.param(
            {"HUB_URL": "amqps://hub.example/", "HUB_CERTIFICAT": __file__, "HUB_CLE": "/absente"},
            {"sas.E051"},
            id="clé absente",
        ),
    ],
)
def test_le_hub_sante_est_ferme_ou_chiffre_et_prouve_par_un_certificat(en_ligne, reglages, erreurs):
    for nom, valeur in reglages.items():
        setattr(en_ligne, nom, valeur)

    assert identifiants() == erreurs


def test_le_mot_de_passe_par_defaut_de_la_base_est_refuse(en_ligne, monkeypatch):
    monkeypatch.setitem(en_ligne.DATABASES["default"], "PASSWORD", "sas")

    assert identifiants() == {"sas.E003"}


def test_la_demonstration_n_est_pas_controlee(en_ligne):
    en_ligne.EST_EN_LIGNE = False
    en_ligne.SECRET_KEY = ""

    assert identifiants() == set()


@pytest.mark.parametrize(
    ("cle", "attendu"),
    [
        pytest.param("", {"sas.E070"}, id="absente"),
        pytest.param("pas une clé", {"sas.E071"}, id="illisible"),
        pytest.param(CLE_DES_FICHIERS.replace("M", "N", 1), {"sas.E071"}, id="abîmée"),
    ],
)
def test_la_cle_qui_signe_les_fichiers_des_caisses_est_controlee(en_ligne, cle, attendu):
    en_ligne.EXPORTS_CLE_SIGNATURE = cle

    assert identifiants() == attendu


def _check(**variables: str) -> subprocess.CompletedProcess[str]:
    environnement = {
        "PATH": os.environ["PATH"],
        "ENVIRONNEMENT": "production",
        "SECRET_KEY": str(BONNE["SECRET_KEY"]),
        "ALLOWED_HOSTS": "sas.example.fr",
        "URL_PUBLIQUE": "https://sas.example.fr",
        "DATABASE_URL": "postgres://sas:mot-de-passe@base/sas",
        "PSC_DECOUVERTE_URL": str(BONNE["PSC_DECOUVERTE_URL"]),
        "PSC_CLIENT_ID": "sas",
        "PSC_CLIENT_SECRET": "un-vrai-secret",
        "EMAIL_URL": "smtp+tls://sas:un-vrai-secret@smtp.example.fr:587",
        "EMAIL_EXPEDITEUR": "SAS <nepasrepondre@example.fr>",
        "EXPORTS_CLE_SIGNATURE": CLE_DES_FICHIERS,
    } | variables
    commande = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(
        commande, env=environnement, capture_output=True, text=True, check=False, timeout=60
    )


def test_les_reglages_lus_d_un_bon_environnement_passent_le_controle_de_deploiement():
    resultat = _check()

    assert resultat.returncode == 0, resultat.stderr


def test_un_environnement_de_demonstration_ne_demarre_pas_en_production():
    resultat = _check(SECRET_KEY="court", PSC_DECOUVERTE_URL="", ALLOWED_HOSTS="*")

    assert resultat.returncode != 0
    assert {"sas.E001", "sas.E010", "sas.E020"} <= {
        mot.strip("()") for mot in resultat.stderr.split() if mot.startswith("(sas.")
    }


def test_une_cle_vide_arrete_le_demarrage():
    assert _check(SECRET_KEY="").returncode != 0


def test_un_secret_se_lit_d_un_fichier_sans_son_saut_de_ligne(tmp_path):
    fichier = tmp_path / "psc"
    fichier.write_text("un-secret-de-fichier\n")
    code = "import django; django.setup(); from django.conf import settings; print(repr(settings.PSC_CLIENT_SECRET))"
    environnement = os.environ | {
        "DJANGO_SETTINGS_MODULE": "sas_platform.settings",
        "PSC_CLIENT_SECRET_FILE": str(fichier),
    }

    resultat = subprocess.run(
        [sys.executable, "-c", code],
        env=environnement,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert resultat.stdout.strip() == "'un-secret-de-fichier'"


def test_un_environnement_inconnu_est_refuse():
    resultat = _check(ENVIRONNEMENT="prod")

    assert resultat.returncode != 0
    assert "valeurs admises" in resultat.stderr


def test_le_bac_a_sable_peut_donner_plus_que_le_niveau_demande(en_ligne):
    en_ligne.ENVIRONNEMENT = "preproduction"
    en_ligne.PSC_ACR_ADMIS = ["eidas1", "eidas3"]

    assert identifiants() == set()


def test_par_certificat_le_secret_ne_manque_pas_mais_les_fichiers_si(en_ligne, tmp_path):
    en_ligne.PSC_CLIENT_AUTH, en_ligne.PSC_CLIENT_SECRET = "mtls", ""
    certificat, cle = tmp_path / "psc.pem", tmp_path / "psc.cle"
    certificat.touch()
    en_ligne.PSC_CERTIFICAT, en_ligne.PSC_CLE = str(certificat), ""
    assert identifiants() == {"sas.E020"}

    en_ligne.PSC_CLE = str(cle)
    assert identifiants() == {"sas.E026"}

    cle.touch()
    assert identifiants() == set()


# --- Les éditeurs et leurs certificats --------------------------------------------


@pytest.mark.parametrize(
    ("changements", "attendues"),
    [
        pytest.param({"FHIR_SECRET_MANDATAIRE": ""}, set(), id="porte fermée"),
        pytest.param({}, set(), id="bien réglée"),
        pytest.param({"FHIR_SECRET_MANDATAIRE": "court"}, {"sas.E060"}, id="secret court"),
        pytest.param({"FHIR_SECRET_MANDATAIRE": "a" * 60}, {"sas.E060"}, id="secret d’un seul signe"),
        pytest.param({"FHIR_AUTORITES": "/nulle/part.pem"}, {"sas.E061"}, id="autorités absentes"),
        pytest.param({"FHIR_URL": "https://autre.example.fr/fhir"}, {"sas.E062"}, id="hôte inconnu"),
    ],
)
def test_la_porte_des_editeurs_est_bien_fermee_ou_bien_reglee(en_ligne, tmp_path, changements, attendues):
    (tmp_path / "autorites.pem").touch()
    en_ligne.FHIR_SECRET_MANDATAIRE = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH"
    en_ligne.FHIR_AUTORITES = str(tmp_path / "autorites.pem")
    en_ligne.FHIR_URL = "https://sas.example.fr/fhir"
    for nom, valeur in changements.items():
        setattr(en_ligne, nom, valeur)

    assert identifiants() == attendues


@pytest.mark.django_db
def test_la_mise_en_service_previent_d_un_certificat_absent_ou_proche_de_son_terme(en_ligne, tmp_path):
    autorite = Autorite(tmp_path)
    proche = autorite.delivrer("sas", fin=datetime.now(UTC) + timedelta(days=10))
    en_ligne.EDITEURS_CERTIFICAT, en_ligne.EDITEURS_CLE = proche.fichiers
    en_ligne.EDITEURS_CERTIFICATS = str(tmp_path)
    EditeurFactory(code="bientot")
    EditeurFactory(code="sans", certificat="absent")
    EditeurFactory(code="arrete", certificat="absent", est_actif=False)

    avis = [avis.msg for avis in controles.certificats_des_editeurs()]

    assert len(avis) == 2
    assert avis[0].startswith("bientot\u00a0: le certificat client expire le ")
    assert avis[1].startswith("sans\u00a0: ")
