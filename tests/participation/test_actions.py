from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from annuaire.enums import TypeStructure
from comptes.models import Trace
from participation.actions import (
    DeclarationModifiee,
    DeclarationRefusee,
    Reponses,
    declarer,
    declarer_structure,
)
from participation.models import Participation, VersionParticipation
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory, StructureFactory
from tests.comptes.factories import CompteFactory
from tests.participation.factories import ParticipationFactory, ParticipationStructureFactory

pytestmark = pytest.mark.django_db

MAINTENANT = datetime(2026, 11, 23, 8, tzinfo=UTC)
INTERFACE = Reponses(participe=True, modalite="individuel", utilise_logiciel=True, logiciels=["b", "a", "a"])
SAISIE = Reponses(participe=True, modalite="individuel", utilise_logiciel=False, declare_deux_heures=True)


def enregistrer(effecteur, reponses, **reste):
    auteur = reste.pop("auteur", None) or CompteFactory()
    return declarer(effecteur=effecteur, reponses=reponses, auteur=auteur, maintenant=MAINTENANT, **reste)


def test_une_declaration_complete_s_enregistre_avec_sa_version_et_sa_trace():
    effecteur, auteur = EffecteurFactory(), CompteFactory()

    participation = enregistrer(effecteur, INTERFACE, auteur=auteur)

    version = VersionParticipation.objects.get()
    assert participation.logiciels == ["a", "b"]
    assert (version.avant, version.apres["modalite"], version.auteur) == (None, "individuel", auteur)
    assert Trace.objects.get(objet=f"effecteur:{effecteur.pk}").verbe == "participation.declaree"


def test_un_refus_n_ecrit_rien():
    effecteur = EffecteurFactory()

    with pytest.raises(DeclarationRefusee) as refusee:
        enregistrer(effecteur, replace(SAISIE, declare_deux_heures=False))

    assert [r.champ for r in refusee.value.refus] == ["declare_deux_heures"]
    assert not Participation.objects.exists()
    assert not VersionParticipation.objects.exists()


def test_via_une_cpts_ses_lieux_y_sont_rattaches_et_ceux_d_un_autre_refuses():
    lieu = LieuExerciceFactory()
    cpts = StructureFactory(type=TypeStructure.CPTS)
    reponses = replace(SAISIE, modalite="cpts", structure=cpts, lieux=[lieu])

    participation = enregistrer(lieu.effecteur, reponses)

    assert list(participation.lieux.all()) == [lieu]
    with pytest.raises(ValueError, match="autre effecteur"):
        enregistrer(EffecteurFactory(), reponses)


def test_une_structure_fermee_ne_se_choisit_pas():
    structure = StructureFactory(type=TypeStructure.MSP, est_active=False)

    with pytest.raises(DeclarationRefusee):
        enregistrer(EffecteurFactory(), replace(SAISIE, modalite="msp", structure=structure))


def test_l_historique_garde_ce_qui_valait_avant_et_ne_se_recrit_pas():
    effecteur = EffecteurFactory()
    premiere = enregistrer(effecteur, INTERFACE)

    enregistrer(effecteur, Reponses(), vue_le=premiere.modifie_le)

    derniere = VersionParticipation.objects.order_by("-pk").first()
    assert (derniere.avant["participe"], derniere.apres["participe"]) == (True, False)
    assert derniere.apres["logiciels"] == []
    with pytest.raises(DatabaseError, match="pgtrigger"), transaction.atomic():
        VersionParticipation.objects.update(apres={})
    with pytest.raises(DatabaseError, match="pgtrigger"), transaction.atomic():
        derniere.delete()


def test_redire_la_meme_chose_n_ajoute_pas_de_version():
    effecteur = EffecteurFactory()
    premiere = enregistrer(effecteur, INTERFACE)

    enregistrer(effecteur, INTERFACE, vue_le=premiere.modifie_le)

    assert VersionParticipation.objects.count() == 1


@pytest.mark.parametrize("vue", [None, datetime(2026, 1, 1, tzinfo=UTC)], ids=["rien", "une version d’avant"])
def test_une_declaration_modifiee_entre_temps_se_dit(vue):
    effecteur = EffecteurFactory()
    enregistrer(effecteur, INTERFACE)

    with pytest.raises(DeclarationModifiee):
        enregistrer(effecteur, SAISIE, vue_le=vue)

    assert Participation.objects.get().utilise_logiciel is True


@pytest.mark.django_db(transaction=True)
def test_deux_premieres_declarations_simultanees_n_en_gardent_qu_une():
    effecteur, auteur = EffecteurFactory(), CompteFactory()

    def essayer(reponses):
        try:
            return enregistrer(effecteur, reponses, auteur=auteur)
        except DeclarationModifiee:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        gardees = [p for p in pool.map(essayer, [INTERFACE, SAISIE]) if p]

    assert len(gardees) == 1
    assert VersionParticipation.objects.count() == 1


@pytest.mark.parametrize(
    ("champs", "contrainte"),
    [
        pytest.param({"modalite": ""}, "participation_a_une_modalite", id="participe sans dire comment"),
        pytest.param(
            {"modalite": "cpts"},
            "participation_structure_selon_la_modalite",
            id="via une CPTS sans la nommer",
        ),
        pytest.param(
            {"utilise_logiciel": False, "declare_deux_heures": False},
            "participation_montre_ou_declare",
            id="ni logiciel ni déclaration",
        ),
        pytest.param(
            {"logiciels": [], "declare_deux_heures": False},
            "participation_montre_ou_declare",
            id="un logiciel sans nom",
        ),
    ],
)
def test_la_base_refuse_une_participation_incoherente(champs, contrainte):
    with pytest.raises(IntegrityError, match=contrainte), transaction.atomic():
        ParticipationFactory(**champs)


def test_la_base_admet_chacune_des_quatre_voies():
    for traits in ({}, {"via_cpts": True}, {"via_msp": True}, {"via_sos": True, "utilise_logiciel": None}):
        assert ParticipationFactory(**traits).pk


def test_un_centre_declare_ses_professionnels_et_ses_heures():
    centre, auteur = StructureFactory(type=TypeStructure.CDS), CompteFactory()

    reglages = declarer_structure(
        structure=centre,
        participe=True,
        declare_deux_heures=True,
        nombre_effecteurs=3,
        auteur=auteur,
        maintenant=MAINTENANT,
    )

    assert reglages.participe
    assert VersionParticipation.objects.get().structure == centre
    with pytest.raises(DeclarationRefusee):
        declarer_structure(
            structure=centre,
            participe=True,
            declare_deux_heures=False,
            nombre_effecteurs=0,
            auteur=auteur,
            maintenant=MAINTENANT,
            vue_le=reglages.modifie_le,
        )


def test_la_base_refuse_une_structure_qui_participe_sans_declarer():
    with pytest.raises(IntegrityError, match="participation_structure_declare"), transaction.atomic():
        ParticipationStructureFactory(declare_deux_heures=False)
