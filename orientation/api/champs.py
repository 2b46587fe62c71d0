"""Entrées de l’API : chaque refus dit le champ et ce qu’il attend."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Q
from rest_framework import serializers

from agenda.enums import ModaliteConsultation
from annuaire.enums import Langue, PrecisionGeo
from annuaire.lectures import LieuIntrouvableError, LieuTrouve, geocoder, par_commune, par_position
from annuaire.models import Specialite
from orientation import facettes
from orientation.enums import MotifAnnulation
from orientation.forms import RAYON_MAX_KM
from orientation.lectures import DELAIS, DISPONIBILITES, OUI, TOUTES, Criteres
from orientation.suivi.forms import AnnulationForm
from sas_platform.socle.formes import EntreeSerializer
from sas_platform.socle.memoire import memoriser

PAR_PAGE_MAX = 100


class InstantField(serializers.DateTimeField):
    """Instant ISO 8601 avec son décalage : sans lui, un outre-mer se lirait à l’heure de Paris (W-21)."""

    default_error_messages = {
        "decalage": "Donnez un instant avec son décalage, par exemple 2026-11-02T09:15:00+01:00."
    }

    def enforce_timezone(self, value: datetime) -> datetime:
        # Sur la valeur lue, non sur le texte : « 2026-11-02-10:00 » finit comme un décalage et n’en a pas.
        if value.tzinfo is None:
            self.fail("decalage")
        return super().enforce_timezone(value)


class PositionSerializer(serializers.Serializer):
    lat = serializers.FloatField(min_value=-90, max_value=90)
    lon = serializers.FloatField(min_value=-180, max_value=180)


class FiltresSerializer(serializers.Serializer):
    """Les valeurs d’un filtre s’ajoutent, les filtres se croisent. Ceux de la page de résultats, sous les mêmes noms."""

    disponibilite = serializers.ChoiceField(
        choices=DISPONIBILITES,
        required=False,
        help_text="`libres` : un créneau au moins ; `hors` : aucun ; `en_sus`, `forfait` : qui l’accepte, créneau ou "
        "non, et sans effet de `modalites` ni de `delais`.",
    )
    modalites = serializers.ListField(
        child=serializers.ChoiceField(choices=ModaliteConsultation.values),
        required=False,
        max_length=3,
        help_text="Seulement les offres qui ont un tel créneau.",
    )
    delais = serializers.ListField(
        child=serializers.ChoiceField(choices=list(DELAIS)),
        required=False,
        max_length=len(DELAIS),
        help_text="Heures à partir de maintenant, de la première à la dernière exclue ; une plage peut en toucher plusieurs.",
    )
    natures = serializers.ListField(
        child=serializers.CharField(max_length=5),
        required=False,
        max_length=20,
        help_text="Codes de profession (TRE_G15), ou types de structure : cds, msp, cpts, sos, snp, autre.",
    )
    secteurs = serializers.ListField(
        child=serializers.ChoiceField(choices=list(facettes.SECTEURS)),
        required=False,
        max_length=len(facettes.SECTEURS),
    )
    carte_vitale = serializers.BooleanField(
        default=False,
        help_text="Vrai\u00a0: les lieux qui déclarent l’accepter\u00a0; ceux qui n’en disent rien n’y sont pas.",
    )
    acces_fauteuil = serializers.BooleanField(
        default=False, help_text="Vrai\u00a0: les lieux qui se déclarent accessibles en fauteuil roulant."
    )
    langues = serializers.ListField(
        child=serializers.ChoiceField(choices=Langue.choices),
        required=False,
        max_length=len(Langue),
        help_text="L’une de ces langues, déclarée par le lieu en plus du français.",
    )


class DemandeRechercheSerializer(EntreeSerializer):
    """Une spécialité, et un lieu donné d’une seule façon : `adresse`, `commune` ou `position`."""

    specialite = serializers.CharField(max_length=10, help_text="Code, par exemple SM54.")
    adresse = serializers.CharField(max_length=200, required=False)
    commune = serializers.RegexField(r"^[0-9][0-9AB][0-9]{3}$", required=False, help_text="Code INSEE.")
    position = PositionSerializer(required=False)
    rayon_km = serializers.FloatField(min_value=0.1, max_value=RAYON_MAX_KM, required=False)
    filtres = FiltresSerializer(required=False)
    page = serializers.IntegerField(min_value=1, max_value=100_000, default=1)
    par_page = serializers.IntegerField(min_value=1, max_value=PAR_PAGE_MAX, default=25)

    def validate_specialite(self, code: str) -> tuple[int, ...]:
        return _specialites(code.strip().upper())

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        donnes = [champ for champ in ("adresse", "commune", "position") if champ in attrs]
        if len(donnes) != 1:
            raise serializers.ValidationError(
                "Donnez le lieu d’une seule façon : adresse, commune ou position.", code="lieu_unique"
            )
        lieu = _LOCALISER[donnes[0]](attrs[donnes[0]])
        filtres = attrs.get("filtres", {})
        attrs |= {"commune_insee": lieu.code_insee, "rayon_defaut_km": lieu.rayon_defaut_km}
        attrs["criteres"] = Criteres(
            lat=lieu.lat,
            lon=lieu.lon,
            rayon_km=attrs.get("rayon_km") or lieu.rayon_defaut_km,
            specialite_ids=attrs["specialite"],
            disponibilite=filtres.get("disponibilite", TOUTES),
            departement=lieu.departement if _est_un_departement(lieu, attrs) else "",
            modalites=tuple(filtres.get("modalites", ())),
            delais=tuple(filtres.get("delais", ())),
            natures=tuple(filtres.get("natures", ())),
            secteurs=tuple(filtres.get("secteurs", ())),
            vitale=(OUI,) if filtres.get("carte_vitale") else (),
            fauteuil=(OUI,) if filtres.get("acces_fauteuil") else (),
            langues=tuple(filtres.get("langues", ())),
        )
        return attrs


def _est_un_departement(lieu: LieuTrouve, attrs: dict[str, Any]) -> bool:
    """La zone s’arrête à ses limites tant que l’on ne demande pas plus large (W-04)."""
    rayon = attrs.get("rayon_km") or lieu.rayon_defaut_km
    return lieu.precision == PrecisionGeo.DEPARTEMENT and rayon <= lieu.rayon_defaut_km


# Des tables de référence, et des codes publics : jamais une adresse.
_commune = memoriser(duree_s=60, taille=2000)(par_commune)


@memoriser(duree_s=60, taille=500)
def _specialites(code: str) -> tuple[int, ...]:
    trouvees = Specialite.objects.filter(Q(code__iexact=code) | Q(savoir_faire__contains=[code]))
    ids = tuple(trouvees.order_by("pk").values_list("pk", flat=True))
    if not ids:
        raise serializers.ValidationError("Spécialité inconnue.", code="specialite_inconnue")
    return ids


def _par_adresse(adresse: str) -> LieuTrouve:
    trouves = geocoder(adresse)
    if not trouves:
        raise serializers.ValidationError({"adresse": "Adresse introuvable en France."})
    return trouves[0]


def _par_commune(code: str) -> LieuTrouve:
    try:
        return _commune(code)
    except LieuIntrouvableError as refus:
        raise serializers.ValidationError({"commune": str(refus)}) from refus


def _par_position(position: dict[str, float]) -> LieuTrouve:
    try:
        return par_position(position["lat"], position["lon"])
    except LieuIntrouvableError as refus:
        raise serializers.ValidationError({"position": str(refus)}) from refus


_LOCALISER: dict[str, Callable[[Any], LieuTrouve]] = {
    "adresse": _par_adresse,
    "commune": _par_commune,
    "position": _par_position,
}


class DemandeEnSusSerializer(serializers.Serializer):
    lieu = serializers.CharField(max_length=30, help_text="Identifiant du lieu d’une offre.")
    debut = InstantField()


class DemandeOrientationSerializer(serializers.Serializer):
    """Un créneau de l’agenda SAS, ou une heure hors disponibilité ; l’un des deux."""

    creneau = serializers.CharField(
        max_length=100, required=False, help_text="Identifiant du créneau d’une offre."
    )
    surnumeraire = DemandeEnSusSerializer(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("creneau" in attrs) == ("surnumeraire" in attrs):
            raise serializers.ValidationError("Donnez un créneau ou une demande en sus, l’un des deux.")
        return attrs


class DemandeAnnulationSerializer(serializers.Serializer):
    motif = serializers.ChoiceField(
        choices=[motif.value for motif in AnnulationForm.motifs],
        default=MotifAnnulation.ERREUR.value,
        help_text="Pourquoi\u00a0; `erreur` (de saisie) s’il n’est pas donné.",
    )
