"""Les 87 lignes du kit de test de l’ANS (suite `sas`), et où chacune est rejouée.

Une ligne est rejouée par un test de ce dossier, qui porte `@ligne("4.3.02")` et
son numéro dans son nom ; ou bien elle est dans `AILLEURS`, avec la raison.
`test_liste.py` vérifie qu’aucune ne manque et qu’aucune n’est en double.

Source des numéros et des noms : kit de test Inferno de l’Agence du Numérique en
Santé (Apache-2.0) ; les intitulés sont les nôtres.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., None])

LIGNES = {
    "1.1.01": "mtls_group-Test01 : avec un certificat valide, la recherche répond",
    "1.1.02": "mtls_group-Test02 : un mauvais CN est refusé",
    "1.1.03": "mtls_group-Test03 : une mauvaise OU est refusée",
    "1.1.04": "mtls_group-Test04 : un certificat révoqué est refusé",
    "1.1.05": "mtls_group-Test05 : l’absence de certificat est refusée",
    "1.2.01": "tls_version_test : TLS 1.2 ou 1.3, rien de plus ancien",
    "2.01": "visual Test01a : déclare utiliser le RPPS",
    "2.02": "visual Test02a : déclare que tous ses praticiens ont un RPPS",
    "2.03": "visual Test02 : déclare utiliser l’IDNST",
    "2.04": "visual hds : déclare un hébergement de données de santé",
    "2.05": "visual mfa : déclare un second facteur pour les praticiens",
    "2.06": "visual access_restriction : déclare un verrouillage après des échecs",
    "3.01": "capability_statement_read : GET /metadata rend un CapabilityStatement",
    "4.1.01": "performance : un praticien, moins d’une seconde, lecture comprise",
    "4.2.01": "slot_group setup",
    "4.2.02": "slot_group validator : le Bundle est conforme à son profil",
    "4.3.01": "setup, un praticien à un seul lieu",
    "4.3.02": "validate_cardinality : une ressource de chaque, au moins un créneau",
    "4.3.03": "validate_rpps : l’identifiant demandé, bien formé",
    "4.3.04": "validate_dates : dates à venir, dans la fenêtre, bien écrites",
    "4.3.05": "validate_ref : les références se tiennent",
    "4.3.06": "validate_location : adresse complète",
    "4.3.07": "bundle_url_equal_url : le lien self porte la requête",
    "4.3.08": "slot_has_url : chaque créneau a un lien",
    "4.3.09": "ps_validate_slots_status : tous libres",
    "4.3.10": "ps_validate_appointmentType : ROUTINE ou WALKIN",
    "4.3.11": "validate_cardinality_cpts : autant de services que de CPTS, au moins un",
    "4.3.12": "validate_ref_cpts : tout lien 604 mène au service, et lui à sa CPTS",
    "4.3.13": "validate_cpts_id : FINESS préfixé",
    "4.4.01": "setup, un praticien à deux lieux",
    "4.4.02": "validate_practitioner_cardinality_1 : un seul praticien",
    "4.4.03": "validate_practitionerrole_cardinality_1 : deux rôles",
    "4.4.04": "validate_schedule_cardinality_1 : deux agendas",
    "4.4.05": "validate_practitionerrole_practitioner_ref : les deux rôles sont au praticien",
    "4.4.06": "validate_schedule_practitionerrole_ref : chaque rôle cité par un agenda est là",
    "4.4.07": "validate_schedule_practitioner_ref : chaque agenda cite le praticien, lui seul",
    "4.4.08": "validate_practitionerrole_location_ref : chaque rôle cite son lieu contenu",
    "4.5.01": "setup, deux praticiens dans une requête",
    "4.5.02": "validate_practitioner_cardinality_2 : deux praticiens",
    "4.5.03": "validate_practitionerrole_cardinality_2 : deux rôles au moins",
    "4.5.04": "validate_schedule_cardinality_2 : deux agendas au moins",
    "4.6.01": "setup",
    "4.6.02": "ps_validate_rpps : l’identifiant demandé, bien formé",
    "4.6.03": "ps_validate_name : un nom",
    "4.6.04": "ps_validate_firstname : un prénom",
    "4.6.05": "ps_validate_phone : un téléphone international",
    "4.6.06": "ps_validate_idnst : un identifiant de structure",
    "4.7.01": "setup",
    "4.7.02": "validate_slot_type : exactement les visibilités annoncées",
    "4.7.03": "validate_motif_type : exactement les types de consultation annoncés",
    "4.8.1.01": "setup, deux créneaux et deux CPTS",
    "4.8.1.02": "cpts_validate_healthcare_service_cardinality : deux services au moins",
    "4.8.1.03": "cpts_validate_organization_cardinality : deux CPTS au moins",
    "4.8.1.04": "cpts_validate_meta : chaque code de visibilité est CPTS",
    "4.8.1.05": "cpts_validate_service_type : un code 604 dans son système",
    "4.8.1.06": "cpts_validate_service_type_healthcare_service_ref : un lien mène à un service",
    "4.8.1.07": "cpts_validate_healthcare_service_organization_ref : chaque service mène à sa CPTS",
    "4.8.2.01": "setup, un créneau et deux CPTS",
    "4.8.2.02": "comme 4.8.1.02",
    "4.8.2.03": "comme 4.8.1.03",
    "4.8.2.04": "comme 4.8.1.04",
    "4.8.2.05": "comme 4.8.1.05",
    "4.8.2.06": "cpts_validate_service_type_multiple_healthcare_service_ref : un créneau, deux liens",
    "4.8.2.07": "comme 4.8.1.07",
    "4.9.01": "orga_optionnel setup",
    "4.9.02": "CPTS name : la CPTS a un nom",
    "4.9.03": "CPTS phone : la CPTS a un téléphone",
    "5.01": "creation_regulateur_idnps_test : créer sous un identifiant national",
    "5.02": "creation_regulateur_uuid_test : créer sous un UUID",
    "5.03": "creation_double_regulateur_uuid_test : créer deux fois est refusé",
    "5.04": "creation_regulateur_champs_manquants_test : créer sans un champ obligatoire est refusé",
    "5.05": "creation_regulateur_valeurs_invalides : créer avec une valeur fausse est refusé",
    "5.06": "modification_deshabilitation : fermer un compte",
    "5.07": "modification_habilitation : rouvrir un compte",
    "5.08": "modification_email_regulateur_test : changer le courriel",
    "5.09": "modification_id_regulateur_test : changer d’identifiant national",
    "5.10": "modification_typeid_regulateur_test : changer de type d’identifiant, requête mal formée comprise",
    "5.11": "modification_nom_regulateur_test : changer le nom",
    "5.12": "modification_prenom_regulateur_test : changer le prénom",
    "5.13": "modification_regulateur_champs_manquants_test : modifier sans un champ obligatoire est refusé",
    "5.14": "put_as_create_missing_fields_test : de même pour un compte inconnu",
    "5.15": "put_as_create : modifier un inconnu le crée",
    "5.16": "idnps_reattribution_test : un compte fermé laisse son identifiant",
    "6.1.01": "flux_v2 setup",
    "6.1.02": "sso_without_origin : sans origin, une erreur ou une page de connexion",
    "6.1.03": "sso_while_unidentified : avec origin, la page de connexion du SAS",
    "6.2.01": "sso_lga : lien à ouvrir à la main",
}

_MTLS = "l’éditeur simulé parle HTTP sur la boucle locale ; les mêmes refus sont éprouvés chez nous, sur un vrai TLS"
_DECLARATION = "déclaration de l’éditeur, que le kit ne vérifie pas : elle réussit toujours"
_ENTRANT = "tests/orientation/rendez_vous/test_mtls_entrant.py"

# Ligne → (pourquoi elle n’est pas rejouée ici, où elle est couverte ou vide).
AILLEURS = {
    **dict.fromkeys(("1.1.01", "1.1.02", "1.1.03", "1.1.04", "1.1.05", "1.2.01"), (_MTLS, _ENTRANT)),
    **dict.fromkeys(("2.01", "2.02", "2.03", "2.04", "2.05", "2.06"), (_DECLARATION, "")),
    "6.2.01": ("le kit l’omet toujours", ""),
}


def ligne(*numeros: str) -> Callable[[Test], Test]:
    """Dit quelles lignes du kit un test rejoue."""

    def marquer(test: Test) -> Test:
        test.lignes = numeros  # type: ignore[attr-defined]
        return test

    return marquer
