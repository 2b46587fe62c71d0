from collections.abc import Iterable

from django.db.models import TextChoices


class TypeStructure(TextChoices):
    CDS = "cds", "Centre de santé"
    MSP = "msp", "Maison de santé pluriprofessionnelle"
    CPTS = "cpts", "Communauté professionnelle territoriale de santé"
    SOS = "sos", "SOS Médecins"
    SNP = "snp", "Centre de soins non programmés"
    AUTRE = "autre", "Autre structure"


class Conventionnement(TextChoices):
    SECTEUR_1 = "secteur_1", "Conventionné secteur 1"
    SECTEUR_1_DP = "secteur_1_dp", "Conventionné secteur 1 avec droit permanent à dépassement"
    SECTEUR_2 = "secteur_2", "Conventionné secteur 2"
    NON_CONVENTIONNE = "non_conventionne", "Non conventionné"
    NON_DEFINI = "", "Secteur non renseigné"


class Accueil(TextChoices):
    """Ce qu’un lieu dit de son accueil ; ce qu’il ne dit pas n’est pas connu."""

    CARTE_VITALE = "carte_vitale", "Carte Vitale acceptée"
    FAUTEUIL = "fauteuil", "Accessible en fauteuil roulant"


class Langue(TextChoices):
    """Langues parlées, en plus du français : codes ISO 639, les plus demandées d’abord. On n’en ajoute qu’à la fin."""

    ANGLAIS = "en", "Anglais"
    ARABE = "ar", "Arabe"
    ESPAGNOL = "es", "Espagnol"
    PORTUGAIS = "pt", "Portugais"
    ITALIEN = "it", "Italien"
    ALLEMAND = "de", "Allemand"
    NEERLANDAIS = "nl", "Néerlandais"
    TURC = "tr", "Turc"
    ROUMAIN = "ro", "Roumain"
    POLONAIS = "pl", "Polonais"
    RUSSE = "ru", "Russe"
    UKRAINIEN = "uk", "Ukrainien"
    CHINOIS = "zh", "Chinois"
    VIETNAMIEN = "vi", "Vietnamien"
    PERSAN = "fa", "Persan, dari"
    TAMOUL = "ta", "Tamoul"
    BERBERE = "ber", "Berbère"
    CREOLE = "crp", "Créole"
    LSF = "fsl", "Langue des signes française"


def accueil_en_clair(accueil: Iterable[str], langues: Iterable[str]) -> str:
    """« Carte Vitale acceptée · Parle anglais, arabe » ; vide si rien n’en est dit."""
    parties = [str(Accueil(code).label) for code in accueil]
    if parlees := ", ".join(_minuscule(str(Langue(code).label)) for code in langues):
        parties.append(f"Parle {parlees}")
    return " · ".join(parties)


def _minuscule(libelle: str) -> str:
    return libelle[:1].lower() + libelle[1:]


class PrecisionGeo(TextChoices):
    """D’où viennent les coordonnées, du plus fin au plus grossier."""

    NUMERO = "numero", "numéro"
    RUE = "rue", "rue"
    COMMUNE = "commune", "centre de la commune"
    DEPARTEMENT = "departement", "centre du département"


class SourceLieu(TextChoices):
    RPPS = "rpps", "Annuaire Santé (RPPS)"
    FINESS = "finess", "FINESS"
    EDITEUR = "editeur", "Éditeur de rendez-vous"
    SAISIE = "saisie", "Saisi par un gestionnaire de structure"
    FICTIVE = "fictive", "Donnée fictive de démonstration"


class EtatDemande(TextChoices):
    OUVERTE = "ouverte", "À traiter"
    ACCEPTEE = "acceptee", "Acceptée"
    REFUSEE = "refusee", "Refusée"
    ANNULEE = "annulee", "Annulée par le demandeur"


class EtatDelegation(TextChoices):
    """Ce qu’une délégation permet, déduit de ses dates."""

    A_CONSENTIR = "a_consentir", "En attente de consentement"
    EN_VIGUEUR = "en_vigueur", "En vigueur"
    FINIE = "finie", "Finie"
    REVOQUEE = "revoquee", "Révoquée"
    NON_CONSENTIE = "non_consentie", "Non consentie"
