"""Ce qu’un outil territorial verse : des champs connus et bornés, et rien d’autre."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from rest_framework import serializers

from annuaire.domaine.identifiants import est_adeli, est_finess, est_rpps, est_siret
from orientation.api.champs import InstantField
from orientation.enums import IssueExterne, NatureExterne
from orientation.externes import EtatVersement

LOT_MAX = 100
ANCIENNETE_MAX = timedelta(days=366)
# Deux horloges ne s’accordent jamais tout à fait.
AVANCE_MAX = timedelta(minutes=5)
RENDEZ_VOUS_MAX = timedelta(days=90)
INCONNU = "Champ inconnu\u00a0: cette interface n’admet aucune donnée de patient, ni rien qu’elle n’attende."
_FORMES = {"rpps": est_rpps, "adeli": est_adeli, "finess": est_finess, "siret": est_siret}


class SansChampInconnu(serializers.Serializer):
    """Refuse ce qu’il n’attend pas, au lieu de l’ignorer : l’outil apprend qu’il en envoie trop."""

    def to_internal_value(self, data: Any) -> Any:
        inconnus = (
            sorted(str(nom)[:40] for nom in data if nom not in self.fields)
            if isinstance(data, Mapping)
            else []
        )
        if inconnus:
            raise serializers.ValidationError({nom: [INCONNU] for nom in inconnus}, code="inconnu")
        return super().to_internal_value(data)


class DestinataireExterneSerializer(SansChampInconnu):
    """Un professionnel par son RPPS ou son ADELI, une structure par son FINESS ou son SIRET."""

    type = serializers.ChoiceField(choices=list(_FORMES))
    numero = serializers.CharField(max_length=14, help_text="Sans préfixe ni espace.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not _FORMES[attrs["type"]](attrs["numero"]):
            raise serializers.ValidationError({"numero": ["Numéro mal formé."]})
        return attrs


class OrientationExterneSerializer(SansChampInconnu):
    """`cle` et `version` sont celles de l’outil : les mêmes ne comptent qu’une fois, une version plus haute corrige."""

    cle = serializers.RegexField(
        r"^[!-~]{1,100}$", help_text="Numéro de l’orientation dans l’outil ; il n’est pas gardé en clair."
    )
    version = serializers.IntegerField(min_value=1, max_value=2_000_000_000, default=1)
    destinataire = DestinataireExterneSerializer()
    orientee_le = InstantField(help_text="Il y a un an au plus.")
    rendez_vous_le = InstantField(required=False, allow_null=True, default=None)
    nature = serializers.ChoiceField(choices=NatureExterne.choices)
    regulateur = serializers.RegexField(
        r"^(?=.*[A-Za-z])[A-Za-z0-9_-]{8,64}$",
        help_text="Pseudonyme stable du régulateur dans l’outil : ni nom, ni adresse, ni numéro national.",
    )
    issue = serializers.ChoiceField(choices=IssueExterne.choices, default=IssueExterne.INCONNUE)
    annulee = serializers.BooleanField(
        default=False, help_text="Retire l’orientation, dans une version plus haute."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        maintenant: datetime = self.context["maintenant"]
        orientee_le, rendez_vous_le = attrs["orientee_le"], attrs["rendez_vous_le"]
        if not maintenant - ANCIENNETE_MAX <= orientee_le <= maintenant + AVANCE_MAX:
            raise serializers.ValidationError({"orientee_le": ["Un instant passé, d’il y a un an au plus."]})
        if rendez_vous_le and not orientee_le <= rendez_vous_le <= orientee_le + RENDEZ_VOUS_MAX:
            raise serializers.ValidationError(
                {"rendez_vous_le": ["Un instant qui suit l’orientation, de 90 jours au plus."]}
            )
        return attrs


class LotSerializer(SansChampInconnu):
    """De 1 à 100 orientations ; chacune a son résultat, et un refus n’arrête pas les autres."""

    orientations = serializers.ListField(
        child=OrientationExterneSerializer(), min_length=1, max_length=LOT_MAX
    )


class EnveloppeSerializer(SansChampInconnu):
    """Le lot, avant de lire ce qu’il contient."""

    orientations = serializers.ListField(min_length=1, max_length=LOT_MAX)


class VersementSerializer(serializers.Serializer):
    """`id` : l’orientation gardée, absent d’un refus. `erreurs` : par champ, ce qui est à corriger."""

    cle = serializers.CharField(allow_blank=True)
    etat = serializers.ChoiceField(choices=[etat.value for etat in EtatVersement])
    id = serializers.UUIDField(required=False)
    erreurs = serializers.DictField(required=False)


class VersementsSerializer(serializers.Serializer):
    resultats = VersementSerializer(many=True)


class OrientationGardeeSerializer(serializers.Serializer):
    """Ce que la plateforme garde ; ni la clé de l’outil, ni son pseudonyme n’en font partie."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    destinataire = serializers.CharField()
    orientee_le = serializers.DateTimeField()
    rendez_vous_le = serializers.DateTimeField(allow_null=True)
    nature = serializers.ChoiceField(choices=NatureExterne.choices)
    issue = serializers.ChoiceField(choices=IssueExterne.choices)
    annulee = serializers.BooleanField()
