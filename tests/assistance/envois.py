"""Remplir et envoyer le formulaire de contact, sans navigateur."""

from assistance.models import Theme

CONTACT = "/assistance/"


def saisie(theme, territoire, **autres):
    return {
        "theme": theme.pk,
        "nom": "Fictif",
        "prenom": "Alix",
        "telephone": "06 12 34 56 78",
        "email": "alix.fictif@exemple.invalid",
        "territoire": territoire.pk if territoire else "autre",
        "message": "La page reste blanche.",
    } | autres


def theme(profil, debut):
    return Theme.objects.get(profil=profil, libelle__startswith=debut)


def envoyer(client, donnees, profil="anonyme"):
    return client.post(f"{CONTACT}?profil={profil}", donnees)
