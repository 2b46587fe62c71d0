"""La trace en français : ce que chaque verbe veut dire, lu par la personne que l’acte concerne."""

from __future__ import annotations

# Un verbe tracé sans libellé fait échouer tests/comptes/test_verbes.py.
VERBES: dict[str, str] = {
    "connexion": "Connexion",
    "connexion_refusee": "Connexion refusée",
    "deconnexion": "Déconnexion",
    "acces.refuse": "Accès refusé",
    "adresse.demandee": "Demande de changement d’adresse électronique",
    "adresse.changee": "Changement d’adresse électronique",
    "mot_de_passe.change": "Changement de mot de passe",
    "cgu.acceptees": "Acceptation des conditions d’utilisation",
    "cgu.version_ecrite": "Écriture d’une version des conditions d’utilisation",
    "secours.ouvert": "Ouverture de la connexion de secours",
    "secours.ferme": "Fermeture de la connexion de secours",
    "inactivite.relancee": "Relance pour inactivité",
    "inactivite.roles_retires": "Retrait des rôles pour inactivité",
    "second_facteur.ajoute": "Ajout d’un second facteur",
    "second_facteur.retire": "Retrait d’un second facteur",
    "compte.cree": "Création du compte",
    "compte.modifie": "Modification du compte ou de ses rôles",
    "compte.lu": "Consultation du compte",
    "compte.active": "Activation du compte",
    "compte.rattache": "Rattachement de l’identité Pro Santé Connect au compte",
    "compte.nom_mis_a_jour": "Mise à jour du nom d’après Pro Santé Connect",
    "compte.fusionne": "Rôles donnés à un compte existant",
    "compte.bienvenue_renvoyee": "Nouvel envoi du courriel de bienvenue",
    "compte.desactive": "Désactivation du compte",
    "compte.reactive": "Réactivation du compte",
    "comptes.exportes": "Export d’une liste de comptes",
    "compte.anonymise": "Effacement de l’identité du compte",
    "jeton.cree": "Création d’un jeton de l’API",
    "jeton.revoque": "Révocation d’un jeton de l’API",
    "delegation.demandee": "Demande de délégation",
    "delegation.demande_annulee": "Retrait d’une demande de délégation",
    "delegation.demande_refusee": "Refus d’une demande de délégation",
    "delegation.accordee": "Délégation accordée",
    "delegation.consentie": "Consentement à une délégation",
    "delegation.revoquee": "Révocation d’une délégation",
    "participation.declaree": "Déclaration de participation au SAS",
    "effecteur.lu": "Consultation du tableau de bord d’un professionnel",
    "agenda.lu": "Consultation de l’agenda",
    "agenda.change": "Modification de l’agenda",
    "agenda.semaine_gardee": "Enregistrement d’une semaine type",
    "agenda.semaine_oubliee": "Suppression d’une semaine type",
    "agenda.retabli": "Retour en arrière sur l’agenda",
    "calendrier.lien_cree": "Création d’un lien de calendrier",
    "calendrier.externe_relie": "Calendrier externe relié à un lieu",
    "calendrier.externe_detache": "Calendrier externe retiré d’un lieu",
    "calendrier.lien_revoque": "Révocation d’un lien de calendrier",
    "lieu.cree": "Création d’un lieu",
    "lieu.modifie": "Modification d’un lieu",
    "lieu.ferme": "Fermeture d’un lieu",
    "lieu.rouvert": "Réouverture d’un lieu",
    "structure.creee": "Création d’une structure",
    "structure.modifiee": "Modification d’une structure",
    "structure.zone_modifiee": "Modification de la zone d’intervention d’une structure",
    "structure.membre_propose": "Proposition de rattachement d’un lieu à une structure",
    "structure.membre_ajoute": "Rattachement d’un lieu à une structure",
    "structure.membre_retire": "Fin du rattachement d’un lieu à une structure",
    "territoire.cree": "Création d’un territoire",
    "territoire.modifie": "Modification d’un territoire",
    "territoire.rayon_change": "Changement des rayons de recherche d’un territoire",
    "demande.deposee": "Dépôt d’une demande d’assistance",
    "demande.message": "Message ajouté à une demande d’assistance",
    "demande.lue": "Consultation d’une demande d’assistance",
    "demande.piece_lue": "Ouverture d’un fichier joint à une demande d’assistance",
    "demande.prise": "Prise en charge d’une demande d’assistance",
    "demande.reponse": "Réponse à une demande d’assistance",
    "demande.note": "Note interne sur une demande d’assistance",
    "demande.reaffectee": "Transmission d’une demande d’assistance à un autre destinataire",
    "demande.close": "Clôture d’une demande d’assistance",
    "demande.rouverte": "Réouverture d’une demande d’assistance",
    "demande.effacee": "Effacement d’une demande d’assistance close",
    "orientation.enregistree": "Enregistrement d’une orientation",
    "orientation.annulee": "Annulation d’une orientation",
    "redirection.enregistree": "Départ vers le site d’un éditeur",
    "donnees.exportees": "Téléchargement d’une copie des données",
    "donnees.purgees": "Effacement de données au terme de leur conservation",
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
    "lien_calendrier": "lien de calendrier",
    "ouverture_secours": "ouverture de la connexion de secours",
    "version_cgu": "version des conditions générales d’utilisation",
    "lieu": "lieu d’exercice",
    "orientation": "orientation",
    "redirection": "départ vers un éditeur",
    "structure": "structure",
    "territoire": "territoire",
}


def libelle_du_verbe(verbe: str) -> str:
    """Un verbe que le code n’écrit plus garde son nom technique."""
    return VERBES.get(verbe, verbe)


def libelle_de_l_objet(objet: str) -> str:
    genre, _, numero = objet.partition(":")
    libelle = OBJETS.get(genre, genre)
    return f"{libelle} n° {numero}" if numero.isdecimal() else libelle
