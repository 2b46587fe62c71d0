"""Inactivité : des seuils « au moins », et nul ne perd ses rôles sans avoir été prévenu à temps (W-50)."""

from __future__ import annotations

import smtplib
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import update_last_login
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from comptes.domaine.durees import plus_mois
from comptes.enums import EtatCourriel, Role
from comptes.inactivite import Pas, avancer, inactifs
from comptes.models import Compte, Courriel, Trace
from comptes.tasks import envoyer_courriels_dus
from tests.comptes.factories import CompteFactory, HabilitationFactory

pytestmark = pytest.mark.django_db

VENU_LE = datetime(2026, 1, 10, 9, tzinfo=UTC)


@pytest.fixture
def compte(horloge) -> Compte:
    horloge.move_to(VENU_LE)
    return CompteFactory(role=Role.DELEGATAIRE, last_login=VENU_LE)


@pytest.fixture
def nuit(horloge, django_capture_on_commit_callbacks):
    """`nuit(instant)` : la tâche de ce jour, courriels partis ; rend les pas faits."""

    def passer(instant: datetime, *, messagerie: bool = True) -> str:
        horloge.move_to(instant)
        sortie = StringIO()
        call_command("relancer_inactifs", "--ecrire", stdout=sortie)
        if messagerie:
            envoyer_courriels_dus()
        return sortie.getvalue()

    return passer


def roles(compte: Compte) -> set[Role]:
    return set(Compte.objects.get(pk=compte.pk).roles)


def test_le_parcours_entier(compte, nuit):
    nuit(datetime(2026, 9, 9, 9, tzinfo=UTC))
    assert mail.outbox == [], "huit mois moins un jour : rien encore"

    nuit(datetime(2026, 9, 10, 9, tzinfo=UTC))
    nuit(datetime(2026, 10, 9, 9, tzinfo=UTC))
    nuit(datetime(2026, 10, 10, 9, tzinfo=UTC))
    nuit(datetime(2026, 10, 17, 8, tzinfo=UTC))
    assert roles(compte) == {Role.DELEGATAIRE}, "la semaine annoncée n’est pas écoulée"
    nuit(datetime(2026, 10, 17, 9, tzinfo=UTC))

    assert [message.subject for message in mail.outbox] == [
        "Attention\u00a0: Désactivation de votre compte SAS",
        "Attention\u00a0: Désactivation de votre compte SAS dans une semaine",
        "Attention\u00a0: Suppression de votre compte SAS",
    ]
    assert "30 jours" in mail.outbox[0].body
    assert "7 jours" in mail.outbox[1].body
    assert roles(compte) == set()
    habilitation = compte.habilitations.get()
    assert habilitation.fin_le == datetime(2026, 10, 17, 9, tzinfo=UTC)
    compte.refresh_from_db()
    assert compte.is_active, "le compte est gardé"
    assert Trace.objects.get(verbe="inactivite.roles_retires").details == {"roles": ["delegataire"]}


def test_la_tache_rejouee_n_ecrit_pas_deux_fois(compte, nuit):
    premier = nuit(datetime(2026, 9, 10, 9, tzinfo=UTC))
    second = nuit(datetime(2026, 9, 10, 9, tzinfo=UTC))

    assert "premier avertissement\u00a0: 1" in premier
    assert "premier avertissement\u00a0: 0" in second
    assert len(mail.outbox) == 1


def test_une_panne_de_six_mois_ne_retire_rien_a_qui_n_a_pas_ete_prevenu(compte, nuit):
    reprise = datetime(2027, 3, 1, 9, tzinfo=UTC)

    nuit(reprise)
    nuit(reprise + timedelta(days=29))
    assert len(mail.outbox) == 1, "le second avertissement attend les trente jours annoncés"
    nuit(reprise + timedelta(days=30))
    nuit(reprise + timedelta(days=36))
    assert roles(compte) == {Role.DELEGATAIRE}
    nuit(reprise + timedelta(days=37))

    assert len(mail.outbox) == 3
    assert roles(compte) == set()


def test_une_messagerie_en_panne_suspend_le_retrait(compte, nuit):
    nuit(datetime(2026, 9, 10, 9, tzinfo=UTC))
    nuit(datetime(2026, 10, 10, 9, tzinfo=UTC), messagerie=False)

    nuit(datetime(2026, 10, 20, 9, tzinfo=UTC))
    assert roles(compte) == {Role.DELEGATAIRE}, "le second avertissement vient seulement de partir"
    nuit(datetime(2026, 10, 27, 9, tzinfo=UTC))

    assert roles(compte) == set()


def test_un_avertissement_abandonne_se_recrit(compte, nuit):
    nuit(datetime(2026, 9, 10, 9, tzinfo=UTC), messagerie=False)
    Courriel.objects.update(etat=EtatCourriel.ABANDONNE)

    nuit(datetime(2026, 9, 12, 9, tzinfo=UTC))

    assert len(mail.outbox) == 1
    nuit(datetime(2026, 10, 11, 9, tzinfo=UTC))
    assert len(mail.outbox) == 1, "les trente jours courent depuis l’envoi"
    nuit(datetime(2026, 10, 12, 9, tzinfo=UTC))
    assert len(mail.outbox) == 2


