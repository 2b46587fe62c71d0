from django.db.models import TextChoices


class Role(TextChoices):
    OSNP = "osnp", "Opérateur de soins non programmés"
    REGULATEUR = "regulateur", "Médecin régulateur"
    IOA = "ioa", "Infirmier organisateur de l’accueil"
    EFFECTEUR = "effecteur", "Effecteur de soins"
    DELEGATAIRE = "delegataire", "Délégataire"
    GESTIONNAIRE_STRUCTURE = "gestionnaire_structure", "Gestionnaire de structure"
    GESTIONNAIRE_COMPTES = "gestionnaire_comptes", "Gestionnaire de comptes"
    REFERENT = "referent", "Référent territorial"
    CPAM = "cpam", "Agent de CPAM"
    ADMINISTRATEUR = "administrateur", "Administrateur national"
    SUPPORT = "support", "Support"
    PILOTAGE = "pilotage", "Pilotage national"


class Portee(TextChoices):
    """Ce qu’un jeton de l’API permet."""

    RECHERCHE = "recherche", "Rechercher une offre de soins"
    ORIENTATION = "orientation", "Enregistrer et annuler des orientations"
    VERSEMENT = "versement", "Verser les orientations de l’outil d’un territoire"
    INDICATEURS = "indicateurs", "Lire les indicateurs"


class Action(TextChoices):
    """Ce qu’un rôle permet d’accomplir ; le libellé complète « peut »."""

    CHERCHER = "chercher", "Rechercher une offre de soins"
    ORIENTER = "orienter", "Orienter un patient vers un créneau proposé"
    ORIENTER_EN_SUS = "orienter_en_sus", "Orienter un patient en sus des disponibilités"
    VERSER_ORIENTATIONS = "verser_orientations", "Verser les orientations faites dans l’outil d’un territoire"
    SUIVRE_ORIENTATIONS = "suivre_orientations", "Suivre les orientations et se laisser des notes de relève"
    CORRIGER_ORIENTATIONS = (
        "corriger_orientations",
        "Retirer l’orientation d’un régulateur, avec un motif, une fois son délai passé",
    )
    TENIR_AGENDA = (
        "tenir_agenda",
        "Tenir l’agenda, les indisponibilités et la participation d’un lieu d’exercice",
    )
    CONSULTER_COMPTES = "consulter_comptes", "Consulter les comptes, leurs rôles et ceux qui sont à revoir"
    GERER_COMPTES = "gerer_comptes", "Créer, modifier, désactiver et supprimer des comptes"
    VOIR_TERRITOIRES = "voir_territoires", "Consulter un territoire, ses gestionnaires et ses référents"
    GERER_TERRITOIRES = "gerer_territoires", "Créer et modifier les territoires et leurs rayons de recherche"
    GERER_STRUCTURES = "gerer_structures", "Tenir les membres et la zone d’intervention d’une structure"
    DEMANDER_DELEGATION = "demander_delegation", "Demander, consentir et révoquer une délégation"
    GERER_DELEGATIONS = "gerer_delegations", "Accorder, refuser et clore des délégations"
    TRAITER_DEMANDES = "traiter_demandes", "Répondre aux demandes d’assistance"
    SUIVRE_ECHANGES = (
        "suivre_echanges",
        "Suivre ce que la plateforme échange avec le Hub Santé et les éditeurs, et le renvoyer",
    )
    SUIVRE_EDITEURS = (
        "suivre_editeurs",
        "Suivre la qualité des flux des éditeurs, donner à chacun le lien vers la sienne, l’arrêter et le reprendre",
    )
    VOIR_REMUNERATION = (
        "voir_remuneration",
        "Voir ce que vaut sa participation au SAS, ses preuves, ce qu’en a reçu la caisse, et le contester",
    )
    SUIVRE_CAISSE = "suivre_caisse", "Consulter les périodes, les fichiers et les contestations d’une caisse"
    VALIDER_EXPORTS = (
        "valider_exports",
        "Produire, valider et retirer les fichiers d’une caisse, répondre aux contestations",
    )
    GERER_BAREME = "gerer_bareme", "Proposer et mettre en vigueur les règles, clore et rectifier une période"
    PILOTER = "piloter", "Consulter les indicateurs du SAS"
    LIRE_TRACE = "lire_trace", "Consulter la trace de toutes les actions"
    ADMINISTRER = "administrer", "Administrer la plateforme"


class Etendue(TextChoices):
    """Sur quoi porte une action : du plus large au plus étroit."""

    FRANCE = "france", "dans toute la France"
    TERRITOIRE = "territoire", "dans ses territoires"
    STRUCTURE = "structure", "pour ses structures"
    DELEGATION = "delegation", "pour qui lui a donné délégation"
    SOI = "soi", "pour soi-même"


class UsageLien(TextChoices):
    """Ce que prouve l’ouverture d’un lien reçu par courriel."""

    ACTIVATION = "activation", "Activer un compte créé par un gestionnaire"
    RATTACHEMENT = "rattachement", "Rattacher une identité Pro Santé Connect à un compte existant"
    CREATION = "creation", "Créer le compte d’un effecteur identifié par Pro Santé Connect"
    CHANGEMENT_EMAIL = "changement_email", "Changer d’adresse électronique"


class EtatCourriel(TextChoices):
    A_ENVOYER = "a_envoyer", "À envoyer"
    ENVOYE = "envoye", "Envoyé"
    REJETE = "rejete", "Rejeté par le destinataire"
    ABANDONNE = "abandonne", "Abandonné après plusieurs essais"
