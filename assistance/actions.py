"""Les gestes sur une demande. Chacun tient la ligne, prévient qui attend, et se trace (ids et champs seulement)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.urls import reverse
from django.utils.crypto import salted_hmac

from annuaire.models import Territoire
from assistance.enums import Destination, EtatTicket
from assistance.lectures import boites
from assistance.models import ROLE_DE, Echange, PieceJointe, Ticket
from comptes.actions import tracer
from comptes.courriels import ecrire, lien_public
from comptes.models import Compte
from comptes.models.acces import empreinte_de

_PARIS = ZoneInfo("Europe/Paris")


class DemandeClose(Exception):
    def __init__(self) -> None:
        super().__init__("Cette demande est close : rouvrez-la pour y répondre.")


class DejaSuivie(Exception):
    def __init__(self, par: Compte | None) -> None:
        super().__init__(f"Cette demande est déjà suivie par {par or 'une autre personne'}.")


class PersonnePourTraiter(Exception):
    def __init__(self) -> None:
        super().__init__("Personne ne porte ce rôle sur ce territoire : la demande n’y serait pas lue.")


@dataclass(frozen=True, slots=True)
class Fichier:
    """Pièce déjà contrôlée (`assistance.domaine.fichiers.reconnaitre`)."""

    nom: str
    type_mime: str
    contenu: bytes


def deposer(
    ticket: Ticket, *, fichiers: Sequence[Fichier] = (), auteur: Compte | None, maintenant: datetime
) -> Ticket:
    """Numérote, adresse et range une demande ; prévient son auteur et qui la traitera.

    Personne pour la recevoir sur ce territoire : elle va au support de premier niveau.
    """
    with transaction.atomic():
        ticket.numero = _numero_suivant(maintenant)
        ticket.auteur = auteur
        ticket.cree_le = maintenant
        ticket.empreinte_suivi = empreinte_de(secret_de_suivi(ticket))
        ticket.destination = ticket.theme.destination
        destinataires = boites(Destination(ticket.destination), ticket.territoire, instant=maintenant)
        if not destinataires:
            ticket.destination = Destination.SUPPORT_N1
            destinataires = boites(Destination.SUPPORT_N1, None, instant=maintenant)
        ticket.save(force_insert=True)
        for fichier in fichiers:
            piece = PieceJointe(
                ticket=ticket, nom=fichier.nom, type_mime=fichier.type_mime, taille=len(fichier.contenu)
            )
            # Un nom tiré au hasard, sans extension : rien n’y est devinable, rien ne s’y exécute.
            piece.fichier.save(secrets.token_hex(16), ContentFile(fichier.contenu), save=True)
        _ecrire_au_demandeur(ticket, "demande_recue")
        _prevenir(ticket, destinataires, "demande_a_traiter")
        tracer(
            acteur=auteur,
            verbe="demande.deposee",
            objet=f"demande:{ticket.pk}",
            destination=ticket.destination,
            pieces=len(fichiers),
        )
    return ticket


def secret_de_suivi(ticket: Ticket) -> str:
    """Secret du lien de suivi. Il se recalcule pour chaque courriel ; la base n’en a que l’empreinte."""
    return salted_hmac("assistance.suivi", ticket.numero, algorithm="sha256").hexdigest()[:48]


def ecrire_au_support(ticket: Ticket, *, texte: str, auteur: Compte | None, maintenant: datetime) -> None:
    """Message du demandeur ; il rouvre une demande close."""
    with transaction.atomic():
        ticket = _tenir(ticket)
        Echange.objects.create(ticket=ticket, auteur=auteur, texte=texte, le=maintenant)
        _passer(ticket, EtatTicket.EN_COURS if ticket.traite_par_id else EtatTicket.OUVERT)
        suivi = ticket.traite_par
        siennes = [suivi.email] if suivi and suivi.email and suivi.is_active else None
        destinataires = siennes or boites(
            Destination(ticket.destination), ticket.territoire, instant=maintenant
        )
        _prevenir(ticket, destinataires, "message_recu")
        tracer(acteur=auteur, verbe="demande.message", objet=f"demande:{ticket.pk}")


def prendre(ticket: Ticket, *, acteur: Compte, maintenant: datetime) -> None:
    """Lève `DejaSuivie` si une autre personne l’a prise entre-temps."""
    with transaction.atomic():
        ticket = _tenir(ticket)
        if ticket.traite_par_id not in (None, acteur.pk):
            raise DejaSuivie(ticket.traite_par)
        if ticket.est_clos:
            raise DemandeClose
        ticket.traite_par = acteur
        _passer(ticket, EtatTicket.EN_COURS)
        tracer(acteur=acteur, verbe="demande.prise", objet=f"demande:{ticket.pk}")


def repondre(ticket: Ticket, *, texte: str, acteur: Compte, maintenant: datetime) -> None:
    """Répond au demandeur, par courriel et dans le fil. Lève `DemandeClose`."""
    with transaction.atomic():
        ticket = _tenir(ticket)
        if ticket.est_clos:
            raise DemandeClose
        Echange.objects.create(ticket=ticket, auteur=acteur, texte=texte, le=maintenant)
        ticket.traite_par = ticket.traite_par or acteur
        _passer(ticket, EtatTicket.ATTENTE)
        _ecrire_au_demandeur(ticket, "reponse", texte=texte)
        tracer(acteur=acteur, verbe="demande.reponse", objet=f"demande:{ticket.pk}")


def noter(ticket: Ticket, *, texte: str, acteur: Compte, maintenant: datetime) -> None:
    """Ajoute une note que le demandeur ne voit pas."""
    with transaction.atomic():
        Echange.objects.create(ticket=ticket, auteur=acteur, texte=texte, est_interne=True, le=maintenant)
        tracer(acteur=acteur, verbe="demande.note", objet=f"demande:{ticket.pk}")


def reaffecter(
    ticket: Ticket,
    *,
    destination: Destination,
    territoire: Territoire | None,
    acteur: Compte,
    maintenant: datetime,
) -> None:
    """Change qui traite la demande ; elle repart à traiter, et la nouvelle boîte est prévenue.

    Lève `DemandeClose`, ou `PersonnePourTraiter` si ce territoire n’a ni boîte ni personne pour ce rôle.
    """
    destinataires = boites(destination, territoire, instant=maintenant)
    if destination in ROLE_DE and not destinataires:
        raise PersonnePourTraiter
    with transaction.atomic():
        ticket = _tenir(ticket)
        if ticket.est_clos:
            raise DemandeClose
        avant = (ticket.destination, ticket.territoire_id)
        ticket.destination, ticket.territoire, ticket.traite_par = destination, territoire, None
        _passer(ticket, EtatTicket.OUVERT)
        _prevenir(ticket, destinataires, "demande_a_traiter")
        tracer(
            acteur=acteur,
            verbe="demande.reaffectee",
            objet=f"demande:{ticket.pk}",
            avant=avant,
            apres=(ticket.destination, ticket.territoire_id),
        )


def clore(ticket: Ticket, *, acteur: Compte | None, maintenant: datetime) -> None:
    """Sans effet si elle l’est déjà. Le demandeur est prévenu quand ce n’est pas lui qui clôt."""
    with transaction.atomic():
        ticket = _tenir(ticket)
        if ticket.est_clos:
            return
        ticket.clos_le = maintenant
        ticket.etat = EtatTicket.CLOS
        ticket.save()
        if acteur is not None and acteur.pk != ticket.auteur_id:
            _ecrire_au_demandeur(ticket, "demande_close")
        tracer(acteur=acteur, verbe="demande.close", objet=f"demande:{ticket.pk}")


def rouvrir(ticket: Ticket, *, acteur: Compte, maintenant: datetime) -> None:
    with transaction.atomic():
        ticket = _tenir(ticket)
        if not ticket.est_clos:
            return
        _passer(ticket, EtatTicket.EN_COURS if ticket.traite_par_id else EtatTicket.OUVERT)
        tracer(acteur=acteur, verbe="demande.rouverte", objet=f"demande:{ticket.pk}")


@transaction.atomic
def effacer_closes(*, avant: datetime, lot: int) -> int:
    """Efface `lot` demandes closes avant cet instant, leurs messages et leurs fichiers ; rend leur nombre, zéro à la fin."""
    echues = Ticket.objects.filter(etat=EtatTicket.CLOS, clos_le__lt=avant).order_by("pk")
    closes = list(echues.prefetch_related("pieces")[:lot])
    for ticket in closes:
        for piece in ticket.pieces.all():
            if piece.fichier.name:
                # Un fichier ne revient pas : il part quand la demande est partie pour de bon.
                transaction.on_commit(partial(piece.fichier.delete, save=False))
        tracer(acteur=None, verbe="demande.effacee", objet=f"demande:{ticket.pk}")
        ticket.delete()
    return len(closes)


def _numero_suivant(maintenant: datetime) -> str:
    with connection.cursor() as curseur:
        curseur.execute("SELECT nextval('assistance_ticket_numero')")
        (rang,) = curseur.fetchone()
    return f"SAS-{maintenant.astimezone(_PARIS).year}-{rang:06d}"


def _tenir(ticket: Ticket) -> Ticket:
    """La demande, sa ligne verrouillée jusqu’à la fin de la transaction."""
    return Ticket.objects.select_for_update(of=("self",)).get(pk=ticket.pk)


def _passer(ticket: Ticket, etat: EtatTicket) -> None:
    ticket.etat, ticket.clos_le = etat, None
    ticket.save()


def _lien(route: str, *arguments: str) -> str:
    return lien_public(reverse(route, args=arguments))


def _ecrire_au_demandeur(ticket: Ticket, gabarit: str, **complements: str) -> None:
    """Une personne sans compte reçoit le lien secret de sa demande ; les autres, celui de leur page."""
    if ticket.auteur_id:
        lien = _lien("assistance:demande", ticket.numero)
    else:
        secret = secret_de_suivi(ticket)
        # La clé du site a pu changer depuis le dépôt : le lien envoyé doit ouvrir cette demande.
        Ticket.objects.filter(pk=ticket.pk).update(empreinte_suivi=empreinte_de(secret))
        lien = _lien("assistance:suivi", secret)
    ecrire(
        gabarit=f"assistance/{gabarit}",
        destinataire=ticket.email,
        contexte={"numero": ticket.numero, "theme": ticket.theme.libelle, "lien": lien} | complements,
        compte=ticket.auteur,
    )


def _prevenir(ticket: Ticket, destinataires: Sequence[str], gabarit: str) -> None:
    """Prévient sans rien dire du demandeur ni de son message : ils se lisent sur la plateforme."""
    contexte = {
        "numero": ticket.numero,
        "theme": ticket.theme.libelle,
        "territoire": ticket.territoire,
        "lien": _lien("assistance:traiter", ticket.numero),
    }
    for destinataire in destinataires:
        ecrire(gabarit=f"assistance/{gabarit}", destinataire=destinataire, contexte=contexte)
