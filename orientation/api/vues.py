"""API : chercher une offre, orienter, revenir dessus. L’adresse passe par le corps, jamais par l’URL."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import msgspec
from django.http import Http404, HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.response import Response
from rest_framework.views import APIView

from agenda.actions import PlaceIndisponible
from comptes.enums import Portee
from orientation.actions import (
    CleReutilisee,
    OrientationInterdite,
    OrientationRefusee,
    Surnumeraire,
    SurnumeraireRefuse,
    annuler,
    orienter,
)
from orientation.api.champs import (
    DemandeAnnulationSerializer,
    DemandeOrientationSerializer,
    DemandeRechercheSerializer,
)
from orientation.api.reponses import OrientationSerializer, ProblemeSerializer, ResultatsSerializer, decrire
from orientation.compteurs.prise import de_l_api
from orientation.enums import MotifAnnulation
from orientation.lectures import offre_du_lieu, page_json
from orientation.models import Orientation
from orientation.montrees import suivre
from orientation.requetes import RequeteApi
from sas_platform.socle.entrees import LecteurJson
from sas_platform.socle.problemes import TYPE_MIME, Probleme

_CLE = re.compile(r"[\x21-\x7e]{1,100}")
CLE_ENTETE = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 100, "pattern": r"^[!-~]{1,100}$"},
    OpenApiParameter.HEADER,
    required=True,
    description="La même clé rend la même orientation, sans en enregistrer une autre.",
)


# Sans état : une seule suffit, et la construire coûte autant que valider.
_DEMANDE_DE_RECHERCHE = DemandeRechercheSerializer()


# Un corps trop long, ou qui n’est pas du JSON.
CORPS_REFUSE = (413, 415)


def problemes(*etats: int) -> dict[Any, Any]:
    """Réponses d’erreur déclarées ; partout, 406 à qui ne veut pas de JSON, 429 passé le débit, 503 sans la base."""
    return {(etat, TYPE_MIME): ProblemeSerializer for etat in sorted((*etats, 406, 429, 503))}


class Recherches(APIView):
    portee = Portee.RECHERCHE

    @extend_schema(
        operation_id="rechercher",
        request=DemandeRechercheSerializer,
        responses={200: ResultatsSerializer} | problemes(400, 401, 403, *CORPS_REFUSE),
    )
    def post(self, request: RequeteApi) -> HttpResponse:
        """Offres de soins autour d’un lieu, dans l’ordre de toute la zone."""
        lus = _DEMANDE_DE_RECHERCHE.run_validation(request.data)
        maintenant = timezone.now()
        criteres = replace(lus["criteres"], compte_id=request.user.pk)
        page = page_json(criteres, maintenant=maintenant, page=lus["page"], par_page=lus["par_page"])
        constat = de_l_api(request.user.pk, criteres, lus["commune_insee"], lus["rayon_defaut_km"])
        suivre(page, constat, maintenant)
        return HttpResponse(page.contenu, content_type="application/json")


class Orientations(APIView):
    portee = Portee.ORIENTATION

    @extend_schema(
        operation_id="orienter",
        parameters=[CLE_ENTETE],
        request=DemandeOrientationSerializer,
        responses={201: OrientationSerializer} | problemes(400, 401, 403, 404, 409, 422, *CORPS_REFUSE),
    )
    def post(self, request: RequeteApi) -> Response:
        """Enregistre une orientation ; 409 si la place n’est plus libre, avec d’autres créneaux du lieu."""
        cle = lire_cle(request)
        demande = DemandeOrientationSerializer(data=request.data)
        demande.is_valid(raise_exception=True)
        lus = demande.validated_data
        en_sus = lus.get("surnumeraire")
        try:
            orientation = orienter(
                acteur=request.user,
                cle=cle,
                creneau_id=lus.get("creneau", ""),
                surnumeraire=Surnumeraire(en_sus["lieu"], en_sus["debut"]) if en_sus else None,
                maintenant=timezone.now(),
            )
        except PlaceIndisponible as refus:
            raise place_indisponible(refus) from refus
        except OrientationRefusee as refus:
            raise Probleme(status=_etat(refus), code=refus.code, detail=str(refus)) from refus
        # Un renvoi rend le corps d’origine, même si l’orientation a été annulée depuis.
        return Response(decrire(orientation, annulee_le=None), status=201)


class UneOrientation(APIView):
    portee = Portee.ORIENTATION

    @extend_schema(
        operation_id="lire_orientation",
        responses={200: OrientationSerializer} | problemes(401, 403, 404),
    )
    def get(self, request: RequeteApi, uuid: str) -> Response:
        orientation = _la_mienne(request, uuid)
        return Response(decrire(orientation, annulee_le=orientation.annulee_le))


class Annulation(APIView):
    """Le corps est facultatif : un client qui n’en envoie pas n’a pas à annoncer du JSON."""

    portee = Portee.ORIENTATION
    parser_classes = [LecteurJson, FormParser, MultiPartParser]

    @extend_schema(
        operation_id="annuler_orientation",
        request=DemandeAnnulationSerializer,
        responses={200: OrientationSerializer} | problemes(400, 401, 403, 404, 409, *CORPS_REFUSE),
    )
    def post(self, request: RequeteApi, uuid: str) -> Response:
        """Annule l’orientation et rend sa place ; 409 si elle est déjà annulée, ou le rendez-vous passé."""
        orientation = _la_mienne(request, uuid)
        demande = DemandeAnnulationSerializer(data=request.data)
        demande.is_valid(raise_exception=True)
        try:
            annulee = annuler(
                acteur=request.user,
                orientation=orientation,
                motif=MotifAnnulation(demande.validated_data["motif"]),
                maintenant=timezone.now(),
            )
        except OrientationRefusee as refus:
            raise Probleme(status=409, code=refus.code, detail=str(refus)) from refus
        return Response(decrire(orientation, annulee_le=annulee.annulee_le))


def lire_cle(request: RequeteApi) -> str:
    cle = request.headers.get("Idempotency-Key", "")
    if not cle:
        raise Probleme(status=400, code="cle_requise", detail="L’en-tête Idempotency-Key est requis.")
    if not _CLE.fullmatch(cle):
        raise Probleme(
            status=400,
            code="cle_invalide",
            detail="Une clé d’idempotence tient en 100 signes ASCII, sans espace.",
        )
    return cle


def _la_mienne(request: RequeteApi, uuid: str) -> Orientation:
    orientation = Orientation.objects.visibles_par(request.user).pour_affichage().filter(uuid=uuid).first()
    if orientation is None:
        raise Http404
    return orientation


def place_indisponible(refus: PlaceIndisponible) -> Probleme:
    if refus.code == "inconnue":
        return Probleme(status=404, code=refus.code, detail=str(refus))
    offre = offre_du_lieu(refus.lieu_id, maintenant=timezone.now()) if refus.lieu_id else None
    # La structure omet `age_s` quand il est inconnu ; le schéma le promet toujours.
    alternatives = [{"age_s": None} | msgspec.to_builtins(c) for c in offre.creneaux] if offre else []
    return Probleme(status=409, code=refus.code, detail=str(refus), alternatives=alternatives)


def _etat(refus: OrientationRefusee) -> int:
    if isinstance(refus, OrientationInterdite):
        return 403
    if isinstance(refus, CleReutilisee):
        return 422
    if isinstance(refus, SurnumeraireRefuse):
        return {"inconnue": 404, "en_sus_refuse": 409, "lieu_ferme": 409, "en_sus_suspendu": 409}.get(
            refus.code, 400
        )
    return 409
