from datetime import UTC, datetime

import factory
from factory.django import DjangoModelFactory

from comptes.enums import Role
from orientation.enums import TypeOrientation, Voie
from orientation.models import Orientation, Redirection
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
