"""Qui voit quel objet : pour chaque route qui en nomme un, à qui elle répond.

Une route nouvelle dont l’adresse nomme un objet s’ajoute à `OBJETS` (sinon
`tests/test_projet.py` échoue) : une ligne dit comment former l’adresse à
partir du `Monde`, et à qui elle répond. Tous les autres reçoivent une page
404, l’anonyme la page de connexion. Un objet qui manque au monde s’ajoute à
`tests.monde`. Si l’objet n’est à personne (un lien secret, une
page publique), la route va dans `SANS_TITULAIRE`, avec sa raison.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.monde import Monde

ANONYME = "anonyme"


@dataclass(frozen=True)
class Ligne:
    """`adresse` : arguments de la route. `ouvre` : à qui elle répond. `en_post` : la vue n’admet que POST."""

    adresse: Callable[[Monde], Mapping[str, Any]]
    ouvre: frozenset[str]
    en_post: bool = False


def _a(*noms: str) -> frozenset[str]:
    return frozenset(noms)


def _compte(ouvre: frozenset[str]) -> Ligne:
    return Ligne(lambda m: {"compte_id": m.osnp.pk}, ouvre)


def _structure(ouvre: frozenset[str], en_post: bool = False, **autres: Callable[[Monde], int]) -> Ligne:
    return Ligne(
        lambda m: {"structure_id": m.structure.pk, **{nom: lire(m) for nom, lire in autres.items()}},
        ouvre,
        en_post,
    )


_GERENT = _a("gestionnaire", "administrateur")
_VOIENT_LE_TERRITOIRE = _a("gestionnaire", "référent", "support", "administrateur")
_TIENNENT_LA_STRUCTURE = _a("responsable", "délégataire", "administrateur")
_DE_LA_DELEGATION = _a("titulaire", "délégataire", "gestionnaire", "administrateur")
_TRAITENT = _a("gestionnaire", "administrateur")
_RETIRENT = _a("gestionnaire", "référent", "administrateur")
_SUIVENT_LES_ECHANGES = _a("support", "administrateur")
# La responsable n’y est pas : le rattachement de ce lieu à sa structure attend l’accord du titulaire.
_TIENNENT_LE_LIEU = _a("titulaire", "délégataire", "administrateur")


def _lieu(en_post: bool = False) -> Ligne:
    return Ligne(lambda m: {"lieu_id": m.lieu.pk}, _TIENNENT_LE_LIEU, en_post)


def _editeur(ouvre: frozenset[str], en_post: bool = False) -> Ligne:
    return Ligne(lambda m: {"editeur_id": m.editeur.pk}, ouvre, en_post)


def _pour_la_structure() -> Ligne:
    return Ligne(lambda m: {"qui": f"structure-{m.structure.pk}"}, _a("responsable"))


def _export(ouvre: frozenset[str], en_post: bool = False) -> Ligne:
    return Ligne(lambda m: {"export_id": m.export.pk}, ouvre, en_post)


def _caisse(ouvre: frozenset[str], en_post: bool = False) -> Ligne:
    return Ligne(
        lambda m: {"departement_id": m.export.departement_id, "code": m.export.calcul.periode.code},
        ouvre,
        en_post,
    )


def _contestation(ouvre: frozenset[str], en_post: bool = False) -> Ligne:
    return Ligne(lambda m: {"contestation_id": m.contestation.pk}, ouvre, en_post)


_REGARDENT_LA_CAISSE = _a("agent de CPAM", "administrateur")


OBJETS: dict[str, Ligne] = {
    "bareme:regle": Ligne(lambda m: {"regle_id": m.regle.pk}, _a("administrateur")),
    "bareme:activer": Ligne(lambda m: {"regle_id": m.regle.pk}, _a("administrateur"), True),
    "bareme:ecarter": Ligne(lambda m: {"regle_id": m.regle.pk}, _a("administrateur"), True),
    "caisse:periode": _caisse(_REGARDENT_LA_CAISSE),
    "caisse:produire": _caisse(_a("agent de CPAM"), en_post=True),
    "caisse:export": _export(_REGARDENT_LA_CAISSE),
    "caisse:telecharger": _export(_a("agent de CPAM"), en_post=True),
    "caisse:manifeste": _export(_a("agent de CPAM"), en_post=True),
    "caisse:valider": _export(_a("agent de CPAM"), en_post=True),
    "caisse:retirer": _export(_a("agent de CPAM"), en_post=True),
    "caisse:contestation": _contestation(_REGARDENT_LA_CAISSE),
    "caisse:clore": _contestation(_a("agent de CPAM"), en_post=True),
    "gestion:compte": _compte(_a("gestionnaire", "support", "administrateur")),
    "gestion:modifier": _compte(_GERENT),
    "gestion:bienvenue": _compte(_GERENT),
    "gestion:desactiver": _compte(_GERENT),
    "gestion:reactiver": _compte(_GERENT),
    "gestion:supprimer": _compte(_GERENT),
    "delegations:delegation": Ligne(lambda m: {"delegation_id": m.delegation.pk}, _DE_LA_DELEGATION),
    "delegations:revoquer": Ligne(lambda m: {"delegation_id": m.delegation.pk}, _DE_LA_DELEGATION, True),
    "delegations:consentir": Ligne(lambda m: {"delegation_id": m.a_consentir.pk}, _a("titulaire"), True),
    "delegations:annuler_demande": Ligne(lambda m: {"demande_id": m.demande.pk}, _a("titulaire"), True),
    "delegations:accepter": Ligne(lambda m: {"demande_id": m.demande.pk}, _GERENT, True),
    "delegations:refuser": Ligne(lambda m: {"demande_id": m.demande.pk}, _GERENT),
    "territoires:territoire": Ligne(lambda m: {"territoire_id": m.territoire.pk}, _VOIENT_LE_TERRITOIRE),
    "territoires:modifier": Ligne(lambda m: {"territoire_id": m.territoire.pk}, _a("administrateur")),
    "territoires:rayon": Ligne(lambda m: {"territoire_id": m.territoire.pk}, _a("administrateur")),
    "territoires:retirer_rayon": Ligne(
        lambda m: {"territoire_id": m.territoire.pk}, _a("administrateur"), True
    ),
    "structures:structure": _structure(_TIENNENT_LA_STRUCTURE),
    "structures:informations": _structure(_TIENNENT_LA_STRUCTURE),
    "structures:chercher_membre": _structure(_TIENNENT_LA_STRUCTURE),
    "structures:rattacher": _structure(_TIENNENT_LA_STRUCTURE, effecteur_id=lambda m: m.effecteur.pk),
    "structures:terminer_rattachement": _structure(
        _TIENNENT_LA_STRUCTURE, True, rattachement_id=lambda m: m.membre.pk
    ),
    "structures:ajouter_point_fixe": _structure(_TIENNENT_LA_STRUCTURE),
    "structures:modifier_point_fixe": _structure(_TIENNENT_LA_STRUCTURE, lieu_id=lambda m: m.point_fixe.pk),
    "structures:activer_point_fixe": _structure(
        _TIENNENT_LA_STRUCTURE, True, lieu_id=lambda m: m.point_fixe.pk
    ),
    "mon_compte:accepter_rattachement": Ligne(
        lambda m: {"rattachement_id": m.propose.pk}, _a("titulaire"), True
    ),
    "mon_compte:quitter_structure": Ligne(lambda m: {"rattachement_id": m.propose.pk}, _a("titulaire"), True),
    "agenda:semaine": _lieu(),
    "agenda:imprimer": _lieu(),
    "agenda:ouvrir": _lieu(),
    "agenda:semaines": _lieu(),
    "agenda:indisponibilites": _lieu(),
    "agenda:fermer_aujourd_hui": _lieu(en_post=True),
    "agenda:ce_soir": _lieu(en_post=True),
    "vu:lieu": _lieu(),
    "echanges:externes": _lieu(),
    "tableau:informations": _lieu(),
    "tableau:sollicitation": _lieu(),
    "tableau:professionnel": Ligne(lambda m: {"effecteur_id": m.effecteur.pk}, _TIENNENT_LE_LIEU),
    "tableau:structure": _structure(_TIENNENT_LA_STRUCTURE),
    # P-21 : la participation d’une association est l’affaire de sa responsable, non d’un délégataire.
    "tableau:participation_structure": _structure(_a("responsable")),
    "tableau:historique_structure": _structure(_a("responsable")),
    "orientation:orientation": Ligne(lambda m: {"uuid": m.orientation.uuid}, _a("régulateur")),
    "orientation:annulation": Ligne(lambda m: {"uuid": m.orientation.uuid}, _a("régulateur")),
    "suivi:bulletin": Ligne(lambda m: {"uuid": m.orientation.uuid}, _a("régulateur")),
    "suivi:corriger": Ligne(lambda m: {"uuid": m.orientation.uuid}, _a("régulateur")),
    "suivi:fiche": Ligne(lambda m: {"uuid": m.orientation.uuid}, _RETIRENT | {"régulateur"}),
    "suivi:retirer": Ligne(lambda m: {"uuid": m.orientation.uuid}, _RETIRENT, True),
    "api:orientation": Ligne(lambda m: {"uuid": m.orientation.uuid}, _a("régulateur")),
    "api:orientation_annulation": Ligne(lambda m: {"uuid": m.orientation.uuid}, _a("régulateur"), True),
    "qualite:editeur": _editeur(_SUIVENT_LES_ECHANGES),
    "qualite:lieux": _editeur(_SUIVENT_LES_ECHANGES),
    "qualite:lien": _editeur(_SUIVENT_LES_ECHANGES),
    "qualite:lien_revoquer": _editeur(_SUIVENT_LES_ECHANGES, en_post=True),
    "qualite:service": _editeur(_SUIVENT_LES_ECHANGES),
    "qualite:reglages": _editeur(_a("administrateur")),
    "hub:message": Ligne(lambda m: {"message_id": m.message_hub.pk}, _SUIVENT_LES_ECHANGES),
    "regulateurs:compte": _compte(_SUIVENT_LES_ECHANGES),
    "regulateurs:renvoyer": Ligne(
        lambda m: {"compte_id": m.osnp.pk, "copie_id": m.copie.pk}, _SUIVENT_LES_ECHANGES, True
    ),
    "hub:renvoyer": Ligne(lambda m: {"message_id": m.message_hub.pk}, _SUIVENT_LES_ECHANGES, True),
    # Ce que l’on gagne : soi, ou la responsable pour sa structure ; ni délégataire, ni support, ni administrateur.
    "ma_participation:participation": _pour_la_structure(),
    "ma_participation:actes": _pour_la_structure(),
    "ma_participation:periodes": _pour_la_structure(),
    "assistance:demande": Ligne(lambda m: {"numero": m.ticket.numero}, _a("titulaire")),
    "assistance:piece": Ligne(lambda m: {"piece_id": m.piece.pk}, _TRAITENT | {"titulaire"}),
    "assistance:traiter": Ligne(lambda m: {"numero": m.ticket.numero}, _TRAITENT),
    "assistance:geste": Ligne(lambda m: {"numero": m.ticket.numero, "geste": "prendre"}, _TRAITENT, True),
}

_SECRET = "le lien reçu par courriel est la preuve ; ses tests disent à qui il ouvre"
_PUBLIQUE = "page publique"
_LE_SIEN = "qui l’a créé, et lui seul (tests/agenda/echanges)"
_PAR_LE_LIEU = (
    "même vérification du lieu que « agenda:semaine » ; l’objet se cherche dans ce lieu (tests/agenda/pages)"
)
_UNE_PERIODE = "même vérification que « ma_participation:participation » (tests/remuneration/espace)"
SANS_TITULAIRE = {
    "ma_participation:issue": _UNE_PERIODE,
    "ma_participation:periode": _UNE_PERIODE,
    "ma_participation:contester": _UNE_PERIODE,
    "ma_participation:preuves_pdf": _UNE_PERIODE,
    "ma_participation:preuves_csv": _UNE_PERIODE,
    "ma_participation:actes_csv": _UNE_PERIODE,
    "ma_participation:contestation": "le fil de qui le lit (tests/remuneration/espace)",
    "ma_participation:clore": "le fil de qui le lit (tests/remuneration/espace)",
    "pilotage:donnees": "un tableau, non un objet (tests/remuneration/pilotage)",
    "pilotage:chiffres_cles_donnees": "un tableau, non un objet (tests/remuneration/pilotage)",
    "comptes:activation": _SECRET,
    "comptes:activation_renvoi": _SECRET,
    "comptes:adresse_confirmer": _SECRET,
    "account_reset_password_from_key": _SECRET,
    "comptes:secours_refuse": _PUBLIQUE,
    "premiere_connexion:lien": _SECRET,
    "assistance:suivi": _SECRET,
    "assistance:piece_suivie": _SECRET,
    "assistance:page_formation": _PUBLIQUE,
    "assistance:document": _PUBLIQUE,
    "assistance:formation_profil": _PUBLIQUE,
    "api:tenue": "une place tenue n’existe que pour qui la tient (tests/orientation/api/test_tenues.py)",
    "api:tenue_prolongation": "une place tenue n’existe que pour qui la tient (tests/orientation/api/test_tenues.py)",
    "api:orientation_externe": "le jeton d’un outil territorial est exigé (tests/orientation/api/test_externes.py)",
    "lrm:essai": _PUBLIQUE,
    "lrm:arrivee": "le cookie du dépôt est la preuve (tests/orientation/lrm)",
    "orientation:resultats": "la recherche gardée dans la session de qui l’a faite (tests/orientation)",
    "direct:flux": "la recherche gardée dans la session de qui l’a faite (tests/orientation/direct)",
    "direct:maintenant": "la recherche gardée dans la session de qui l’a faite (tests/orientation/direct)",
    "trajets:durees": "la recherche gardée dans la session de qui l’a faite (tests/orientation/trajets)",
    "carte_geo:epingles": "la recherche gardée dans la session de qui l’a faite (tests/orientation/carte_geo)",
    "carte_geo:relancer": "la recherche gardée dans la session de qui l’a faite (tests/orientation/carte_geo)",
    "orientation:orienter": "toute place libre s’offre à tout régulateur",
    "orientation:orienter_en_sus": "tout lieu qui accepte le surnuméraire s’offre à tout régulateur",
    "suivi:tenir": "toute place libre s’offre à tout régulateur",
    "suivi:prolonger": "la tenue est celle de qui demande, quel que soit le créneau nommé",
    "suivi:rendre": "la tenue est celle de qui demande, quel que soit le créneau nommé",
    "suivi:appel": "tout lieu s’appelle, par tout régulateur",
    "suivi:effacer_note": "chacun les siennes (tests/orientation/suivi)",
    "suivi:issue": "les rendez-vous récents des lieux que l’on tient (tests/orientation/suivi)",
    "suivi:issue_par_lien": _SECRET,
    "orientation:rediriger": "tout créneau d’éditeur s’offre à tout régulateur",
    "orientation:place_de_marche": "toute place de marché s’offre à tout régulateur",
    # Réservée aux CPTS : le monde tient une association SOS Médecins, pour ses points fixes.
    "structures:zone": "même vérification que « structures:informations » (tests/annuaire/structures)",
    "agenda:annuler": _PAR_LE_LIEU,
    "agenda:modifier": _PAR_LE_LIEU,
    "agenda:deplacer": _PAR_LE_LIEU,
    "agenda:retirer": _PAR_LE_LIEU,
    "agenda:oublier_semaine": _PAR_LE_LIEU,
    "agenda:rouvrir": _PAR_LE_LIEU,
    "echanges:planning_relu": _LE_SIEN,
    "echanges:planning_confirmer": _LE_SIEN,
    "echanges:planning_annuler": _LE_SIEN,
    "echanges:lien_revoquer": _LE_SIEN,
    "echanges:externe_relire": _PAR_LE_LIEU,
    "echanges:externe_retirer": _PAR_LE_LIEU,
    "echanges:calendrier": "le secret de l’adresse est la preuve (tests/agenda/echanges)",
    "qualite:page": "le secret de l’adresse est la preuve (tests/agenda/qualite)",
    "qualite:lecteur_par_lien": "le secret de l’adresse est la preuve (tests/agenda/qualite)",
    # Une prestation, une période : des codes publics, que tout administrateur ouvre.
    "bareme:proposer": "la prestation est un code, non un objet",
    "bareme:periode": "la période est un code, non un objet",
    "bareme:calculer": "la période est un code, non un objet",
    "bareme:clore": "la période est un code, non un objet",
    "bareme:rectifier": "la période est un code, non un objet",
    "demo:courriel": "n’existe pas en ligne",
    "demo:courriel_html": "n’existe pas en ligne",
    "demo:gabarit": "n’existe pas en ligne",
    "demo:gabarit_html": "n’existe pas en ligne",
}
