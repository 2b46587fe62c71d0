"""Les adresses FHIR : chaque réponse, refus compris, est du FHIR."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

import structlog
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from redis.exceptions import RedisError

from agenda.editeurs.mesures import compter
from agenda.enums import Flux
from agenda.models import Editeur
from agenda.qualite.fiche import RENDEZ_VOUS_RECU, RENDEZ_VOUS_REFUSE
from orientation.rendez_vous import actions
from orientation.rendez_vous.capacites import capacites, url_base
from orientation.rendez_vous.certificat import AppelRefuse, editeur_de
from orientation.rendez_vous.message import TAILLE_MAX, Cle, MessageRefuse, lire, lire_cle_de_requete
from sas_platform.socle import fhir

METHODES = frozenset({"POST", "PUT"})
PERIODE_S = 60
Vue = Callable[..., HttpResponse]

journal = structlog.get_logger("sas.rendez_vous")


def reserve_aux_editeurs(vue: Vue) -> Vue:
    """Certificat, puis débit, puis type demandé ; la vue reçoit `request.editeur`.

    403 et non 401 : HTTP n’a pas de défi pour un certificat client.
    """

    @wraps(vue)
    def gardee(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        type_mime = fhir.type_demande(request)
        try:
            editeur = editeur_de(request, maintenant=timezone.now())
        except AppelRefuse as refus:
            journal.warning("appel_refuse", motif=refus.motif)
            etat = 503 if refus.motif == "indisponible" else 403
            return fhir.echec(etat, str(refus), type_mime=type_mime)
        if _trop_souvent(editeur):
            reponse = fhir.echec(429, "Trop d’appels : attendez une minute.", type_mime=type_mime)
            reponse.headers["Retry-After"] = str(PERIODE_S)
            return reponse
        if type_mime is None:
            return fhir.echec(406, f"Types servis : {', '.join(fhir.TYPES_ADMIS)}.")
        request.editeur = editeur  # type: ignore[attr-defined]
        return vue(request, *args, **kwargs)

    return gardee


@csrf_exempt
@never_cache
def metadata(request: HttpRequest) -> HttpResponse:
    if request.method not in ("GET", "HEAD"):
        return _methode_refusee(("GET", "HEAD"), None)
    type_mime = fhir.type_demande(request)
    if type_mime is None:
        return fhir.echec(406, f"Types servis : {', '.join(fhir.TYPES_ADMIS)}.")
    return fhir.repondre(capacites(METHODES), type_mime=type_mime)


@csrf_exempt
@reserve_aux_editeurs
def inconnue(request: HttpRequest, reste: str = "") -> HttpResponse:
    return fhir.echec(404, "Rien à cette adresse.", type_mime=fhir.type_demande(request))


@csrf_exempt
@reserve_aux_editeurs
def appointment(request: HttpRequest) -> HttpResponse:
    type_mime = fhir.type_demande(request)
    if request.method not in METHODES:
        return _methode_refusee(sorted(METHODES), type_mime)
    editeur: Editeur = request.editeur  # type: ignore[attr-defined]
    try:
        reponse = _recevoir(request, editeur, timezone.now(), type_mime)
        compter(editeur.pk, {RENDEZ_VOUS_RECU: 1}, timezone.now())
        return reponse
    except MessageRefuse as refus:
        compter(editeur.pk, {f"{RENDEZ_VOUS_REFUSE}{refus.code}"[:40]: 1}, timezone.now())
        journal.warning("rendez_vous_refuse", editeur=editeur.code, etat=refus.status, motif=refus.code)
        return fhir.echec(refus.status, str(refus), type_mime=type_mime)


def _recevoir(
    request: HttpRequest, editeur: Editeur, maintenant: datetime, type_mime: str | None
) -> HttpResponse:
    if not editeur.est_actif or Flux.RENDEZ_VOUS not in editeur.flux:
        raise MessageRefuse(403, "flux", "Le retour des rendez-vous n’est pas ouvert pour cet éditeur.")
    octets = _lire_le_corps(request)
    est_creation = request.method == "POST"
    demandee = None if est_creation else lire_cle_de_requete(list(_parametres(request)))
    lu = lire(octets)
    reception = actions.recevoir(
        editeur=editeur,
        cle=_cle(demandee, lu.cle),
        lu=lu,
        est_creation=est_creation,
        maintenant=maintenant,
    )
    if lu.patient_ecarte:
        journal.warning("rendez_vous_avec_patient", editeur=editeur.code)
    adresse = f"{url_base()}/Appointment/{reception.rendez_vous.uuid}"
    status = 201 if est_creation or reception.est_cree else 200
    entetes = {"Location": adresse, "Cache-Control": "no-store"}
    if "return=operationoutcome" not in request.headers.get("Prefer", "").lower().replace(" ", ""):
        return HttpResponse(
            status=status, headers=entetes, content_type=f"{type_mime or fhir.TYPE_MIME}; charset=utf-8"
        )
    reponse = fhir.repondre(fhir.resultat(_constats(reception, lu)), status=status, type_mime=type_mime)
    reponse.headers["Location"] = adresse
    return reponse


def _lire_le_corps(request: HttpRequest) -> bytes:
    if not fhir.type_admis(request.headers.get("Content-Type", "")):
        raise MessageRefuse(415, "type", f"Types lus : {', '.join(fhir.TYPES_ADMIS)}, en UTF-8.")
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise MessageRefuse(415, "compression", "Le corps ne doit pas être compressé.")
    try:
        octets = request.read(TAILLE_MAX + 1)
    except UnreadablePostError:
        raise MessageRefuse(400, "coupe", "Le corps n’est pas arrivé en entier.") from None
    if len(octets) > TAILLE_MAX:
        raise MessageRefuse(413, "taille", f"Un rendez-vous tient en {TAILLE_MAX} octets au plus.")
    return octets


def _parametres(request: HttpRequest) -> list[tuple[str, str]]:
    return [(nom, valeur) for nom, valeurs in request.GET.lists() for valeur in valeurs]


def _cle(demandee: Cle | None, portee: Cle | None) -> Cle:
    """La requête et le corps désignent le même rendez-vous ; l’un supplée l’autre."""
    if demandee is None and portee is None:
        raise MessageRefuse(422, "identifiant", "Il manque l’identifiant du rendez-vous.")
    if demandee is None or portee is None:
        cle = demandee or portee
        assert cle is not None
        if not cle.systeme:
            raise MessageRefuse(422, "identifiant", "L’identifiant du rendez-vous n’a pas de système.")
        return cle
    if demandee.valeur != portee.valeur or demandee.systeme not in ("", portee.systeme):
        raise MessageRefuse(400, "requete", "La requête et le corps ne désignent pas le même rendez-vous.")
    return portee if portee.systeme else demandee


def _constats(reception: actions.Reception, lu: Any) -> list[tuple[str, str, str]]:
    """Ce que l’éditeur gagne à savoir, à qui demande `Prefer: return=OperationOutcome`."""
    rendez_vous = reception.rendez_vous
    constats = [
        ("warning", "informational", phrase)
        for vrai, phrase in (
            (lu.patient_ecarte, "Le message portait un patient : rien n’en a été gardé."),
            (rendez_vous.regulateur_id is None, "Ce régulateur n’est pas connu de la plateforme."),
            (
                bool(lu.professionnel) and rendez_vous.effecteur_id is None,
                "Ce professionnel n’est pas dans l’annuaire de la plateforme.",
            ),
            (not reception.est_applique, "Message déjà reçu, ou plus ancien que l’état connu."),
        )
        if vrai
    ]
    return constats or [("information", "informational", "Rendez-vous enregistré.")]


def _methode_refusee(admises: Any, type_mime: str | None) -> HttpResponse:
    reponse = fhir.echec(405, f"Méthodes admises : {', '.join(admises)}.", type_mime=type_mime)
    reponse.headers["Allow"] = ", ".join(admises)
    return reponse


def _trop_souvent(editeur: Editeur) -> bool:
    """Sans courtier, on laisse passer : perdre un rendez-vous serait pire."""
    cle = f"rendez-vous:debit:{editeur.pk}"
    try:
        cache.add(cle, 0, PERIODE_S)
        return cache.incr(cle) > settings.FHIR_APPELS_PAR_MINUTE
    except (RedisError, ValueError):  # ValueError : la période a fini entre les deux appels
        return False
