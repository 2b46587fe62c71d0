"""Les tableaux de bord au grand format : cinq lieux, quarante règles, un nombre de requêtes qui ne bouge pas."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.urls import reverse

from agenda.models import CalendrierExterne, Disponibilite, PeriodeOccupee
from agenda.offre import rafraichir
from annuaire.models import Delegation, LieuExercice
from comptes.enums import Role
from participation.models import Sollicitation
from tests.agenda.factories import DisponibiliteFactory, IndisponibiliteFactory
from tests.agenda.tableau.conftest import LUNDI_8H
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory, StructureFactory, habiliter
from tests.comptes.factories import CompteFactory
from tests.participation.factories import ParticipationFactory, ParticipationStructureFactory

pytestmark = pytest.mark.django_db

ACCUEIL = "/tableau-de-bord/"
PLAFOND = 12


def remplir(lieu: LieuExercice) -> None:
    """Huit règles, une fermeture, un calendrier externe, des consignes : rien qu’une carte puisse ne pas lire."""
    for heure in range(8, 16):
        DisponibiliteFactory(lieu=lieu, en_semaine=True, heure_debut=time(heure), heure_fin=time(heure, 30))
    IndisponibiliteFactory(lieu=lieu, periode=DateTimeTZRange(datetime(2026, 12, 1, tzinfo=UTC), None))
    calendrier = CalendrierExterne.objects.create(lieu=lieu, cree_le=LUNDI_8H)
    PeriodeOccupee.objects.create(
        calendrier=calendrier,
        lieu=lieu,
        debut=datetime(2026, 11, 3, 9, tzinfo=UTC),
        fin=datetime(2026, 11, 3, 10, tzinfo=UTC),
    )
    Sollicitation.objects.create(lieu=lieu, max_par_jour=1)
    rafraichir([lieu.pk], LUNDI_8H)


@pytest.fixture
def compter_la_page(compter_requetes):
    """Nombre de requêtes de la seconde lecture : la première remplit les mémoires du processus."""

    def compter(client, url: str) -> int:
        assert client.get(url).status_code == 200
        return compter_requetes(lambda: client.get(url))

    return compter


def page_de(lieu: LieuExercice) -> str:
    return reverse("tableau:professionnel", kwargs={"effecteur_id": lieu.effecteur_id})


def test_l_effecteur_de_cinq_lieux_et_quarante_regles(lieu, medecin, naviguer, compter_la_page):
    ParticipationFactory(effecteur=lieu.effecteur)
    remplir(lieu)
    client = naviguer(medecin)
    avec_un = compter_la_page(client, ACCUEIL)

    for _ in range(4):
        remplir(LieuExerciceFactory(effecteur=lieu.effecteur))

    assert Disponibilite.objects.filter(lieu__effecteur=lieu.effecteur).count() == 40
    assert compter_la_page(client, ACCUEIL) == avec_un <= PLAFOND


def test_la_deleguee_de_plusieurs_professionnels(lieu, deleguee, medecin, naviguer, compter_la_page):
    ParticipationFactory(effecteur=lieu.effecteur)
    remplir(lieu)
    client = naviguer(deleguee)
    avec_un = [compter_la_page(client, url) for url in (ACCUEIL, page_de(lieu))]

    for _ in range(4):
        remplir(LieuExerciceFactory(effecteur=lieu.effecteur))
        autre = LieuExerciceFactory()
        remplir(autre)
        Delegation.objects.create(
            delegataire=deleguee,
            effecteur=autre.effecteur,
            debut_le=LUNDI_8H,
            consentie_le=LUNDI_8H,
            consentie_par=medecin,
        )

    assert [compter_la_page(client, url) for url in (ACCUEIL, page_de(lieu))] == avec_un
    assert max(avec_un) <= PLAFOND


@pytest.mark.parametrize("type_de_structure", [{}, {"sos": True}, {"cpts": True}, {"msp": True}])
def test_le_gestionnaire_d_une_structure_et_de_ses_praticiens(
    type_de_structure, maintenant, naviguer, compter_la_page
):
    structure = StructureFactory(**type_de_structure)
    compte = CompteFactory()
    habiliter(compte, Role.GESTIONNAIRE_STRUCTURE, structure=structure)
    ParticipationStructureFactory(structure=structure, nombre_effecteurs=2)

    def ajouter() -> LieuExercice:
        remplir(LieuExerciceFactory(effecteur=None, structure=structure))
        lieu = LieuExerciceFactory(structure=structure, effecteur=EffecteurFactory())
        remplir(lieu)
        return lieu

    client, lieu = naviguer(compte), ajouter()
    tableau = reverse("tableau:structure", kwargs={"structure_id": structure.pk})
    pages = (ACCUEIL, tableau, page_de(lieu))
    avec_un = [compter_la_page(client, url) for url in pages]

    for _ in range(4):
        ajouter()

    assert [compter_la_page(client, url) for url in pages] == avec_un
    assert max(avec_un) <= PLAFOND
