"""La table : ce qui arrive à son terme dans chaque application, et ce qu’on en fait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib.admin.models import LogEntry
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from agenda.enums import EtatEnvoi
from agenda.models import (
    AppelsEditeur,
    Disponibilite,
    EchantillonRejet,
    EnvoiRegulateur,
    ErreurEditeur,
    GesteAgenda,
    ImportPlanning,
    Indisponibilite,
    LienCalendrier,
    LienEditeur,
    PeriodeOccupee,
    Reservation,
)
from annuaire.enums import EtatDemande
from annuaire.models import Delegation, DemandeDelegation, Perimetre
from assistance.actions import effacer_closes
from assistance.enums import EtatTicket
from assistance.models import Ticket
from comptes.actions import anonymiser
from comptes.models import Compte, Courriel, Habilitation, Jeton, Lien
from comptes.retention import purger_la_trace, trace_a_purger
from orientation.models import (
    Annulation,
    Appel,
    IssueOrientation,
    JournalHub,
    MessageHub,
    NoteReleve,
    Orientation,
    OrientationExterne,
    RecherchesDuJour,
    Redirection,
    RendezVous,
)
from orientation.retention import (
    a_une_cle_d_appelant,
    effacer_les_cles,
    pseudonymiser,
    pseudonymiser_les_regulateurs,
)
from remuneration.retention import actes_echus, d_un_mois_clos, effacer_les_actes
from sas_platform.conservation.moteur import Geste, Passage, Regle, par_lots

# Quand chaque ligne s’écrit dans la trace, dont le verrou dure autant que le lot.
LOT_TRACE = 25

# --- Ce qui est arrivé à son terme ------------------------------------------


def _comptes(avant: datetime) -> QuerySet[Compte]:
    """Sans rôle ni connexion depuis `avant`, ou désactivés depuis : la personne n’est plus là."""
    roles = Habilitation.objects.filter(compte=OuterRef("pk")).filter(Q(fin_le=None) | Q(fin_le__gte=avant))
    sans_role = ~Q(Exists(roles)) & (Q(last_login=None) | Q(last_login__lt=avant))
    presents = Compte.objects.filter(anonymise_le=None, cree_le__lt=avant)
    return presents.filter(sans_role | Q(is_active=False, desactive_le__lt=avant))


def _delegations(avant: datetime) -> QuerySet[Delegation]:
    return Delegation.objects.filter(Q(revoquee_le__lt=avant) | Q(fin_le__lt=avant))


def _envois_regulateurs(avant: datetime) -> QuerySet[EnvoiRegulateur]:
    """Sauf ce qu’un éditeur encore ouvert doit apprendre : l’oublier laisserait un compte actif chez lui."""
    attendus = EnvoiRegulateur.objects.vers_un_editeur_ouvert().filter(etat=EtatEnvoi.A_ENVOYER)
    return EnvoiRegulateur.objects.filter(cree_le__lt=avant).exclude(pk__in=attendus.values("pk"))


def _disponibilites(avant: datetime) -> QuerySet[Disponibilite]:
    """Sauf celles dont une place a été prise : l’orientation les désigne encore, sous pseudonyme."""
    jour = timezone.localdate(avant)
    passees = Q(jours=[], premier_jour__lt=jour) | (~Q(jours=[]) & Q(dernier_jour__lt=jour))
    prises = Reservation.objects.filter(disponibilite=OuterRef("pk"))
    return Disponibilite.objects.filter(passees).exclude(Exists(prises))


# --- Ce qu’on en fait ---------------------------------------------------------


def effacer(lignes: QuerySet[Any]) -> None:
    lignes.delete()


def _anonymiser(comptes: QuerySet[Compte], *, maintenant: datetime) -> None:
    """Les délégations reçues et les périmètres d’un compte sans rôle ne donnent plus rien : ils se ferment avec lui."""
    for compte in comptes.select_for_update(of=("self",)):
        Delegation.objects.filter(delegataire=compte, revoquee_le=None).update(revoquee_le=maintenant)
        perimetres = Perimetre.objects.filter(habilitation__compte=compte)
        perimetres.filter(debut_le__lt=maintenant, fin_le=None).update(fin_le=maintenant)
        anonymiser(compte=compte, acteur=None, maintenant=maintenant)


def _purger_la_trace(passage: Passage) -> int:
    ancre = purger_la_trace(
        avant=passage.limite, maintenant=passage.maintenant, lot=10_000, dossier=passage.archives
    )
    return ancre.nombre if ancre else 0


def _regle(
    nom: str,
    objet: str,
    echues: Callable[[datetime], QuerySet[Any]],
    geste: Geste = Geste.EFFACER,
    faire: Callable[[QuerySet[Any]], object] = effacer,
    *,
    lot: int = 500,
) -> Regle:
    return Regle(nom, objet, geste, echues, par_lots(echues, faire, lot=lot))


# La trace passe la dernière : elle garde la preuve des effacements d’avant.
_LISTE = [
    Regle(
        "comptes",
        "Comptes sans rôle ni connexion, ou désactivés",
        Geste.ANONYMISER,
        _comptes,
        lambda passage: par_lots(
            _comptes, partial(_anonymiser, maintenant=passage.maintenant), lot=LOT_TRACE
        )(passage),
    ),
    _regle("delegations", "Délégations finies ou révoquées", _delegations),
    _regle(
        "demandes_delegation",
        "Demandes de délégation closes",
        lambda avant: DemandeDelegation.objects.exclude(etat=EtatDemande.OUVERTE).filter(
            traitee_le__lt=avant
        ),
    ),
    _regle(
        "orientations",
        "Orientations : le régulateur",
        lambda avant: Orientation.objects.filter(acteur__isnull=False, prise_le__lt=avant),
        Geste.PSEUDONYMISER,
        pseudonymiser,
    ),
    _regle(
        "redirections",
        "Départs vers un éditeur : le régulateur",
        lambda avant: Redirection.objects.filter(acteur__isnull=False, le__lt=avant),
        Geste.PSEUDONYMISER,
        pseudonymiser,
    ),
    _regle(
        "orientations_externes",
        "Orientations versées par l’outil d’un territoire : le régulateur",
        lambda avant: OrientationExterne.objects.filter(orientee_le__lt=avant).exclude(pseudonyme=""),
        Geste.EFFACER,
        # Le fait reste : il justifie ce qui est dû à l’effecteur. La clé de l’outil n’y est que par son empreinte.
        lambda orientations: orientations.update(pseudonyme=""),
    ),
    _regle(
        "rendez_vous",
        "Rendez-vous chez un éditeur : le régulateur",
        lambda avant: RendezVous.objects.filter(recu_le__lt=avant).exclude(
            regulateur=None, regulateur_identifiant=""
        ),
        Geste.PSEUDONYMISER,
        pseudonymiser_les_regulateurs,
    ),
    _regle(
        "cles_idempotence",
        "Clés d’idempotence des orientations",
        a_une_cle_d_appelant,
        Geste.EFFACER,
        effacer_les_cles,
    ),
    _regle(
        "annulations",
        "Annulations d’orientations : qui a annulé",
        lambda avant: Annulation.objects.filter(acteur__isnull=False, le__lt=avant),
        Geste.PSEUDONYMISER,
        pseudonymiser,
    ),
    _regle(
        "issues",
        "Issues d’orientations : qui les a dites",
        lambda avant: IssueOrientation.objects.filter(acteur__isnull=False, le__lt=avant),
        Geste.PSEUDONYMISER,
        pseudonymiser,
    ),
    _regle("appels", "Appels aux cabinets", lambda avant: d_un_mois_clos(Appel).filter(le__lt=avant)),
    _regle(
        "recherches",
        "Recherches comptées par jour",
        lambda avant: d_un_mois_clos(RecherchesDuJour).filter(jour__lt=timezone.localdate(avant)),
    ),
    _regle("notes_releve", "Notes de relève", lambda avant: NoteReleve.objects.filter(le__lt=avant)),
    _regle("disponibilites", "Disponibilités passées, sans place prise", _disponibilites),
    _regle(
        "indisponibilites",
        "Indisponibilités passées",
        lambda avant: Indisponibilite.objects.filter(periode__endswith__lt=avant),
    ),
    _regle(
        "periodes_occupees",
        "Ce que des calendriers externes ont occupé",
        lambda avant: PeriodeOccupee.objects.filter(fin__lt=avant),
    ),
    _regle(
        "gestes_agenda",
        "Journal des gestes sur les agendas",
        lambda avant: GesteAgenda.objects.filter(le__lt=avant),
    ),
    _regle(
        "imports_planning",
        "Plannings envoyés, importés ou non",
        lambda avant: ImportPlanning.objects.filter(cree_le__lt=avant),
    ),
    _regle(
        "liens_calendrier",
        "Liens de calendrier révoqués",
        lambda avant: LienCalendrier.objects.filter(revoque_le__lt=avant),
    ),
    Regle(
        "demandes",
        "Demandes d’assistance closes, messages et fichiers",
        Geste.EFFACER,
        lambda avant: Ticket.objects.filter(etat=EtatTicket.CLOS, clos_le__lt=avant),
        lambda passage: effacer_closes(avant=passage.limite, lot=LOT_TRACE),
    ),
    _regle(
        "courriels",
        "Courriels envoyés ou abandonnés",
        lambda avant: Courriel.objects.filter(cree_le__lt=avant),
    ),
    _regle(
        "liens", "Liens expirés reçus par courriel", lambda avant: Lien.objects.filter(expire_le__lt=avant)
    ),
    _regle(
        "jetons",
        "Jetons de l’API expirés ou révoqués",
        lambda avant: Jeton.objects.filter(Q(expire_le__lt=avant) | Q(revoque_le__lt=avant)),
    ),
    _regle("envois_regulateurs", "Comptes de régulateurs annoncés aux éditeurs", _envois_regulateurs),
    _regle(
        "messages_hub",
        "Messages au Hub Santé et leur suivi",
        lambda avant: MessageHub.objects.filter(cree_le__lt=avant),
    ),
    _regle(
        "retours_hub",
        "Retours du Hub Santé sans message connu, ou illisibles",
        lambda avant: JournalHub.objects.filter(message=None, le__lt=avant),
    ),
    _regle(
        "mesures_editeurs",
        "Appels aux éditeurs, par heure",
        lambda avant: d_un_mois_clos(AppelsEditeur).filter(heure__lt=avant),
        lot=5_000,
    ),
    _regle(
        "echantillons_editeurs",
        "Créneaux écartés gardés en exemple",
        lambda avant: EchantillonRejet.objects.filter(le__lt=avant),
    ),
    _regle(
        "erreurs_editeurs",
        "Dernières erreurs des éditeurs",
        lambda avant: ErreurEditeur.objects.filter(le__lt=avant),
    ),
    _regle(
        "liens_editeurs",
        "Liens d’éditeurs révoqués",
        lambda avant: LienEditeur.objects.filter(revoque_le__lt=avant),
    ),
    _regle(
        "journal_administration",
        "Journal de l’administration",
        lambda avant: LogEntry.objects.filter(action_time__lt=avant),
    ),
    _regle(
        "actes_clos",
        "Actes des comptes clos ; les décomptes et leurs preuves restent",
        actes_echus,
        Geste.EFFACER,
        effacer_les_actes,
        lot=5_000,
    ),
    Regle("trace", "Trace des actes et des lectures", Geste.EFFACER, trace_a_purger, _purger_la_trace),
]
REGLES: dict[str, Regle] = {regle.nom: regle for regle in _LISTE}
