from collections.abc import Collection

from django.db.models import TextChoices

from comptes.enums import Role


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


# Du plus large au plus étroit : une personne à plusieurs rôles lit l’aide du premier (B-20). L’administrateur
# et le support lisent celle du gestionnaire de comptes, la plus complète ; le pilotage
# national, celle du référent, dont il lit les indicateurs.
_PROFILS = (
    (Role.ADMINISTRATEUR, Profil.GESTIONNAIRE_COMPTES),
    (Role.SUPPORT, Profil.GESTIONNAIRE_COMPTES),
    (Role.GESTIONNAIRE_COMPTES, Profil.GESTIONNAIRE_COMPTES),
    (Role.REFERENT, Profil.REFERENT),
    (Role.PILOTAGE, Profil.REFERENT),
    (Role.OSNP, Profil.REGULATEUR),
    (Role.REGULATEUR, Profil.REGULATEUR),
    (Role.IOA, Profil.IOA),
    (Role.EFFECTEUR, Profil.EFFECTEUR),
    (Role.GESTIONNAIRE_STRUCTURE, Profil.GESTIONNAIRE_STRUCTURE),
    (Role.DELEGATAIRE, Profil.DELEGATAIRE),
    (Role.CPAM, Profil.CPAM),
)


def profil_de(roles: Collection[Role]) -> Profil:
    """Profil d’aide d’une personne ; celui de l’anonyme si elle ne porte aucun rôle."""
    return next((profil for role, profil in _PROFILS if role in roles), Profil.ANONYME)


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
