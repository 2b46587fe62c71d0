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
    NatureExterne,
    OrigineHub,
    Rattachement,
    StatutHub,
    StatutRendezVous,
    TypeOrientation,
    Voie,
)
from orientation.models import (
    EtatRendezVous,
    LogicielRegulation,
    MessageHub,
    Orientation,
    OrientationExterne,
    OutilTerritorial,
    Redirection,
    RendezVous,
)
from tests.agenda.factories import EditeurFactory, ReservationFactory
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory, TerritoireFactory
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
    effecteur = factory.LazyAttribute(lambda o: o.lieu.effecteur)
    structure = factory.LazyAttribute(lambda o: None if o.lieu.effecteur else o.lieu.structure)
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


class RendezVousFactory(DjangoModelFactory):
    """Confirmé par l’éditeur pour le lundi 2 novembre 2026 à 9 h ; ni régulateur ni acte retrouvés."""

    class Meta:
        model = RendezVous

    editeur = factory.SubFactory(EditeurFactory)
    systeme = "urn:oid:1.1.111.1.11.1.1.1"
    valeur = factory.Sequence(lambda n: f"rdv-{n}")
    statut = StatutRendezVous.CONFIRME
    debut = datetime(2026, 11, 2, 8, tzinfo=UTC)
    fin = datetime(2026, 11, 2, 8, 20, tzinfo=UTC)
    regulateur_systeme = "urn:oid:1.2.250.1.71.4.2.1"
    regulateur_identifiant = "3456780581/11242343"
    rattachement = Rattachement.AUCUN
    recu_le = datetime(2026, 11, 2, 7, tzinfo=UTC)
    pris_le = factory.SelfAttribute("recu_le")
    modifie_le = factory.SelfAttribute("recu_le")
    empreinte = "0" * 64


class EtatRendezVousFactory(DjangoModelFactory):
    class Meta:
        model = EtatRendezVous

    rendez_vous = factory.SubFactory(RendezVousFactory)
    statut = factory.SelfAttribute("rendez_vous.statut")
    debut = factory.SelfAttribute("rendez_vous.debut")
    fin = factory.SelfAttribute("rendez_vous.fin")
    rattachement = factory.SelfAttribute("rendez_vous.rattachement")
    recu_le = factory.SelfAttribute("rendez_vous.recu_le")
    est_applique = True


class LogicielRegulationFactory(DjangoModelFactory):
    class Meta:
        model = LogicielRegulation

    code = factory.Sequence(lambda n: f"fr.lrm{n}")
    nom = "Logiciel de régulation fictif"


class OutilTerritorialFactory(DjangoModelFactory):
    class Meta:
        model = OutilTerritorial

    code = factory.Sequence(lambda n: f"outil-{n}")
    nom = "Outil fictif"
    territoire = factory.SubFactory(TerritoireFactory)


class OrientationExterneFactory(DjangoModelFactory):
    class Meta:
        model = OrientationExterne

    outil = factory.SubFactory(OutilTerritorialFactory)
    territoire = factory.SelfAttribute("outil.territoire")
    empreinte_cle = factory.Sequence(lambda n: f"{n:064}")
    version = 1
    effecteur = factory.SubFactory(EffecteurFactory)
    orientee_le = datetime(2026, 11, 1, 17, tzinfo=UTC)
    nature = NatureExterne.EN_SUS
    pseudonyme = "0123456789abcdef"
