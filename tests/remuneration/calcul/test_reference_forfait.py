"""Le forfait annuel calculé en SQL est celui du témoin, sur des années tirées au hasard : modes, semaines, fuseaux."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from agenda.models import ReleveHebdomadaire
from annuaire.enums import TypeStructure
from annuaire.models import LieuExercice, Structure
from comptes.models import Compte
from remuneration.calcul import calculer, ouvrir
from remuneration.domaine.periodes import bornes, lundi_de
from remuneration.models import Calcul, Decompte
from tests.agenda.factories import AgendaEditeurFactory, RaccordementFactory
from tests.annuaire.factories import (
    CommuneFactory,
    DepartementFactory,
    LieuExerciceFactory,
    StructureFactory,
    TerritoireFactory,
)
from tests.comptes.factories import CompteFactory
from tests.remuneration.calcul.monde import declarer, sas_ouvert
from tests.remuneration.reference_forfait import Forfait, forfaits_de_reference

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("regles_semees")]
# L’année finie, puis au milieu d’elle ; 2022 et 2026 voient chacune commencer une règle.
CAS = [(1, "2025", "2026-01-20"), (2, "2025", "2025-08-13"), (3, "2026", "2027-01-20"), (4, "2022", "2023-02-01")]  # fmt: skip
MINUTES = [0, 90, 119, 120, 121, 240, 360]


def lieux_du_monde() -> list[LieuExercice]:
    nord, reunion = DepartementFactory(), DepartementFactory(reunion=True)
    tahiti = DepartementFactory(code="987", nom="Polynésie française", fuseau="Pacific/Tahiti", zone="com")
    papeete = CommuneFactory(code_insee="98735", nom="Papeete", departement=tahiti)
    sas_ouvert(nord)
    TerritoireFactory(departements=[reunion], ouvert_date=date(2021, 1, 1), ferme_date=date(2025, 8, 20))
    TerritoireFactory(departements=[tahiti], ouvert_date=date(2025, 3, 1))
    return [
        *LieuExerciceFactory.create_batch(6),
        LieuExerciceFactory(reunion=True),
        LieuExerciceFactory(commune=papeete),
        LieuExerciceFactory(de_structure=True, structure=StructureFactory(sos=True)),
        LieuExerciceFactory(de_structure=True, structure=StructureFactory(type=TypeStructure.CDS)),
    ]


def peupler(alea: Random, code: str) -> None:
    debut, fin = bornes(code)
    lieux = lieux_du_monde()
    organisations = [StructureFactory(cpts=True) for _ in range(2)]
    siege = LieuExerciceFactory(de_structure=True, structure=organisations[0])
    AgendaEditeurFactory(
        lieu=siege, raccordement=RaccordementFactory(effecteur=None, structure=organisations[0])
    )
    association = lieux[-2].structure
    for lieu in lieux:
        titulaire = lieu.effecteur or lieu.structure
        for instant in _instants(alea, lieu, debut):
            declarer(titulaire, le=instant, **_reponses(alea, titulaire, organisations, association))
        _relever(alea, titulaire, debut, fin)
        if lieu.effecteur and alea.random() < 0.7:
            inscrit = CompteFactory(identifiant_national=lieu.effecteur.identifiant_national)
            Compte.objects.filter(pk=inscrit.pk).update(cree_le=datetime(2021, 6, 1, tzinfo=UTC))


def _instants(alea: Random, lieu: LieuExercice, debut: date) -> list[datetime]:
    """Une à trois déclarations, souvent un lundi à minuit du lieu, ou une seconde avant ou après."""
    fuseau, instants = ZoneInfo(lieu.fuseau), []
    for _ in range(alea.choice([1, 1, 2, 3])):
        jour = debut + timedelta(days=alea.randrange(-120, 330))
        if alea.random() < 0.6:
            jour = lundi_de(jour)
        minuit = datetime.combine(jour, time.min, fuseau)
        instants.append(minuit + timedelta(seconds=alea.choice([0, 0, -1, 1, 36_000])))
    return sorted(instants)


def _reponses(alea: Random, titulaire, organisations: list[Structure], association: Structure) -> dict:
    participe = alea.random() < 0.85
    if isinstance(titulaire, Structure):
        return {
            "participe": participe,
            "declare_deux_heures": participe,
            "nombre_effecteurs": alea.randrange(4),
        }
    modalite = alea.choice(["individuel", "individuel", "cpts", "sos"]) if participe else ""
    structures = {"cpts": alea.choice(organisations).pk, "sos": association.pk}
    logiciel = participe and alea.random() < 0.3
    return {
        "participe": participe,
        "modalite": modalite,
        "structure": structures.get(modalite),
        "utilise_logiciel": logiciel,
        "refuse_affichage": logiciel and alea.random() < 0.4,
        "declare_deux_heures": participe and alea.random() < 0.8,
    }


def _relever(alea: Random, titulaire, debut: date, fin: date) -> None:
    """La moitié montre toujours assez ; les autres ont des semaines courtes, ou sans relevé."""
    champ = "structure" if isinstance(titulaire, Structure) else "effecteur"
    est_assidu = alea.random() < 0.5
    lundi = lundi_de(debut)
    while lundi < fin:
        if est_assidu or alea.random() < 0.95:
            ReleveHebdomadaire.objects.create(
                semaine=lundi,
                minutes=400 if est_assidu else alea.choice(MINUTES),
                seuil_min=120,
                releve_le=datetime.combine(lundi + timedelta(days=7), time(13), UTC),
                **{champ: titulaire},
            )
        lundi += timedelta(days=7)


def vus(calcul: Calcul) -> dict[tuple[int, int], Forfait]:
    return {
        (d.regle_id, d.effecteur_id or -d.structure_id): Forfait(
            nombre=d.nombre,
            montant=d.montant,
            semaines=d.preuve["semaines"],
            courtes=[date.fromisoformat(courte["semaine"]) for courte in d.preuve["courtes"]],
            manquent={code for code, (remplie, _) in d.conditions.items() if not remplie},
        )
        for d in Decompte.objects.filter(calcul=calcul)
    }


@pytest.mark.parametrize(("graine", "code", "jour"), CAS)
def test_le_forfait_est_celui_du_temoin(graine, code, jour):
    debut, fin = bornes(code)
    maintenant = datetime.combine(date.fromisoformat(jour), time(9), UTC)
    peupler(Random(graine), code)

    calcul = calculer(ouvrir(code), maintenant)

    attendus = forfaits_de_reference(debut, fin, maintenant)
    assert vus(calcul) == attendus
    assert len(attendus) >= 3


def test_les_annees_tirees_ont_de_tout():
    """Le témoin ne prouverait rien d’un cas que le hasard n’aurait jamais tiré."""
    peupler(Random(1), "2025")
    debut, fin = bornes("2025")

    forfaits = forfaits_de_reference(debut, fin, datetime(2026, 1, 20, tzinfo=UTC)).values()

    assert any(f.montant for f in forfaits)
    assert any(f.courtes for f in forfaits)
    assert any(f.semaines and not f.courtes for f in forfaits)
    assert {"sas_ouvert", "montre"} <= set().union(*(f.manquent for f in forfaits))
