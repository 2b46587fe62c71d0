"""Au terme : ce qui part, ce qui reste, et ce que la base garantit ensuite."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime, timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import ProtectedError
from django.utils import timezone

from agenda.models import Disponibilite
from annuaire.models import Delegation
from assistance.models import PieceJointe, Ticket
from comptes.actions import anonymiser
from comptes.enums import EtatCourriel, Role, UsageLien
from comptes.models import Compte, Courriel, Lien, SessionOuverte, Trace
from orientation.models import Orientation
from orientation.retention import pseudonyme_de
from tests.agenda.factories import DisponibiliteFactory, IndisponibiliteFactory, ReservationFactory
from tests.comptes.factories import CompteFactory, HabilitationFactory, JetonFactory
from tests.orientation.factories import OrientationFactory, RedirectionFactory
from tests.sas_platform.echeances import (
    MAINTENANT,
    VIEUX,
    creer_compte,
    creer_delegation,
    creer_ticket,
    journal,
    passer,
)

pytestmark = pytest.mark.django_db


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


def test_un_compte_ne_s_anonymise_qu_une_fois():
    compte = CompteFactory(osnp=True)
    gestionnaire = CompteFactory()

    assert anonymiser(compte=compte, acteur=gestionnaire, maintenant=MAINTENANT)
    assert not anonymiser(compte=compte, acteur=gestionnaire, maintenant=MAINTENANT)
    assert Trace.objects.get(verbe="compte.anonymise").acteur == gestionnaire


def test_un_compte_anonymise_ne_se_connecte_plus(client):
    compte = CompteFactory(osnp=True)
    client.force_login(compte)
    assert client.get("/recherche/").status_code == 200

    anonymiser(compte=compte, acteur=None, maintenant=timezone.now())

    assert client.get("/recherche/").headers["Location"].startswith("/connexion/")


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
