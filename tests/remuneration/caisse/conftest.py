"""Une caisse à Lille, une autre à La Réunion ; un trimestre et une année 2026 dont les faits sont connus."""

from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps

from comptes.enums import Role
from participation.models import VersionParticipation
from remuneration.enums import Mode, MotifActe, Prestation
from remuneration.models import Colonne, Regle
from tests.annuaire.factories import (
    CommuneFactory,
    EffecteurFactory,
    LieuExerciceFactory,
    StructureFactory,
    TerritoireFactory,
    habiliter,
)
from tests.comptes.factories import CompteFactory
from tests.remuneration.factories import (
    ActeFactory,
    CalculFactory,
    DecompteFactory,
    PeriodeFactory,
    RegleFactory,
    clore_pour_essai,
)

JUIN = datetime(2026, 6, 1, 8, tzinfo=UTC)
OUI = {
    "participe": True,
    "modalite": "individuel",
    "structure": None,
    "utilise_logiciel": False,
    "refuse_affichage": False,
    "declare_deux_heures": True,
}


def declarer(effecteur, le=JUIN, **change):
    return VersionParticipation.objects.create(effecteur=effecteur, le=le, apres=OUI | change)


@pytest.fixture
def nord():
    return TerritoireFactory(
        nom="SAS Nord", departements=[CommuneFactory().departement], ouvert_date=date(2024, 1, 1)
    )


@pytest.fixture
def ailleurs():
    return TerritoireFactory(nom="SAS Réunion", departements=[CommuneFactory(reunion=True).departement])


def agent_de(territoire):
    agent = CompteFactory()
    habiliter(agent, Role.CPAM, territoire=territoire)
    return agent


@pytest.fixture
def agent(nord):
    return agent_de(nord)


@pytest.fixture
def collegue(nord):
    return agent_de(nord)


@pytest.fixture
def agent_d_ailleurs(ailleurs):
    return agent_de(ailleurs)


@pytest.fixture
def snp():
    """Celle que sème une migration ; un test du navigateur, qui vide la base avant le suivant, la refait."""
    semee = Regle.objects.filter(prestation=Prestation.MAJORATION_SNP, etat="active").first()
    return semee or RegleFactory(majoration=True, debut=date(2022, 7, 6), fin=None)


@pytest.fixture
def colonnes():
    if not Colonne.objects.exists():
        import_module("remuneration.migrations.0006_colonnes_des_fichiers").semer(apps, None)


@pytest.fixture
def favier():
    """Médecin de Lille, dont le nom serait une formule pour un tableur."""
    effecteur = EffecteurFactory(identifiant_national="810101010101", nom="=FAVIER", prenom="Étienne")
    LieuExerciceFactory(effecteur=effecteur)
    declarer(effecteur)
    return effecteur


@pytest.fixture
def centre():
    structure = StructureFactory(finess="010000012", nom="Centre\nde santé ; fictif")
    LieuExerciceFactory(de_structure=True, structure=structure)
    return structure


def decompter(calcul, regle, departement, *, nombre, beneficiaire, **champs):
    genre = "structure" if hasattr(beneficiaire, "finess") else "effecteur"
    autre = {"structure": None, "effecteur": None} | {genre: beneficiaire}
    return DecompteFactory(
        calcul=calcul,
        regle=regle,
        departement=departement,
        nombre=nombre,
        montant=nombre * (regle.montant or Decimal(0)),
        est_du=nombre > 0,
        preuve={"permises": nombre, "semaines_plafonnees": []},
        **autre,
        **champs,
    )


@pytest.fixture
def calcul(nord, snp, favier, centre):
    """Le troisième trimestre 2026 : 7 majorations pour l’un, 2 pour l’autre ; un doublon et une issue inconnue."""
    lille = nord.departements.get()
    calcul = CalculFactory(periode=PeriodeFactory(code="2026T3"))
    calcul.regles.set([snp])
    decompter(calcul, snp, lille, nombre=7, beneficiaire=favier, territoire=nord)
    decompter(calcul, snp, lille, nombre=2, beneficiaire=centre, mode=Mode.CDS, territoire=nord)
    ActeFactory.create_batch(7, calcul=calcul, effecteur=favier)
    ActeFactory(calcul=calcul, effecteur=favier, motif=MotifActe.DOUBLON, type="2", issue="")
    ActeFactory(calcul=calcul, effecteur=favier, motif=MotifActe.ISSUE_INCONNUE, issue="")
    ActeFactory.create_batch(2, calcul=calcul, effecteur=None, structure=centre)
    return clore_pour_essai(calcul)


@pytest.fixture
def rectificatif(calcul, nord, snp, favier):
    """La version 2 : deux issues sont arrivées après la clôture, et le centre n’a plus rien."""
    lille = nord.departements.get()
    suivant = CalculFactory(periode=calcul.periode, version=2, motif="Issues tardives.")
    suivant.regles.set([snp])
    decompter(suivant, snp, lille, nombre=9, beneficiaire=favier, territoire=nord)
    ActeFactory.create_batch(9, calcul=suivant, effecteur=favier)
    return clore_pour_essai(suivant)
