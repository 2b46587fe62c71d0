"""Agendas ouverts à partir du lundi 2 novembre 2026 : des dates fixes, jamais « aujourd’hui »."""

from datetime import UTC, date, datetime, time

import factory
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from factory.django import DjangoModelFactory

from agenda.enums import EtatEnvoi, EtatLot, Flux, Genre, ModaliteConsultation
from agenda.models import (
    AgendaEditeur,
    CopieRegulateur,
    Disponibilite,
    Editeur,
    EnvoiRegulateur,
    Indisponibilite,
    Lot,
    Raccordement,
    Reservation,
)
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory
from tests.comptes.factories import CompteFactory

LUNDI = date(2026, 11, 2)


class DisponibiliteFactory(DjangoModelFactory):
    """Créneau de 20 minutes en cabinet, le lundi 2 novembre 2026 à 9 h."""

    class Meta:
        model = Disponibilite

    lieu = factory.SubFactory(LieuExerciceFactory)
    genre = Genre.CRENEAU
    capacite = 1
    modalites = factory.LazyFunction(lambda: [ModaliteConsultation.CABINET])
    premier_jour = LUNDI
    heure_debut = time(9)
    heure_fin = time(9, 20)

    class Params:
        plage = factory.Trait(genre=Genre.PLAGE, capacite=4, heure_fin=time(12))
        hebdomadaire = factory.Trait(jours=[1])
        en_semaine = factory.Trait(jours=[1, 2, 3, 4, 5])


class IndisponibiliteFactory(DjangoModelFactory):
    """Lieu fermé le lundi 2 novembre 2026, toute la journée de Paris."""

    class Meta:
        model = Indisponibilite

    lieu = factory.SubFactory(LieuExerciceFactory)
    periode = DateTimeTZRange(datetime(2026, 11, 1, 23, tzinfo=UTC), datetime(2026, 11, 2, 23, tzinfo=UTC))

    class Params:
        sans_fin = factory.Trait(periode=DateTimeTZRange(datetime(2026, 11, 1, 23, tzinfo=UTC), None))


class ReservationFactory(DjangoModelFactory):
    """La première place de l’occurrence du lundi 2 novembre 2026 à 9 h."""

    class Meta:
        model = Reservation

    disponibilite = factory.SubFactory(DisponibiliteFactory)
    debut = datetime(2026, 11, 2, 8, tzinfo=UTC)
    fin = datetime(2026, 11, 2, 8, 20, tzinfo=UTC)
    rang = 1
    prise_le = datetime(2026, 11, 1, 17, tzinfo=UTC)

    class Params:
        annulee = factory.Trait(annulee_le=datetime(2026, 11, 1, 18, tzinfo=UTC))


class EditeurFactory(DjangoModelFactory):
    class Meta:
        model = Editeur

    code = factory.Sequence(lambda n: f"editeur-{n}")
    nom = factory.LazyAttribute(lambda editeur: editeur.code.capitalize())
    url_base = factory.LazyAttribute(lambda editeur: f"https://{editeur.code}.example/fhir")
    hotes_reservation = factory.LazyAttribute(lambda editeur: [f"rdv.{editeur.code}.example"])


class CopieRegulateurFactory(DjangoModelFactory):
    """Un régulateur qu’un éditeur ne connaît pas encore."""

    class Meta:
        model = CopieRegulateur

    compte = factory.SubFactory(CompteFactory, osnp=True)
    editeur = factory.SubFactory(EditeurFactory, flux=[Flux.COMPTES])


class EnvoiRegulateurFactory(DjangoModelFactory):
    """Une création qui attend de partir."""

    class Meta:
        model = EnvoiRegulateur

    copie = factory.SubFactory(CopieRegulateurFactory)
    personne = factory.LazyAttribute(
        lambda envoi: {
            "uuid": str(envoi.copie.compte.uuid),
            "identifiant_national": "",
            "nom": envoi.copie.compte.nom,
            "prenom": envoi.copie.compte.prenom,
            "email": envoi.copie.compte.email,
        }
    )
    actif = True

    class Params:
        clos = factory.Trait(
            etat=EtatEnvoi.ACQUITTE, personne=None, clos_le=datetime(2026, 11, 2, 8, tzinfo=UTC)
        )


class LotFactory(DjangoModelFactory):
    class Meta:
        model = Lot

    editeur = factory.SubFactory(EditeurFactory)
    numero = factory.Sequence(lambda n: n)

    class Params:
        lu = factory.Trait(
            etat=EtatLot.REUSSI,
            interroge_le=datetime(2026, 11, 2, 6, 59, 59, tzinfo=UTC),
            lu_le=datetime(2026, 11, 2, 7, tzinfo=UTC),
            duree_ms=180,
        )


class RaccordementFactory(DjangoModelFactory):
    class Meta:
        model = Raccordement

    effecteur = factory.SubFactory(EffecteurFactory)
    lot = factory.SubFactory(LotFactory)
    editeur = factory.SelfAttribute("lot.editeur")


class AgendaEditeurFactory(DjangoModelFactory):
    """Un créneau libre le lundi 2 novembre 2026 à 9 h, heure de Paris, en cabinet."""

    class Meta:
        model = AgendaEditeur

    lieu = factory.SubFactory(LieuExerciceFactory)
    raccordement = factory.LazyAttribute(lambda agenda: RaccordementFactory(effecteur=agenda.lieu.effecteur))
    creneaux = factory.LazyFunction(
        lambda: [{"i": "c-1", "d": 29_893_440, "f": 29_893_460, "m": ["cabinet"], "v": [], "l": ""}]
    )
    empreinte = "0" * 32
