"""Refus montrés à qui saisit un compte (U-12, U-13), à la typographie près."""

SANS_ROLE = "Veuillez choisir le(s) rôle(s) pour l’utilisateur."
SANS_TERRITOIRE = "Veuillez renseigner un territoire."
SANS_NUMERO = "Veuillez saisir un numéro RPPS/ADELI"
SANS_PRENOM = "Veuillez saisir un prénom"
SANS_NOM = "Veuillez saisir un nom"
NUMERO_INVALIDE = "Veuillez saisir un rpps/adeli valide ou choisir un élément dans la liste."
SANS_STRUCTURE = (
    "Veuillez sélectionner au moins une « structure rattachée » ou une « association SOS Médecins » "
    "ou une « CPTS »."
)
SANS_TITULAIRE = (
    "Saisissez un Professionnel de Santé lié et/ou un Gestionnaire de Structure lié dans au moins un des deux "
    "champs « Professionnel(s) lié(s) » ou « Gestionnaire(s) de structure lié(s) »."
)
IDENTIQUES = "Des valeurs identiques de « {} » ont été saisies."
STRUCTURE_INTROUVABLE = (
    "Impossible de retrouver le numéro siret/finess. Veuillez sélectionner un élément dans la liste."
)
PAS_SOS = (
    "Le numéro siret {} ne correspond pas à une association SOS Médecins. "
    "Saisissez-le dans « Structure rattachée » ou « CPTS »."
)
PAS_CPTS = (
    "Le numéro finess {} ne correspond pas à une CPTS. "
    "Saisissez-le dans « Structure rattachée » ou « Association SOS Médecins »."
)
SANS_TERRITOIRE_DU_SAS = (
    "Les départements des éléments ciblés ne sont pas associables à un territoire. "
    "Veuillez contacter votre administrateur."
)
HORS_TERRITOIRE = (
    "L’utilisateur que vous souhaitez créer exerce en dehors de votre territoire de compétences. "
    "Merci de renseigner une localisation faisant partie de votre territoire."
)
REFERENT_SEUL = "Le rôle de référent territorial s’ajoute à un autre rôle : cochez aussi son rôle de métier."
CHOISIR = "Plusieurs réponses possibles : choisissez ci-dessous, puis enregistrez."
PRECISER = "Plus de dix réponses : précisez, par exemple avec le prénom ou la ville, ou saisissez le numéro."
CHOISIR_UNE = "Cochez ci-dessous ce qui convient, puis enregistrez."
DATE_PASSEE = "Choisissez une date à venir."
SIGNE_DANS_LE_NOM = (
    "Le signe {} n’est pas une lettre latine : il peut se prendre pour une autre. Retapez le nom."
)
SIGNE_DANS_L_ADRESSE = (
    "Le signe {} peut se prendre pour un autre : retapez l’adresse en lettres simples, sans accent ni espace."
)
HOMONYME = (
    "Un compte porte déjà ce nom dans vos territoires. Si c’est la même personne, modifiez ce compte ; "
    "sinon, cochez la case."
)
