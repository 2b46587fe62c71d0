from django.db.models import TextChoices


class Profil(TextChoices):
    """À qui s’adresse une page d’aide : un rôle, ou une personne qui n’est pas connectée (B-20)."""

    GESTIONNAIRE_COMPTES = "gestionnaire_comptes", "Gestionnaire de comptes"
    REFERENT = "referent", "Référent territorial"
    REGULATEUR = "regulateur", "Régulateur ou OSNP"
    IOA = "ioa", "Infirmier organisateur de l’accueil"
    EFFECTEUR = "effecteur", "Effecteur de soins"
    GESTIONNAIRE_STRUCTURE = "gestionnaire_structure", "Gestionnaire de structure"
    DELEGATAIRE = "delegataire", "Délégataire"
    CPAM = "cpam", "Agent de CPAM"
    ANONYME = "anonyme", "Personne non connectée"


class Destination(TextChoices):
    """Qui traite une demande (B-22)."""

    REFERENT = "referent_territorial", "Référents du territoire"
    GESTIONNAIRE = "gestionnaire_de_compte", "Gestionnaires de comptes du territoire"
    SUPPORT_N1 = "support_n1", "Support de premier niveau"
    SUPPORT_N3 = "support_n3", "Support de troisième niveau"


class EtatTicket(TextChoices):
    OUVERT = "ouvert", "À traiter"
    EN_COURS = "en_cours", "En cours"
    ATTENTE = "attente", "En attente d’une réponse du demandeur"
    CLOS = "clos", "Clos"


class PublicBanniere(TextChoices):
    TOUS = "tous", "Tout le monde"
    CONNECTES = "connectes", "Personnes connectées"
    ANONYMES = "anonymes", "Personnes non connectées"


class NiveauBanniere(TextChoices):
    """Suffixe de la classe `fr-notice` du DSFR."""

    INFORMATION = "info", "Information"
    ALERTE = "warning", "Attention"
    URGENCE = "alert", "Urgence"
