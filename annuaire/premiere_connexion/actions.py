"""Première connexion : prouver qu’on lit une adresse, puis rattacher ou créer un compte.

Les trois cas du guide de l’effecteur (§ 1.1) répondent par le même écran :
seul le courriel, que lit le titulaire de l’adresse, dit si elle est connue.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse

from annuaire.premiere_connexion import limites
from annuaire.premiere_connexion.lectures import Situation, situation
from comptes import liens
from comptes.actions import tracer
from comptes.courriels import ecrire, lien_public
from comptes.domaine.identite import Identite, relire
from comptes.enums import Role, UsageLien
from comptes.models import Compte, Habilitation, Lien
from sas_platform.socle.textes import normaliser


class RefusDeCompte(Exception):
    """L’adresse est confirmée, mais le compte ne peut être ni rattaché ni créé ; le message est montrable."""

    motif = ""
    message = ""


class IdentiteDejaRattachee(RefusDeCompte):
    motif = "identite_deja_rattachee"
    message = (
        "Votre identité Pro Santé Connect est déjà celle d’un autre compte. Identifiez-vous avec Pro Santé "
        "Connect pour y entrer ; si ce compte n’est pas le vôtre, prévenez le gestionnaire de comptes de "
        "votre territoire."
    )


class CompteDejaPris(RefusDeCompte):
    motif = "compte_deja_pris"
    message = (
        "Le compte de cette adresse est désactivé, ou rattaché à une autre identité Pro Santé Connect. "
        "Adressez-vous au gestionnaire de comptes de votre territoire."
    )


class PlusDeLieu(RefusDeCompte):
    motif = "sans_lieu"
    message = (
        "Aucun lieu d’exercice en activité n’est plus à votre nom dans l’annuaire : le compte n’a pas été créé. "
        "Adressez-vous à votre ordre."
    )


def demander(identite: Identite, email: str, *, maintenant: datetime) -> bool:
    """Envoie à `email` ce qui convient à cette personne ; faux pour un double clic. Lève `TropDEnvois`.

    Un lien est tiré même quand le courriel refuse, sans y être mis : les codes
    faux se comptent alors de la même façon, et l’écran ne dit rien de plus.
    """
    numero = identite.identifiant_national
    if limites.est_double_clic(numero, email):
        return False
    limites.compter(numero, email)
    with transaction.atomic():
        compte = Compte.objects.filter(email=email).first()
        refus = _refus(identite, compte)
        cree = liens.creer(
            usage=UsageLien.RATTACHEMENT if compte and not refus else UsageLien.CREATION,
            email=email,
            duree=timedelta(minutes=settings.LIEN_DUREE_MIN),
            maintenant=maintenant,
            compte=None if refus else compte,
            identite=identite.en_donnees(),
        )
        contexte = {"prenom": identite.prenom, "nom": identite.nom}
        if refus:
            gabarit, contexte = "premiere_connexion/refus", contexte | refus
        else:
            gabarit = "comptes/rattachement" if compte else "comptes/creation"
            chemin = reverse("premiere_connexion:lien", kwargs={"secret": cree.secret})
            contexte |= {
                "identifiant_national": identite.identifiant_national,
                "autre_nom": nom_different(identite, compte),
                "lien": lien_public(chemin),
                "code": cree.code,
                "duree_min": str(settings.LIEN_DUREE_MIN),
            }
        ecrire(gabarit=gabarit, destinataire=email, contexte=contexte, compte=compte)
    return True


def confirmer(lien: Lien, *, maintenant: datetime) -> Compte:
    """Consomme le lien, puis rattache ou crée le compte. Lève `LienPerime` ou un `RefusDeCompte`.

    Tout est revérifié : l’annuaire, le compte et l’identité ont pu changer depuis
    l’envoi. Deux confirmations simultanées font un seul compte.
    """
    identite = relire(lien.identite)
    with transaction.atomic():
        liens.consommer(lien, maintenant=maintenant)
        try:
            # Un point de reprise : la base refuse ce qu’une autre confirmation vient de prendre.
            with transaction.atomic():
                if lien.usage == UsageLien.RATTACHEMENT:
                    return _rattacher(lien, identite)
                return _creer(lien, identite, maintenant)
        except (IntegrityError, CompteDejaPris):
            titulaire = Compte.objects.filter(identifiant_national=identite.identifiant_national).first()
            if titulaire is None:
                raise CompteDejaPris from None
            if titulaire.email != lien.email:
                raise IdentiteDejaRattachee from None
            return titulaire


def nom_different(identite: Identite, compte: Compte | None) -> str:
    """Le nom du compte s’il n’est pas celui de l’identité, à dire avant de rattacher ; vide sinon."""
    if compte is None or normaliser(str(compte)) == normaliser(str(identite)):
        return ""
    return str(compte)


def _refus(identite: Identite, compte: Compte | None) -> dict[str, str]:
    """Ce que dira le courriel à qui ne peut pas entrer ; vide s’il y a un compte à rattacher ou à créer."""
    if compte is None:
        trouvee = situation(identite)
        return (
            {}
            if trouvee is Situation.EFFECTEUR
            else {"cas": "sans_compte", "explication": str(trouvee.label)}
        )
    if not compte.is_active:
        return {"cas": "desactive"}
    if compte.identifiant_national not in (None, identite.identifiant_national):
        return {"cas": "deja_rattachee"}
    return {}


def _rattacher(lien: Lien, identite: Identite) -> Compte:
    libres = Compte.objects.filter(liens=lien, email=lien.email, is_active=True, identifiant_national=None)
    if not libres.update(identifiant_national=identite.identifiant_national):
        raise CompteDejaPris
    compte = Compte.objects.get(liens=lien)
    tracer(
        acteur=compte,
        verbe="compte.rattache",
        objet=f"compte:{compte.pk}",
        lien=lien.pk,
        autre_nom=bool(nom_different(identite, compte)),
    )
    return compte


def _creer(lien: Lien, identite: Identite, maintenant: datetime) -> Compte:
    if situation(identite) is not Situation.EFFECTEUR:
        raise PlusDeLieu
    compte = Compte(
        email=lien.email,
        identifiant_national=identite.identifiant_national,
        nom=identite.nom or identite.identifiant_national,
        prenom=identite.prenom,
    )
    compte.set_unusable_password()
    compte.save(force_insert=True)
    Habilitation.objects.create(compte=compte, role=Role.EFFECTEUR, debut_le=maintenant)
    tracer(
        acteur=compte,
        verbe="compte.cree",
        objet=f"compte:{compte.pk}",
        lien=lien.pk,
        par="première connexion",
    )
    return compte
