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


class Portee(TextChoices):
    """Ce qu’un jeton de l’API permet."""

    RECHERCHE = "recherche", "Rechercher une offre de soins"
    ORIENTATION = "orientation", "Enregistrer et annuler des orientations"
