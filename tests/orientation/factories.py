from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import factory
from factory.django import DjangoModelFactory

from comptes.enums import Role
from orientation.domaine.message_hub import Enveloppe, Regulateur, RendezVousPublie, message
from orientation.enums import (
    EtatMessageHub,
    MethodeHub,
    MotifNonDu,
    OrigineHub,
    StatutHub,
    TypeOrientation,
    Voie,
)
from orientation.models import MessageHub, Orientation, Redirection
from tests.agenda.factories import EditeurFactory, ReservationFactory
from tests.annuaire.factories import LieuExerciceFactory
from tests.comptes.factories import CompteFactory


class OrientationFactory(DjangoModelFactory):
    """Une place de l’agenda SAS, prise le dimanche pour le lundi 2 novembre 2026 à 9 h."""

    class Meta:
        model = Orientation

    acteur = factory.SubFactory(CompteFactory, role=Role.OSNP)
    cle = factory.Sequence(lambda n: f"cle-{n}")
    empreinte = "0" * 64
    type = TypeOrientation.OSNP_CRENEAU
    voie = Voie.AGENDA_SAS
    reservation = factory.SubFactory(ReservationFactory)
    lieu = factory.LazyAttribute(lambda o: o.reservation.disponibilite.lieu)
    debut = datetime(2026, 11, 2, 8, tzinfo=UTC)
    fin = datetime(2026, 11, 2, 8, 20, tzinfo=UTC)
    prise_le = datetime(2026, 11, 1, 17, tzinfo=UTC)

    class Params:
        surnumeraire = factory.Trait(
            type=TypeOrientation.OSNP_SURNUMERAIRE,
            voie=Voie.SURNUMERAIRE,
            reservation=None,
            lieu=factory.SubFactory(LieuExerciceFactory),
            fin=None,
        )
        annulee = factory.Trait(annulee_le=datetime(2026, 11, 1, 18, tzinfo=UTC))


class RedirectionFactory(DjangoModelFactory):
    class Meta:
        model = Redirection

    acteur = factory.SubFactory(CompteFactory, role=Role.OSNP)
    editeur = factory.SubFactory(EditeurFactory)
    lieu = factory.SubFactory(LieuExerciceFactory)
    debut = datetime(2026, 11, 2, 8, tzinfo=UTC)
    fin = datetime(2026, 11, 2, 8, 20, tzinfo=UTC)
    hote = "rdv.editeur.example"
    le = datetime(2026, 11, 2, 7, tzinfo=UTC)


class MessageHubFactory(DjangoModelFactory):
    """Un message dû le dimanche à 17 h, qui expire le lendemain."""

    class Meta:
        model = MessageHub

    distribution_id = factory.Sequence(lambda n: f"fr.health.test.ptfsas_{n}")
    origine = OrigineHub.ORIENTATION
    rendez_vous_uuid = factory.Faker("uuid4", cast_to=None)
    methode = MethodeHub.CREATION
    statut = StatutHub.PRIS
    destinataire = "fr.health.samu590"
    contenu = factory.LazyAttribute(lambda m: contenu_de(m.distribution_id, m.rendez_vous_uuid))
    cree_le = datetime(2026, 11, 1, 17, tzinfo=UTC)
    expire_le = factory.LazyAttribute(lambda m: m.cree_le + timedelta(days=1))
    prochain_essai_le = factory.SelfAttribute("cree_le")

    class Params:
        non_du = factory.Trait(
            etat=EtatMessageHub.NON_DU,
            motif=MotifNonDu.SANS_LRM,
            contenu=None,
            expire_le=None,
            destinataire="",
        )


def contenu_de(distribution_id: str, uuid: UUID) -> dict[str, Any]:
    debut = datetime(2026, 11, 2, 8, tzinfo=UTC)
    rdv = RendezVousPublie(
        identifiant=uuid,
        pris_le=datetime(2026, 11, 1, 17, tzinfo=UTC),
        debut=debut,
        fin=debut + timedelta(minutes=20),
        fuseau="Europe/Paris",
        statut=StatutHub.PRIS,
        regulateur=Regulateur("RICART", "Pauline", "pauline.ricart@exemple.invalid", "3620100057/70326SR"),
    )
    enveloppe = Enveloppe(
        distribution_id,
        "fr.health.test.ptfsas",
        "fr.health.samu590",
        rdv.pris_le,
        rdv.pris_le + timedelta(days=1),
    )
    return message(rdv, MethodeHub.CREATION, enveloppe)
