"""Ce que la projection tient pour admissible est ce que disent les règles pures, sur des mondes tirés au sort."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agenda.models import OffreLieu
from agenda.offre import rafraichir
from annuaire.enums import TypeStructure
from participation.domaine.eligibilite import affichage_effecteur, affichage_structure
from tests.agenda.factories import DisponibiliteFactory
from tests.annuaire.factories import (
    EffecteurFactory,
    LieuExerciceFactory,
    SpecialiteFactory,
    StructureFactory,
)
from tests.participation.factories import ParticipationFactory, ParticipationStructureFactory

pytestmark = pytest.mark.django_db
MAINTENANT = datetime(2026, 11, 2, 8, 17, tzinfo=ZoneInfo("Europe/Paris"))  # lundi
PAR_UNE_STRUCTURE = ("cpts", "msp", "sos")

effecteurs = st.fixed_dictionaries(
    {
        # `None` : rien n’a été déclaré.
        "modalite": st.sampled_from([None, "", "individuel", *PAR_UNE_STRUCTURE]),
        "utilise_logiciel": st.booleans(),
        "refuse_affichage": st.booleans(),
        "forfait": st.booleans(),
        "rattache": st.booleans(),
        "exerce_en": st.sampled_from([None, *TypeStructure]),
    }
)
structures = st.fixed_dictionaries(
    {
        "type": st.sampled_from(list(TypeStructure)),
        "declare": st.sampled_from([None, False, True]),
        # Effecteur qui participe par elle : en exercice, parti, ou aucun.
        "par_elle": st.sampled_from([None, True, False]),
    }
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    plans=st.lists(effecteurs, min_size=1, max_size=4),
    autres=st.lists(structures, max_size=3),
)
def test_la_projection_applique_les_regles_pures(db, plans, autres):
    with transaction.atomic():
        SpecialiteFactory()
        for type_structure in TypeStructure:
            SpecialiteFactory(
                code=type_structure.value.upper(),
                profession=None,
                savoir_faire=[],
                type_structure=type_structure,
            )
        attendus = dict([*map(_effecteur, plans), *map(_structure, autres)])
        for lieu in attendus:
            DisponibiliteFactory(
                lieu=lieu,
                premier_jour=MAINTENANT.date() + timedelta(days=1),
                heure_debut=time(10),
                heure_fin=time(10, 15),
            )

        rafraichir([lieu.pk for lieu in attendus], MAINTENANT)

        lues = {
            offre.lieu_id: (
                offre.participe,
                offre.en_sus,
                offre.forfait,
                offre.via,
                offre.premier_debut is not None,
            )
            for offre in OffreLieu.objects.filter(lieu__in=list(attendus))
        }
        transaction.set_rollback(True)

    assert lues == {
        lieu.pk: (a.participe, a.en_sus, a.forfait, a.via, a.agenda_saisi) for lieu, a in attendus.items()
    }


def _effecteur(plan):
    effecteur = EffecteurFactory()
    type_du_lieu = plan["exerce_en"]
    lieu = LieuExerciceFactory(
        effecteur=effecteur, structure=StructureFactory(type=type_du_lieu) if type_du_lieu else None
    )
    modalite = plan["modalite"] or ""
    # Qui ne participe pas n’a rien à dire de ses créneaux ; qui passe par SOS Médecins n’en saisit pas.
    logiciel = plan["utilise_logiciel"] if modalite else None
    refuse = plan["refuse_affichage"] and bool(logiciel)
    if plan["modalite"] is not None:
        participation = ParticipationFactory(
            effecteur=effecteur,
            participe=bool(modalite),
            modalite=modalite,
            structure=StructureFactory(type=modalite) if modalite in PAR_UNE_STRUCTURE else None,
            utilise_logiciel=logiciel,
            logiciels=["logiciel"] if logiciel else [],
            refuse_affichage=refuse,
            declare_deux_heures=bool(modalite),
            forfait_reorientation=plan["forfait"],
        )
        if modalite == "cpts" and plan["rattache"]:
            participation.lieux.add(lieu)
    return lieu, affichage_effecteur(
        participe=bool(modalite),
        modalite=modalite,
        utilise_logiciel=logiciel,
        refuse_affichage=refuse,
        dans_un_centre_de_sante=type_du_lieu == TypeStructure.CDS,
        rattache_a_sa_cpts=modalite == "cpts" and plan["rattache"],
        forfait_reorientation=plan["modalite"] is not None and plan["forfait"],
    )


def _structure(plan):
    structure = StructureFactory(type=plan["type"])
    if plan["declare"] is not None:
        ParticipationStructureFactory(structure=structure, participe=plan["declare"])
    if plan["par_elle"] is not None and plan["type"] == TypeStructure.MSP:
        ParticipationFactory(
            effecteur=EffecteurFactory(est_actif=plan["par_elle"]), modalite="msp", structure=structure
        )
    return LieuExerciceFactory(effecteur=None, structure=structure), affichage_structure(
        type_structure=plan["type"],
        declare_participer=bool(plan["declare"]),
        effecteurs_par_elle=plan["type"] == TypeStructure.MSP and plan["par_elle"] is True,
    )
