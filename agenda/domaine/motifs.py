"""Pourquoi un créneau d’éditeur est écarté, et ce que l’éditeur doit corriger, en français (fhir.md § 13.2).

Les codes sont ceux de `agenda.editeurs.verdicts.RAISONS`, dans le même ordre : le
premier qui vaut l’emporte.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Motif:
    """`chemin` : l’élément FHIR en cause ; `chemin_sos`, s’il en diffère pour SOS Médecins."""

    sens: str
    correction: str
    chemin: str
    chemin_sos: str = ""

    def chemin_pour(self, cas: str) -> str:
        return self.chemin_sos if cas == "sos" and self.chemin_sos else self.chemin


_ACTEUR_SOS = "Slot.schedule → Schedule.actor (Location)"
MOTIFS: dict[str, Motif] = {
    "duplicate_id": Motif(
        "Un autre créneau du même Bundle porte déjà cet identifiant.",
        "Donner à chaque Slot un id unique dans la réponse. Seul le premier est gardé.",
        "Slot.id",
    ),
    "status_not_free": Motif(
        "Le créneau n’est pas libre.",
        "Ne rendre que des Slot dont le statut est «\u00a0free\u00a0», comme la requête le demande (status=free).",
        "Slot.status",
    ),
    "bad_instant": Motif(
        "Le début ou la fin manque, n’a pas d’heure, ou n’a pas de décalage horaire.",
        "Écrire start et end sous la forme AAAA-MM-JJTHH:MM:SS.mmm±HH:MM.",
        "Slot.start, Slot.end",
    ),
    "bad_interval": Motif(
        "La fin ne suit pas le début.", "Donner un end strictement postérieur au start.", "Slot.end"
    ),
    "past": Motif(
        "Le créneau a déjà commencé quand la requête est partie.",
        "Respecter la borne «\u00a0ge\u00a0» du paramètre start, et l’heure du serveur.",
        "Slot.start",
    ),
    "out_of_window": Motif(
        "Le créneau commence après la fin de la période demandée.",
        "Respecter la borne «\u00a0le\u00a0» du paramètre start\u00a0: trois jours au plus.",
        "Slot.start",
    ),
    "dangling_schedule": Motif(
        "L’agenda du créneau n’est pas dans la réponse.",
        "Joindre le Schedule que désigne Slot.schedule, sous le même identifiant.",
        "Slot.schedule",
    ),
    "no_practitioner": Motif(
        "L’agenda ne mène à aucun professionnel présent dans la réponse.",
        "Désigner un Practitioner parmi les acteurs du Schedule, et le joindre.",
        "Slot.schedule → Schedule.actor (Practitioner)",
    ),
    "missing_idnps": Motif(
        "Le professionnel n’a pas d’identifiant national bien formé.",
        "Écrire un identifier de système urn:oid:1.2.250.1.71.4.2.1, de valeur 8 suivi du RPPS "
        "ou 0 suivi de l’ADELI.",
        "Practitioner.identifier",
    ),
    "not_requested": Motif(
        "Ce créneau appartient à quelqu’un que la requête ne demandait pas.",
        "Ne rendre que les créneaux des professionnels, ou des associations, nommés dans la requête.",
        "Practitioner.identifier",
        "Organization.identifier",
    ),
    "no_location": Motif(
        "Le lieu de consultation est introuvable.",
        "Donner à l’agenda un PractitionerRole dont location désigne une Location contenue dans ce même rôle.",
        "Slot.schedule → PractitionerRole.location, PractitionerRole.contained",
        _ACTEUR_SOS,
    ),
    "role_mismatch": Motif(
        "Le rôle de l’agenda est celui d’un autre professionnel.",
        "Désigner dans PractitionerRole.practitioner le même professionnel que dans Schedule.actor.",
        "PractitionerRole.practitioner",
    ),
    "no_organization": Motif(
        "Le point fixe n’est rattaché à aucune association présente dans la réponse.",
        "Joindre l’Organization que désigne Location.managingOrganization.",
        "Location.managingOrganization",
    ),
    "bad_siret": Motif(
        "L’association n’a pas de SIRET bien formé.",
        "Écrire un identifier de système urn:oid:1.2.250.1.71.4.2.2, de valeur 3 suivi des 14 chiffres du SIRET.",
        "Organization.identifier",
    ),
    "bad_address": Motif(
        "L’adresse du lieu est incomplète.",
        "Donner la voie (line), la ville (city) et un code postal de cinq chiffres (postalCode).",
        "PractitionerRole.contained (Location).address",
        "Location.address",
    ),
    "cpts_unresolved": Motif(
        "Le créneau n’est visible que d’une CPTS, et aucune ne se retrouve.",
        "Relier le serviceType à un HealthcareService, puis à une Organization portant un FINESS (1 suivi du numéro).",
        "Slot.serviceType.extension → HealthcareService.providedBy → Organization.identifier",
    ),
    "no_visibility": Motif(
        "Le créneau ne dit à qui il se montre\u00a0: aucun code de visibilité reconnu.",
        "Écrire dans meta.security un code de TRE_R314-TypeCreneau, avec son système.",
        "Slot.meta.security",
    ),
    "duplicate": Motif(
        "Un autre créneau du Bundle dit exactement la même chose.",
        "Ne rendre qu’une fois un même créneau, pour un lieu, des heures et un motif donnés.",
        "Slot",
    ),
}

# Ce qui n’écarte aucun créneau : `QualiteEditeur.motif` les précède de « avert_ ».
AVERTISSEMENTS: dict[str, str] = {
    "total_different": "Le total annoncé n’est pas le nombre de créneaux rendus.",
    "lien_self_different": "Le lien «\u00a0self\u00a0» ne répète pas la requête.",
    "cpts_sans_lien": "Une visibilité CPTS sans CPTS trouvée\u00a0: elle est retirée, le créneau gardé.",
    "lien_refuse": "Le lien de réservation n’est pas en https, ou son hôte n’est pas déclaré\u00a0: il est retiré.",
    "rendez_vous_sans_lien": "Le créneau se prend sur rendez-vous, mais n’a pas de lien pour réserver.",
    "tronquee": "Des pages de la réponse n’ont pas été suivies\u00a0: trop nombreuses, ou d’une autre origine.",
    "pages_sans_jeton": "Des pages de la réponse n’ont pas été demandées\u00a0: chacune est une requête, et le budget d’appels était épuisé.",
    "chevauchement": "Des créneaux libres se chevauchent dans un même agenda\u00a0: permis, et gardé.",
}

# Hors du jugement : le lieu est bien décrit, mais aucune commune de l’annuaire n’a cette ville et ce code postal.
LIEU_INTROUVABLE = Motif(
    "Le lieu décrit n’est dans aucune commune connue.",
    "Vérifier que la ville et le code postal vont ensemble.",
    "Location.address",
)
TOUS = MOTIFS | {"lieu_introuvable": LIEU_INTROUVABLE}
