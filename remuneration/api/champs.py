"""Ce que l’API des indicateurs lit et rend."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from remuneration.domaine.indicateurs import DETAILS, INDICATEURS
from remuneration.domaine.mois import Mois

CODES = sorted({*INDICATEURS, *DETAILS})
_DETAILS = " ; ".join(f"`{code}` : {sens}" for code, sens in DETAILS.items())


class DemandeSerializer(serializers.Serializer):
    """Paramètres de la requête ; tous facultatifs."""

    mois = serializers.RegexField(
        r"^2\d{3}-(0[1-9]|1[0-2])$",
        required=False,
        help_text="Par exemple 2026-04 ; sans lui, le dernier mois fini.",
    )
    territoire = serializers.RegexField(
        r"^(france|[0-9]{1,18})$",
        required=False,
        help_text="`france`, ou le numéro d’un territoire ; sans lui, tous ceux que vous suivez.",
    )
    code = serializers.MultipleChoiceField(
        choices=CODES, required=False, help_text="Un ou plusieurs ; sans lui, tous."
    )
    page = serializers.IntegerField(min_value=1, max_value=100_000, default=1)

    def validate_mois(self, texte: str) -> Mois:
        return Mois.lire(texte)


class TerritoireSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    nom = serializers.CharField()


class MesureSerializer(serializers.Serializer):
    territoire = TerritoireSerializer(allow_null=True, help_text="Nul : la France entière.")
    code = serializers.ChoiceField(choices=CODES)
    dimension = serializers.CharField(allow_blank=True, help_text=f"Vide pour un total. {_DETAILS}.")
    unite = serializers.CharField(help_text="nombre, part (de 0 à 1), minutes, heures, rapport")
    valeur = serializers.FloatField(allow_null=True, help_text="Nulle si le mois ne permet pas de la dire.")


class MesuresSerializer(serializers.Serializer):
    mois = serializers.CharField()
    est_clos = serializers.BooleanField(help_text="Faux : ces valeurs changeront encore.")
    page = serializers.IntegerField()
    pages = serializers.IntegerField()
    total = serializers.IntegerField()
    mesures = MesureSerializer(many=True)


def en_mesures(
    valeurs: dict[str, float | None], details: dict[str, dict[str, float]]
) -> list[dict[str, Any]]:
    """Les indicateurs, puis leur détail, dans l’ordre des codes."""
    lues = [
        {"code": code, "dimension": "", "unite": INDICATEURS[code].unite.value, "valeur": valeur}
        for code, valeur in valeurs.items()
    ]
    lues += [
        {
            "code": code,
            "dimension": dimension,
            "unite": "heures" if code == "heures_semaine" else "nombre",
            "valeur": n,
        }
        for code, dimensions in details.items()
        for dimension, n in dimensions.items()
        if code in DETAILS and not (code in INDICATEURS and not dimension)
    ]
    return sorted(lues, key=lambda mesure: (mesure["code"], mesure["dimension"]))
