from django.db.models import TextChoices


class Voie(TextChoices):
    """Par où passe une orientation (metier.md O-02)."""

    AGENDA_SAS = "agenda_sas", "Place de l’agenda SAS"
    SURNUMERAIRE = "surnumeraire", "En sus des disponibilités"


class TypeOrientation(TextChoices):
    """Qui oriente, et comment (metier.md O-04)."""

    OSNP_CRENEAU = "1", "Régulation, sur disponibilité"
    OSNP_SURNUMERAIRE = "2", "Régulation, en sus des disponibilités"
    IOA = "3", "Réorientation depuis les urgences"


class IssueLRM(TextChoices):
    """Où mène une recherche ouverte depuis un logiciel de régulation (metier.md L-05 à L-08)."""

    RESULTATS_MT = "resultats_mt", "Résultats, médecin traitant reconnu"
    RESULTATS_SANS_MT = "resultats_sans_mt", "Résultats, médecin traitant non transmis"
    RESULTATS_MT_INCONNU = "resultats_mt_inconnu", "Résultats, médecin traitant non reconnu"
    A_COMPLETER = "a_completer", "Formulaire à compléter"
    ORIGINE_REFUSEE = "origine_refusee", "Origine inconnue ou désactivée"


class Entree(TextChoices):
    """Par où l’on cherche."""

    WEB = "web", "Formulaire de la plateforme"
    API = "api", "API"
    LRM = "lrm", "Logiciel de régulation médicale"


class SuiteRecherche(TextChoices):
    """Ce que donne une recherche : rien, aucun créneau, ou le délai du premier."""

    SANS_RESULTAT = "sans_resultat", "Aucun résultat"
    SANS_CRENEAU = "sans_creneau", "Aucun créneau"
    MOINS_1_H = "0-1", "Premier créneau dans l’heure"
    MOINS_2_H = "1-2", "De 1 à 2 heures"
    MOINS_4_H = "2-4", "De 2 à 4 heures"
    MOINS_8_H = "4-8", "De 4 à 8 heures"
    MOINS_12_H = "8-12", "De 8 à 12 heures"
    MOINS_24_H = "12-24", "De 12 à 24 heures"
    MOINS_48_H = "24-48", "De 24 à 48 heures"
    AU_DELA = "48-96", "Au-delà de 48 heures"


class NatureExterne(TextChoices):
    """Comment l’outil d’un territoire a orienté ; ce sont les valeurs de l’API."""

    DISPONIBILITE = "disponibilite", "Sur disponibilité"
    EN_SUS = "en_sus", "En sus des disponibilités"
    REORIENTATION = "reorientation", "Réorientation depuis les urgences"


class IssueExterne(TextChoices):
    """Ce que l’outil sait de la suite."""

    INCONNUE = "inconnue", "Pas encore connue"
    VENU = "venu", "Patient venu"
    PAS_VENU = "pas_venu", "Patient non venu"


class MethodeHub(TextChoices):
    """Ce qu’un message du Hub Santé demande au LRM ; les valeurs sont celles du schéma, casse comprise."""

    CREATION = "CreateAppointment", "Nouveau rendez-vous"
    MODIFICATION = "UpdateAppointment", "Rendez-vous modifié"


class StatutHub(TextChoices):
    """Statut d’un rendez-vous, tel que l’écrit le schéma du Hub Santé."""

    EN_ATTENTE = "pending", "En attente"
    PRIS = "booked", "Pris"
    HONORE = "fulfilled", "Honoré"
    NON_HONORE = "noshow", "Patient non venu"
    ANNULE = "cancelled", "Annulé"


class CategorieHub(TextChoices):
    """Vers qui le patient est orienté, au sens du schéma du Hub Santé."""

    PS = "PS", "Professionnel de santé"
    SOS = "SOS", "SOS Médecins"
    PLACE_DE_MARCHE = "PDM", "Place de marché"
    CPTS = "CPTS", "Communauté professionnelle territoriale de santé"
    CDS = "CDS", "Centre de santé"
    MSP = "MSP", "Maison de santé pluriprofessionnelle"


class OrigineHub(TextChoices):
    """D’où vient le rendez-vous publié."""

    ORIENTATION = "orientation", "Orientation"
    RENDEZ_VOUS = "rendez_vous", "Rendez-vous chez un éditeur"


class EtatMessageHub(TextChoices):
    A_ENVOYER = "a_envoyer", "À envoyer"
    REMIS = "remis", "Remis au Hub Santé"
    ACQUITTE = "acquitte", "Reçu par le LRM"
    EN_ERREUR = "en_erreur", "Refusé"
    EXPIRE = "expire", "Expiré"
    ABANDONNE = "abandonne", "Abandonné après plusieurs essais"
    NON_DU = "non_du", "Non transmis"


