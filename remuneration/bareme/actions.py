"""Proposer une règle, la mettre en vigueur, l’écarter. Celle d’avant finit où la nouvelle commence, d’un même geste."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction

from comptes.actions import tracer
from comptes.models import Compte
from remuneration.bareme.succession import Place, placer
from remuneration.calcul import BaremeRefuse, CalculClos, ouvrir
from remuneration.calcul.regles import regles_pour
from remuneration.enums import ANNUELLES, Etape, EtatRegle, Prestation
from remuneration.models import Calcul, Periode, Regle, Tranche
from remuneration.tasks import calculer_etape


class RegleRefusee(Exception):
    """Le message est montrable."""


@transaction.atomic
def proposer(
    *,
    prestation: Prestation,
    champs: Mapping[str, Any],
    tranches: Iterable[Mapping[str, Any]] = (),
    par: Compte,
    maintenant: datetime,
) -> Regle:
    """`champs` et `tranches` sortent du formulaire, contrôlés. La règle ne vaut rien tant qu’un autre ne l’active pas."""
    regle = Regle.objects.create(prestation=prestation, auteur=par, proposee_le=maintenant, **champs)
    Tranche.objects.bulk_create(Tranche(regle=regle, **tranche) for tranche in tranches)
    tracer(acteur=par, verbe="regle.proposee", objet=f"regle:{regle.pk}", prestation=prestation.value)
    return regle


@transaction.atomic
def activer(regle: Regle, *, par: Compte, maintenant: datetime) -> Regle:
    """Met en vigueur, et fait finir la règle d’avant le même jour. Lève `RegleRefusee`.

    Les règles de la prestation sont tenues : deux activations à la fois ne laissent ni trou ni chevauchement.
    """
    tenues = {
        r.pk: r for r in Regle.objects.select_for_update().filter(prestation=regle.prestation).order_by("pk")
    }
    proposee = tenues[regle.pk]
    _verifier(proposee, par)
    place = place_de(
        [r for r in tenues.values() if r.etat == EtatRegle.ACTIVE],
        Prestation(proposee.prestation),
        proposee.debut,
        proposee.fin,
    )
    if place.refus:
        raise RegleRefusee(" ".join(refus.phrase for refus in place.refus))
    if place.remplacee is not None:
        place.remplacee.etat = EtatRegle.ECARTEE
        place.remplacee.save(update_fields=["etat"])
    if place.precedente is not None:
        place.precedente.fin = proposee.debut
        place.precedente.save(update_fields=["fin"])
    proposee.etat, proposee.relecteur, proposee.relue_le = EtatRegle.ACTIVE, par, maintenant
    proposee.save(update_fields=["etat", "relecteur", "relue_le"])
    tracer(
        acteur=par,
        verbe="regle.activee",
        objet=f"regle:{proposee.pk}",
        prestation=proposee.prestation,
        precedente=place.precedente.pk if place.precedente else None,
        remplacee=place.remplacee.pk if place.remplacee else None,
    )
    return proposee


@transaction.atomic
def ecarter(regle: Regle, *, par: Compte, maintenant: datetime) -> None:
    """Écarte une proposition ; son auteur peut retirer la sienne. Lève `RegleRefusee` si elle est déjà relue."""
    tenue = Regle.objects.select_for_update().get(pk=regle.pk)
    if tenue.etat != EtatRegle.PROPOSEE:
        raise RegleRefusee("Cette règle n’est plus une proposition\u00a0: elle a déjà été relue.")
    tenue.etat, tenue.relue_le = EtatRegle.ECARTEE, maintenant
    tenue.relecteur = None if tenue.auteur_id == par.pk else par
    tenue.save(update_fields=["etat", "relecteur", "relue_le"])
    tracer(acteur=par, verbe="regle.ecartee", objet=f"regle:{tenue.pk}", prestation=tenue.prestation)


class PeriodeRefusee(Exception):
    """Le message est montrable."""


def ouvrir_une_periode(code: str, *, par: Compte) -> Calcul:
    """Le calcul ouvert de la période, créé s’il le faut. Lève `PeriodeRefusee` si elle est close, ou n’a pas de règles."""
    try:
        with transaction.atomic():
            existait = Calcul.objects.filter(periode__code=code).exists()
            calcul = ouvrir(code)
            regles_pour(calcul.periode)
            if not existait:
                tracer(acteur=par, verbe="remuneration.ouverte", objet=f"calcul:{calcul.pk}", periode=code)
    except (BaremeRefuse, CalculClos) as refus:
        raise PeriodeRefusee(str(refus)) from None
    return calcul


@transaction.atomic
def lancer(calcul: Calcul | None, *, par: Compte) -> None:
    """Met le calcul dans la file ; lancé deux fois, le second passage trouve la place prise. Lève `PeriodeRefusee`."""
    if calcul is None:
        raise PeriodeRefusee("La période est close\u00a0: une correction est un rectificatif.")
    transaction.on_commit(lambda: calculer_etape.delay(calcul_id=calcul.pk))
    tracer(acteur=par, verbe="remuneration.calcul_lance", objet=f"calcul:{calcul.pk}", version=calcul.version)


def place_de(en_vigueur: list[Regle], prestation: Prestation, debut: date, fin: date | None) -> Place[Regle]:
    return placer(en_vigueur, debut, fin, clos_jusqu_au=clos_jusqu_au(prestation))


def clos_jusqu_au(prestation: Prestation) -> date | None:
    """Lendemain du dernier jour d’une période close que cette prestation concerne : année pour le forfait annuel."""
    closes = Periode.objects.filter(calculs__etape=Etape.CLOS)
    par_annee = closes.exclude(code__contains="T")
    concernees = par_annee if prestation in ANNUELLES else closes.filter(code__contains="T")
    return concernees.order_by("-fin").values_list("fin", flat=True).first()


def _verifier(regle: Regle, par: Compte) -> None:
    if regle.etat != EtatRegle.PROPOSEE:
        raise RegleRefusee("Cette règle n’est plus une proposition\u00a0: elle a déjà été relue.")
    if regle.auteur_id == par.pk:
        raise RegleRefusee(
            "Vous avez proposé cette règle\u00a0: une autre personne doit la mettre en vigueur."
        )
