"""API : tenir une place le temps d’un appel, la prolonger une fois, la rendre (docs/adr/0024)."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from agenda import tenues
from agenda.actions import PlaceIndisponible
from agenda.domaine.offre import en_minutes, identifiant_sas
from agenda.models import Tenue
from annuaire.models import LieuExercice
from comptes.enums import Portee
from orientation.api.vues import CLE_ENTETE, CORPS_REFUSE, lire_cle, place_indisponible, problemes
from orientation.destinataires import lieu_du_creneau, territoire_du_regulateur
from orientation.requetes import RequeteApi
from sas_platform.socle.problemes import Probleme


class DemandeTenueSerializer(serializers.Serializer):
    creneau = serializers.CharField(
        max_length=100, help_text="Identifiant d’un créneau de l’agenda SAS, dans une offre."
    )


class TenueSerializer(serializers.Serializer):
    """Une place gardée trois minutes. Les autres lisent le territoire qui la tient, jamais la personne."""

    id = serializers.UUIDField()
    creneau = serializers.CharField()
    lieu = serializers.CharField()
    debut = serializers.DateTimeField()
    fuseau = serializers.CharField()
    jusqu_a = serializers.DateTimeField()
    prolongeable = serializers.BooleanField(help_text="Faux si elle l’a déjà été\u00a0: c’est une fois.")


class Tenues(APIView):
    portee = Portee.ORIENTATION

    @extend_schema(
        operation_id="tenir_une_place",
        parameters=[CLE_ENTETE],
        request=DemandeTenueSerializer,
        responses={201: TenueSerializer} | problemes(400, 401, 403, 404, 409, 422, *CORPS_REFUSE),
    )
    def post(self, request: RequeteApi) -> Response:
        """Tient une place trois minutes, et rend celle que l’on tenait ailleurs ; 409 si elle n’est plus libre.

        La clé vaut le temps de la tenue : la même clé pour la même place rend la même tenue.
        """
        cle = lire_cle(request)
        demande = DemandeTenueSerializer(data=request.data)
        demande.is_valid(raise_exception=True)
        creneau_id, maintenant = demande.validated_data["creneau"], timezone.now()
        lieu = lieu_du_creneau(creneau_id)
        territoire = territoire_du_regulateur(request.user, lieu, maintenant=maintenant)
        try:
            tenue = tenues.tenir(
                compte=request.user,
                creneau_id=creneau_id,
                territoire=territoire,
                maintenant=maintenant,
                cle=cle,
            )
        except PlaceIndisponible as refus:
            raise place_indisponible(refus) from refus
        except tenues.CleReprise as refus:
            raise Probleme(status=422, code="cle_reutilisee", detail=str(refus)) from refus
        assert lieu is not None  # sans quoi rien ne s’y tient
        return Response(_decrire(tenue, lieu), status=201)


class UneTenue(APIView):
    portee = Portee.ORIENTATION

    @extend_schema(operation_id="rendre_une_place", responses={204: None} | problemes(401, 403, 404))
    def delete(self, request: RequeteApi, uuid: UUID) -> Response:
        """Rend la place ; 404 si elle n’est plus tenue, ou l’est par un autre."""
        if not tenues.rendre(compte=request.user, maintenant=timezone.now(), uuid=uuid):
            raise Http404
        return Response(status=204)


class Prolongation(APIView):
    portee = Portee.ORIENTATION

    @extend_schema(
        operation_id="prolonger_une_place",
        request=None,
        responses={200: TenueSerializer} | problemes(401, 403, 404, 409),
    )
    def post(self, request: RequeteApi, uuid: UUID) -> Response:
        """Trois minutes de plus ; 409 si elle a déjà été prolongée, ou si le temps est passé."""
        if not Tenue.objects.de(request.user, uuid).exists():
            raise Http404
        try:
            tenue = tenues.prolonger(compte=request.user, maintenant=timezone.now(), uuid=uuid)
        except tenues.TenuePerdue as refus:
            raise Probleme(status=409, code=refus.code, detail=str(refus)) from refus
        return Response(_decrire(tenue, tenue.disponibilite.lieu))


def _decrire(tenue: Tenue, lieu: LieuExercice) -> dict[str, Any]:
    """Instants à l’heure du lieu."""
    fuseau = ZoneInfo(lieu.fuseau)
    return {
        "id": str(tenue.uuid),
        "creneau": identifiant_sas(tenue.disponibilite_id, en_minutes(tenue.debut)),
        "lieu": f"l{lieu.pk}",
        "debut": tenue.debut.astimezone(fuseau).isoformat(),
        "fuseau": lieu.fuseau,
        "jusqu_a": tenue.expire_le.astimezone(fuseau).isoformat(),
        "prolongeable": tenue.prolongee_le is None,
    }
