"""Durées de conservation : ce qui arrive à son terme dans chaque application, et ce qu’on en fait.

Une table, comme celle des droits : une ligne par donnée, sa durée et son texte
dans `settings.CONSERVATION`. Elle est ici, à la racine, parce que la purge
touche toutes les applications ; chacune garde le geste qui est le sien
(docs/adr/0011).
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
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
from comptes.actions import anonymiser, tracer
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
from remuneration.models import Acte
from remuneration.retention import actes_echus, d_un_mois_clos, effacer_les_actes


class Geste(enum.StrEnum):
    EFFACER = "effacement"
    ANONYMISER = "anonymisation"
    PSEUDONYMISER = "pseudonymisation"


@dataclass(frozen=True, slots=True)
class Passage:
    """Une exécution : `limite` est l’instant avant lequel la donnée a fait son temps."""

    limite: datetime
    maintenant: datetime
    archives: Path | None = None


@dataclass(frozen=True, slots=True)
class Regle:
    """`echues` rend les lignes arrivées au terme ; `passer` en traite un lot et rend leur nombre, zéro à la fin."""

    nom: str
    objet: str
    geste: Geste
    echues: Callable[[datetime], QuerySet[Any]]
    passer: Callable[[Passage], int]

    @property
    def reference(self) -> str:
        return str(settings.CONSERVATION[self.nom].reference)

    @property
    def duree(self) -> str:
        return str(settings.CONSERVATION[self.nom].duree)

    def limite(self, maintenant: datetime) -> datetime:
        """Début du jour, à l’heure de Paris, que la durée sépare d’aujourd’hui : ce jour-là se garde encore."""
        jour = settings.CONSERVATION[self.nom].duree.avant(timezone.localdate(maintenant))
        return timezone.make_aware(datetime.combine(jour, time.min))


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


def _par_lots(
    echues: Callable[[datetime], QuerySet[Any]],
    geste: Callable[[QuerySet[Any], Passage], object],
    *,
    lot: int = 500,
) -> Callable[[Passage], int]:
    """Un lot, une transaction ; les conditions sont relues avec le geste, la ligne ayant pu changer entre-temps."""

    def passer(passage: Passage) -> int:
        with transaction.atomic():
            numeros = list(echues(passage.limite).order_by("pk").values_list("pk", flat=True)[:lot])
            if numeros:
                geste(echues(passage.limite).filter(pk__in=numeros), passage)
            return len(numeros)

    return passer


def _effacer(lignes: QuerySet[Model], passage: Passage) -> None:
    lignes.delete()


def _anonymiser(comptes: QuerySet[Compte], passage: Passage) -> None:
    """Les délégations reçues et les périmètres d’un compte sans rôle ne donnent plus rien : ils se ferment avec lui."""
    for compte in comptes.select_for_update(of=("self",)):
        maintenant = passage.maintenant
        Delegation.objects.filter(delegataire=compte, revoquee_le=None).update(revoquee_le=maintenant)
        perimetres = Perimetre.objects.filter(habilitation__compte=compte)
        perimetres.filter(debut_le__lt=maintenant, fin_le=None).update(fin_le=maintenant)
        anonymiser(compte=compte, acteur=None, maintenant=maintenant)


def _pseudonymiser(actes: QuerySet[Any], passage: Passage) -> None:
    pseudonymiser(actes)


def _pseudonymiser_les_regulateurs(rendez_vous: QuerySet[RendezVous], passage: Passage) -> None:
    pseudonymiser_les_regulateurs(rendez_vous)


def _effacer_les_pseudonymes(orientations: QuerySet[OrientationExterne], passage: Passage) -> None:
    """Le fait reste : il justifie ce qui est dû à l’effecteur. La clé de l’outil n’y est que par son empreinte."""
    orientations.update(pseudonyme="")


def _effacer_les_cles(orientations: QuerySet[Orientation], passage: Passage) -> None:
    effacer_les_cles(orientations)


def _effacer_les_actes(actes: QuerySet[Acte], passage: Passage) -> None:
    effacer_les_actes(actes)


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
    faire: Callable[[QuerySet[Any], Passage], None] = _effacer,
    *,
    lot: int = 500,
) -> Regle:
    return Regle(nom, objet, geste, echues, _par_lots(echues, faire, lot=lot))


# La trace passe la dernière : elle garde la preuve des effacements d’avant.
_LISTE = [
    _regle(
        "comptes",
        "Comptes sans rôle ni connexion, ou désactivés",
        _comptes,
        Geste.ANONYMISER,
        _anonymiser,
        lot=25,  # chacun s’écrit dans la trace, dont le verrou dure autant que le lot
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
        _pseudonymiser,
    ),
    _regle(
        "redirections",
        "Départs vers un éditeur : le régulateur",
        lambda avant: Redirection.objects.filter(acteur__isnull=False, le__lt=avant),
        Geste.PSEUDONYMISER,
        _pseudonymiser,
    ),
    _regle(
        "orientations_externes",
        "Orientations versées par l’outil d’un territoire : le régulateur",
        lambda avant: OrientationExterne.objects.filter(orientee_le__lt=avant).exclude(pseudonyme=""),
        Geste.EFFACER,
        _effacer_les_pseudonymes,
    ),
    _regle(
        "rendez_vous",
        "Rendez-vous chez un éditeur : le régulateur",
        lambda avant: RendezVous.objects.filter(recu_le__lt=avant).exclude(
            regulateur=None, regulateur_identifiant=""
        ),
        Geste.PSEUDONYMISER,
        _pseudonymiser_les_regulateurs,
    ),
    _regle(
        "cles_idempotence",
        "Clés d’idempotence des orientations",
        a_une_cle_d_appelant,
        Geste.EFFACER,
        _effacer_les_cles,
    ),
    _regle(
        "annulations",
        "Annulations d’orientations : qui a annulé",
        lambda avant: Annulation.objects.filter(acteur__isnull=False, le__lt=avant),
        Geste.PSEUDONYMISER,
        _pseudonymiser,
    ),
    _regle(
        "issues",
        "Issues d’orientations : qui les a dites",
        lambda avant: IssueOrientation.objects.filter(acteur__isnull=False, le__lt=avant),
        Geste.PSEUDONYMISER,
        _pseudonymiser,
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
        lambda passage: effacer_closes(avant=passage.limite),
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
        _effacer_les_actes,
        lot=5_000,
    ),
    Regle("trace", "Trace des actes et des lectures", Geste.EFFACER, trace_a_purger, _purger_la_trace),
]
REGLES: dict[str, Regle] = {regle.nom: regle for regle in _LISTE}

# Ce qui n’a pas de terme, et pourquoi. Un modèle absent d’ici et de la table fait échouer tests/sas_platform/test_conservation.py.
SANS_TERME: dict[str, tuple[str, ...]] = {
    "suit le compte, et ne nomme plus personne quand il est anonymisé": (
        "comptes.Habilitation",
        "comptes.AcceptationCGU",
        "annuaire.Perimetre",
    ),
    "s’efface avec la session, dans l’heure qui suit sa fin": ("comptes.SessionOuverte",),
    "suit le compte, et perd son identifiant quand il est anonymisé": ("agenda.CopieRegulateur",),
    "lu, puis effacé, dans la minute": ("agenda.RegulateurAComparer",),
    "place tenue le temps d’un appel, effacée aussitôt": ("agenda.Tenue",),
    "preuve d’une purge, sans donnée personnelle": ("comptes.AncreTrace",),
    "part avec la demande d’assistance": ("assistance.Echange", "assistance.PieceJointe"),
    "indicateurs, sans personne, qui survivent au détail": (
        "remuneration.MesureMensuelle",
        "remuneration.MoisMesure",
    ),
    "effacé à la clôture de son mois": ("remuneration.CreneauRecu",),
    "suit la disponibilité ou l’orientation": ("agenda.Reservation",),
    "histoire d’un rendez-vous, sans régulateur ni patient": ("orientation.EtatRendezVous",),
    "annuaire public, tenu par ses référentiels": (
        "annuaire.Departement",
        "annuaire.Commune",
        "annuaire.Profession",
        "annuaire.Specialite",
        "annuaire.Besoin",
        "annuaire.Structure",
        "annuaire.Effecteur",
        "annuaire.LieuExercice",
    ),
    "organisation du SAS, dont l’histoire se garde": (
        "annuaire.Territoire",
        "annuaire.RayonTerritoire",
        "annuaire.Rattachement",
        "participation.Participation",
        "participation.ParticipationStructure",
        "participation.Sollicitation",
        "orientation.PreferenceAvis",
        "agenda.SemaineType",
        "comptes.OuvertureSecours",
    ),
    "justifie une rémunération passée": (
        "participation.VersionParticipation",
        "agenda.ReleveHebdomadaire",
        "remuneration.Regle",
        "remuneration.Tranche",
        "remuneration.Succession",
    ),
    "comptes clos, immuables : leur détail s’efface, les sommes et leurs preuves se gardent": (
        "remuneration.Periode",
        "remuneration.Calcul",
        "remuneration.Decompte",
        "remuneration.Export",
        "remuneration.Contestation",
        "remuneration.MessageContestation",
    ),
    "calendrier relié, effacé quand on le retire": ("agenda.CalendrierExterne",),
    "agenda d’éditeur, remplacé à chaque lecture": (
        "agenda.Raccordement",
        "agenda.AgendaEditeur",
        "agenda.Decouverte",
        "agenda.PeriodePrise",
    ),
    "suit le jeton, dont il dit l’outil": ("orientation.JetonOutil",),
    "réglage, compteur ou copie, sans donnée personnelle": (
        "orientation.LogicielRegulation",
        "orientation.ArriveesLRM",
        "orientation.LotDeCompteurs",
        "orientation.OutilTerritorial",
        "agenda.Editeur",
        "agenda.Lot",
        "agenda.QualiteEditeur",
        "agenda.OffreLieu",
        "agenda.CarteLieu",
        "agenda.OffrePerimee",
        "orientation.MotifRefus",
        "remuneration.Colonne",
    ),
    "texte publié": (
        "comptes.VersionCGU",
        "assistance.Theme",
        "assistance.Question",
        "assistance.PageFormation",
        "assistance.Ressource",
        "assistance.Banniere",
    ),
}


def executer(
    regle: Regle,
    *,
    maintenant: datetime,
    archives: Path | None = None,
    lots_max: int | None = None,
    avancer: Callable[[int], None] = lambda faites: None,
) -> tuple[int, bool]:
    """Applique une règle, lot après lot ; rend le nombre de lignes traitées, et vrai si tout est fait.

    Rejouable : ce qui est fait ne revient pas. Chaque passage laisse une ligne
    dans la trace, même quand il n’y avait rien à faire ou qu’il s’interrompt.
    """
    passage = Passage(regle.limite(maintenant), maintenant, archives)
    total, lots = 0, 0
    try:
        while lots_max is None or lots < lots_max:
            traitees = regle.passer(passage)
            if not traitees:
                return total, True
            total, lots = total + traitees, lots + 1
            avancer(total)
        return total, False
    finally:
        tracer(
            acteur=None,
            verbe="donnees.purgees",
            objet=f"conservation:{regle.nom}",
            nombre=total,
            limite=passage.limite.isoformat(),
        )