class MotifNonDu(TextChoices):
    """Pourquoi un rendez-vous n’a pas à partir : ce n’est pas une erreur."""

    HUB_FERME = "hub_ferme", "la liaison avec le Hub Santé n’est pas ouverte sur cette plateforme"
    SANS_TERRITOIRE = "sans_territoire", "le régulateur n’est rattaché à aucun territoire"
    SANS_LRM = "sans_lrm", "aucun territoire du régulateur n’a de LRM relié au Hub Santé"
    PLUSIEURS_LRM = (
        "plusieurs_lrm",
        "le régulateur relève de plusieurs LRM, et aucun ne couvre le lieu du rendez-vous",
    )
    REGULATEUR_INCOMPLET = (
        "regulateur_incomplet",
        "il manque au compte du régulateur un nom, un prénom ou une adresse électronique",
    )
    REGULATEUR_INCONNU = "regulateur_inconnu", "le régulateur n’est pas connu de la plateforme"


class EvenementHub(TextChoices):
    """Ce qui arrive à un message, de nous, du Hub ou du LRM."""

    REMIS = "remis", "Remis au Hub Santé"
    ECHEC = "echec", "Remise impossible"
    NON_ROUTE = "non_route", "Rendu par le Hub Santé, sans destinataire"
    INVALIDE = "invalide", "Non conforme au schéma"
    ACQUITTE = "acquitte", "Reçu par le LRM"
    REFUSE = "refuse", "Refusé par le LRM"
    ERREUR = "erreur", "Erreur rendue"
    EXPIRE = "expire", "Expiré"
    RENVOYE = "renvoye", "Renvoyé dans un nouveau message"
    ILLISIBLE = "illisible", "Retour illisible, écarté"


class StatutRendezVous(TextChoices):
    """Statuts FHIR que les éditeurs emploient ; le libellé est ce que lit le régulateur."""

    EN_ATTENTE = "pending", "Rendez-vous en attente chez l’éditeur"
    CONFIRME = "booked", "Rendez-vous confirmé par l’éditeur"
    HONORE = "fulfilled", "Rendez-vous honoré"
    ABSENT = "noshow", "Patient absent au rendez-vous"
    ANNULE = "cancelled", "Rendez-vous annulé"


class Rattachement(TextChoices):
    """À quel acte du régulateur un rendez-vous répond, et comment on l’a su."""

    DEPART = "depart", "Départ vers l’éditeur, pour ce créneau"
    DEPART_AUTRE_HEURE = "depart_heure", "Départ vers l’agenda de ce professionnel, autre créneau"
    ORIENTATION = "orientation", "Orientation vers ce professionnel, à cette heure"
    PLACE_DE_MARCHE = "place", "Départ vers la place de marché de l’éditeur"
    AMBIGU = "ambigu", "Plusieurs actes possibles : aucun retenu"
    AUCUN = "aucun", "Aucun acte retrouvé"


class IssueAppel(TextChoices):
    """Ce qu’a donné un appel au cabinet, avant d’orienter."""

    SANS_REPONSE = "sans_reponse", "Pas de réponse"
    REFUS = "refus", "Refus"
    ACCEPTE = "accepte", "Accepté"


class Issue(TextChoices):
    """Ce qu’est devenue une orientation."""

    VENU = "venu", "Patient venu"
    PAS_VENU = "pas_venu", "Patient pas venu"
    ANNULE = "annule", "Rendez-vous annulé"


class SourceIssue(TextChoices):
    """D’où l’on tient une issue."""

    LIEN = "lien", "Lien reçu par courriel"
    TABLEAU = "tableau", "Liste du tableau de bord"
    EDITEUR = "editeur", "Logiciel de rendez-vous"


class MotifAnnulation(TextChoices):
    """Pourquoi une orientation est retirée ; une liste, jamais un texte où parler d’un patient."""

    ERREUR = "erreur", "Erreur de saisie"
    PATIENT = "patient", "Le patient ne s’y rendra pas"
    PROFESSIONNEL = "professionnel", "Le professionnel ne peut pas le recevoir"
    URGENCE = "urgence", "L’état du patient demande une autre prise en charge"
    AUTRE_HEURE = "autre_heure", "Le patient demande une autre heure"
    HEURE_PROPOSEE = "heure_proposee", "Le professionnel propose une autre heure"


class RythmeAvis(TextChoices):
    """Quand un professionnel, ou une structure, apprend ce qu’on lui adresse."""

    IMMEDIAT = "immediat", "Un courriel à chaque orientation"
    QUOTIDIEN = "quotidien", "Un résumé chaque soir"
    AUCUN = "aucun", "Aucun courriel"
