"""Réglages, lus de l’environnement. Une valeur mauvaise arrête le démarrage.

Le lanceur de démonstration écrit `var/env` ; en production chaque variable est
fournie par l’exploitant (docs/exploitation.md).
"""

from datetime import date
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

from sas_platform.journalisation import configurer_journal
from sas_platform.socle.durees import Duree

RACINE = Path(__file__).resolve().parent.parent


class SansSautDeLigne(FileAwareMapping):
    """Un secret lu d’un fichier (`NOM_FILE`) finit le plus souvent par un saut de ligne, qui n’en fait pas partie."""

    def __getitem__(self, cle: str) -> str:
        return str(super().__getitem__(cle)).strip()


env = environ.FileAwareEnv()
env.ENVIRON = SansSautDeLigne()
env.prefix = ""

ENVIRONNEMENTS = ("production", "preproduction", "demo", "test")
ENVIRONNEMENT = env("ENVIRONNEMENT", default="demo")
if ENVIRONNEMENT not in ENVIRONNEMENTS:
    raise ImproperlyConfigured(
        f"ENVIRONNEMENT={ENVIRONNEMENT!r} : valeurs admises {', '.join(ENVIRONNEMENTS)}"
    )
EST_EN_LIGNE = ENVIRONNEMENT in ("production", "preproduction")

SECRET_KEY = env("SECRET_KEY", default="" if EST_EN_LIGNE else "cle-locale-sans-valeur")
DEBUG = False
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PSC_SIMULE = "http://127.0.0.1:8081/auth/realms/esante-wallet/.well-known/wallet-openid-configuration"
URL_PUBLIQUE = env("URL_PUBLIQUE", default="http://127.0.0.1:8000")

INSTALLED_APPS = [
    "widget_tweaks",
    "dsfr",
    "django.forms",
    "sas_platform.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_celery_beat",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "mozilla_django_oidc",
    "pgtrigger",
    "rest_framework",
    "sas_platform.socle",
    "comptes",
    "annuaire",
    "participation",
    "agenda",
    "orientation",
    "remuneration",
    "assistance",
    "sas_platform",
]

MIDDLEWARE = [
    "sas_platform.journalisation.Journal",
    "django.middleware.security.SecurityMiddleware",
    "comptes.jetons.CheminDesJetons",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "sas_platform.socle.entrees.SansSigneNul",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "sas_platform.socle.entrees.BarreFinale",
    "django.middleware.csrf.CsrfViewMiddleware",
    "comptes.moteur_sessions.CompteDeSession",
    "django.contrib.messages.middleware.MessageMiddleware",
    "comptes.sessions.DureeDeSession",
    "orientation.lrm.arrivee.AppelsDesLRM",
    "comptes.garde.GardeDesRoutes",
    "allauth.account.middleware.AccountMiddleware",
    "comptes.local.prealables.Prealables",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "sas_platform.views.MethodeRefusee",
]

