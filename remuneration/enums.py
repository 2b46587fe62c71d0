from django.db.models import TextChoices


class Prestation(TextChoices):
    """Ce que l’assurance maladie peut devoir au titre du SAS (références C1 à C3)."""

    PILOTE = "pilote", "Forfait trimestriel de la phase pilote"
    PARTICIPATION = "participation", "Forfait annuel de participation"
    ACTIVITE = "activite", "Forfait trimestriel d’activité (indicateur 9)"
    MAJORATION_SNP = "majoration_snp", "Majoration de soins non programmés"
    MAJORATION_SOIREE = "majoration_soiree", "Majoration de soirée"
    MAJORATION_VISITE = "majoration_visite", "Majoration de visite"


# Le professionnel les cote lui-même, acte par acte ; les autres prestations lui sont versées.
MAJORATIONS = (Prestation.MAJORATION_SNP, Prestation.MAJORATION_SOIREE, Prestation.MAJORATION_VISITE)
PAR_TRANCHES = (Prestation.PILOTE, Prestation.ACTIVITE)
# Celles-ci se jugent sur une année ; toutes les autres, sur un trimestre.
ANNUELLES = (Prestation.PARTICIPATION,)


class Mode(TextChoices):
    """Par où l’on participe ; c’est aussi à qui la somme est due."""

    INDIVIDUEL = "individuel", "À titre individuel"
    CPTS = "cpts", "Via une CPTS"
    MSP = "msp", "Via une MSP"
    CDS = "cds", "Centre de santé"
    SOS = "sos", "Association SOS Médecins"


class Condition(TextChoices):
    """Ce qu’une règle exige ; chacune se montre au professionnel, avec sa preuve."""

    SAS_OUVERT = "sas_ouvert", "Un SAS fonctionne sur le territoire du lieu d’exercice"
    PARTICIPE = "participe", "Accepte d’être sollicité en sus de ses disponibilités"
    MONTRE = "montre", "Montre ses créneaux\u00a0: logiciel interfacé, ou heures saisies chaque semaine"
    INTERFACE = "interface", "Participe par une solution interfacée, la sienne ou celle de son organisation"
    INSCRIT = "inscrit", "A un compte nominatif sur la plateforme"


class EtatRegle(TextChoices):
    PROPOSEE = "proposee", "Proposée"
    ACTIVE = "active", "En vigueur"
    ECARTEE = "ecartee", "Écartée"


class Etape(TextChoices):
    """Où en est un calcul ; chaque étape est une transaction, et reprend où la précédente s’est arrêtée."""

    A_FAIRE = "a_faire", "À faire"
    ACTES = "actes", "Actes relevés"
    DECOMPTES = "decomptes", "Décomptes établis"
    FAIT = "fait", "Calculé"
    CLOS = "clos", "Clos"


class SourceActe(TextChoices):
    """Où l’acte a été enregistré."""

    ORIENTATION = "orientation", "Orientation par la plateforme"
    RENDEZ_VOUS = "rendez_vous", "Rendez-vous pris chez un éditeur"
    EXTERNE = "externe", "Outil d’un territoire"


class MotifActe(TextChoices):
    """Pourquoi un acte compte, ou non, pour le forfait d’activité ; le premier motif qui s’applique est retenu."""

    COMPTE = "compte", "Compté"
    ANNULEE = "annulee", "Orientation annulée"
    REORIENTATION = "reorientation", "Réorientation des urgences\u00a0: un autre dispositif la rémunère"
    DOUBLON = "doublon", "Déjà comptée\u00a0: versée aussi par un autre outil"
    SAS_FERME = "sas_ferme", "Aucun SAS en fonctionnement à cette date sur ce territoire"
    HORS_DELAI = "hors_delai", "Consultation plus de 48 h après l’orientation"
    NON_PARTICIPANT = "non_participant", "Ne participait pas au SAS à cette date"
    PAS_VENU = "pas_venu", "Patient non venu"
    ISSUE_INCONNUE = "issue_inconnue", "Issue pas encore dite"


class NatureExport(TextChoices):
    PARTICIPANTS = "participants", "Participants"
    ACTIVITE = "activite", "Activité"
    ANOMALIES = "anomalies", "Anomalies"


class EtatContestation(TextChoices):
    OUVERTE = "ouverte", "En attente de la caisse"
    REPONDUE = "repondue", "Réponse de la caisse"
    CLOSE = "close", "Close"