def test_une_adresse_refusee_pour_de_bon_ne_garde_pas_un_compte_ouvert(compte, nuit, monkeypatch):
    def refuser(self, fail_silently=False):
        raise smtplib.SMTPRecipientsRefused({"a": (550, b"inconnu")})

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuser)
    for instant in (
        datetime(2026, 9, 10, 9, tzinfo=UTC),
        datetime(2026, 10, 10, 9, tzinfo=UTC),
        datetime(2026, 10, 17, 9, tzinfo=UTC),
    ):
        nuit(instant)

    assert roles(compte) == set()
    compte.refresh_from_db()
    assert compte.courriel_rejete_le is not None


def test_une_connexion_remet_a_zero(compte, nuit, horloge):
    nuit(datetime(2026, 9, 10, 9, tzinfo=UTC))
    horloge.move_to(datetime(2026, 9, 11, 9, tzinfo=UTC))
    update_last_login(None, compte)

    nuit(datetime(2026, 10, 20, 9, tzinfo=UTC))
    assert len(mail.outbox) == 1
    nuit(datetime(2027, 5, 11, 9, tzinfo=UTC))

    assert "huit mois" in mail.outbox[1].body, "c’est de nouveau le premier avertissement"


def test_qui_n_est_jamais_venu_compte_depuis_sa_creation(horloge, nuit):
    horloge.move_to(VENU_LE)
    CompteFactory(role=Role.OSNP, last_login=None)

    nuit(datetime(2026, 9, 9, 9, tzinfo=UTC))
    assert mail.outbox == []
    nuit(datetime(2026, 9, 10, 9, tzinfo=UTC))

    assert len(mail.outbox) == 1


def test_un_compte_habilite_de_nouveau_a_tout_son_temps(compte, nuit):
    for instant in (
        datetime(2026, 9, 10, 9, tzinfo=UTC),
        datetime(2026, 10, 10, 9, tzinfo=UTC),
        datetime(2026, 10, 17, 9, tzinfo=UTC),
    ):
        nuit(instant)
    HabilitationFactory(compte=compte, role=Role.DELEGATAIRE, debut_le=datetime(2026, 11, 1, tzinfo=UTC))

    nuit(datetime(2027, 6, 30, tzinfo=UTC))
    assert len(mail.outbox) == 3
    nuit(datetime(2027, 7, 1, tzinfo=UTC))

    assert len(mail.outbox) == 4
    assert roles(compte) == {Role.DELEGATAIRE}


@pytest.mark.parametrize(
    "champs",
    [
        pytest.param({"is_active": False, "role": Role.OSNP}, id="désactivé"),
        pytest.param({"role": None}, id="sans rôle"),
        pytest.param(
            {"role": Role.OSNP, "email": None, "identifiant_national": "899700000002"}, id="sans adresse"
        ),
    ],
)
def test_qui_n_a_rien_a_perdre_ou_ne_peut_etre_prevenu_est_laisse(horloge, champs):
    horloge.move_to(VENU_LE)
    CompteFactory(last_login=VENU_LE, **champs)
    horloge.move_to(datetime(2027, 9, 10, tzinfo=UTC))

    assert not inactifs(timezone.now()).exists()


def test_un_inactif_sans_adresse_est_compte_dans_le_bilan(horloge, nuit):
    horloge.move_to(VENU_LE)
    CompteFactory(role=Role.OSNP, email=None, identifiant_national="899700000002", last_login=VENU_LE)

    assert "laissés\u00a0: 1" in nuit(datetime(2026, 9, 10, 9, tzinfo=UTC))


def test_la_simulation_n_ecrit_rien(compte, horloge):
    horloge.move_to(datetime(2026, 9, 10, 9, tzinfo=UTC))
    sortie = StringIO()

    call_command("relancer_inactifs", stdout=sortie)

    assert "Simulation\u00a0: premier avertissement\u00a0: 1" in sortie.getvalue()
    assert not Courriel.objects.exists()
    compte.refresh_from_db()
    assert compte.relance_inactivite == 0


def test_une_connexion_entre_la_liste_et_le_pas_l_emporte(compte, horloge):
    horloge.move_to(datetime(2026, 9, 10, 9, tzinfo=UTC))
    update_last_login(None, compte)

    assert avancer(compte.pk, maintenant=timezone.now()) is None
    assert Pas.PREMIER not in Trace.objects.values_list("verbe", flat=True)


@pytest.mark.parametrize(
    ("instant", "mois", "attendu"),
    [
        pytest.param("2026-01-31", 1, "2026-02-28", id="31 janvier"),
        pytest.param("2024-01-31", 1, "2024-02-29", id="année bissextile"),
        pytest.param("2026-03-31", -1, "2026-02-28", id="en arrière"),
        pytest.param("2026-11-15", 4, "2027-03-15", id="année suivante"),
        pytest.param("2026-01-10", -8, "2025-05-10", id="année d’avant"),
        pytest.param("2026-12-01", 12, "2027-12-01", id="un an"),
    ],
)
def test_un_decalage_en_mois(instant, mois, attendu):
    depart = datetime.fromisoformat(f"{instant}T09:00:00+00:00")

    assert plus_mois(depart, mois) == datetime.fromisoformat(f"{attendu}T09:00:00+00:00")
