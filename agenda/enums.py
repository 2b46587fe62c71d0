from django.db.models import TextChoices


class Genre(TextChoices):
    CRENEAU = "creneau", "Créneau"
    PLAGE = "plage", "Plage"


class ModaliteConsultation(TextChoices):
    """Dans l’ordre où on les affiche : C, T, D."""

    CABINET = "cabinet", "Consultation en cabinet"
    TELECONSULTATION = "teleconsultation", "Téléconsultation"
    DOMICILE = "domicile", "Visite à domicile"


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
