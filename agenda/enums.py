from django.db.models import TextChoices


class Genre(TextChoices):
    CRENEAU = "creneau", "Créneau"
    PLAGE = "plage", "Plage"


class ModaliteConsultation(TextChoices):
    """Dans l’ordre où on les affiche : C, T, D."""

    CABINET = "cabinet", "Consultation en cabinet"
    TELECONSULTATION = "teleconsultation", "Téléconsultation"
    DOMICILE = "domicile", "Visite à domicile"


class Environnement(TextChoices):
    """Où vit le service d’un éditeur : ses adresses, ses certificats et ses identifiants en dépendent."""

    DEMONSTRATION = "demonstration", "Démonstration"
    RECETTE = "recette", "Recette"
    PREPRODUCTION = "preproduction", "Préproduction"
    PRODUCTION = "production", "Production"


class Flux(TextChoices):
    """Échange que l’éditeur a ouvert avec la plateforme, sous le nom du guide de l’ANS."""

    PS = "ps", "Créneaux des professionnels (INT_R01)"
    CPTS = "cpts", "Créneaux des CPTS (INT_R04)"
    SOS = "sos", "Créneaux de SOS Médecins (INT_SOS1)"
    COMPTES = "comptes", "Comptes de régulateurs (INT_R02)"
    RENDEZ_VOUS = "rendez_vous", "Retour des rendez-vous (INT_R03)"


class Cas(TextChoices):
    """Forme de la requête de créneaux d’un lot."""

    PS = "ps", "Professionnels"
    CPTS = "cpts", "Professionnels de CPTS"
    SOS = "sos", "Associations SOS Médecins"


class RegleAppariement(TextChoices):
    """Ce qui a fait reconnaître, dans l’annuaire, le lieu qu’un éditeur décrit ; de la plus sûre à la moins sûre."""

    IDENTIFIANT = "identifiant", "Même identifiant de structure ou de lieu"
    COORDONNEES = "coordonnees", "Coordonnées à dix mètres au plus"
    ADRESSE = "adresse", "Même adresse"
    SANS_VOIE = "sans_voie", "Seul lieu de la commune, sans voie dans l’annuaire"
    CREATION = "creation", "Lieu inconnu de l’annuaire, créé d’après l’éditeur"


class EtatEnvoi(TextChoices):
    """Où en est ce qu’un éditeur doit apprendre du compte d’un régulateur."""

    A_ENVOYER = "a_envoyer", "À envoyer"
    ABANDONNE = "abandonne", "Abandonné après plusieurs essais"
    ACQUITTE = "acquitte", "Reçu par l’éditeur"
    REMPLACE = "remplace", "Remplacé par un état plus récent"


class EtatCopie(TextChoices):
    """Le compte d’un régulateur chez un éditeur, comparé au nôtre."""

    A_JOUR = "a_jour", "À jour"
    FERME = "ferme", "Désactivé chez l’éditeur"
    EN_ATTENTE = "en_attente", "En attente"
    EN_ECHEC = "en_echec", "En échec"
    INCOMPLET = "incomplet", "Incomplet"
    INCONNU = "inconnu", "Inconnu de l’éditeur"


class EtatLot(TextChoices):
    """Issue de la dernière interrogation d’un lot d’effecteurs chez un éditeur."""

    JAMAIS = "", "Jamais interrogé"
    REUSSI = "reussi", "Réponse lue"
    DELAI = "delai", "Délai dépassé"
    RESEAU = "reseau", "Connexion impossible"
    REFUS = "refus", "Refusé par l’éditeur (4xx)"
    PANNE = "panne", "Erreur de l’éditeur (5xx ou 429)"
    ILLISIBLE = "bundle_invalid", "Réponse illisible"


class Portee(TextChoices):
    """Jusqu’où va le changement d’une disponibilité répétée."""

    CETTE = "cette", "Cette occurrence seulement"
    SUIVANTES = "suivantes", "Celle-ci et les suivantes"
    TOUTES = "toutes", "Toutes les occurrences à venir"
