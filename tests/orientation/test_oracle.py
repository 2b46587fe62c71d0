"""La vraie recherche et l’oracle répondent la même chose, sur de petits mondes tirés au sort."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agenda.enums import Genre, ModaliteConsultation
from agenda.offre import rafraichir
from annuaire.domaine.territoire import KM_PAR_DEGRE
from annuaire.enums import TypeStructure
from orientation.lectures import Criteres, compter, rechercher
from participation.enums import Modalite
from tests.agenda.factories import DisponibiliteFactory, IndisponibiliteFactory, ReservationFactory
from tests.annuaire.factories import (
    CommuneFactory,
    DepartementFactory,
    EffecteurFactory,
    LieuExerciceFactory,
    SpecialiteFactory,
    StructureFactory,
)
from tests.comptes.factories import CompteFactory
from tests.orientation import oracle
from tests.orientation.factories import OrientationFactory, RedirectionFactory
from tests.participation.factories import ParticipationFactory, ParticipationStructureFactory

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
MAINTENANT = datetime(2026, 11, 2, 8, 17, tzinfo=PARIS)  # lundi
LAT, LON = 50.6, 3.06
SECTEURS = ["", "secteur_1", "secteur_2"]
TYPES = [m.value for m in ModaliteConsultation]
FILTRES = ("modalites", "delais", "natures", "secteurs", "vitale", "fauteuil", "langues")

creneaux = st.fixed_dictionaries(
    {
        "dans_min": st.sampled_from([-60, -5, 10, 13, 25, 45, 240, 243, 300, 490, 725, 1500, 2885, 3600]),
        "est_plage": st.booleans(),
        "capacite": st.integers(1, 2),
        "prises": st.integers(0, 2),
        "modalites": st.lists(st.sampled_from(TYPES), min_size=1, max_size=2, unique=True),
    }
)
lieux = st.fixed_dictionaries(
    {
        "km": st.sampled_from([0.3, 0.6, 1.4, 1.7, 4.5, 12.5]),
        "centre": st.booleans(),
        "autre_departement": st.booleans(),
        "modalite": st.sampled_from(["", "individuel", "cpts", "cpts", "msp", "sos"]),
        "rattache": st.sampled_from([True, True, False]),
        "forfait": st.booleans(),
        "secteur": st.sampled_from(SECTEURS),
        "accueil": st.lists(st.sampled_from(["carte_vitale", "fauteuil"]), unique=True),
        "langues": st.lists(st.sampled_from(["en", "ar"]), unique=True),
        "creneaux": st.lists(creneaux, max_size=2),
        "sollicite_il_y_a_h": st.lists(st.sampled_from([1, 30, 200]), max_size=2),
        "redirige": st.booleans(),
        # Trente heures ; jusqu’à mercredi minuit, à une minute près ; neuf jours.
        "ferme_min": st.sampled_from([None, None, None, None, 1800, 3822, 3823, 13_000]),
    }
)
demandes = st.fixed_dictionaries(
    {
        "rayon_km": st.sampled_from([1, 5, 20]),
        "liste": st.sampled_from(["toutes", "toutes", "libres", "hors", "en_sus", "forfait"]),
        "modalites": st.lists(st.sampled_from(TYPES), max_size=2, unique=True).map(tuple),
        "delais": st.lists(st.sampled_from(list(oracle.DELAIS)), max_size=2, unique=True).map(tuple),
        "natures": st.sampled_from([(), (), ("10",), ("cds",), ("10", "cds")]),
        "secteurs": st.sampled_from([(), (), ("secteur_1",), ("secteur_2", "non_renseigne")]),
        "vitale": st.sampled_from([(), (), ("oui",)]),
        "fauteuil": st.sampled_from([(), (), ("oui",)]),
        "langues": st.sampled_from([(), (), ("en",), ("en", "ar")]),
        "departement": st.booleans(),
        "traitants": st.sampled_from([0, 1, 3]),
        "regroupe": st.booleans(),
    }
)


@settings(
    max_examples=80,
    deadline=None,
    derandomize=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(plan=st.lists(lieux, min_size=3, max_size=6), voulu=demandes, par_page=st.integers(1, 4))
def test_la_recherche_repond_comme_l_oracle(db, plan, voulu, par_page):
    with transaction.atomic():
        monde, demande, criteres = batir(plan, voulu)
        attendu = oracle.chercher(monde, demande, MAINTENANT)

        pages = [rechercher(criteres, maintenant=MAINTENANT, par_page=par_page, facettes=True)]
        for numero in range(2, pages[0].pages + 1):
            dernier = int(pages[-1].offres[-1].lieu.id[1:])
            pages.append(
                rechercher(criteres, maintenant=MAINTENANT, page=numero, par_page=par_page, apres=dernier)
            )
        ((total, _),) = compter([criteres], maintenant=MAINTENANT)
        transaction.set_rollback(True)

    offres = [offre for page in pages for offre in page.offres]
    assert [int(offre.lieu.id[1:]) for offre in offres] == attendu.ids
    assert {int(offre.lieu.id[1:]): offre.groupe for offre in offres} == attendu.groupes
    assert pages[0].total == attendu.total
    assert pages[0].listes == attendu.listes
    assert (pages[0].traitants, pages[0].traitants_libres) == attendu.traitants
    assert pages[0].pliees == attendu.total - len(attendu.ids)
    assert [int(ancre[1:]) for page in pages for ancre in page.cpts] == attendu.premiers
    for nom, nombres in attendu.facettes.items():
        assert {v: n for v, n in getattr(pages[0].facettes, nom).items() if n} == nombres, nom
    assert total == attendu.total - sum(groupe == 0 for groupe in attendu.groupes.values())


def batir(plan, voulu):
    """Le même monde deux fois : en base, et pour l’oracle."""
    generaliste = SpecialiteFactory()
    centres = SpecialiteFactory(
        code="CDS", profession=None, savoir_faire=[], type_structure=TypeStructure.CDS
    )
    cpts = [StructureFactory(type=TypeStructure.CPTS) for _ in range(2)]
    ici = CommuneFactory()
    ailleurs = CommuneFactory(
        code_insee="62001", departement=DepartementFactory(code="62", nom="Pas-de-Calais"), nom="Ailleurs"
    )
    regulateur = CompteFactory()
    monde = [
        poser(lieu, cpts[rang % 2], ailleurs if lieu["autre_departement"] else ici, regulateur)
        for rang, lieu in enumerate(plan)
    ]
    rafraichir([lieu.id for lieu in monde], MAINTENANT)
    # De plusieurs lieux, l’un peut avoir un créneau et l’autre non.
    traitant = tuple(lieu.effecteur for lieu in monde[: voulu["traitants"]] if lieu.effecteur)
    demande = oracle.Demande(
        **{nom: voulu[nom] for nom in ("rayon_km", "liste", *FILTRES)},
        departement="59" if voulu["departement"] else "",
        traitant=traitant,
        regroupees=(cpts[0].pk, cpts[1].pk) if voulu["regroupe"] else (),
    )
    criteres = Criteres(
        lat=LAT,
        lon=LON,
        rayon_km=demande.rayon_km,
        specialite_ids=(generaliste.pk, centres.pk),
        disponibilite=demande.liste,
        **{nom: getattr(demande, nom) for nom in FILTRES},
        departement=demande.departement,
        medecin_traitant=demande.traitant,
        regroupees=demande.regroupees,
    )
    return monde, demande, criteres


def poser(plan, cpts, commune, regulateur) -> oracle.Lieu:
    place = {"lat": LAT + plan["km"] / KM_PAR_DEGRE, "lon": LON, "commune": commune}
    place |= {"accueil": plan["accueil"], "langues": plan["langues"]}
    effecteur = None if plan["centre"] else EffecteurFactory(conventionnement=plan["secteur"])
    if effecteur is None:
        centre = StructureFactory(type=TypeStructure.CDS)
        ParticipationStructureFactory(structure=centre, participe=bool(plan["modalite"]))
        lieu = LieuExerciceFactory(effecteur=None, structure=centre, **place)
    else:
        lieu = LieuExerciceFactory(effecteur=effecteur, **place)
        declarer(lieu, plan, cpts)
    ouverts = tuple(ouvrir(lieu, creneau, rang) for rang, creneau in enumerate(plan["creneaux"]))
    instants = [MAINTENANT - timedelta(hours=h) for h in plan["sollicite_il_y_a_h"]]
    for instant in instants:
        OrientationFactory(
            surnumeraire=True,
            lieu=lieu,
            acteur=regulateur,
            prise_le=instant,
            debut=instant + timedelta(hours=2),
        )
    if plan["redirige"]:
        instants.append(MAINTENANT - timedelta(hours=20))
        RedirectionFactory(lieu=lieu, acteur=regulateur, le=instants[-1])
    est_sos = effecteur is not None and plan["modalite"] == "sos"
    return oracle.Lieu(
        id=lieu.pk,
        km=plan["km"],
        effecteur=effecteur and effecteur.pk,
        departement=commune.departement_id,
        modalite=plan["modalite"] if effecteur else "",
        rattache=plan["rattache"],
        cpts=cpts.pk,
        centre_participe=bool(plan["modalite"]),
        forfait=plan["forfait"] and effecteur is not None,
        secteur=plan["secteur"] if effecteur else "",
        accueil=tuple(plan["accueil"]),
        langues=tuple(plan["langues"]),
        creneaux=() if est_sos else ouverts,
        sollicite_le=tuple(instants),
        ferme_jusqu_a=fermer(lieu, plan["ferme_min"]),
    )


def fermer(lieu, minutes) -> datetime | None:
    if minutes is None:
        return None
    retour = MAINTENANT + timedelta(minutes=minutes)
    IndisponibiliteFactory(lieu=lieu, periode=(MAINTENANT - timedelta(days=1), retour))
    return retour


def declarer(lieu, plan, cpts) -> None:
    if not plan["modalite"]:
        ParticipationFactory(effecteur=lieu.effecteur, refus=True, forfait_reorientation=plan["forfait"])
        return
    structure = {
        "cpts": cpts,
        "msp": StructureFactory(type=TypeStructure.MSP),
        "sos": StructureFactory(type=TypeStructure.SOS),
    }.get(plan["modalite"])
    participation = ParticipationFactory(
        effecteur=lieu.effecteur,
        modalite=Modalite(plan["modalite"]),
        structure=structure,
        forfait_reorientation=plan["forfait"],
    )
    if plan["modalite"] == "cpts" and plan["rattache"]:
        participation.lieux.add(lieu)


def ouvrir(lieu, plan, rang) -> oracle.Creneau:
    """Un créneau, décalé de deux minutes par rang : deux ouvertures d’un lieu ne commencent jamais ensemble."""
    debut = (MAINTENANT + timedelta(minutes=plan["dans_min"] + 2 * rang)).replace(second=0)
    duree = timedelta(minutes=150 if plan["est_plage"] else 15)
    capacite = plan["capacite"] if plan["est_plage"] else 1
    prises = min(plan["prises"], capacite)
    disponibilite = DisponibiliteFactory(
        lieu=lieu,
        genre=Genre.PLAGE if plan["est_plage"] else Genre.CRENEAU,
        capacite=capacite,
        modalites=plan["modalites"],
        premier_jour=debut.date(),
        heure_debut=debut.time(),
        heure_fin=(debut + duree).time(),
    )
    for place in range(prises):
        ReservationFactory(
            disponibilite=disponibilite, debut=debut.astimezone(UTC), fin=debut + duree, rang=place + 1
        )
    return oracle.Creneau(debut, debut + duree, plan["est_plage"], capacite, prises, tuple(plan["modalites"]))
