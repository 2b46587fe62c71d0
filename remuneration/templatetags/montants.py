"""Les montants des gabarits : `{{ decompte.montant|euros }}`."""

from __future__ import annotations

from decimal import Decimal

from django import template

from remuneration.domaine.ecriture import euros

register = template.Library()


@register.filter(name="euros")
def en_euros(montant: Decimal | int) -> str:
    return euros(montant)
