"""Ouvrir, calculer, clore, rectifier : la vie du calcul d’une période."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max

from annuaire.domaine.fuseaux import FUSEAUX
from comptes.actions import tracer
from comptes.models import Compte
from remuneration.calcul.etapes import CalculClos, Signaler, avancer, tenir
from remuneration.domaine.periodes import bornes
from remuneration.enums import Etape
from remuneration.models import Calcul, Periode


class ClotureRefusee(Exception):
    """Le calcul n’est pas prêt à être clos ; le message est montrable."""


class RectificationRefusee(Exception):
    """La période n’a pas de calcul clos, ou un rectificatif y est déjà ouvert ; le message est montrable."""


def periode_de(code: str) -> Periode:
    """La période de ce code, créée s’il le faut. Lève `ValueError` si le code est mal formé."""
    debut, fin = bornes(code)
    periode, _ = Periode.objects.get_or_create(code=code, defaults={"debut": debut, "fin": fin})
    return periode


@transaction.atomic
def ouvrir(code: str) -> Calcul:
    """Le calcul ouvert de la période, créé si elle n’en a aucun. Lève `ValueError`, ou `CalculClos` si elle est close."""
    periode = periode_de(code)
    calcul = Calcul.objects.filter(periode=periode).order_by("-version").first()
    if calcul is None:
        calcul, _ = Calcul.objects.get_or_create(periode=periode, version=1)
    elif calcul.etape == Etape.CLOS:
        raise CalculClos
    return calcul


def calculer(calcul: Calcul, maintenant: datetime, *, signaler: Signaler = lambda _: None) -> Calcul:
    """Mène le calcul à son terme, étape par étape ; reprend celui qui s’était interrompu, refait celui qui est fait.

    Lève `CalculEnCours`, `CalculClos` ou `BaremeRefuse`.
    """
    avance = avancer(calcul.pk, maintenant, signaler=signaler)
    while avance.etape != Etape.FAIT:
        avance = avancer(calcul.pk, maintenant, signaler=signaler)
    return avance


@transaction.atomic
def clore(calcul: Calcul, *, par: Compte, maintenant: datetime) -> Calcul:
    """Arrête les comptes : plus rien ne change, ni lignes ni règles. Lève `ClotureRefusee`, `CalculEnCours`, `CalculClos`."""
    tenu = tenir(calcul.pk)
    if tenu.etape == Etape.CLOS:
        raise CalculClos
    if tenu.etape != Etape.FAIT:
        raise ClotureRefusee("Le calcul n’est pas achevé.")
    assert tenu.arrete_le is not None
    if tenu.arrete_le < fin_partout(tenu.periode):
        raise ClotureRefusee(
            "Le calcul a été fait avant la fin de la période dans tous les territoires\u00a0: relancez-le."
        )
    tenu.etape, tenu.clos_le, tenu.clos_par = Etape.CLOS, maintenant, par
    tenu.save(update_fields=["etape", "clos_le", "clos_par"])
    tracer(acteur=par, verbe="remuneration.close", objet=f"calcul:{tenu.pk}", version=tenu.version)
    return tenu


@transaction.atomic
def rectifier(periode: Periode, *, motif: str, par: Compte, maintenant: datetime) -> Calcul:
    """Ouvre la version suivante, à calculer avec les règles de la première. Lève `RectificationRefusee`."""
    Periode.objects.select_for_update(of=("self",)).get(pk=periode.pk)
    calculs = Calcul.objects.filter(periode=periode)
    if not calculs.filter(etape=Etape.CLOS).exists():
        raise RectificationRefusee("La période n’est pas close\u00a0: relancez son calcul.")
    if calculs.exclude(etape=Etape.CLOS).exists():
        raise RectificationRefusee("Un rectificatif de cette période est déjà ouvert.")
    if not motif.strip():
        raise RectificationRefusee("Un rectificatif a un motif.")
    derniere = calculs.aggregate(version=Max("version"))["version"]
    calcul = Calcul.objects.create(periode=periode, version=derniere + 1, motif=motif.strip())
    calcul.regles.set(calculs.get(version=1).regles.all())
    tracer(acteur=par, verbe="remuneration.rectifiee", objet=f"calcul:{calcul.pk}", version=calcul.version)
    return calcul


def fin_partout(periode: Periode) -> datetime:
    """Instant où la période est finie dans tous les fuseaux : ceux du Pacifique sont les derniers."""
    minuits = (datetime.combine(periode.fin, time.min, ZoneInfo(fuseau)) for fuseau in FUSEAUX)
    return max(minuits)
