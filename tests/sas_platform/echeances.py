"""De quoi créer, pour chaque règle de conservation, une ligne dont on choisit l’instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from agenda.enums import EtatLot
from agenda.models import (
    AppelsEditeur,
    EchantillonRejet,
    ErreurEditeur,
    GesteAgenda,
    ImportPlanning,
    LienCalendrier,
    LienEditeur,
    PeriodeOccupee,
)
from annuaire.enums import EtatDemande
from annuaire.models import Delegation, DemandeDelegation
from assistance.enums import Destination, EtatTicket, Profil
from assistance.models import Theme, Ticket
from comptes.enums import UsageLien
from comptes.models import Compte, Courriel, Lien, Trace
from orientation.enums import EvenementHub, Issue, IssueAppel, MotifAnnulation, SourceIssue
from orientation.models import Annulation, Appel, IssueOrientation, JournalHub, NoteReleve, RecherchesDuJour
from remuneration.enums import Etape
from remuneration.models import Calcul, MoisMesure
from sas_platform.conservation import REGLES, executer
from tests.agenda.factories import (
    DisponibiliteFactory,
    EditeurFactory,
    EnvoiRegulateurFactory,
    IndisponibiliteFactory,
)
from tests.annuaire.factories import (
    CommuneFactory,
    EffecteurFactory,
    LieuExerciceFactory,
    TerritoireFactory,
)
from tests.comptes.factories import CompteFactory, HabilitationFactory, JetonFactory
from tests.orientation.factories import (
    MessageHubFactory,
    OrientationExterneFactory,
    OrientationFactory,
    RedirectionFactory,
    RendezVousFactory,
)
from tests.remuneration.factories import ActeFactory, CalculFactory

MAINTENANT = datetime(2026, 3, 17, 8, tzinfo=UTC)
VIEUX = datetime(2020, 1, 1, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")


def _clore_le_mois(le: datetime) -> date:
    """Le détail que les mesures comptent ne s’efface que d’un mois clos ; rend le jour, à Paris."""
    jour = le.astimezone(PARIS).date()
    MoisMesure.objects.get_or_create(mois=jour.replace(day=1), defaults={"calcule_le": le, "clos_le": le})
    return jour


def creer_recherches(le: datetime) -> RecherchesDuJour:
    return RecherchesDuJour.objects.create(
        jour=_clore_le_mois(le), quoi="nom", entree="web", suite="sans_creneau", nombre=1
    )


def creer_appel(le: datetime) -> Appel:
    _clore_le_mois(le)
    return Appel.objects.create(
        acteur=CompteFactory(), lieu=LieuExerciceFactory(), issue=IssueAppel.SANS_REPONSE, le=le
    )


def creer_appels_editeur(le: datetime) -> AppelsEditeur:
    _clore_le_mois(le)
    return AppelsEditeur.objects.create(
        editeur=EditeurFactory(), heure=le, etat=EtatLot.REUSSI, classe=1, nombre=1
    )


def passer(nom: str, **options) -> int:
    return executer(REGLES[nom], maintenant=MAINTENANT, **options)[0]


def creer_compte(le: datetime) -> Compte:
    """Une personne dont le seul rôle a fini à cet instant."""
    compte = HabilitationFactory(debut_le=VIEUX, fin_le=le).compte
    Compte.objects.filter(pk=compte.pk).update(cree_le=VIEUX)
    return compte


def creer_ticket(le: datetime | None) -> Ticket:
    theme, _ = Theme.objects.get_or_create(
        profil=Profil.EFFECTEUR, libelle="Connexion", destination=Destination.SUPPORT_N1
    )
    numero = f"T-{Ticket.objects.count()}"
    return Ticket.objects.create(
        numero=numero,
        profil=Profil.EFFECTEUR,
        theme=theme,
        nom="Fictif",
        prenom="Alix",
        telephone="+33353010000",
        email="alix@exemple.invalid",
        message="Bonjour",
        destination=Destination.SUPPORT_N1,
        empreinte_suivi=numero,
        etat=EtatTicket.CLOS if le else EtatTicket.OUVERT,
        clos_le=le,
    )


def creer_demande_delegation(le: datetime) -> DemandeDelegation:
    return DemandeDelegation.objects.create(
        demandeur=CompteFactory(),
        effecteur=EffecteurFactory(),
        prenom="Dominique",
        nom="Fictif",
        email="d@exemple.invalid",
        commune=CommuneFactory(),
        etat=EtatDemande.REFUSEE,
        traitee_le=le,
    )


def journal(le: datetime, compte: Compte | None = None) -> LogEntry:
    return LogEntry.objects.create(
        user=CompteFactory(),
        content_type=ContentType.objects.get_for_model(Compte),
        object_id=str(compte.pk) if compte else "1",
        object_repr="Camille Osmont",
        action_flag=ADDITION,
        action_time=le,
    )


def creer_delegation(**dates: datetime | None) -> Delegation:
    return Delegation.objects.create(
        delegataire=CompteFactory(), effecteur=EffecteurFactory(), debut_le=VIEUX, **dates
    )


# Règle → de quoi créer une ligne dont le terme se compte à partir de cet instant.
def acte_clos(le: datetime) -> None:
    """Un acte d’un calcul clos à cet instant, chacun d’une période à lui."""
    calcul = CalculFactory(periode__code=str(2000 + Calcul.objects.count()))
    ActeFactory(calcul=calcul)
    Calcul.objects.filter(pk=calcul.pk).update(etape=Etape.CLOS, clos_le=le)


CREER = {
    "comptes": creer_compte,
    "delegations": lambda le: creer_delegation(revoquee_le=le),
    "demandes_delegation": creer_demande_delegation,
    "orientations": lambda le: OrientationFactory(prise_le=le),
    "redirections": lambda le: RedirectionFactory(le=le),
    "orientations_externes": lambda le: OrientationExterneFactory(orientee_le=le),
    "rendez_vous": lambda le: RendezVousFactory(recu_le=le, modifie_le=MAINTENANT),
    "annulations": lambda le: Annulation.objects.create(
        orientation=OrientationFactory(), acteur=CompteFactory(), motif=MotifAnnulation.ERREUR, le=le
    ),
    "issues": lambda le: IssueOrientation.objects.create(
        orientation=OrientationFactory(),
        issue=Issue.VENU,
        source=SourceIssue.TABLEAU,
        acteur=CompteFactory(),
        le=le,
    ),
    "recherches": creer_recherches,
    "appels": creer_appel,
    "notes_releve": lambda le: NoteReleve.objects.create(
        territoire=TerritoireFactory(), auteur=CompteFactory(), texte="x", le=le
    ),
    "cles_idempotence": lambda le: OrientationFactory(prise_le=le),
    "disponibilites": lambda le: DisponibiliteFactory(premier_jour=le.astimezone(PARIS).date()),
    "indisponibilites": lambda le: IndisponibiliteFactory(
        periode=DateTimeTZRange(le - timedelta(days=1), le)
    ),
    "gestes_agenda": lambda le: GesteAgenda.objects.create(
        lieu=LieuExerciceFactory(), auteur=CompteFactory(), le=le, libelle="x"
    ),
    "periodes_occupees": lambda le: PeriodeOccupee.objects.create(
        lieu=LieuExerciceFactory(), debut=le - timedelta(hours=1), fin=le
    ),
    "imports_planning": lambda le: ImportPlanning.objects.create(auteur=CompteFactory(), cree_le=le, nom="x"),
    "liens_calendrier": lambda le: LienCalendrier.objects.create(
        compte=CompteFactory(), empreinte=le.isoformat(), cree_le=VIEUX, revoque_le=le
    ),
    "demandes": creer_ticket,
    "courriels": lambda le: Courriel.objects.create(destinataire="a@exemple.invalid", sujet="x", cree_le=le),
    "liens": lambda le: Lien.objects.create(
        usage=UsageLien.ACTIVATION, email="a@exemple.invalid", empreinte=le.isoformat(), expire_le=le
    ),
    "jetons": lambda le: JetonFactory(expire_le=le),
    "envois_regulateurs": lambda le: EnvoiRegulateurFactory(clos=True, cree_le=le),
    "messages_hub": lambda le: MessageHubFactory(cree_le=le),
    "actes_clos": acte_clos,
    "retours_hub": lambda le: JournalHub.objects.create(evenement=EvenementHub.ILLISIBLE, le=le),
    "mesures_editeurs": creer_appels_editeur,
    "echantillons_editeurs": lambda le: EchantillonRejet.objects.create(
        editeur=EditeurFactory(), raison="past", rang=0, slot="s1", fragment="{}", le=le
    ),
    "erreurs_editeurs": lambda le: ErreurEditeur.objects.create(
        editeur=EditeurFactory(), etat=EtatLot.PANNE, le=le, nombre=1
    ),
    "liens_editeurs": lambda le: LienEditeur.objects.create(
        editeur=EditeurFactory(), empreinte=le.isoformat(), cree_le=VIEUX, revoque_le=le
    ),
    "journal_administration": journal,
    "trace": lambda le: Trace.objects.create(le=le, verbe="connexion", objet="compte:1"),
}
