import factory
from factory.django import DjangoModelFactory

from annuaire.enums import TypeStructure
from participation.enums import Modalite
from participation.models import Participation, ParticipationStructure
from tests.annuaire.factories import EffecteurFactory, StructureFactory


class ParticipationFactory(DjangoModelFactory):
    """Effecteur qui participe à titre individuel, sans logiciel interfacé : il saisit son agenda."""

    class Meta:
        model = Participation

    effecteur = factory.SubFactory(EffecteurFactory)
    participe = True
    modalite = Modalite.INDIVIDUEL
    utilise_logiciel = False
    declare_deux_heures = True

    class Params:
        interface = factory.Trait(
            utilise_logiciel=True,
            logiciels=factory.LazyFunction(lambda: ["logiciel"]),
            declare_deux_heures=False,
        )
        refus = factory.Trait(participe=False, modalite="", utilise_logiciel=None, declare_deux_heures=False)
        sans_affichage = factory.Trait(utilise_logiciel=True, refuse_affichage=True)
        via_cpts = factory.Trait(
            modalite=Modalite.CPTS, structure=factory.SubFactory(StructureFactory, type=TypeStructure.CPTS)
        )
        via_msp = factory.Trait(
            modalite=Modalite.MSP, structure=factory.SubFactory(StructureFactory, type=TypeStructure.MSP)
        )
        via_sos = factory.Trait(
            modalite=Modalite.SOS, structure=factory.SubFactory(StructureFactory, type=TypeStructure.SOS)
        )


class ParticipationStructureFactory(DjangoModelFactory):
    class Meta:
        model = ParticipationStructure

    structure = factory.SubFactory(StructureFactory)
    participe = True
    declare_deux_heures = True
    nombre_effecteurs = 1
