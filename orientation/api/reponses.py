"""Réponses déclarées de l’API. Le schéma les décrit ; les octets, eux, sont écrits sans elles."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rest_framework import serializers

from agenda.enums import ModaliteConsultation
from annuaire.enums import Accueil, Langue
from annuaire.models import LieuExercice
from orientation.enums import TypeOrientation, Voie
from orientation.models import Orientation
from participation.enums import Modalite


class CreneauSerializer(serializers.Serializer):
    id = serializers.CharField()
    debut = serializers.DateTimeField()
    fin = serializers.DateTimeField()
    source = serializers.ChoiceField(choices=["agenda_sas", "editeur"])  # type: ignore[assignment]
    editeur = serializers.CharField(allow_null=True)
    modalites = serializers.ListField(child=serializers.ChoiceField(choices=ModaliteConsultation.values))
    capacite = serializers.IntegerField()
    prises = serializers.IntegerField()
    age_s = serializers.IntegerField(allow_null=True)
    lien = serializers.CharField(allow_null=True)
    est_plage = serializers.BooleanField()
    cpts = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Noms des CPTS auxquelles le créneau est ouvert ; absent s’il ne l’est à aucune.",
    )
    est_ancien = serializers.BooleanField(
        required=False,
        help_text="Vrai si la lecture est plus vieille que l’éditeur ne l’admet\u00a0; sinon absent.",
    )
    tenue_jusqu_a = serializers.DateTimeField(
        required=False,
        help_text="Si vous y tenez une place, jusqu’à quand\u00a0; elle n’est libre que pour vous.",
    )


class EffecteurSerializer(serializers.Serializer):
    identifiant_national = serializers.CharField()
    nom = serializers.CharField()
    prenom = serializers.CharField(allow_blank=True)
    profession = serializers.CharField()
    specialites = serializers.ListField(child=serializers.CharField())
    conventionnement = serializers.CharField(allow_blank=True)


class StructureSerializer(serializers.Serializer):
    nom = serializers.CharField()
    type = serializers.CharField()


class LieuSerializer(serializers.Serializer):
    id = serializers.CharField()
    nom = serializers.CharField(allow_blank=True)
    adresse = serializers.CharField(allow_blank=True)
    code_postal = serializers.CharField(allow_blank=True)
    commune = serializers.CharField()
    commune_insee = serializers.CharField()
    lat = serializers.FloatField()
    lon = serializers.FloatField()
    fuseau = serializers.CharField()
    telephone = serializers.CharField(allow_blank=True)
    informations = serializers.CharField(allow_blank=True)
    precision = serializers.CharField()
    accueil = serializers.ListField(
        child=serializers.ChoiceField(choices=Accueil.choices),
        required=False,
        help_text="Ce que le lieu déclare de son accueil\u00a0; absent s’il n’en dit rien.",
    )
    langues = serializers.ListField(
        child=serializers.ChoiceField(choices=Langue.choices),
        required=False,
        help_text="Langues parlées, en plus du français\u00a0; absent si le lieu n’en dit rien.",
    )


class OffreSerializer(serializers.Serializer):
    id = serializers.CharField()
    groupe = serializers.IntegerField(min_value=1, max_value=4)
    raison_du_rang = serializers.CharField()
    distance_km = serializers.FloatField()
    effecteur = EffecteurSerializer(allow_null=True)
    structure = StructureSerializer(allow_null=True)
    lieu = LieuSerializer()
    participe = serializers.BooleanField()
    en_sus = serializers.BooleanField()
    suspension = serializers.CharField(
        required=False,
        help_text="Pourquoi un lieu qui accepte des patients en sus n’en reçoit pas à cet instant.",
    )
    via = serializers.ChoiceField(
        choices=Modalite.choices,
        required=False,
        help_text="Par quoi ce lieu participe ; absent s’il ne participe pas.",
    )
    cpts = serializers.CharField(required=False, help_text="Nom de la CPTS par laquelle il participe.")
    forfait = serializers.BooleanField(
        required=False, help_text="Vrai s’il reçoit les patients que les urgences réorientent ; sinon absent."
    )
    creneaux = CreneauSerializer(many=True)


class ResultatsSerializer(serializers.Serializer):
    """`total` compte la liste demandée ; `libres` et `hors`, toute la zone."""

    total = serializers.IntegerField()
    libres = serializers.IntegerField()
    hors = serializers.IntegerField()
    page = serializers.IntegerField()
    par_page = serializers.IntegerField()
    rayon_km = serializers.FloatField()
    offres = OffreSerializer(many=True)


class DestinataireSerializer(serializers.Serializer):
    nom = serializers.CharField()
    prenom = serializers.CharField(allow_blank=True)
    identifiant_national = serializers.CharField(allow_null=True)
    finess = serializers.CharField(allow_null=True)


class OrientationSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    etat = serializers.ChoiceField(choices=["enregistree", "annulee"])
    voie = serializers.ChoiceField(choices=Voie.choices)
    type = serializers.ChoiceField(choices=TypeOrientation.choices)
    debut = serializers.DateTimeField()
    fin = serializers.DateTimeField(allow_null=True)
    modalites = serializers.ListField(child=serializers.ChoiceField(choices=ModaliteConsultation.values))
    lieu = serializers.CharField()
    fuseau = serializers.CharField()
    destinataire = DestinataireSerializer()
    enregistree_le = serializers.DateTimeField()
    annulee_le = serializers.DateTimeField(allow_null=True)


class ProblemeSerializer(serializers.Serializer):
    """Document de problème (RFC 9457). `alternatives` : autres créneaux du même lieu."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    erreurs = serializers.DictField(required=False)
    alternatives = CreneauSerializer(many=True, required=False)


def decrire(orientation: Orientation, *, annulee_le: datetime | None) -> dict[str, Any]:
    """Corps d’une orientation, instants à l’heure du lieu ; à lire avec `pour_affichage`."""
    fuseau = ZoneInfo(orientation.lieu.fuseau)

    def local(instant: datetime | None) -> str | None:
        return instant.astimezone(fuseau).isoformat() if instant else None

    return {
        "id": str(orientation.uuid),
        "etat": "annulee" if annulee_le else "enregistree",
        "voie": orientation.voie,
        "type": orientation.type,
        "debut": local(orientation.debut),
        "fin": local(orientation.fin),
        "modalites": orientation.modalites,
        "lieu": f"l{orientation.lieu_id}",
        "fuseau": orientation.lieu.fuseau,
        "destinataire": _destinataire(orientation.lieu),
        "enregistree_le": local(orientation.prise_le),
        "annulee_le": local(annulee_le),
    }


def _destinataire(lieu: LieuExercice) -> dict[str, Any]:
    effecteur, structure = lieu.effecteur, lieu.structure
    return {
        "nom": effecteur.nom if effecteur else (structure.nom if structure else lieu.nom),
        "prenom": effecteur.prenom if effecteur else "",
        "identifiant_national": effecteur.identifiant_national if effecteur else None,
        "finess": lieu.finess or (structure.finess if structure else None) or None,
    }
