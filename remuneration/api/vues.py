"""API des indicateurs : ceux que lit le pilotage, pour la CNAM et le ministère. Chaque lecture est tracée."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from comptes.actions import tracer
from comptes.enums import Portee
from comptes.models import Compte, Jeton
from orientation.api.vues import problemes
from orientation.requetes import RequeteApi
from remuneration.api.champs import DemandeSerializer, MesuresSerializer, en_mesures
from remuneration.domaine.mois import Mois
from remuneration.pilotage import lectures
from remuneration.pilotage.lectures import FRANCE, MoisLu
from sas_platform.socle.debits import depasse

PAR_PAGE = 1000
_PERIODE_S = 60


class DebitDesIndicateurs(BaseThrottle):
    """Appels par minute de chaque jeton, ou de chaque compte en session."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.user, Compte):
            return True  # le refus vient ensuite, par la portée
        origine = (
            f"jeton:{request.auth.pk}" if isinstance(request.auth, Jeton) else f"compte:{request.user.pk}"
        )
        return not depasse(
            "indicateurs", origine, settings.INDICATEURS_APPELS_PAR_MINUTE, periode_s=_PERIODE_S
        )

    def wait(self) -> float:
        return _PERIODE_S


@method_decorator(never_cache, name="dispatch")
class Indicateurs(APIView):
    portee = Portee.INDICATEURS
    throttle_classes = [DebitDesIndicateurs]

    @extend_schema(
        operation_id="lire_indicateurs",
        parameters=[DemandeSerializer],
        responses={200: MesuresSerializer} | problemes(400, 401, 403, 404),
    )
    def get(self, request: RequeteApi) -> Response:
        """Les indicateurs d’un mois, pour les territoires que ce compte suit."""
        demande = DemandeSerializer(data=request.query_params)
        demande.is_valid(raise_exception=True)
        lus = demande.validated_data
        mois = _mois(lus)
        noms = _territoires(request.user, lus.get("territoire"))
        codes = lus.get("code")
        mesures = _mesures(mois, noms, codes)
        page, pages = lus["page"], max(1, -(-len(mesures) // PAR_PAGE))
        if page > pages:
            raise Http404
        tracer(
            acteur=request.user,
            verbe="indicateurs.lus",
            objet=f"indicateurs:{mois.mois}",
            territoire=lus.get("territoire", ""),
            codes=sorted(codes or ()),
        )
        return Response(
            {
                "mois": str(mois.mois),
                "est_clos": mois.est_clos,
                "page": page,
                "pages": pages,
                "total": len(mesures),
                "mesures": mesures[(page - 1) * PAR_PAGE : page * PAR_PAGE],
            }
        )


def _mois(lus: dict[str, Any]) -> MoisLu:
    """Le mois demandé, qui n’existe pas si on ne l’a pas mesuré ; sinon le dernier fini, ou celui qui court, vide."""
    connus = lectures.mois_mesures()
    if "mois" not in lus:
        en_cours = MoisLu(Mois.de(timezone.localdate(timezone.now())), est_clos=False, est_fini=False)
        return next(iter(lectures.finis_d_abord(connus)), en_cours)
    demande = next((lu for lu in connus if lu.mois == lus["mois"]), None)
    if demande is None:
        raise Http404
    return demande


def _territoires(compte: Compte, demande: str | None) -> dict[int | None, str]:
    noms = lectures.suivis_par(compte, instant=timezone.now())
    if demande is None:
        return noms
    voulu = FRANCE if demande == "france" else int(demande)
    if voulu not in noms:
        raise Http404
    return {voulu: noms[voulu]}


def _mesures(mois: MoisLu, noms: dict[int | None, str], codes: set[str] | None) -> list[dict[str, Any]]:
    lues = lectures.mesures(mois=[mois.mois], territoires=noms)
    longues = (
        lectures.mesures(mois=[mois.mois], territoires=noms, codes=["sans_resultat_commune"])
        if codes and "sans_resultat_commune" in codes
        else {}
    )
    rendues = []
    for territoire, nom in noms.items():
        cle = (mois.mois, territoire)
        details = {**lues.get(cle, {}), **longues.get(cle, {})}
        decrit = None if territoire is FRANCE else {"id": territoire, "nom": nom}
        rendues += [
            {"territoire": decrit} | mesure
            for mesure in en_mesures(lectures.indicateurs(details), details)
            if not codes or mesure["code"] in codes
        ]
    return rendues