# Ce que traverse encore une requête de l’API munie d’un jeton.
MIDDLEWARE_DES_JETONS = [
    "sas_platform.socle.entrees.SansSigneNul",
    "sas_platform.socle.entrees.BarreFinale",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "sas_platform.urls"
WSGI_APPLICATION = "sas_platform.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [RACINE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": [
                "sas_platform.socle.templatetags.accords",
                "sas_platform.socle.templatetags.adresses",
                "sas_platform.socle.templatetags.dates",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Base, courtier, caches -------------------------------------------------

DATABASES = {
    "default": env.db("DATABASE_URL", default="postgres://sas:sas@127.0.0.1:5432/sas")
    | {
        "ENGINE": "sas_platform.postgresql",  # vérifie lui-même les connexions de sa réserve
        "OPTIONS": {
            # Base revenue : sans `reconnect_timeout` court, la réserve attendrait jusqu’à deux minutes de plus.
            "pool": {"min_size": 1, "max_size": 8, "timeout": 3, "reconnect_timeout": 4},
            "server_side_binding": True,
            "prepare_threshold": 2,
            "connect_timeout": 3,
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL},
    # Les fragments du cadre qui ne disent rien de personne : pied, feuilles de style, menu d’un rôle.
    "cadre": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "TIMEOUT": None},
}

CELERY_BROKER_URL = env("CELERY_BROKER_URL", default=REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 90
CELERY_TASK_DEFAULT_QUEUE = "calculs"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Sans ces trois valeurs, la tâche d’un processus tué ne revient qu’après 100 s (docs/adr/0006).
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 2,
}
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_TIMEZONE = "Europe/Paris"

# --- Langue et heure --------------------------------------------------------

LANGUAGE_CODE = "fr"
USE_I18N = True
TIME_ZONE = "Europe/Paris"
USE_TZ = True

# --- Comptes et connexion ---------------------------------------------------

AUTH_USER_MODEL = "comptes.Compte"
AUTHENTICATION_BACKENDS = ["comptes.connexion.ConnexionPSC", "comptes.local.moteur.MoteurMotDePasse"]
LOGIN_URL = "comptes:connexion"
LOGIN_REDIRECT_URL = "accueil"
LOGOUT_REDIRECT_URL = "comptes:connexion"

# Comptes locaux (django-allauth) : l’adresse électronique est le nom de connexion, nul ne s’inscrit seul.
ACCOUNT_ADAPTER = "comptes.local.adaptateur.AdaptateurComptes"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # l’adresse est prouvée par le lien d’activation
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
# Celui de la bibliothèque garde une copie de l’adresse, qui ouvrirait encore le compte une fois l’adresse changée.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
ACCOUNT_SESSION_REMEMBER = True  # la durée est celle de `comptes.sessions`
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_FORMS = {
    "login": "comptes.local.forms.ConnexionForm",
    "reset_password": "comptes.local.forms.OubliForm",
    "reset_password_from_key": "comptes.local.forms.ReinitialisationForm",
    "change_password": "comptes.local.forms.ChangementForm",
    "set_password": "comptes.local.forms.PremierMotDePasseForm",
    "reauthenticate": "comptes.local.forms.ReauthentificationForm",
}
# Cinq essais par adresse, puis un quart d’heure de blocage. La limite par IP est large : un centre 15 n’en a qu’une.
ACCOUNT_RATE_LIMITS = {
    "login": "120/m/ip",
    "login_failed": "100/5m/ip,5/15m/key",
    "reset_password": "60/m/ip,3/15m/key",
    "change_password": "10/m/user",
    "lrm_essai": "30/m/ip",
}
# Le mandataire pose l’adresse du client (deploiement/nginx.conf) ; ailleurs, rien n’est cru de cet en-tête.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if EST_EN_LIGNE else 0
MFA_ADAPTER = "comptes.local.adaptateur.AdaptateurSecondFacteur"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "SAS"
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "authenticate": "comptes.local.forms.SecondFacteurForm",
    "reauthenticate": "comptes.local.forms.SecondFacteurRedemandeForm",
    "activate_totp": "comptes.local.forms.ActivationSecondFacteurForm",
}
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "comptes.mots_de_passe.Format"},
    {"NAME": "comptes.mots_de_passe.NonDevinable"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "nom", "prenom"]},
    },
]
# Guide effecteur, § 1.3 : rappel à trois mois, expiration à quatre, lien de réinitialisation valable 72 h.
MOT_DE_PASSE_RAPPEL_MOIS = env.int("MOT_DE_PASSE_RAPPEL_MOIS", default=3)
MOT_DE_PASSE_EXPIRE_MOIS = env.int("MOT_DE_PASSE_EXPIRE_MOIS", default=4)
PASSWORD_RESET_TIMEOUT = 72 * 3600
# Même durée pour activer un compte et confirmer une nouvelle adresse.
LIEN_ADRESSE_DUREE_H = env.int("LIEN_ADRESSE_DUREE_H", default=72)
# Inactivité (règle U-41 de la plateforme nationale) : relances à 8 puis 9 mois, rôles retirés une semaine après.
INACTIVITE_RELANCE_1_MOIS = env.int("INACTIVITE_RELANCE_1_MOIS", default=8)
INACTIVITE_RELANCE_2_MOIS = env.int("INACTIVITE_RELANCE_2_MOIS", default=9)
INACTIVITE_DELAI_1_JOURS = env.int("INACTIVITE_DELAI_1_JOURS", default=30)
INACTIVITE_DELAI_2_JOURS = env.int("INACTIVITE_DELAI_2_JOURS", default=7)
# Mot de passe de secours de qui a un identifiant national (docs/adr/0012) : `auto`, si Pro Santé Connect ne répond
# pas ou si un administrateur l’ouvre ; `manuelle`, dans ce seul second cas ; `fermee`, jamais.
CONNEXION_SECOURS = env("CONNEXION_SECOURS", default="auto")
if CONNEXION_SECOURS not in ("auto", "manuelle", "fermee"):
    raise ImproperlyConfigured(
        f"CONNEXION_SECOURS={CONNEXION_SECOURS!r} : valeurs admises auto, manuelle, fermee"
    )
