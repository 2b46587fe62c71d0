"""Qui peut quoi : une table rôle × action, lue par les vues, l’API, les menus, la documentation et les tests.

Deux étages. `TABLE` dit, pour chaque action, quels rôles l’accomplissent et sur
quelle étendue : c’est elle qu’un juriste relit (docs/droits.md en est tiré).
`ROUTES` dit quelle action ouvre chaque adresse ; `comptes.garde` l’applique, si
bien qu’une vue n’a pas à se garder elle-même. L’étendue se vérifie objet par
objet, dans les QuerySets (`visibles_par`, `modifiables_par`).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser

from comptes.enums import Action, Etendue, Role

if TYPE_CHECKING:
    from comptes.models import Compte


class Acces(enum.Enum):
    PUBLIC = "public"
    CONNECTE = "connecte"


PUBLIC = Acces.PUBLIC
CONNECTE = Acces.CONNECTE

_FRANCE, _TERRITOIRE, _STRUCTURE = Etendue.FRANCE, Etendue.TERRITOIRE, Etendue.STRUCTURE
_DELEGATION, _SOI = Etendue.DELEGATION, Etendue.SOI

# L’administrateur et le gestionnaire de comptes voient sans orienter (S-03) : l’acte est celui d’un régulateur.
TABLE: dict[Action, dict[Role, Etendue]] = {
    Action.CHERCHER: {
        Role.OSNP: _FRANCE,
        Role.REGULATEUR: _FRANCE,
        Role.IOA: _FRANCE,
        Role.GESTIONNAIRE_COMPTES: _FRANCE,
        Role.ADMINISTRATEUR: _FRANCE,
    },
    Action.ORIENTER: {Role.OSNP: _FRANCE, Role.REGULATEUR: _FRANCE, Role.IOA: _FRANCE},
    # O-04 : la régulation, non l’accueil des urgences.
    Action.ORIENTER_EN_SUS: {Role.OSNP: _FRANCE, Role.REGULATEUR: _FRANCE},
    # Par un jeton que l’on donne à l’outil ; la route ne s’ouvre pas sans lui (orientation/api/externes).
    Action.VERSER_ORIENTATIONS: {Role.GESTIONNAIRE_COMPTES: _TERRITOIRE, Role.ADMINISTRATEUR: _FRANCE},
    # Une équipe suit les siennes ; le gestionnaire et le référent, celles de leurs régulations.
    Action.SUIVRE_ORIENTATIONS: {
        Role.OSNP: _TERRITOIRE,
        Role.REGULATEUR: _TERRITOIRE,
        Role.IOA: _TERRITOIRE,
        Role.GESTIONNAIRE_COMPTES: _TERRITOIRE,
        Role.REFERENT: _TERRITOIRE,
        Role.ADMINISTRATEUR: _FRANCE,
    },
    Action.CORRIGER_ORIENTATIONS: {
        Role.GESTIONNAIRE_COMPTES: _TERRITOIRE,
        Role.REFERENT: _TERRITOIRE,
        Role.ADMINISTRATEUR: _FRANCE,
    },
    Action.TENIR_AGENDA: {
        Role.EFFECTEUR: _SOI,
        Role.DELEGATAIRE: _DELEGATION,
        Role.GESTIONNAIRE_STRUCTURE: _STRUCTURE,
        Role.ADMINISTRATEUR: _FRANCE,
    },
    # Le support lit pour répondre ; il n’écrit pas. La hiérarchie (`NIVEAUX`) borne encore ceux qui gèrent.
    Action.CONSULTER_COMPTES: {
        Role.GESTIONNAIRE_COMPTES: _TERRITOIRE,
        Role.SUPPORT: _FRANCE,
        Role.ADMINISTRATEUR: _FRANCE,
    },
    Action.GERER_COMPTES: {Role.GESTIONNAIRE_COMPTES: _TERRITOIRE, Role.ADMINISTRATEUR: _FRANCE},
    Action.GERER_TERRITOIRES: {Role.ADMINISTRATEUR: _FRANCE},
    Action.VOIR_TERRITOIRES: {
        Role.GESTIONNAIRE_COMPTES: _TERRITOIRE,
        Role.REFERENT: _TERRITOIRE,
        Role.ADMINISTRATEUR: _FRANCE,
        Role.SUPPORT: _FRANCE,
    },
    Action.GERER_STRUCTURES: {
        Role.GESTIONNAIRE_STRUCTURE: _STRUCTURE,
        Role.DELEGATAIRE: _DELEGATION,
        Role.ADMINISTRATEUR: _FRANCE,
    },
    Action.DEMANDER_DELEGATION: {Role.EFFECTEUR: _SOI, Role.GESTIONNAIRE_STRUCTURE: _STRUCTURE},
    Action.GERER_DELEGATIONS: {Role.GESTIONNAIRE_COMPTES: _TERRITOIRE, Role.ADMINISTRATEUR: _FRANCE},
    Action.TRAITER_DEMANDES: {
        Role.GESTIONNAIRE_COMPTES: _TERRITOIRE,
        Role.REFERENT: _TERRITOIRE,
        Role.SUPPORT: _FRANCE,
        Role.ADMINISTRATEUR: _FRANCE,
    },
    # Ces messages nomment des professionnels de tous les territoires : le support et l’administrateur, nul autre.
    Action.SUIVRE_ECHANGES: {Role.SUPPORT: _FRANCE, Role.ADMINISTRATEUR: _FRANCE},
    # Des nombres et des lieux, aucun régulateur : le support répond aux éditeurs. Les arrêter est d’administration.
    Action.SUIVRE_EDITEURS: {Role.SUPPORT: _FRANCE, Role.ADMINISTRATEUR: _FRANCE},
    # Ce que l’on gagne ne regarde ni un délégataire ni le support.
    Action.VOIR_REMUNERATION: {Role.EFFECTEUR: _SOI, Role.GESTIONNAIRE_STRUCTURE: _STRUCTURE},
    # Une caisse voit les départements de ses territoires ; l’administrateur regarde, sans produire ni valider.
    Action.SUIVRE_CAISSE: {Role.CPAM: _TERRITOIRE, Role.ADMINISTRATEUR: _FRANCE},
    Action.VALIDER_EXPORTS: {Role.CPAM: _TERRITOIRE},
    Action.GERER_BAREME: {Role.ADMINISTRATEUR: _FRANCE},
    # Des nombres, jamais le nom d’un régulateur.
    Action.PILOTER: {
        Role.REFERENT: _TERRITOIRE,
        Role.GESTIONNAIRE_COMPTES: _TERRITOIRE,
        Role.PILOTAGE: _FRANCE,
        Role.ADMINISTRATEUR: _FRANCE,
    },
    Action.LIRE_TRACE: {Role.ADMINISTRATEUR: _FRANCE},
    Action.ADMINISTRER: {Role.ADMINISTRATEUR: _FRANCE},
}

# Hiérarchie (U-03) : on n’agit que sur un compte de niveau inférieur, jamais sur le sien. Seuls les
# administrateurs agissent entre eux : sans cela, le dernier recours d’un administrateur serait la base.
NIVEAUX: dict[Role, int] = {
    **dict.fromkeys(Role, 0),
    Role.GESTIONNAIRE_COMPTES: 1,
    Role.CPAM: 2,
    Role.SUPPORT: 2,
    Role.PILOTAGE: 2,
    Role.ADMINISTRATEUR: 3,
}


def niveau(roles: Iterable[Role]) -> int:
    return max((NIVEAUX[role] for role in roles), default=0)


def roles_accordables(roles: Iterable[Role]) -> frozenset[Role]:
    """Rôles que peut donner, ou retirer, qui porte `roles` : ceux d’un niveau qu’il dépasse."""
    portes = frozenset(roles)
    if Role.ADMINISTRATEUR in portes:
        return frozenset(Role)
    if portes.isdisjoint(TABLE[Action.GERER_COMPTES]):
        return frozenset()
    return frozenset(
        role for role in Role if NIVEAUX[role] < niveau(portes & set(TABLE[Action.GERER_COMPTES]))
    )


# Adresse → action qui l’ouvre. Une route absente d’ici est fermée à tous, et fait échouer tests/test_projet.py.
ROUTES: dict[str, Action | Acces] = {
    "accueil": PUBLIC,
    "mentions_legales": PUBLIC,
    "donnees_personnelles": PUBLIC,
    "accessibilite": PUBLIC,
    "plan": PUBLIC,
    "sante": PUBLIC,
    # Fermée par un jeton, ou à qui n’est pas sur la machine (sas_platform.metriques).
    "metriques": PUBLIC,
    "comptes:connexion": PUBLIC,
    "comptes:oidc_depart": PUBLIC,
    "comptes:oidc_retour": PUBLIC,
    "comptes:oidc_deconnexion": PUBLIC,
    "comptes:exercice": CONNECTE,
    "comptes:session_etat": CONNECTE,
    "comptes:session_prolonger": CONNECTE,
    "comptes:session_prolongee": CONNECTE,
    "comptes:deconnexion": PUBLIC,
    "premiere_connexion:saisie": PUBLIC,
    "premiere_connexion:courriel": PUBLIC,
    "premiere_connexion:renvoyer": PUBLIC,
    "premiere_connexion:continuer": PUBLIC,
    "premiere_connexion:lien": PUBLIC,
    "premiere_connexion:sans_habilitation": PUBLIC,
    "api:schema": PUBLIC,
    "api:docs": PUBLIC,
    "api:recherches": Action.CHERCHER,
    "api:orientations": Action.ORIENTER,
    "api:orientation": Action.ORIENTER,
    "api:orientation_annulation": Action.ORIENTER,
    "api:tenues": Action.ORIENTER,
    "api:tenue": Action.ORIENTER,
    "api:tenue_prolongation": Action.ORIENTER,
    "api:orientations_externes": Action.VERSER_ORIENTATIONS,
    "api:orientation_externe": Action.VERSER_ORIENTATIONS,
    "orientation:recherche": Action.CHERCHER,
    "orientation:suggestions_quoi": Action.CHERCHER,
    "orientation:suggestions_ou": Action.CHERCHER,
    "orientation:resultats": Action.CHERCHER,
    "direct:flux": Action.CHERCHER,
    "direct:maintenant": Action.CHERCHER,
    "trajets:durees": Action.CHERCHER,
    "carte_geo:epingles": Action.CHERCHER,
    "carte_geo:relancer": Action.CHERCHER,
    "orientation:orientations": Action.ORIENTER,
    "orientation:orienter": Action.ORIENTER,
    "orientation:orienter_en_sus": Action.ORIENTER_EN_SUS,
    "orientation:orientation": Action.ORIENTER,
    "orientation:annulation": Action.ORIENTER,
    "orientation:rediriger": Action.ORIENTER,
    "suivi:tenir": Action.ORIENTER,
    "suivi:prolonger": Action.ORIENTER,
    "suivi:rendre": Action.ORIENTER,
    "suivi:appel": Action.ORIENTER,
    "suivi:bulletin": Action.ORIENTER,
    "suivi:corriger": Action.ORIENTER,
    "suivi:tableau": Action.SUIVRE_ORIENTATIONS,
    "suivi:export": Action.SUIVRE_ORIENTATIONS,
    "suivi:fiche": Action.SUIVRE_ORIENTATIONS,
    "suivi:noter": Action.SUIVRE_ORIENTATIONS,
    "suivi:effacer_note": Action.SUIVRE_ORIENTATIONS,
    "suivi:retirer": Action.CORRIGER_ORIENTATIONS,
    "suivi:issues": Action.TENIR_AGENDA,
    "suivi:issue": Action.TENIR_AGENDA,
    "suivi:avis": Action.TENIR_AGENDA,
    # Le lien reçu par courriel est la preuve : il n’enregistre qu’une issue, d’une orientation.
    "suivi:issue_par_lien": PUBLIC,
    "orientation:place_de_marche": Action.ORIENTER,
    # Sans session : le certificat client de l’éditeur est la preuve (orientation/rendez_vous/certificat.py).
    "fhir:metadata": PUBLIC,
    "fhir:appointment": PUBLIC,
    "fhir:inconnue": PUBLIC,
    "hub:liste": Action.SUIVRE_ECHANGES,
    # Avant la connexion : le dépôt d’un LRM se relit avec le cookie de son navigateur (orientation/lrm/depots.py).
    "lrm:depot": PUBLIC,
    "lrm:arrivee": PUBLIC,
    "lrm:essai": PUBLIC,
    "hub:message": Action.SUIVRE_ECHANGES,
    "hub:renvoyer": Action.SUIVRE_ECHANGES,
    "regulateurs:compte": Action.SUIVRE_ECHANGES,
    "regulateurs:renvoyer": Action.SUIVRE_ECHANGES,
    "qualite:liste": Action.SUIVRE_EDITEURS,
    "qualite:editeur": Action.SUIVRE_EDITEURS,
    "qualite:lieux": Action.SUIVRE_EDITEURS,
    "qualite:lecteur": Action.SUIVRE_EDITEURS,
    "qualite:lien": Action.SUIVRE_EDITEURS,
    "qualite:lien_revoquer": Action.SUIVRE_EDITEURS,
    "qualite:service": Action.SUIVRE_EDITEURS,
    "qualite:reglages": Action.ADMINISTRER,
    # Un éditeur n’a pas de compte : le secret de l’adresse est la preuve.
    "qualite:page": PUBLIC,
    "qualite:lecteur_par_lien": PUBLIC,
    "delegations:donnees": Action.DEMANDER_DELEGATION,
    "delegations:demander": Action.DEMANDER_DELEGATION,
    "delegations:annuler_demande": Action.DEMANDER_DELEGATION,
    "delegations:consentir": Action.DEMANDER_DELEGATION,
    # Une délégation se voit, et se clôt, de son titulaire, du délégataire et du gestionnaire de comptes.
    "delegations:recues": CONNECTE,
    "delegations:delegation": CONNECTE,
    "delegations:revoquer": CONNECTE,
    "delegations:demandes": Action.GERER_DELEGATIONS,
    "delegations:accepter": Action.GERER_DELEGATIONS,
    "delegations:refuser": Action.GERER_DELEGATIONS,
    "delegations:accorder": Action.GERER_DELEGATIONS,
    "territoires:liste": Action.VOIR_TERRITOIRES,
    "territoires:territoire": Action.VOIR_TERRITOIRES,
    "territoires:creer": Action.GERER_TERRITOIRES,
    "territoires:modifier": Action.GERER_TERRITOIRES,
    "territoires:rayon": Action.GERER_TERRITOIRES,
    "territoires:retirer_rayon": Action.GERER_TERRITOIRES,
    "structures:liste": Action.GERER_STRUCTURES,
    "structures:structure": Action.GERER_STRUCTURES,
    "structures:informations": Action.GERER_STRUCTURES,
    "structures:zone": Action.GERER_STRUCTURES,
    "structures:chercher_membre": Action.GERER_STRUCTURES,
    "structures:rattacher": Action.GERER_STRUCTURES,
    "structures:terminer_rattachement": Action.GERER_STRUCTURES,
    "structures:ajouter_point_fixe": Action.GERER_STRUCTURES,
    "structures:modifier_point_fixe": Action.GERER_STRUCTURES,
    "structures:activer_point_fixe": Action.GERER_STRUCTURES,
    "structures:creer": Action.ADMINISTRER,
    "mon_compte:compte": CONNECTE,
    "mon_compte:accepter_rattachement": CONNECTE,
    "mon_compte:quitter_structure": CONNECTE,
    "agenda:semaine": Action.TENIR_AGENDA,
    "agenda:imprimer": Action.TENIR_AGENDA,
    "agenda:fermer_aujourd_hui": Action.TENIR_AGENDA,
    "agenda:ce_soir": Action.TENIR_AGENDA,
    "agenda:annuler": Action.TENIR_AGENDA,
    "agenda:ouvrir": Action.TENIR_AGENDA,
    "agenda:modifier": Action.TENIR_AGENDA,
    "agenda:deplacer": Action.TENIR_AGENDA,
    "agenda:retirer": Action.TENIR_AGENDA,
    "agenda:semaines": Action.TENIR_AGENDA,
    "agenda:oublier_semaine": Action.TENIR_AGENDA,
    "agenda:indisponibilites": Action.TENIR_AGENDA,
    "agenda:rouvrir": Action.TENIR_AGENDA,
    "tableau:accueil": Action.TENIR_AGENDA,
    "tableau:lies": Action.TENIR_AGENDA,
    "tableau:professionnel": Action.TENIR_AGENDA,
    "tableau:releves": Action.TENIR_AGENDA,
    "tableau:participation": Action.TENIR_AGENDA,
    "tableau:suggestions": Action.TENIR_AGENDA,
    "tableau:historique": Action.TENIR_AGENDA,
    "tableau:structure": Action.TENIR_AGENDA,
    "tableau:participation_structure": Action.TENIR_AGENDA,
    "tableau:historique_structure": Action.TENIR_AGENDA,
    "tableau:informations": Action.TENIR_AGENDA,
    "tableau:sollicitation": Action.TENIR_AGENDA,
    "vu:lieu": Action.TENIR_AGENDA,
    "echanges:planning": Action.TENIR_AGENDA,
    "echanges:planning_modele": Action.TENIR_AGENDA,
    "echanges:planning_modele_ods": Action.TENIR_AGENDA,
    "echanges:planning_relu": Action.TENIR_AGENDA,
    "echanges:planning_confirmer": Action.TENIR_AGENDA,
    "echanges:planning_annuler": Action.TENIR_AGENDA,
    "echanges:liens": Action.TENIR_AGENDA,
    "echanges:lien_revoquer": Action.TENIR_AGENDA,
    "echanges:externes": Action.TENIR_AGENDA,
    "echanges:externe_relire": Action.TENIR_AGENDA,
    "echanges:externe_retirer": Action.TENIR_AGENDA,
    # Un logiciel de calendrier n’ouvre pas de session : le secret de l’adresse est la preuve.
    "echanges:calendrier": PUBLIC,
    # L’aide et la formation se lisent sans compte ; une demande se suit par sa page, ou par un lien secret.
    "assistance:faq": PUBLIC,
    "assistance:contact": PUBLIC,
    "assistance:suivi": PUBLIC,
    "assistance:piece_suivie": PUBLIC,
    "assistance:formation": PUBLIC,
    "assistance:formation_profil": PUBLIC,
    "assistance:page_formation": PUBLIC,
    "assistance:document": PUBLIC,
    "assistance:demandes": CONNECTE,
    "assistance:demande": CONNECTE,
    "assistance:piece": CONNECTE,
    "assistance:traitement": Action.TRAITER_DEMANDES,
    "assistance:traiter": Action.TRAITER_DEMANDES,
    "assistance:geste": Action.TRAITER_DEMANDES,
    "comptes:mot_de_passe": PUBLIC,
    "comptes:activation": PUBLIC,
    "comptes:activation_renvoi": PUBLIC,
    "comptes:adresse_confirmer": PUBLIC,
    "comptes:secours_refuse": PUBLIC,
    "comptes:cgu": PUBLIC,
    "comptes:identifiants": CONNECTE,
    # Celles de django-allauth, sous ses noms (comptes/local/urls_allauth.py).
    "account_login": PUBLIC,
    "account_inactive": PUBLIC,
    "account_reset_password": PUBLIC,
    "account_reset_password_done": PUBLIC,
    "account_reset_password_from_key": PUBLIC,
    "account_reset_password_from_key_done": PUBLIC,
    "account_change_password": CONNECTE,
    "account_set_password": CONNECTE,
    "account_reauthenticate": CONNECTE,
    "mfa_index": CONNECTE,
    "mfa_authenticate": PUBLIC,
    "mfa_reauthenticate": CONNECTE,
    "mfa_activate_totp": CONNECTE,
    "mfa_deactivate_totp": CONNECTE,
    "mfa_view_recovery_codes": CONNECTE,
    "mfa_generate_recovery_codes": CONNECTE,
    "mfa_download_recovery_codes": CONNECTE,
    # Les courriels de la démonstration ; ces routes n’existent pas en ligne.
    "demo:*": PUBLIC,
    # Chacun n’y voit que ses propres données : aucun objet n’est nommé dans l’adresse.
    "mes_donnees:historique": CONNECTE,
    "mes_donnees:export": CONNECTE,
    "pilotage:accueil": Action.PILOTER,
    "pilotage:donnees": Action.PILOTER,
    "pilotage:chiffres_cles": Action.PILOTER,
    "pilotage:chiffres_cles_donnees": Action.PILOTER,
    "pilotage:publics": PUBLIC,
    "pilotage:publics_donnees": PUBLIC,
    "api:indicateurs": Action.PILOTER,
    "gestion:liste": Action.CONSULTER_COMPTES,
    "gestion:export": Action.CONSULTER_COMPTES,
    "gestion:a_revoir": Action.CONSULTER_COMPTES,
    "gestion:compte": Action.CONSULTER_COMPTES,
    "gestion:creer": Action.GERER_COMPTES,
    "gestion:importer": Action.GERER_COMPTES,
    "gestion:modele": Action.GERER_COMPTES,
    "gestion:confirmer": Action.GERER_COMPTES,
    "gestion:modifier": Action.GERER_COMPTES,
    "gestion:bienvenue": Action.GERER_COMPTES,
    "gestion:desactiver": Action.GERER_COMPTES,
    "gestion:reactiver": Action.GERER_COMPTES,
    "gestion:supprimer": Action.GERER_COMPTES,
    "ma_participation:*": Action.VOIR_REMUNERATION,
    "bareme:*": Action.GERER_BAREME,
    "caisse:periodes": Action.SUIVRE_CAISSE,
    "caisse:periode": Action.SUIVRE_CAISSE,
    "caisse:export": Action.SUIVRE_CAISSE,
    "caisse:cle_publique": Action.SUIVRE_CAISSE,
    "caisse:contestations": Action.SUIVRE_CAISSE,
    "caisse:contestation": Action.SUIVRE_CAISSE,
    "caisse:clore": Action.VALIDER_EXPORTS,
    "caisse:produire": Action.VALIDER_EXPORTS,
    "caisse:valider": Action.VALIDER_EXPORTS,
    "caisse:retirer": Action.VALIDER_EXPORTS,
    "caisse:telecharger": Action.VALIDER_EXPORTS,
    "caisse:manifeste": Action.VALIDER_EXPORTS,
    # Tout l’espace de noms de l’administration de Django.
    "admin:*": Action.ADMINISTRER,
}


def regle(route: str) -> Action | Acces:
    """Règle d’une route. Lève `KeyError` si la table l’ignore."""
    espace, deux_points, _ = route.partition(":")
    if deux_points and f"{espace}:*" in ROUTES:
        return ROUTES[f"{espace}:*"]
    return ROUTES[route]


def peut(compte: Compte | AnonymousUser, action: Action) -> bool:
    """Vrai si un rôle de ce compte accomplit cette action, sur une étendue que l’objet reste à vérifier."""
    return not isinstance(compte, AnonymousUser) and compte.is_active and compte.a_un_role(TABLE[action])


def peut_ouvrir(compte: Compte | AnonymousUser, route: str) -> bool:
    """Vrai si ce compte accède à cette route ; une route inconnue n’est ouverte à personne."""
    try:
        admis = regle(route)
    except KeyError:
        return False
    if admis is PUBLIC:
        return True
    if isinstance(compte, AnonymousUser) or not compte.is_active:
        return False
    return admis is CONNECTE or (isinstance(admis, Action) and peut(compte, admis))
