"""Les durées de conservation : ce qui part, à quel jour, ce qui reste, et la preuve laissée."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import ProtectedError

from agenda.models import Disponibilite, GesteAgenda
from annuaire.enums import EtatDemande
from annuaire.models import Delegation, DemandeDelegation
from assistance.enums import Destination, EtatTicket, Profil
from assistance.models import PieceJointe, Theme, Ticket
from comptes.enums import EtatCourriel, Role, UsageLien
from comptes.models import AncreTrace, Compte, Courriel, Lien, SessionOuverte, Trace
from orientation.models import Orientation
from orientation.retention import pseudonyme_de
from sas_platform import conservation, tasks
from sas_platform.conservation import REGLES, SANS_TERME, executer
from sas_platform.socle.durees import Duree
from tests.agenda.factories import DisponibiliteFactory, IndisponibiliteFactory, ReservationFactory
from tests.annuaire.factories import CommuneFactory, EffecteurFactory, LieuExerciceFactory
from tests.comptes.factories import CompteFactory, HabilitationFactory, JetonFactory
from tests.orientation.factories import OrientationFactory, RedirectionFactory

pytestmark = pytest.mark.django_db

MAINTENANT = datetime(2026, 3, 17, 8, tzinfo=UTC)
VIEUX = datetime(2020, 1, 1, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")


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
CREER = {
    "comptes": creer_compte,
    "delegations": lambda le: creer_delegation(revoquee_le=le),
    "demandes_delegation": creer_demande_delegation,
    "orientations": lambda le: OrientationFactory(prise_le=le),
    "redirections": lambda le: RedirectionFactory(le=le),
    "cles_idempotence": lambda le: OrientationFactory(prise_le=le),
    "disponibilites": lambda le: DisponibiliteFactory(premier_jour=le.astimezone(PARIS).date()),
    "indisponibilites": lambda le: IndisponibiliteFactory(
        periode=DateTimeTZRange(le - timedelta(days=1), le)
    ),
    "gestes_agenda": lambda le: GesteAgenda.objects.create(
        lieu=LieuExerciceFactory(), auteur=CompteFactory(), le=le, libelle="x"
    ),
    "demandes": creer_ticket,
    "courriels": lambda le: Courriel.objects.create(destinataire="a@exemple.invalid", sujet="x", cree_le=le),
    "liens": lambda le: Lien.objects.create(
        usage=UsageLien.ACTIVATION, email="a@exemple.invalid", empreinte=le.isoformat(), expire_le=le
    ),
    "jetons": lambda le: JetonFactory(expire_le=le),
    "journal_administration": journal,
    "trace": lambda le: Trace.objects.create(le=le, verbe="connexion", objet="compte:1"),
}
# Premier instant gardé, avec les durées d’origine, un 17 mars à Paris.
LIMITES = {
    "12 mois": datetime(2025, 3, 16, 23, tzinfo=UTC),
    "24 mois": datetime(2024, 3, 16, 23, tzinfo=UTC),
    "6 mois": datetime(2025, 9, 16, 22, tzinfo=UTC),  # heure d’été
    "30 jours": datetime(2026, 2, 14, 23, tzinfo=UTC),
}


def passer(nom: str, **options) -> int:
    return executer(REGLES[nom], maintenant=MAINTENANT, **options)[0]


@pytest.mark.parametrize("nom", REGLES)
def test_le_terme_est_au_jour_pres_et_le_second_passage_ne_fait_rien(nom):
    limite = LIMITES[REGLES[nom].duree]
    CREER[nom](limite - timedelta(microseconds=1))
    CREER[nom](limite)

    assert REGLES[nom].limite(MAINTENANT) == limite
    assert REGLES[nom].echues(limite).count() == 1
    assert passer(nom) == 1
    assert REGLES[nom].echues(limite).count() == 0
    assert passer(nom) == 0


def test_chaque_regle_a_sa_duree_et_chaque_duree_sa_regle(settings):
    assert set(REGLES) == set(settings.CONSERVATION) == set(CREER)
    assert all(regle.reference for regle in REGLES.values())


def test_chaque_modele_a_un_terme_ou_une_raison_de_n_en_pas_avoir():
    """Un modèle de plus : lui donner une règle, ou dire dans SANS_TERME pourquoi il se garde."""
    applications = ("comptes", "annuaire", "participation", "agenda", "orientation", "assistance")
    modeles = {m._meta.label for nom in applications for m in apps.get_app_config(nom).get_models()}
    regles = {regle.echues(MAINTENANT).model._meta.label for regle in REGLES.values()}
    gardes = {label for labels in SANS_TERME.values() for label in labels}

    assert modeles - regles - gardes == set()
    assert gardes - modeles == set()
    assert gardes & regles == set()


def test_la_duree_reglee_est_celle_qui_s_applique(settings):
    settings.CONSERVATION = settings.CONSERVATION | {
        "liens": settings.CONSERVATION["liens"]._replace(duree=Duree.lire("2 mois"))
    }
    CREER["liens"](MAINTENANT - timedelta(days=45))

    assert passer("liens") == 0


# --- Ce qui part, ce qui reste --------------------------------------------------


@pytest.mark.parametrize(
    ("changer", "part"),
    [
        pytest.param(lambda compte: None, True, id="sans rôle depuis longtemps"),
        pytest.param(lambda c: HabilitationFactory(compte=c, role=Role.CPAM), False, id="un rôle en cours"),
        pytest.param(
            lambda c: HabilitationFactory(compte=c, role=Role.CPAM, fin_le=MAINTENANT), False, id="fini hier"
        ),
        pytest.param(
            lambda c: Compte.objects.filter(pk=c.pk).update(last_login=MAINTENANT), False, id="vu récemment"
        ),
        pytest.param(
            lambda c: Compte.objects.filter(pk=c.pk).update(cree_le=MAINTENANT), False, id="vient d’être créé"
        ),
        pytest.param(
            lambda c: (
                HabilitationFactory(compte=c, role=Role.CPAM),
                Compte.objects.filter(pk=c.pk).update(is_active=False, desactive_le=VIEUX),
            ),
            True,
            id="désactivé depuis longtemps, rôle oublié",
        ),
    ],
)
def test_un_compte_s_anonymise_quand_la_personne_n_est_plus_la(changer, part):
    compte = creer_compte(VIEUX + timedelta(days=30))
    changer(compte)

    assert passer("comptes") == part
    compte.refresh_from_db()
    assert (compte.anonymise_le is not None) is part


def test_rien_ne_dit_plus_qui_etait_un_compte_anonymise():
    compte = creer_compte(VIEUX + timedelta(days=30))
    Compte.objects.filter(pk=compte.pk).update(
        identifiant_national="899900000099",
        numero_cpx="CPX-1",
        last_login=VIEUX,
        is_active=False,
        desactive_le=VIEUX,
    )
    role = HabilitationFactory(compte=compte, role=Role.CPAM, debut_le=VIEUX)
    jeton = JetonFactory(compte=compte)
    delegation = creer_delegation()
    Delegation.objects.filter(pk=delegation.pk).update(delegataire=compte)
    SessionOuverte.objects.create(compte=compte, cle_session="abc", sub="s")
    Lien.objects.create(
        compte=compte, usage=UsageLien.ACTIVATION, email=compte.email, empreinte="e", expire_le=MAINTENANT
    )
    a_partir = Courriel.objects.create(compte=compte, destinataire=compte.email, sujet="au revoir")
    Courriel.objects.create(compte=compte, destinataire=compte.email, sujet="x", etat=EtatCourriel.ENVOYE)
    entree = journal(MAINTENANT, compte)

    assert passer("comptes") == 1

    for objet in (compte, role, jeton, delegation, a_partir, entree):
        objet.refresh_from_db()
    assert (compte.email, compte.identifiant_national, compte.numero_cpx, compte.last_login) == (
        None,
        None,
        "",
        None,
    )
    assert (str(compte), compte.is_active, compte.has_usable_password()) == ("Compte effacé", False, False)
    assert role.fin_le == jeton.revoque_le == delegation.revoquee_le == MAINTENANT
    assert not SessionOuverte.objects.exists()
    assert not Lien.objects.exists()
    assert list(Courriel.objects.values_list("sujet", "compte")) == [("au revoir", None)]
    assert entree.object_repr == "Compte effacé"
    assert (
        Trace.objects.filter(verbe="compte.anonymise", objet=f"compte:{compte.pk}", acteur=None).count() == 1
    )


@pytest.mark.parametrize("champ", [{"nom": "Osmont"}, {"email": "a@exemple.invalid"}, {"is_active": True}])
def test_la_base_refuse_une_identite_a_un_compte_anonymise(champ):
    compte = creer_compte(VIEUX + timedelta(days=30))
    passer("comptes")

    with pytest.raises(IntegrityError, match="compte_anonymise_sans_identite"), transaction.atomic():
        Compte.objects.filter(pk=compte.pk).update(**champ)


def test_une_orientation_pseudonymisee_se_compte_encore_par_personne():
    premiere = OrientationFactory(prise_le=VIEUX)
    seconde = OrientationFactory(prise_le=VIEUX, acteur=premiere.acteur)
    autre = OrientationFactory(prise_le=VIEUX)

    assert passer("orientations") == 3

    pseudonymes = dict(Orientation.objects.filter(acteur=None).values_list("pk", "pseudonyme"))
    assert pseudonymes[premiere.pk] == pseudonymes[seconde.pk] == pseudonyme_de(premiere.acteur_id)
    assert pseudonymes[autre.pk] != pseudonymes[premiere.pk]


@pytest.mark.parametrize(
    ("champs", "refusee"),
    [
        pytest.param({"acteur": None}, True, id="ni acteur ni pseudonyme"),
        pytest.param({"pseudonyme": "p"}, True, id="les deux"),
        pytest.param({"acteur": None, "pseudonyme": "p"}, False, id="pseudonyme seul"),
    ],
)
@pytest.mark.parametrize("fabrique", [OrientationFactory, RedirectionFactory])
def test_un_acte_a_une_personne_ou_un_pseudonyme(fabrique, champs, refusee):
    acte = fabrique()
    contrainte = f"{acte._meta.model_name}_acteur_ou_pseudonyme"
    attente = pytest.raises(IntegrityError, match=contrainte) if refusee else nullcontext()

    with attente, transaction.atomic():
        type(acte).objects.filter(pk=acte.pk).update(**champs)


def test_une_disponibilite_dont_une_place_est_prise_reste():
    prise = ReservationFactory(disponibilite__premier_jour=VIEUX.date()).disponibilite
    libre = DisponibiliteFactory(premier_jour=VIEUX.date())

    assert passer("disponibilites") == 1
    assert set(Disponibilite.objects.values_list("pk", flat=True)) == {prise.pk}
    with pytest.raises(ProtectedError):
        prise.delete()
    assert not Disponibilite.objects.filter(pk=libre.pk).exists()


def test_une_repetition_sans_fin_reste():
    DisponibiliteFactory(premier_jour=VIEUX.date(), jours=[1])
    DisponibiliteFactory(premier_jour=VIEUX.date(), jours=[1], dernier_jour=datetime(2024, 1, 1).date())  # noqa: DTZ001

    assert passer("disponibilites") == 1


def test_une_fermeture_sans_fin_reste():
    IndisponibiliteFactory(periode=DateTimeTZRange(VIEUX, None))

    assert passer("indisponibilites") == 0


@pytest.mark.django_db(transaction=True)
def test_une_demande_close_part_avec_ses_fichiers_une_ouverte_reste(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    close, ouverte = creer_ticket(VIEUX), creer_ticket(None)
    piece = PieceJointe(ticket=close, nom="a.pdf", type_mime="application/pdf", taille=3)
    piece.fichier.save("a.pdf", ContentFile(b"pdf"))

    assert passer("demandes") == 1
    assert list(Ticket.objects.all()) == [ouverte]
    assert not default_storage.exists(piece.fichier.name)


# --- La trace, et la preuve -------------------------------------------------------


def test_chaque_passage_laisse_une_ligne_dans_la_trace():
    CREER["liens"](VIEUX)
    passer("liens")
    passer("liens")

    lignes = Trace.objects.filter(verbe="donnees.purgees").order_by("pk")

    assert [(ligne.objet, ligne.details["nombre"]) for ligne in lignes] == [
        ("conservation:liens", 1),
        ("conservation:liens", 0),
    ]
    assert lignes[0].details["limite"] == "2026-02-15T00:00:00+01:00"


def test_un_passage_interrompu_garde_ses_lots_faits_et_reprend(monkeypatch):
    for jour in range(3):
        CREER["liens"](VIEUX + timedelta(days=jour))
    regle = REGLES["liens"]
    monkeypatch.setitem(
        REGLES,
        "liens",
        conservation.Regle(
            regle.nom,
            regle.objet,
            regle.geste,
            regle.echues,
            conservation._par_lots(regle.echues, conservation._effacer, lot=1),
        ),
    )

    assert executer(REGLES["liens"], maintenant=MAINTENANT, lots_max=2) == (2, False)
    assert executer(REGLES["liens"], maintenant=MAINTENANT, lots_max=2) == (1, True)
    assert Trace.objects.get(details__nombre=2).verbe == "donnees.purgees"


def test_la_trace_se_purge_et_se_verifie_encore(tmp_path, capsys):
    CREER["trace"](VIEUX)
    passer("trace", archives=tmp_path)

    call_command("verifier_trace", archives=tmp_path)

    assert AncreTrace.objects.get().nombre == 1
    (archive,) = tmp_path.iterdir()
    assert json.loads(archive.read_text())["verbe"] == "connexion"


# --- La commande et la tâche --------------------------------------------------------


def test_la_simulation_compte_sans_rien_effacer(horloge, capsys):
    CREER["liens"](VIEUX)
    CREER["orientations"](VIEUX)

    call_command("purger")

    sortie = capsys.readouterr().out.splitlines()
    assert Lien.objects.count() == 1
    assert not Trace.objects.exists()
    assert (
        sortie[-1] == "Simulation : 2 ligne(s) à effacer, 0 ligne(s) à anonymiser, 1 ligne(s) à pseudonymiser"
    )
    (liens,) = [ligne for ligne in sortie if ligne.startswith("liens ")]
    assert "avant le 15/02/2026 (30 jours)" in liens
    assert "RGPD, article 5 § 1 c" in liens
    assert len(sortie) == len(REGLES) + 1


def test_la_commande_efface_une_seule_regle_sur_demande(horloge, capsys):
    CREER["liens"](VIEUX)
    CREER["courriels"](VIEUX)

    call_command("purger", ecrire=True, seulement=["liens"])

    sortie = capsys.readouterr()
    assert (Lien.objects.count(), Courriel.objects.count()) == (0, 1)
    assert sortie.out.splitlines()[-1].startswith("Écrit : 1 ligne(s) à effacer")
    assert "liens : 1 ligne(s)" in sortie.err


def test_une_regle_en_panne_n_arrete_pas_les_autres_mais_la_commande_echoue(horloge, monkeypatch, capsys):
    def en_panne(passage):
        raise ProtectedError("encore désigné", set())

    liens = REGLES["liens"]
    monkeypatch.setitem(
        REGLES, "liens", conservation.Regle(liens.nom, liens.objet, liens.geste, liens.echues, en_panne)
    )
    CREER["courriels"](VIEUX)

    with pytest.raises(CommandError, match="règle\\(s\\) en échec : liens"):
        call_command("purger", ecrire=True, seulement=["liens", "courriels"])
    assert not Courriel.objects.exists()
    assert "encore désigné" in capsys.readouterr().err


def test_un_dossier_d_archives_absent_arrete_tout(tmp_path):
    with pytest.raises(CommandError, match="introuvable"):
        call_command("purger", archive=tmp_path / "absent")


def test_la_tache_de_nuit_applique_chaque_regle_jusqu_au_bout(horloge, monkeypatch):
    monkeypatch.setattr(tasks, "LOTS_PAR_PASSAGE", 1)
    CREER["liens"](VIEUX)
    CREER["trace"](VIEUX)

    assert tasks.purger() == len(REGLES)

    assert not Lien.objects.exists()
    assert AncreTrace.objects.count() == 1
