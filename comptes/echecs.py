"""Pourquoi une session ne s’ouvre pas : un refus nommé par cas, chacun avec son écran."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from comptes.actions import tracer
from comptes.domaine.identite import Identite
from comptes.models import Compte


class EchecConnexion(Exception):
    """La connexion n’aboutit pas ; l’écran d’échec montre `titre` et le fragment du motif."""

    motif = ""
    titre = ""
    etat_http = 403

    def __init__(
        self,
        identite: Identite | None = None,
        compte: Compte | None = None,
        *,
        sans_demande: bool = False,
    ) -> None:
        super().__init__(self.motif)
        self.identite = identite
        self.compte = compte
        self.sans_demande = sans_demande


class ConnexionAnnulee(EchecConnexion):
    motif = "annulee"
    titre = "Connexion annulée"


class IdentificationInterrompue(EchecConnexion):
    """Carte retirée, application e-CPS restée sans réponse : Pro Santé Connect a renoncé."""

    motif = "interrompue"
    titre = "L’identification n’est pas allée au bout"


class ErreurSignalee(EchecConnexion):
    motif = "signalee"
    titre = "Pro Santé Connect a signalé une erreur"


class EtatPerime(EchecConnexion):
    motif = "perimee"
    titre = "Cette connexion a expiré"
    etat_http = 400


class CodeRejoue(EchecConnexion):
    motif = "rejouee"
    titre = "Cette connexion a déjà servi"


class PreuveRefusee(EchecConnexion):
    motif = "refusee"
    titre = "La connexion n’a pas pu être vérifiée"


class HorlogesDesaccordees(EchecConnexion):
    motif = "horloge"
    titre = "L’heure de la connexion ne concorde pas"


class NiveauInsuffisant(EchecConnexion):
    motif = "niveau"
    titre = "Moyen d’identification insuffisant"


class IdentiteNonLue(EchecConnexion):
    motif = "identite_non_lue"
    titre = "Votre identité n’a pas pu être lue"


class IdentiteSansNumero(EchecConnexion):
    motif = "identite_sans_numero"
    titre = "Votre identité est incomplète"


class ServiceIndisponible(EchecConnexion):
    motif = "indisponible"
    titre = "Pro Santé Connect ne répond pas"
    etat_http = 503


class CompteDesactive(EchecConnexion):
    motif = "desactive"
    titre = "Votre compte est désactivé"


# Erreurs du retour OpenID Connect ; les autres donnent `ErreurSignalee`.
PAR_ERREUR: dict[str, type[EchecConnexion]] = {
    "access_denied": ConnexionAnnulee,
    "temporarily_unavailable": IdentificationInterrompue,
    "login_required": IdentificationInterrompue,
    "interaction_required": IdentificationInterrompue,
    "authentication_expired": IdentificationInterrompue,
    "unmet_authentication_requirements": NiveauInsuffisant,
}


def montrer(request: HttpRequest, echec: EchecConnexion) -> HttpResponse:
    """Trace l’échec et montre son écran ; seul l’identifiant national est retenu de l’identité.

    Un retour que rien n’avait demandé n’est pas une tentative de connexion : il
    ne s’écrit pas, sinon n’importe qui remplirait la trace.
    """
    if not echec.sans_demande:
        details = {"motif": echec.motif}
        if echec.identite:
            details["identifiant_national"] = echec.identite.identifiant_national
        objet = f"compte:{echec.compte.pk}" if echec.compte else "compte:inconnu"
        tracer(acteur=echec.compte, verbe="connexion_refusee", objet=objet, **details)
    return render(request, "comptes/echec.html", {"echec": echec}, status=echec.etat_http)
