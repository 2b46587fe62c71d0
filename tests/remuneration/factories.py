"""Barème, périodes et décomptes d’exemple ; chaque règle a sa prestation et des dates qui ne gênent pas les règles semées."""

from datetime import UTC, date, datetime
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from comptes.enums import Role
from remuneration.domaine.periodes import bornes
from remuneration.enums import Etape, EtatRegle, Mode, MotifActe, NatureExport, Prestation, SourceActe
from remuneration.models import (
    Acte,
    Calcul,
    Colonne,
    Contestation,
    Decompte,
    Export,
    MessageContestation,
    Periode,
    Regle,
    Tranche,
)
from tests.annuaire.factories import DepartementFactory, EffecteurFactory
from tests.comptes.factories import CompteFactory

INSTANT = datetime(2026, 11, 2, 8, tzinfo=UTC)


class RegleFactory(DjangoModelFactory):
    """En vigueur un an à partir du 1er janvier 2030, où aucune règle semée n’a de fin à respecter : voir `prestation`."""

    class Meta:
        model = Regle
        skip_postgeneration_save = True

    prestation = Prestation.ACTIVITE
    debut = date(2030, 1, 1)
    fin = date(2031, 1, 1)
    modes = factory.LazyFunction(lambda: list(Mode.values))
    source = "texte d’essai, article 1er"
    etat = EtatRegle.ACTIVE
    proposee_le = INSTANT
    relue_le = INSTANT

    class Params:
        proposee = factory.Trait(etat=EtatRegle.PROPOSEE, relue_le=None)
        forfait = factory.Trait(prestation=Prestation.PARTICIPATION, montant=Decimal(1000))
        majoration = factory.Trait(prestation=Prestation.MAJORATION_SNP, montant=Decimal(15))

    @factory.post_generation
    def tranches(self, create, tranches, **kwargs):
        """`tranches=[(5, 15, 70), (16, None, 210)]`."""
        if create and tranches:
            Tranche.objects.bulk_create(
                Tranche(regle=self, de=de, a=a, montant=Decimal(montant)) for de, a, montant in tranches
            )


class TrancheFactory(DjangoModelFactory):
    class Meta:
        model = Tranche

    regle = factory.SubFactory(RegleFactory)
    de = 5
    a = None
    montant = Decimal(70)


class PeriodeFactory(DjangoModelFactory):
    """Le troisième trimestre 2026 ; un autre `code` donne ses bornes."""

    class Meta:
        model = Periode
        django_get_or_create = ("code",)

    code = "2026T3"
    debut = factory.LazyAttribute(lambda p: bornes(p.code)[0])
    fin = factory.LazyAttribute(lambda p: bornes(p.code)[1])


class CalculFactory(DjangoModelFactory):
    """Fait, et encore ouvert : on peut y ajouter actes et décomptes, puis le clore (`clore_pour_essai`)."""

    class Meta:
        model = Calcul

    periode = factory.SubFactory(PeriodeFactory)
    version = 1
    etape = Etape.FAIT
    arrete_le = INSTANT
    fait_le = INSTANT


def clore_pour_essai(calcul: Calcul) -> Calcul:
    """Le clôt sans passer par l’action ; ses lignes ne changent plus."""
    calcul.etape, calcul.clos_le = Etape.CLOS, INSTANT
    calcul.save(update_fields=["etape", "clos_le"])
    return calcul


class ActeFactory(DjangoModelFactory):
    """Une orientation du vendredi 17 juillet 2026, honorée à 9 h, heure de Paris."""

    class Meta:
        model = Acte

    calcul = factory.SubFactory(CalculFactory)
    source = SourceActe.ORIENTATION
    numero = factory.Sequence(lambda n: n + 1)
    effecteur = factory.SubFactory(EffecteurFactory)
    orientee_le = datetime(2026, 7, 16, 17, tzinfo=UTC)
    debut = datetime(2026, 7, 17, 7, tzinfo=UTC)
    jour = date(2026, 7, 17)
    semaine = date(2026, 7, 13)
    type = "1"
    issue = "venu"
    motif = MotifActe.COMPTE
    majorations = factory.LazyFunction(lambda: [Prestation.MAJORATION_SNP])
    rang = 1


class DecompteFactory(DjangoModelFactory):
    """Le forfait d’activité d’un médecin, tranche de 5 à 15."""

    class Meta:
        model = Decompte

    calcul = factory.SubFactory(CalculFactory)
    prestation = factory.SelfAttribute("regle.prestation")
    regle = factory.SubFactory(RegleFactory)
    effecteur = factory.SubFactory(EffecteurFactory)
    departement = factory.SubFactory(DepartementFactory)
    mode = Mode.INDIVIDUEL
    nombre = 7
    est_du = True
    montant = Decimal(70)


class ColonneFactory(DjangoModelFactory):
    class Meta:
        model = Colonne

    nature = NatureExport.ACTIVITE
    rang = factory.Sequence(lambda n: n + 100)
    entete = factory.Sequence(lambda n: f"colonne {n}")
    champ = "rpps"


class ExportFactory(DjangoModelFactory):
    """Produit, ni validé ni remis."""

    class Meta:
        model = Export

    calcul = factory.SubFactory(CalculFactory)
    departement = factory.SubFactory(DepartementFactory)
    nature = NatureExport.ACTIVITE
    nom = factory.Sequence(lambda n: f"activite_59_2026T3_{n}.csv")
    contenu = b"\xef\xbb\xbfRPPS;NOMBRE\r\n"
    lignes = 0
    empreinte = "0" * 64
    manifeste = "{}"
    signature = "0" * 64
    genere_le = INSTANT
    genere_par = factory.SubFactory(CompteFactory, role=Role.CPAM)


class ContestationFactory(DjangoModelFactory):
    class Meta:
        model = Contestation

    periode = factory.SubFactory(PeriodeFactory)
    effecteur = factory.SubFactory(EffecteurFactory)
    departement = factory.SubFactory(DepartementFactory)
    ouverte_le = INSTANT


class MessageContestationFactory(DjangoModelFactory):
    class Meta:
        model = MessageContestation

    contestation = factory.SubFactory(ContestationFactory)
    auteur = factory.SubFactory(CompteFactory)
    de_la_caisse = False
    texte = "Il manque deux consultations du 17 juillet."
    le = INSTANT
