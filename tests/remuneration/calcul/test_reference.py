"""Le calcul en SQL dit ce que dit le témoin, sur des trimestres tirés au hasard : fuseaux, bords de semaine, doublons."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from annuaire.enums import TypeStructure
from annuaire.models import LieuExercice
from orientation.enums import NatureExterne, Rattachement
from remuneration.calcul import calculer, ouvrir
from remuneration.domaine.periodes import bornes
from remuneration.lectures import estimer
from remuneration.models import Acte, Calcul, Decompte, Regle
from tests.agenda.factories import EditeurFactory
from tests.annuaire.factories import (
    CommuneFactory,
    DepartementFactory,
    LieuExerciceFactory,
    StructureFactory,
    TerritoireFactory,
)
from tests.orientation.factories import (
    OrientationExterneFactory,
    OutilTerritorialFactory,
    RedirectionFactory,
    RendezVousFactory,
)
from tests.remuneration.calcul.monde import AVANT, declarer, orienter, reorienter, sas_ouvert
from tests.remuneration.reference import actes_de_reference, montants_de_reference

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("regles_semees")]
GRAINES = [1, 2, 3, 4]
PERIODES = ["2022T3", "2024T4", "2025T3", "2026T1"]  # changements de règle, puis trimestres ordinaires
CES_HEURES = [0, 5, 8, 9, 12, 18, 19, 20, 21, 23]


def lieux_du_monde() -> list[LieuExercice]:
    """Lille, deux fuseaux d’outre-mer, un centre de santé, une association, un département sans SAS."""
    nord, reunion = DepartementFactory(), DepartementFactory(reunion=True)
    tahiti = DepartementFactory(code="987", nom="Polynésie française", fuseau="Pacific/Tahiti", zone="com")
    papeete = CommuneFactory(code_insee="98735", nom="Papeete", departement=tahiti)
    sas_ouvert(nord)
    TerritoireFactory(departements=[reunion], ouvert_date=date(2021, 1, 1), ferme_date=date(2025, 8, 20))
    TerritoireFactory(departements=[tahiti])  # pas encore ouvert
    centre = StructureFactory(type=TypeStructure.CDS)
    sos = StructureFactory(sos=True)
    return [
        LieuExerciceFactory(),
        LieuExerciceFactory(),
        LieuExerciceFactory(reunion=True),
        LieuExerciceFactory(commune=papeete),
        LieuExerciceFactory(de_structure=True, structure=sos),
        LieuExerciceFactory(structure=centre),
    ]


def peupler(alea: Random, code: str) -> list[LieuExercice]:
    """Assez d’actes, aux heures et aux jours qui gênent, pour que chaque motif ait sa chance."""
    debut, fin = bornes(code)
    lieux = lieux_du_monde()
    for lieu in lieux:
        titulaire = _beneficiaire(lieu)
        declarer(titulaire, le=AVANT + timedelta(days=alea.randrange(300)), participe=alea.random() < 0.8)
        if alea.random() < 0.6:
            milieu = datetime.combine(debut, datetime.min.time(), UTC) + timedelta(days=alea.randrange(92))
            declarer(titulaire, le=milieu, participe=alea.random() < 0.5)
    outils, editeur = OutilTerritorialFactory.create_batch(2), EditeurFactory()
    bords = [debut - timedelta(days=1), debut, fin - timedelta(days=1), fin, debut + timedelta(days=50)]
    for _ in range(45):
        lieu = alea.choice(lieux)
        jour = alea.choice([*bords, bords[-1], debut + timedelta(days=alea.randrange(92))])
        instant = datetime(
            jour.year, jour.month, jour.day, alea.choice(CES_HEURES), tzinfo=ZoneInfo(lieu.fuseau)
        )
        _ajouter(alea, lieu, instant, outils, editeur)
    return lieux


def _beneficiaire(lieu):
    return lieu.structure if lieu.structure_id else lieu.effecteur


def _ajouter(alea, lieu, instant, outils, editeur) -> None:
    issue = alea.choice(["venu", "venu", "venu", "pas_venu", "annule", ""])
    avant = timedelta(hours=alea.choice([1, 3, 47, 48, 49]))
    sorte = alea.randrange(10)
    if sorte < 5:
        modalites = alea.choice([["cabinet"], ["domicile"], ["cabinet", "domicile"]])
        champs = {"annulee_le": instant - timedelta(minutes=30)} if alea.random() < 0.1 else {}
        orienter(lieu, instant, issue=issue, avant=avant, modalites=modalites, **champs)
    elif sorte == 5:
        reorienter(lieu, instant, issue=issue)
    elif sorte < 8:
        _rendez_vous(alea, lieu, instant, editeur)
    if sorte in (0, 6, 8, 9):  # l’outil d’un territoire verse aussi, ou seul, la même orientation
        minutes = alea.choice([0, 4, 11])
        OrientationExterneFactory(
            outil=alea.choice(outils),
            effecteur=None if lieu.structure_id else lieu.effecteur,
            structure=lieu.structure,
            orientee_le=instant - avant + timedelta(minutes=minutes),
            rendez_vous_le=instant if alea.random() < 0.6 else None,
            nature=alea.choice(NatureExterne.values),
            issue=alea.choice(["venu", "pas_venu", "inconnue"]),
            est_annulee=alea.random() < 0.1,
        )


def _rendez_vous(alea, lieu, instant, editeur) -> None:
    fin = instant + timedelta(minutes=15)
    pris_le = instant - timedelta(hours=2)
    depart = RedirectionFactory(editeur=editeur, lieu=lieu, debut=instant, fin=fin, le=pris_le)
    RendezVousFactory(
        editeur=editeur,
        lieu=lieu if alea.random() < 0.7 else None,
        effecteur=lieu.effecteur,
        redirection=depart,
        rattachement=Rattachement.DEPART,
        debut=instant,
        fin=fin,
        statut=alea.choice(["fulfilled", "noshow", "booked", "cancelled"]),
        recu_le=pris_le,
    )


def vus(calcul: Calcul) -> list[tuple[object, ...]]:
    actes = Acte.objects.filter(calcul=calcul).order_by("source", "numero")
    return [
        (
            a.source,
            a.numero,
            a.effecteur_id or -a.structure_id,
            a.jour,
            a.semaine,
            a.motif,
            sorted(a.majorations),
            a.rang,
        )
        for a in actes
    ]


def dus(calcul: Calcul) -> dict[tuple[str, int, int], tuple[int, object]]:
    decomptes = Decompte.objects.filter(calcul=calcul)
    return {
        (d.prestation, d.regle_id, d.effecteur_id or -d.structure_id): (d.nombre, d.montant)
        for d in decomptes
    }


@pytest.mark.parametrize("code", PERIODES)
@pytest.mark.parametrize("graine", GRAINES)
def test_le_calcul_dit_ce_que_dit_le_temoin(graine, code):
    debut, fin = bornes(code)
    lieux = peupler(Random(graine * 100 + len(code) + PERIODES.index(code)), code)
    maintenant = datetime.now(UTC)  # les faits des outils sont datés de leur versement

    calcul = calculer(ouvrir(code), maintenant)

    attendus = actes_de_reference(debut, fin, maintenant)
    assert vus(calcul) == [
        (f.source, f.numero, f.cle, f.jour, f.lundi, f.motif, list(f.majorations), f.rang) for f in attendus
    ]
    assert dus(calcul) == montants_de_reference(debut, fin, maintenant)
    assert {f.source for f in attendus} == {"orientation", "rendez_vous", "externe"}
    del lieux


def test_l_estimation_d_un_beneficiaire_est_celle_du_calcul_national(horloge):
    horloge.move_to(datetime(2025, 9, 29, 12, tzinfo=UTC))
    lieux = peupler(Random(7), "2025T3")
    maintenant = datetime.now(UTC)
    calcul = calculer(ouvrir("2025T3"), maintenant)

    for lieu in lieux:
        titulaire = _beneficiaire(lieu)
        qui = {"structure": titulaire} if lieu.structure_id else {"effecteur": titulaire}
        estimation = estimer(**qui, maintenant=maintenant)

        cle = -titulaire.pk if lieu.structure_id else titulaire.pk
        national = {(p, r): v for (p, r, c), v in dus(calcul).items() if c == cle}
        trimestriel = [a for a in estimation.prestations if a.regle.prestation != "participation"]
        assert {(a.regle.prestation, a.regle.pk): (a.nombre, a.montant) for a in trimestriel} == national
        assert {(a.source, a.numero, a.motif, a.rang) for a in estimation.actes} == {
            (s, n, motif, rang) for s, n, c, _, _, motif, _, rang in vus(calcul) if c == cle
        }


def test_chaque_motif_parait_dans_les_mondes_tires():
    """Le témoin ne prouverait rien d’un motif que le hasard n’aurait jamais tiré."""
    from remuneration.enums import MotifActe

    peupler(Random(3), "2025T3")
    peupler_encore = Random(11)
    debut, fin = bornes("2025T3")
    lieux = list(LieuExercice.objects.all())
    outils, editeur = OutilTerritorialFactory.create_batch(1), EditeurFactory()
    for _ in range(200):
        lieu = peupler_encore.choice(lieux)
        instant = datetime(2025, 8, peupler_encore.randrange(1, 31), 19, tzinfo=UTC)
        _ajouter(peupler_encore, lieu, instant, outils, editeur)

    motifs = {f.motif for f in actes_de_reference(debut, fin, datetime.now(UTC))}

    assert motifs == set(MotifActe.values) - {MotifActe.HORS_DELAI}  # aucun forfait semé n’a de délai
    assert Regle.objects.filter(delai_h__isnull=False, prestation__startswith="majoration").exists()
