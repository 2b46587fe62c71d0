"""Ce qui s’efface de la rémunération quand le temps de la conservation est passé : le détail, jamais les sommes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pgtrigger
from django.db import connection, transaction
from django.db.models import DateField, Exists, Model, OuterRef, QuerySet
from django.db.models.functions import TruncMonth

from agenda.models import AppelsEditeur
from orientation.models import Appel, RecherchesDuJour
from remuneration.enums import Etape
from remuneration.models import Acte, Calcul, MoisMesure

# Ce que comptent les mesures d’un mois, et qui s’efface : le champ qui le date.
DETAIL: dict[type[Model], str] = {RecherchesDuJour: "jour", Appel: "le", AppelsEditeur: "heure"}

# `pgtrigger.ignore` ajoute une instruction à la requête, ce que les paramètres liés par le serveur ne permettent pas.
_LEVER = "SELECT set_config('pgtrigger.ignore', %s, true)"


def d_un_mois_clos(modele: type[Model]) -> QuerySet[Any]:
    """Les lignes dont les mesures sont faites, et ne se referont pas."""
    clos = MoisMesure.objects.filter(mois=OuterRef("mois"), clos_le__isnull=False)
    return _par_mois(modele).filter(Exists(clos))


def mois_du_detail() -> set[date]:
    """Premiers jours des mois dont il reste du détail."""
    lus = [_par_mois(modele).order_by().values_list("mois", flat=True).distinct() for modele in DETAIL]
    return {mois for premiers in lus for mois in premiers}


def _par_mois(modele: type[Model]) -> QuerySet[Any]:
    mois = TruncMonth(DETAIL[modele], output_field=DateField())
    return modele._default_manager.annotate(mois=mois)


def actes_echus(avant: datetime) -> QuerySet[Acte]:
    """Actes des calculs clos avant cet instant, et dont toutes les versions de la période le sont.

    Leurs décomptes restent, avec le compte par motif et les preuves : les sommes closes se lisent encore. Tant
    qu’un rectificatif est ouvert, le détail reste, pour que l’on compare.
    """
    clos = Acte.objects.filter(calcul__etape=Etape.CLOS, calcul__clos_le__lt=avant)
    return clos.exclude(calcul__periode__in=Calcul.objects.exclude(etape=Etape.CLOS).values("periode"))


def effacer_les_actes(actes: QuerySet[Acte]) -> int:
    """La garde des lignes closes se lève ici, le temps d’une instruction, et pour elle seule."""
    with transaction.atomic(), connection.cursor() as curseur:
        curseur.execute(_LEVER, [f"{{{_garde()}}}"])
        effaces, _ = actes.delete()
        curseur.execute(_LEVER, ["{}"])
    return effaces


def _garde() -> str:
    ((modele, declencheur),) = pgtrigger.registered("remuneration.Acte:acte_clos_retrait")
    return str(declencheur.get_pgid(modele))
