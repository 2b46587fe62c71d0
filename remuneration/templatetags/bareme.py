"""Ce que les gabarits du barème disent d’une règle : son état, ce qu’elle vaut, son dernier jour."""

from __future__ import annotations

from datetime import date, timedelta

from django import template

from remuneration.bareme.lectures import etat_au
from remuneration.domaine.ecriture import euros
from remuneration.enums import Prestation
from remuneration.models import Regle

register = template.Library()

_PAR = {Prestation.PARTICIPATION: "par an"}


@register.filter
def veille(jour: date) -> date:
    """Le dernier jour compris d’une période dont `jour` est la fin exclue."""
    return jour - timedelta(days=1)


@register.simple_tag
def etat(regle: Regle, jour: date) -> str:
    return etat_au(regle, jour)


@register.simple_tag
def somme(regle: Regle) -> str:
    """« 1 400 € par an », « 15 € par acte », ou l’étendue des tranches ; les charger avec la règle."""
    tranches = list(regle.tranches.all())
    if tranches:
        montants = [tranche.montant for tranche in tranches]
        return (
            f"De {euros(min(montants))} à {euros(max(montants))} par trimestre, en {len(tranches)} tranches"
        )
    if regle.montant is None:
        return "Sans montant"
    return f"{euros(regle.montant)} {_PAR.get(Prestation(regle.prestation), 'par acte')}"
