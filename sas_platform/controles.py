"""Contrôles au démarrage : une installation en ligne refuse les réglages dangereux.

Elles arrêtent `manage.py`, et `exiger_configuration_sure` arrête le serveur et
les workers, que Django ne contrôle pas. Ailleurs qu’en ligne, rien n’est dit.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.utils import timezone

LONGUEUR_CLE = 50
LONGUEUR_SECRET = 40
CLES_CONNUES = ("cle-locale-sans-valeur", "secret-de-demonstration", "changez-moi", "django-insecure")
HOTES_LOCAUX = ("127.0.0.1", "localhost", "::1", "0.0.0.0")  # noqa: S104  comparaison, pas écoute


@register(Tags.security)
def configuration_en_ligne(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    if not settings.EST_EN_LIGNE:
        return []
    return [Error(message, id=f"sas.{numero}") for numero, message in _defauts()]


@register(Tags.security, deploy=True)
def certificats_des_editeurs(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """`check --deploy` : certificats absents, illisibles ou proches de leur terme. Rien n’en arrête le démarrage."""
    if not settings.EST_EN_LIGNE:
        return []
    from agenda.editeurs.certificats import defauts
    from agenda.models import Editeur

    avis = []
    if settings.FHIR_SECRET_MANDATAIRE and not settings.FHIR_REVOCATIONS:
        avis.append("FHIR_REVOCATIONS est vide : la révocation des certificats reçus n’est pas vérifiée.")
    try:
        for editeur in Editeur.objects.filter(est_actif=True).order_by("pk"):
            avis += defauts(editeur, maintenant=timezone.now())
    except DatabaseError:
        # Une construction se contrôle sans base : le dire, sans la faire échouer.
        return [
            checks.Info(
                "Base injoignable : les certificats des éditeurs ne sont pas vérifiés.", id="sas.I060"
            )
        ]
    return [checks.Warning(texte, id="sas.W060") for texte in avis]


def exiger_configuration_sure() -> None:
    """Lève `ImproperlyConfigured` en nommant chaque réglage dangereux."""
    erreurs = configuration_en_ligne()
    if erreurs:
        raise ImproperlyConfigured(" ".join(f"({erreur.id}) {erreur.msg}" for erreur in erreurs))


def _defauts() -> Iterator[tuple[str, str]]:
    yield from _secrets()
    yield from _http()
    yield from _identite_aupres_de_psc()
    yield from _pro_sante_connect()
    yield from _messagerie()
    yield from _hub_sante()
    yield from _rendez_vous()
    yield from _fichiers_des_caisses()


def _secrets() -> Iterator[tuple[str, str]]:
    cle = settings.SECRET_KEY
    if len(cle) < LONGUEUR_CLE or len(set(cle)) < 10 or _connue(cle):
        yield "E001", f"SECRET_KEY : il faut au moins {LONGUEUR_CLE} signes tirés au hasard."
    if settings.DEBUG:
        yield "E002", "DEBUG doit être faux."
    base = settings.DATABASES["default"]
    if base.get("PASSWORD") in ("sas", "postgres"):
        yield "E003", "DATABASE_URL : mot de passe par défaut."


def _http() -> Iterator[tuple[str, str]]:
    if not settings.ALLOWED_HOSTS or any(hote.startswith("*") for hote in settings.ALLOWED_HOSTS):
        yield "E010", "ALLOWED_HOSTS : donnez les noms de l’installation, sans joker."
    public = urlsplit(settings.URL_PUBLIQUE)
    if public.scheme != "https" or _local(public.hostname):
        yield "E011", "URL_PUBLIQUE : il faut une adresse https publique."
    elif public.hostname not in settings.ALLOWED_HOSTS:
        yield "E012", "URL_PUBLIQUE : son hôte n’est pas dans ALLOWED_HOSTS."
    cookies = (
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
        "SESSION_COOKIE_HTTPONLY",
        "SECURE_SSL_REDIRECT",
    )
    for nom in cookies:
        if not getattr(settings, nom):
            yield "E013", f"{nom} doit être vrai."
    if settings.SECURE_HSTS_SECONDS < 31_536_000:
        yield "E014", "SECURE_HSTS_SECONDS : un an au moins."


def _identite_aupres_de_psc() -> Iterator[tuple[str, str]]:
    par_certificat = settings.PSC_CLIENT_AUTH == "mtls"
    preuves = ("PSC_CERTIFICAT", "PSC_CLE") if par_certificat else ("PSC_CLIENT_SECRET",)
    for nom in ("PSC_DECOUVERTE_URL", "PSC_CLIENT_ID", *preuves):
        if not getattr(settings, nom):
            yield "E020", f"{nom} est vide : personne ne pourrait se connecter."
    for nom in preuves if par_certificat else ():
        if getattr(settings, nom) and not os.access(getattr(settings, nom), os.R_OK):
            yield "E026", f"{nom} : fichier absent ou illisible."
    if _connue(settings.PSC_CLIENT_SECRET):
        yield "E021", "PSC_CLIENT_SECRET : secret de démonstration."


def _pro_sante_connect() -> Iterator[tuple[str, str]]:
    decouverte = urlsplit(settings.PSC_DECOUVERTE_URL)
    if settings.PSC_DECOUVERTE_URL and (decouverte.scheme != "https" or _local(decouverte.hostname)):
        yield "E022", "PSC_DECOUVERTE_URL : Pro Santé Connect simulé ou en clair."
    elif settings.PSC_DECOUVERTE_URL and decouverte.netloc not in settings.PSC_HOTES_ADMIS:
        yield "E023", "PSC_DECOUVERTE_URL : hôte hors de PSC_HOTES_ADMIS."
    if _un_local(settings.PSC_HOTES_ADMIS):
        yield "E024", "PSC_HOTES_ADMIS : un hôte local n’a rien à y faire."
    # Le bac à sable donne parfois plus que le niveau demandé ; la production le donne exactement.
    strict = settings.ENVIRONNEMENT == "production"
    if not settings.PSC_ACR_ADMIS or "eidas0" in settings.PSC_ACR_ADMIS:
        yield "E025", "PSC_ACR_ADMIS : eidas1 au moins."
    elif strict and settings.PSC_ACR_ADMIS != ["eidas1"]:
        yield "E025", "PSC_ACR_ADMIS : en production, eidas1 et rien d’autre."
    if settings.GEOCODEUR_URL and urlsplit(settings.GEOCODEUR_URL).scheme != "https":
        yield "E030", "GEOCODEUR_URL : https seulement, une adresse est une donnée sensible."
    if settings.ITINERAIRE_URL and urlsplit(settings.ITINERAIRE_URL).scheme != "https":
        yield "E031", "ITINERAIRE_URL : https seulement, un point de départ est une donnée sensible."
    if (lien := settings.ITINERAIRE_LIEN) and not (
        lien.startswith("https://") and ("{adresse}" in lien or ("{lat}" in lien and "{lon}" in lien))
    ):
        yield "E033", "ITINERAIRE_LIEN : https, et {lat} et {lon}, ou {adresse}, du lieu d’exercice."
    if settings.CARTE_TUILES_URL and urlsplit(settings.CARTE_TUILES_URL).scheme != "https":
        yield "E032", "CARTE_TUILES_URL : https seulement, la zone regardée est une donnée sensible."


def _messagerie() -> Iterator[tuple[str, str]]:
    if settings.EMAIL_BACKEND != "django.core.mail.backends.smtp.EmailBackend" or not settings.EMAIL_HOST:
        yield "E040", "EMAIL_URL : donnez le serveur de messagerie (smtp+tls://identifiant:secret@hote:587)."
    elif not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL or _local(settings.EMAIL_HOST)):
        yield "E041", "EMAIL_URL : des liens de connexion partiraient en clair ; prenez smtp+tls ou smtp+ssl."
    if ".invalid" in settings.DEFAULT_FROM_EMAIL:
        yield "E042", "EMAIL_EXPEDITEUR : donnez l’adresse d’expédition."


def _rendez_vous() -> Iterator[tuple[str, str]]:
    """Sans secret, la porte des éditeurs est fermée : c’est permis."""
    secret = settings.FHIR_SECRET_MANDATAIRE
    if secret and (len(secret) < LONGUEUR_SECRET or len(set(secret)) < 10 or _connue(secret)):
        yield "E060", f"FHIR_SECRET_MANDATAIRE : il faut au moins {LONGUEUR_SECRET} signes tirés au hasard."
    if secret and not os.access(settings.FHIR_AUTORITES, os.R_OK):
        yield "E061", "FHIR_AUTORITES : fichier absent ou illisible, aucun éditeur ne pourrait entrer."
    if settings.FHIR_URL and urlsplit(settings.FHIR_URL).hostname not in settings.ALLOWED_HOSTS:
        yield "E062", "FHIR_URL : son hôte n’est pas dans ALLOWED_HOSTS."


def _fichiers_des_caisses() -> Iterator[tuple[str, str]]:
    """Sans sa clé, l’installation signerait d’une clé que SECRET_KEY suffit à refaire."""
    from remuneration.caisse.signature import CleIllisible, lire_cle_privee

    if not settings.EXPORTS_CLE_SIGNATURE:
        yield (
            "E070",
            "EXPORTS_CLE_SIGNATURE est vide : il faut la clé Ed25519 qui signe les fichiers des caisses.",
        )
        return
    try:
        lire_cle_privee(settings.EXPORTS_CLE_SIGNATURE)
    except CleIllisible as illisible:
        yield "E071", f"EXPORTS_CLE_SIGNATURE : {illisible}"


def _hub_sante() -> Iterator[tuple[str, str]]:
    """Le Hub est facultatif ; ouvert, il l’est chiffré, et prouvé par un certificat."""
    if not settings.HUB_URL:
        return
    if urlsplit(settings.HUB_URL).scheme != "amqps":
        yield "E050", "HUB_URL : amqps seulement, le Hub Santé exige le chiffrement mutuel."
    for nom in ("HUB_CERTIFICAT", "HUB_CLE"):
        if not getattr(settings, nom) or not os.access(getattr(settings, nom), os.R_OK):
            yield "E051", f"{nom} : fichier absent ou illisible."


def _connue(valeur: str) -> bool:
    return any(connue in valeur for connue in CLES_CONNUES)


def _local(hote: str | None) -> bool:
    return hote is None or hote in HOTES_LOCAUX


def _un_local(hotes: Iterable[str]) -> bool:
    return any(_local(urlsplit(f"//{hote}").hostname) for hote in hotes)
