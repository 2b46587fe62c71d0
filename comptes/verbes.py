"""La trace en français : ce que chaque verbe veut dire, lu par la personne que l’acte concerne."""

from __future__ import annotations

# Complète « qui ». Un verbe tracé sans libellé fait échouer tests/comptes/test_verbes.py.
VERBES: dict[str, str] = {
    "connexion": "s’est connecté",
    "connexion_refusee": "a vu sa connexion refusée",
    "deconnexion": "s’est déconnecté",
    "compte.cree": "a créé le compte",
    "compte.modifie": "a modifié le compte ou ses rôles",
    "compte.fusionne": "a donné des rôles au compte qui portait déjà cette adresse",
    "compte.desactive": "a désactivé le compte",
    "compte.reactive": "a réactivé le compte",
    "compte.bienvenue_renvoyee": "a renvoyé le courriel de bienvenue",
    "comptes.exportes": "a téléchargé une liste de comptes",
    "acces.refuse": "a demandé une page hors de ses droits",
    "compte.lu": "a consulté le compte",
    "compte.anonymise": "a effacé l’identité du compte",
    "compte.active": "a activé son compte",
    "mot_de_passe.change": "a changé son mot de passe",
    "adresse.demandee": "a demandé à changer d’adresse électronique",
    "adresse.changee": "a changé d’adresse électronique",
    "cgu.acceptees": "a accepté les conditions générales d’utilisation",
    "cgu.version_ecrite": "a écrit une version des conditions générales d’utilisation",
    "second_facteur.ajoute": "a activé un second facteur",
    "second_facteur.retire": "a désactivé un second facteur",
    "secours.ouvert": "a ouvert la connexion de secours",
    "secours.ferme": "a changé la fin d’une ouverture de la connexion de secours",
    "inactivite.relancee": "a reçu un avertissement d’inactivité",
    "inactivite.roles_retires": "a perdu ses rôles, faute de s’être connecté",
    "jeton.cree": "a créé un jeton de l’API",
    "jeton.revoque": "a révoqué un jeton de l’API",
    "delegation.demandee": "a demandé une délégation",
    "delegation.demande_annulee": "a retiré une demande de délégation",
    "delegation.demande_refusee": "a refusé une demande de délégation",
    "delegation.accordee": "a accordé une délégation",
    "delegation.consentie": "a consenti à une délégation",
    "delegation.revoquee": "a révoqué une délégation",
    "participation.declaree": "a déclaré une participation au SAS",
    "demande.deposee": "a déposé une demande d’assistance",
    "demande.message": "a complété une demande d’assistance",
    "demande.prise": "a pris en charge une demande d’assistance",
    "demande.reponse": "a répondu à une demande d’assistance",
    "demande.note": "a ajouté une note interne à une demande d’assistance",
    "demande.reaffectee": "a transmis une demande d’assistance à un autre destinataire",
    "demande.close": "a clos une demande d’assistance",
    "demande.rouverte": "a rouvert une demande d’assistance",
    "demande.effacee": "a effacé une demande d’assistance close depuis longtemps",
    "orientation.enregistree": "a enregistré une orientation",
    "orientation.annulee": "a annulé une orientation",
    "redirection.enregistree": "est parti vers le site d’un éditeur",
    "donnees.exportees": "a téléchargé une copie de ses données",
    "donnees.purgees": "a effacé des données arrivées au terme de leur durée de conservation",
}

# Ce que désigne le début d’un objet de la trace, avant les deux-points.
OBJETS: dict[str, str] = {
    "compte": "compte",
    "conservation": "règle de conservation",
    "delegation": "délégation",
    "demande": "demande d’assistance",
    "demande_delegation": "demande de délégation",
    "effecteur": "fiche d’effecteur",
    "jeton": "jeton de l’API",
    "ouverture_secours": "ouverture de la connexion de secours",
    "version_cgu": "version des conditions générales d’utilisation",
    "lieu": "lieu d’exercice",
    "orientation": "orientation",
    "redirection": "départ vers un éditeur",
    "structure": "structure",
}


def libelle_du_verbe(verbe: str) -> str:
    """Un verbe que le code n’écrit plus garde son nom technique."""
    return VERBES.get(verbe, verbe)


def libelle_de_l_objet(objet: str) -> str:
    genre, _, numero = objet.partition(":")
    libelle = OBJETS.get(genre, genre)
    return f"{libelle} n° {numero}" if numero.isdecimal() else libelle
