"""Les preuves d’une période, à emporter : PDF balisé, CSV des décomptes, CSV des actes."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from comptes.requetes import RequeteDeCompte
from remuneration.espace.acces import beneficiaire_ou_404
from remuneration.espace.actes import vus
from remuneration.espace.preuves import (
    Dossier,
    en_csv_des_actes,
    en_csv_des_decomptes,
    en_pdf,
    heures_de,
)
from remuneration.espace.releves import releve_de

_CSV = "text/csv; charset=utf-8"


@never_cache
@require_safe
def pdf(request: RequeteDeCompte, qui: str, code: str) -> HttpResponse:
    dossier = _dossier(request, qui, code, timezone.now())
    return _fichier(en_pdf(dossier), "application/pdf", f"preuves-sas-{dossier.code}.pdf")


@never_cache
@require_safe
def csv(request: RequeteDeCompte, qui: str, code: str) -> HttpResponse:
    dossier = _dossier(request, qui, code, timezone.now())
    return _fichier(en_csv_des_decomptes(dossier), _CSV, f"decomptes-sas-{dossier.code}.csv")


@never_cache
@require_safe
def actes_csv(request: RequeteDeCompte, qui: str, code: str) -> HttpResponse:
    dossier = _dossier(request, qui, code, timezone.now())
    return _fichier(en_csv_des_actes(dossier), _CSV, f"actes-sas-{dossier.code}.csv")


def _dossier(request: RequeteDeCompte, qui: str, code: str, maintenant: datetime) -> Dossier:
    beneficiaire = beneficiaire_ou_404(request, qui, maintenant=maintenant)
    releve = releve_de(beneficiaire, code, maintenant=maintenant)
    if releve is None:
        raise Http404
    chronologiques = releve.actes[::-1]
    return Dossier(
        beneficiaire=beneficiaire,
        code=releve.code,
        titre=releve.titre,
        etat=releve.etat,
        prestations=releve.prestations,
        actes=vus(
            chronologiques, releve.regles, beneficiaire, medecins=releve.medecins, maintenant=maintenant
        ),
        heures=heures_de(beneficiaire, releve.code),
    )


def _fichier(contenu: bytes, type_mime: str, nom: str) -> HttpResponse:
    reponse = HttpResponse(contenu, content_type=type_mime)
    reponse["Content-Disposition"] = f'attachment; filename="{nom}"'
    return reponse
