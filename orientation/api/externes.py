"""API des outils territoriaux : verser des orientations, relire l’une d’elles (décret, article 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from annuaire.champs import champ, territoires_du
from annuaire.models import Effecteur, Structure
from comptes.enums import Action, Portee
from comptes.models import Jeton
from orientation.api.champs_externes import (
    EnveloppeSerializer,
    LotSerializer,
    OrientationExterneSerializer,
    OrientationGardeeSerializer,
    VersementsSerializer,
)
from orientation.api.vues import CORPS_REFUSE, problemes
from orientation.externes import AUTRE_CONTENU, EtatVersement, Fait, verser
from orientation.models import OrientationExterne, OutilTerritorial
from orientation.requetes import RequeteApi
from sas_platform.socle.problemes import Probleme

_PREFIXES = {"rpps": "8", "adeli": "0"}
Destinataire = tuple[str, str]


class OrientationsExternes(APIView):
    portee = Portee.VERSEMENT

    @extend_schema(
        operation_id="verser_orientations",
        request=LotSerializer,
        responses={200: VersementsSerializer} | problemes(400, 401, 403, *CORPS_REFUSE),
    )
    def post(self, request: RequeteApi) -> Response:
        """Verse un lot d’orientations faites dans l’outil d’un territoire ; un résultat par orientation.

        Rejouer un lot ne change rien. Tout champ inconnu est refusé : aucune donnée de patient n’est admise.
        """
        maintenant = timezone.now()
        outil = _outil(request, maintenant)
        enveloppe = EnveloppeSerializer(data=request.data)
        enveloppe.is_valid(raise_exception=True)
        recues = enveloppe.validated_data["orientations"]
        # `null` : rien de ce qui est obligatoire, plutôt que « rien à lire ».
        lues = [
            OrientationExterneSerializer(data={} if r is None else r, context={"maintenant": maintenant})
            for r in recues
        ]
        valides = [lue.validated_data for lue in lues if lue.is_valid()]
        destinataires = _destinataires([_numero(lu["destinataire"]) for lu in valides])
        resultats: list[dict[str, Any]] = []
        a_verser: list[tuple[dict[str, Any], Fait]] = []
        for recue, lue in zip(recues, lues, strict=True):
            resultat: dict[str, Any] = {"cle": _cle(recue), "etat": EtatVersement.REFUSEE}
            resultats.append(resultat)
            if lue.errors:
                resultat["erreurs"] = dict(lue.errors)
                continue
            trouve = destinataires.get(_numero(lue.validated_data["destinataire"]))
            if trouve is None:
                resultat["erreurs"] = {
                    "destinataire": ["Ce numéro n’est pas dans l’annuaire de la plateforme."]
                }
                continue
            a_verser.append((resultat, _fait(outil, lue.validated_data, trouve)))
        versements = verser(
            acteur=request.user, outil=outil, faits=[fait for _, fait in a_verser], maintenant=maintenant
        )
        for (resultat, _), versement in zip(a_verser, versements, strict=True):
            resultat |= {"etat": versement.etat, "id": str(versement.orientation.uuid)}
            if versement.etat is EtatVersement.REFUSEE:
                resultat["erreurs"] = {"version": [AUTRE_CONTENU]}
        return Response({"resultats": resultats})


class UneOrientationExterne(APIView):
    portee = Portee.VERSEMENT

    @extend_schema(
        operation_id="lire_orientation_externe",
        responses={200: OrientationGardeeSerializer} | problemes(401, 403, 404),
    )
    def get(self, request: RequeteApi, uuid: str) -> Response:
        """Ce que la plateforme garde d’une orientation que cet outil a versée."""
        outil = _outil(request, timezone.now())
        gardees = OrientationExterne.objects.filter(outil=outil).select_related("effecteur", "structure")
        gardee = gardees.filter(uuid=uuid).first()
        if gardee is None:
            raise Http404
        return Response(
            {
                "id": str(gardee.uuid),
                "version": gardee.version,
                "destinataire": str(gardee.effecteur or gardee.structure),
                "orientee_le": gardee.orientee_le.isoformat(),
                "rendez_vous_le": gardee.rendez_vous_le.isoformat() if gardee.rendez_vous_le else None,
                "nature": gardee.nature,
                "issue": gardee.issue,
                "annulee": gardee.est_annulee,
            }
        )


def _outil(request: RequeteApi, maintenant: datetime) -> OutilTerritorial:
    """L’outil de ce jeton, dont le porteur répond encore du territoire. Lève `Probleme`."""
    jeton = request.auth if isinstance(request.auth, Jeton) else None
    outils = OutilTerritorial.objects.filter(jetons__jeton=jeton, est_actif=True) if jeton else None
    outil = outils.first() if outils is not None else None
    if outil is None:
        raise Probleme(
            status=403, code="outil_inconnu", detail="Ce jeton n’est celui d’aucun outil territorial actif."
        )
    siens = territoires_du(champ(request.user, Action.VERSER_ORIENTATIONS, instant=maintenant))
    if not siens.filter(pk=outil.territoire_id).exists():
        raise Probleme(
            status=403, code="hors_territoire", detail="Le porteur de ce jeton ne gère plus ce territoire."
        )
    return outil


def _cle(recue: object) -> str:
    """La clé telle que reçue, pour que l’outil s’y retrouve, refus compris."""
    cle = recue.get("cle") if isinstance(recue, Mapping) else None
    return cle[:100] if isinstance(cle, str) else ""


def _numero(destinataire: Mapping[str, str]) -> Destinataire:
    return destinataire["type"], destinataire["numero"]


def _destinataires(numeros: Sequence[Destinataire]) -> dict[Destinataire, Effecteur | Structure]:
    """Ceux que l’annuaire connaît : deux requêtes pour tout le lot."""
    nationaux = {
        f"{_PREFIXES[genre]}{numero}": (genre, numero) for genre, numero in numeros if genre in _PREFIXES
    }
    par_finess = {numero for genre, numero in numeros if genre == "finess"}
    par_siret = {numero for genre, numero in numeros if genre == "siret"}
    trouves: dict[Destinataire, Effecteur | Structure] = {}
    for effecteur in Effecteur.objects.filter(identifiant_national__in=nationaux):
        trouves[nationaux[effecteur.identifiant_national]] = effecteur
    connues = Structure.objects.filter(Q(finess__in=par_finess) | Q(siret__in=par_siret))
    # Un SIRET peut être celui de deux structures : la plus récente l’emporte.
    for structure in connues.order_by("pk"):
        if structure.finess in par_finess:
            trouves["finess", str(structure.finess)] = structure
        if structure.siret in par_siret:
            trouves["siret", structure.siret] = structure
    return trouves


def _fait(outil: OutilTerritorial, lu: Mapping[str, Any], destinataire: Effecteur | Structure) -> Fait:
    est_effecteur = isinstance(destinataire, Effecteur)
    return Fait(
        empreinte_cle=OrientationExterne.empreinte(outil, f"cle:{lu['cle']}"),
        version=lu["version"],
        effecteur_id=destinataire.pk if est_effecteur else None,
        structure_id=None if est_effecteur else destinataire.pk,
        orientee_le=lu["orientee_le"],
        rendez_vous_le=lu["rendez_vous_le"],
        nature=lu["nature"],
        issue=lu["issue"],
        pseudonyme=OrientationExterne.empreinte(outil, f"regulateur:{lu['regulateur']}")[:32],
        est_annulee=lu["annulee"],
    )