# Nul n’entre sans avoir accepté les CGU, ni un gestionnaire sans second facteur.
PREALABLES_EXIGES = True

# Durées d’une session (Pro Santé Connect : 4 h, ou 30 min sans activité) ; huit heures pour qui régule, le temps
# d’un poste au centre 15. Le cookie dure autant que la plus longue.
SESSION_INACTIVITE_S = env.int("SESSION_INACTIVITE_S", default=30 * 60)
SESSION_ABSOLUE_S = env.int("SESSION_ABSOLUE_S", default=4 * 3600)
SESSION_ABSOLUE_REGULATION_S = env.int("SESSION_ABSOLUE_REGULATION_S", default=8 * 3600)
SESSION_ALERTE_S = env.int("SESSION_ALERTE_S", default=5 * 60)
SESSION_COOKIE_AGE = max(SESSION_ABSOLUE_S, SESSION_ABSOLUE_REGULATION_S)
# Lien et code reçus par courriel à la première connexion (5 min : guide effecteur, § 1.1).
LIEN_DUREE_MIN = env.int("LIEN_DUREE_MIN", default=5)
PREMIERE_CONNEXION_DUREE_S = env.int("PREMIERE_CONNEXION_DUREE_S", default=30 * 60)
SESSION_ENGINE = "comptes.moteur_sessions"
SESSION_COOKIE_NAME = "sas_session"
SESSION_COOKIE_SECURE = EST_EN_LIGNE
CSRF_COOKIE_SECURE = EST_EN_LIGNE
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "sas_platform.views.erreur_csrf"

# Pro Santé Connect. La découverte a un nom de fichier à elle : `/.well-known/wallet-openid-configuration`.
PSC_DECOUVERTE_URL = env("PSC_DECOUVERTE_URL", default="" if EST_EN_LIGNE else PSC_SIMULE)
PSC_CLIENT_ID = env("PSC_CLIENT_ID", default="" if EST_EN_LIGNE else "plateforme-sas")
PSC_CLIENT_SECRET = env("PSC_CLIENT_SECRET", default="" if EST_EN_LIGNE else "secret-de-demonstration")
# Comment la plateforme se prouve à Pro Santé Connect : `secret`, ou `mtls` (certificat IGC-Santé et sa clé, en PEM).
PSC_CLIENT_AUTH = env("PSC_CLIENT_AUTH", default="secret")
if PSC_CLIENT_AUTH not in ("secret", "mtls"):
    raise ImproperlyConfigured(f"PSC_CLIENT_AUTH={PSC_CLIENT_AUTH!r} : valeurs admises secret, mtls")
PSC_CERTIFICAT = env("PSC_CERTIFICAT", default="")
PSC_CLE = env("PSC_CLE", default="")
# Autorités (PEM) qui signent le certificat de Pro Santé Connect ; vide : celles du système.
PSC_AUTORITES = env("PSC_AUTORITES", default="")
# Hôtes (avec leur port) vers lesquels la découverte peut envoyer.
PSC_HOTES_ADMIS = env.list(
    "PSC_HOTES_ADMIS",
    default=[
        "auth.esw.esante.gouv.fr",
        "wallet.esw.esante.gouv.fr",
        "auth.bas.psc.esante.gouv.fr",
        "wallet.bas.psc.esante.gouv.fr",
    ]
    if EST_EN_LIGNE
    else [urlsplit(PSC_DECOUVERTE_URL).netloc],
)
PSC_ACR_ADMIS = env.list("PSC_ACR_ADMIS", default=["eidas1"])
PSC_DELAIS_S = (2.0, 5.0)  # connexion, lecture
PSC_DERIVE_HORLOGE_S = 60
# Le jeton de rafraîchissement vaut 30 min : il se renouvelle bien avant, pour qui régule.
PSC_RAFRAICHIR_APRES_S = env.int("PSC_RAFRAICHIR_APRES_S", default=10 * 60)
# Le temps de s’identifier chez Pro Santé Connect, téléphone en main.
PSC_DUREE_ETAT_S = 600
OIDC_RP_SCOPES = "openid scope_all"
OIDC_AUTH_REQUEST_EXTRA_PARAMS = {"acr_values": "eidas1"}
OIDC_USE_PKCE = True
OIDC_AUTHENTICATION_CALLBACK_URL = "comptes:oidc_retour"

