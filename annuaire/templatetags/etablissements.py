"""Étiquette `etablissements` : les territoires dont l’hôpital a son propre fournisseur d’identité."""

from django import template

from annuaire.models import Territoire

register = template.Library()


@register.simple_tag
def etablissements() -> list[tuple[str, str]]:
    """`{% etablissements as choix %}` : (`kc_idp_hint`, nom du territoire), dans l’ordre des noms."""
    avec = Territoire.objects.exclude(fournisseur_identite="").order_by("nom", "pk")
    return list(avec.values_list("fournisseur_identite", "nom"))
