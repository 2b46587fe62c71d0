"""Les exemples officiels, dans les deux versions du guide, vont jusqu’à la base et n’y sont écrits qu’une fois."""

import datetime as dt

import pytest

from agenda.editeurs.client import Reponse
from agenda.editeurs.memoire import demandes_par_lot
from agenda.editeurs.normaliseur import normaliser
from agenda.editeurs.raccordements import raccorder, raccorder_associations
from agenda.editeurs.stockage import LectureLot, enregistrer
from agenda.editeurs.verdicts import Demande, fenetre_interrogee
from agenda.enums import EtatLot, Flux
from agenda.models import AgendaEditeur, CarteLieu, Lot
from agenda.offre import decodeur_carte, rafraichir
from annuaire.enums import TypeStructure
from annuaire.models import LieuExercice, Structure
from tests.agenda.editeurs.test_exemples_officiels import DONNEES, EXEMPLES
from tests.agenda.factories import EditeurFactory
from tests.annuaire.factories import (
    CommuneFactory,
    DepartementFactory,
    EffecteurFactory,
    LieuExerciceFactory,
    SpecialiteFactory,
    StructureFactory,
)
from tests.participation.factories import ParticipationFactory

pytestmark = pytest.mark.django_db
COMMUNES = [
    ("47001", "Agen", "47", "47000"),
    ("31032", "Aussonne", "31", "31840"),
    ("35238", "Rennes", "35", "35000"),
    ("56121", "Lorient", "56", "56100"),
]


def _recevoir(editeur, fichier, apres=0):
    """Lit l’exemple comme la réponse du seul lot de cet éditeur, puis l’enregistre."""
    cas, debut, _, _ = EXEMPLES[fichier]
    maintenant = dt.datetime.fromisoformat(debut) + dt.timedelta(minutes=apres - 10)
    ((lot_id, demandes),) = demandes_par_lot(list(editeur.lots.values_list("pk", flat=True))).items()
    assert demandes.cas == cas
    demande = Demande(
        cas=cas,
        identifiants=frozenset(demandes.memoires),
        fenetre=fenetre_interrogee(maintenant),
        memoires={i: memoire for i, memoire in demandes.memoires.items() if memoire},
    )
    pages = [(DONNEES / fichier).read_bytes()]
    lecture = LectureLot(
        lot_id, maintenant, demande.identifiants, Reponse(EtatLot.REUSSI, pages), normaliser(pages, demande)
    )
    return enregistrer(editeur, [lecture], maintenant)


@pytest.fixture
def editeur():
    """Un éditeur qui sert les trois flux, et les titulaires des exemples."""
    for code, nom, departement, code_postal in COMMUNES:
        CommuneFactory(
            code_insee=code,
            nom=nom,
            codes_postaux=[code_postal, "35700"] if departement == "35" else [code_postal],
            departement=DepartementFactory(code=departement, nom=departement),
        )
    SpecialiteFactory()
    SpecialiteFactory(
        code="SOS", libelle="SOS Médecins", profession=None, savoir_faire=[], type_structure=TypeStructure.SOS
    )
    return EditeurFactory(flux=[Flux.PS, Flux.CPTS, Flux.SOS])


def _raccorder(editeur, fichier):
    cas, debut, identifiants, _ = EXEMPLES[fichier]
    maintenant = dt.datetime.fromisoformat(debut)
    if cas == "sos":
        associations = [StructureFactory(sos=True, siret=siret[1:]).pk for siret in sorted(identifiants)]
        return raccorder_associations(editeur, associations, maintenant)
    effecteurs = [EffecteurFactory(identifiant_national=i) for i in sorted(identifiants)]
    if cas == "cpts":
        for effecteur in effecteurs:
            ParticipationFactory(effecteur=effecteur, via_cpts=True, interface=True)
    return raccorder(editeur, [e.pk for e in effecteurs], maintenant)


@pytest.mark.parametrize("fichier", EXEMPLES)
def test_un_exemple_officiel_est_montre_puis_reconnu_sans_rien_reecrire(editeur, fichier):
    _raccorder(editeur, fichier)

    premier = _recevoir(editeur, fichier)
    agendas = {agenda.pk: agenda.empreinte for agenda in AgendaEditeur.objects.all()}
    cartes = set(CarteLieu.objects.values_list("lieu_id", "empreinte"))
    suivants = [_recevoir(editeur, fichier, apres=minutes) for minutes in (1, 2)]

    attendus = EXEMPLES[fichier][-1]
    assert premier.creneaux["garde"] == attendus
    assert sum(len(agenda.creneaux) for agenda in AgendaEditeur.objects.all()) == attendus
    assert [bilan.agendas_changes for bilan in suivants] == [0, 0]
    assert agendas == {agenda.pk: agenda.empreinte for agenda in AgendaEditeur.objects.all()}
    assert cartes == set(CarteLieu.objects.values_list("lieu_id", "empreinte"))
    assert len(cartes) == len(agendas)


def test_un_point_fixe_est_un_lieu_de_l_association_et_se_montre_comme_tel(editeur):
    fichier = next(f for f in EXEMPLES if "SOS" in f)
    _raccorder(editeur, fichier)

    _recevoir(editeur, fichier)

    lieux = LieuExercice.objects.order_by("nom")
    assert [lieu.nom for lieu in lieux] == [
        "Centre de consultation Lorient",
        "Centre de consultation Rennes Cleunay",
        "Centre de consultation Rennes Nord",
    ]
    assert {lieu.effecteur for lieu in lieux} == {None}
    assert {lieu.structure.siret for lieu in lieux} == {"34173748400020", "92080466300010"}
    carte = decodeur_carte.decode(CarteLieu.objects.get(lieu=lieux[2]).document)
    assert (carte.structure.type, len(carte.creneaux) > 0) == ("SOS Médecins", True)
    assert Lot.objects.get().cas == "sos"


def test_un_creneau_de_cpts_porte_le_nom_que_lui_donne_l_annuaire_a_defaut_l_editeur(editeur):
    fichier = next(f for f in EXEMPLES if "CPTS" in f)
    _raccorder(editeur, fichier)

    _recevoir(editeur, fichier)
    sans_annuaire = decodeur_carte.decode(CarteLieu.objects.get().document).creneaux[0].cpts
    StructureFactory(cpts=True, finess="950047225", nom="CPTS Axe Majeur et Vexin")
    rafraichir(
        list(AgendaEditeur.objects.values_list("lieu", flat=True)),
        dt.datetime.fromisoformat(EXEMPLES[fichier][1]),
    )

    assert AgendaEditeur.objects.get().creneaux[0]["c"] == ["950047225"]
    assert sans_annuaire == ("CPTS AXE MAJEUR",)
    assert decodeur_carte.decode(CarteLieu.objects.get().document).creneaux[0].cpts == (
        "CPTS Axe Majeur et Vexin",
    )


def test_un_point_fixe_connu_est_reconnu_malgre_le_siret_partage(editeur):
    fichier = next(f for f in EXEMPLES if "SOS" in f)
    _raccorder(editeur, fichier)
    association = Structure.objects.get(siret="34173748400020")
    connu = LieuExerciceFactory(
        effecteur=None,
        structure=association,
        siret=association.siret,
        adresse="106 rue Eugène Pottier",
        code_postal="35000",
        commune_id="35238",
    )

    bilan = _recevoir(editeur, fichier)

    assert bilan.lieux_crees == 2
    assert AgendaEditeur.objects.get(lieu=connu).appariement[0]["regle"] == "adresse"