# --- API --------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "comptes.jetons.JetonAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["comptes.jetons.APourPortee"],
    "DEFAULT_THROTTLE_CLASSES": ["comptes.jetons.DebitDesAppels"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["sas_platform.socle.entrees.LecteurJson"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "sas_platform.socle.problemes.traiter_exception",
}
# Appels de l’API, par minute et par jeton d’outil territorial : cent orientations par appel, au plus.
OUTILS_APPELS_PAR_MINUTE = env.int("OUTILS_APPELS_PAR_MINUTE", default=120)
# Et par jeton d’une personne, ou par compte avec une session : à lui seul, pas plus que la pointe du pays
# (docs/adr/0001). Sur un poste, les mesures n’ont qu’un jeton.
JETONS_APPELS_PAR_MINUTE = env.int("JETONS_APPELS_PAR_MINUTE", default=600 if EST_EN_LIGNE else 100_000)
SPECTACULAR_SETTINGS = {
    "TITLE": "Plateforme numérique du SAS",
    "DESCRIPTION": "Recherche d’une offre de soins non programmés et orientation.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Sans cela la page appellerait un validateur extérieur.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
}

# --- Assistance -------------------------------------------------------------

# Boîtes du support ; vide : les demandes se lisent seulement sur la plateforme.
SUPPORT_N1_COURRIEL = env("SUPPORT_N1_COURRIEL", default="" if EST_EN_LIGNE else "support-n1@exemple.invalid")
SUPPORT_N3_COURRIEL = env("SUPPORT_N3_COURRIEL", default="" if EST_EN_LIGNE else "support-n3@exemple.invalid")
# Sans compte, en une heure. La limite par IP est large : un hôpital n’en a qu’une.
ASSISTANCE_DEMANDES_PAR_IP = env.int("ASSISTANCE_DEMANDES_PAR_IP", default=30)
ASSISTANCE_DEMANDES_PAR_COURRIEL = env.int("ASSISTANCE_DEMANDES_PAR_COURRIEL", default=5)
BANNIERES_MEMOIRE_S = 30

# Mentions légales et données personnelles : ce que la loi demande de publier, que seul l’exploitant connaît.
EDITEUR = env("EDITEUR", default="")
DIRECTEUR_PUBLICATION = env("DIRECTEUR_PUBLICATION", default="")
HEBERGEUR = env("HEBERGEUR", default="")
DPD_COURRIEL = env("DPD_COURRIEL", default="")

# --- Services extérieurs ----------------------------------------------------

# Certificat client présenté aux éditeurs (IGC-Santé), en PEM ; vide hors ligne.
EDITEURS_CERTIFICAT = env("EDITEURS_CERTIFICAT", default="")
EDITEURS_CLE = env("EDITEURS_CLE", default="")
# Certificats propres à un éditeur (NOM.pem et NOM.cle) et autorités d’un éditeur (CODE.ac.pem) : un dossier.
EDITEURS_CERTIFICATS = env("EDITEURS_CERTIFICATS", default="")
# Autorités (PEM) qui signent les serveurs des éditeurs ; vide : celles du système.
EDITEURS_AUTORITES = env("EDITEURS_AUTORITES", default="")

# Rendez-vous reçus des éditeurs, sous /fhir/ (docs/adr/0017). Racine publique ; vide : celle du site.
FHIR_URL = env("FHIR_URL", default="")
# Secret que le mandataire joint au certificat client ; vide : aucun appel n’est admis.
FHIR_SECRET_MANDATAIRE = env("FHIR_SECRET_MANDATAIRE", default="")
# Autorités (PEM) qui signent les certificats des éditeurs ; listes de révocation : un fichier, ou un dossier.
FHIR_AUTORITES = env("FHIR_AUTORITES", default="")
FHIR_REVOCATIONS = env("FHIR_REVOCATIONS", default="")
FHIR_APPELS_PAR_MINUTE = env.int("FHIR_APPELS_PAR_MINUTE", default=600)
# Part des jetons de chaque éditeur que l’interrogation de fond laisse à ce qu’un écran attend.
EDITEURS_PART_IMMEDIATE = env.float("EDITEURS_PART_IMMEDIATE", default=0.25)
# Âge (s) au-delà duquel une recherche fait relire ce qu’elle montre ; 0 : jamais.
EDITEURS_ACTUALISATION_S = env.int("EDITEURS_ACTUALISATION_S", default=60)
# Ce qui suit une recherche se fait à part (`sas_platform.socle.suites`) ; les tests le font sur place.
SUITES_IMMEDIATES = False
# Tâches qui attendent au plus dans la file de fond ; lots qui attendent au plus, par éditeur, pour des écrans.
EDITEURS_FILE_MAX = env.int("EDITEURS_FILE_MAX", default=200)
EDITEURS_ECRANS_MAX = env.int("EDITEURS_ECRANS_MAX", default=100)
# Poids de l’interrogation de fond : journée, soirée, nuit, fin de semaine ; et heures où commencent les deux premières.
EDITEURS_POIDS_HORAIRES = env.list("EDITEURS_POIDS_HORAIRES", cast=float, default=[1.0, 1.0, 0.5, 1.0])
EDITEURS_HEURES = env.list("EDITEURS_HEURES", cast=int, default=[8, 20])
if len(EDITEURS_POIDS_HORAIRES) != 4 or min(EDITEURS_POIDS_HORAIRES) <= 0:
    raise ImproperlyConfigured("EDITEURS_POIDS_HORAIRES : quatre nombres positifs")
if len(EDITEURS_HEURES) != 2 or not 0 <= EDITEURS_HEURES[0] < EDITEURS_HEURES[1] <= 23:
    raise ImproperlyConfigured("EDITEURS_HEURES : deux heures croissantes, de 0 à 23")
if not 0 <= EDITEURS_PART_IMMEDIATE < 1:
    raise ImproperlyConfigured("EDITEURS_PART_IMMEDIATE : de 0 à moins de 1")

# Résultats tenus à jour : flux ouverts à la fois par processus web, durée d’un flux, pause avant le suivant.
DIRECT_FLUX_MAX = env.int("DIRECT_FLUX_MAX", default=2)
DIRECT_DUREE_S = env.int("DIRECT_DUREE_S", default=10)
DIRECT_PAUSE_S = env.int("DIRECT_PAUSE_S", default=5)
# Ce qu’une page ouverte redemande seule ne prolonge pas la session.
CHEMINS_SANS_ACTIVITE = r"/recherche/[\w-]+/direct/"

# Hub Santé (INT_L02) : publie chaque rendez-vous au LRM du territoire (docs/adr/0018). Vide : rien ne part, et chaque
# orientation le dit. Sans identifiant dans l’adresse (amqps://hote:5671/), le certificat client est l’identité.
HUB_URL = env("HUB_URL", default="")
HUB_CLIENT = env(
    "HUB_CLIENT",
    default="fr.health.ptfsas" if ENVIRONNEMENT == "production" else "fr.health.test.ptfsas",
)
HUB_ECHANGE = env("HUB_ECHANGE", default="hubsante")
HUB_CERTIFICAT = env("HUB_CERTIFICAT", default="")
HUB_CLE = env("HUB_CLE", default="")
# Autorités (PEM) qui signent le Hub Santé ; vide : celles du système.
HUB_AUTORITES = env("HUB_AUTORITES", default="")
HUB_DELAI_S = env.int("HUB_DELAI_S", default=10)
# Au-delà, un message ne doit plus être délivré : le rendez-vous est passé, ou se voit ailleurs.
HUB_VALIDITE_H = env.int("HUB_VALIDITE_H", default=24)

# Clé privée Ed25519, en PEM, qui signe les fichiers des caisses ; hors ligne et vide : une clé tirée de SECRET_KEY.
EXPORTS_CLE_SIGNATURE = env("EXPORTS_CLE_SIGNATURE", default="")

# Géocodeur de l’État (Géoplateforme) ; vide : l’index local répond seul.
GEOCODEUR_URL = env("GEOCODEUR_URL", default="")
# Calcul d’itinéraire de l’État (Géoplateforme) ; vide : une estimation locale, annoncée comme telle.
ITINERAIRE_URL = env("ITINERAIRE_URL", default="")
# Site d’itinéraire ouvert depuis une carte, avec {lat} et {lon}, ou {adresse}, du lieu d’exercice ; vide : pas de lien.
ITINERAIRE_LIEN = env("ITINERAIRE_LIEN", default="")
# Fond de carte, modèle d’adresse avec {z}, {x} et {y}, montré si la personne le demande ; vide : un fond uni.
CARTE_TUILES_URL = env("CARTE_TUILES_URL", default="")
CARTE_TUILES_MENTION = env("CARTE_TUILES_MENTION", default="© IGN – Géoplateforme")

# Messagerie : EMAIL_URL (smtp+tls://identifiant:secret@hote:587). Hors ligne, les courriels se lisent dans
# le navigateur, à /demo/courriels/.
if EMAIL_URL := env("EMAIL_URL", default=""):
    vars().update(env.email_url_config(EMAIL_URL))
elif EST_EN_LIGNE:
    EMAIL_HOST = ""  # les contrôles du démarrage le refusent
else:
    EMAIL_BACKEND = "sas_platform.demo.courriels.boite.Boite"
EMAIL_TIMEOUT = 15  # secondes
DEFAULT_FROM_EMAIL = env("EMAIL_EXPEDITEUR", default="SAS <nepasrepondre@exemple.invalid>")

# --- Durées de conservation -------------------------------------------------


class Terme(NamedTuple):
    """Combien de temps une donnée se garde, et le texte qui le dit."""

    duree: Duree
    reference: str


def terme(nom: str, defaut: str, reference: str) -> Terme:
    """Réglable par `CONSERVATION_<NOM>`, en mois ou en jours."""
    variable = f"CONSERVATION_{nom.upper()}"
    try:
        return Terme(Duree.lire(env(variable, default=defaut)), reference)
    except ValueError as erreur:
        raise ImproperlyConfigured(f"{variable} : {erreur}") from None


# Les durées exactes du décret n° 2022-403 restent à relire sur le texte publié avant l’ouverture (docs/adr/0011).
_JOURNALISATION = "CNIL, délibération n° 2021-122 du 14 octobre 2021 : journaux gardés de six mois à un an"
_DECRET = "décret n° 2022-403 du 21 mars 2022 (plateforme numérique du SAS) ; RGPD, article 5 § 1 e"
_LIMITATION = "RGPD, article 5 § 1 e : pas plus longtemps que nécessaire"
_PRESCRIPTION = "code de la sécurité sociale, article L. 133-4 : trois ans pour recouvrer un indu"
_MINIMISATION = "RGPD, article 5 § 1 c : rien de plus que nécessaire"

# Au terme, `manage.py purger` efface, anonymise ou pseudonymise (sas_platform/conservation/). Les critères
# d’une recherche n’ont pas de ligne ici : ils ne sont que dans la session, effacée dans l’heure qui suit sa fin.
CONSERVATION = {
    "trace": terme("trace", "12 mois", _JOURNALISATION),
    "journal_administration": terme("journal_administration", "12 mois", _JOURNALISATION),
    "comptes": terme("comptes", "24 mois", _DECRET),
    "delegations": terme("delegations", "24 mois", _DECRET),
    "demandes_delegation": terme("demandes_delegation", "12 mois", _LIMITATION),
    "orientations": terme("orientations", "24 mois", _DECRET),
    "redirections": terme("redirections", "24 mois", _DECRET),
    "orientations_externes": terme("orientations_externes", "24 mois", _DECRET),
    "rendez_vous": terme("rendez_vous", "24 mois", _DECRET),
    "annulations": terme("annulations", "24 mois", _DECRET),
    "issues": terme("issues", "24 mois", _DECRET),
    "appels": terme("appels", "6 mois", _LIMITATION),
    "recherches": terme("recherches", "12 mois", _MINIMISATION),
    "notes_releve": terme("notes_releve", "3 jours", _MINIMISATION),
    "cles_idempotence": terme("cles_idempotence", "30 jours", _MINIMISATION),
    "disponibilites": terme("disponibilites", "12 mois", _DECRET),
    "indisponibilites": terme("indisponibilites", "12 mois", _DECRET),
    "periodes_occupees": terme("periodes_occupees", "12 mois", _DECRET),
    "imports_planning": terme("imports_planning", "30 jours", _MINIMISATION),
    "liens_calendrier": terme("liens_calendrier", "12 mois", _MINIMISATION),
    "gestes_agenda": terme("gestes_agenda", "12 mois", _DECRET),
    "demandes": terme("demandes", "12 mois", _LIMITATION),
    "courriels": terme("courriels", "6 mois", _LIMITATION),
    "liens": terme("liens", "30 jours", _MINIMISATION),
    "jetons": terme("jetons", "12 mois", _JOURNALISATION),
    "envois_regulateurs": terme("envois_regulateurs", "6 mois", _LIMITATION),
    "messages_hub": terme("messages_hub", "6 mois", _LIMITATION),
    "mesures_editeurs": terme("mesures_editeurs", "6 mois", _MINIMISATION),
    "echantillons_editeurs": terme("echantillons_editeurs", "30 jours", _MINIMISATION),
    "erreurs_editeurs": terme("erreurs_editeurs", "6 mois", _MINIMISATION),
    "liens_editeurs": terme("liens_editeurs", "12 mois", _MINIMISATION),
    "retours_hub": terme("retours_hub", "6 mois", _LIMITATION),
    "actes_clos": terme("actes_clos", "36 mois", _PRESCRIPTION),
}
# Dossier, hors de la base et sauvegardé, où les lignes purgées de la trace s’archivent ; vide : pas d’archive.
TRACE_ARCHIVES = env("TRACE_ARCHIVES", default="")

# --- Pilotage ---------------------------------------------------------------

# Jours après sa fin où un mois se recalcule encore chaque nuit ; ensuite ses mesures ne changent plus.
PILOTAGE_CLOTURE_JOURS = env.int("PILOTAGE_CLOTURE_JOURS", default=45)
# Appels de l’API des indicateurs, par minute et par jeton.
INDICATEURS_APPELS_PAR_MINUTE = env.int("INDICATEURS_APPELS_PAR_MINUTE", default=60)

# --- Participation ----------------------------------------------------------

# Depuis 2026, participer passe par une solution interfacée, sauf arbitrage de l’assurance maladie encore attendu
# (fiche repères). Dernier jour où l’agenda saisi suffit à ouvrir le droit ; vide : il suffit toujours.
_SAISIE_JUSQU_AU = env("SAISIE_MANUELLE_OUVRE_DROIT_JUSQU_AU", default="2025-12-31")
try:
    SAISIE_MANUELLE_OUVRE_DROIT_JUSQU_AU = date.fromisoformat(_SAISIE_JUSQU_AU) if _SAISIE_JUSQU_AU else None
except ValueError:
    raise ImproperlyConfigured(
        f"SAISIE_MANUELLE_OUVRE_DROIT_JUSQU_AU={_SAISIE_JUSQU_AU!r} : une date AAAA-MM-JJ, ou rien"
    ) from None

# --- En-têtes de sécurité ---------------------------------------------------

SECURE_SSL_REDIRECT = EST_EN_LIGNE
SECURE_REDIRECT_EXEMPT = [r"^sante/$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if EST_EN_LIGNE else None
SECURE_HSTS_SECONDS = 31_536_000 if EST_EN_LIGNE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        # La déconnexion est un formulaire que la réponse renvoie chez Pro Santé Connect.
        "form-action": [SELF, *PSC_HOTES_ADMIS],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

# --- Journal ----------------------------------------------------------------

# Vide : `/metrics` ne répond qu’à la machine elle-même.
METRIQUES_JETON = env("METRIQUES_JETON", default="")

LOGGING = configurer_journal(env("NIVEAU_JOURNAL", default="INFO"))

# --- Fichiers statiques -----------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(RACINE / "var" / "static"))
STATICFILES_DIRS = [
    RACINE / "static",
    # Installé par npm d’après package-lock.json ; rien d’autre de node_modules n’est servi.
    ("vendeur/fullcalendar", RACINE / "node_modules" / "fullcalendar"),
    ("vendeur/leaflet", RACINE / "node_modules" / "leaflet" / "dist"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "sas_platform.socle.statiques.Statiques"},
}
# Pièces jointes et documents de formation : hors de la racine du site, servis par une vue qui vérifie les droits.
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(RACINE / "var" / "depots"))
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
# Le manifeste réécrit les url() des feuilles de style : les empreintes du DSFR ne valent plus.
DSFR_USE_INTEGRITY_CHECKSUMS = False
DSFR_MARK_OPTIONAL_FIELDS = True
