"""Une orientation et son message, écrits ensemble ; vers quel LRM, et pourquoi parfois vers aucun."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest

from annuaire.models import Perimetre
from comptes.enums import Role
from orientation.actions import Surnumeraire, annuler, orienter
from orientation.enums import (
    CategorieHub,
    EtatMessageHub,
    MethodeHub,
    MotifNonDu,
    OrigineHub,
    StatutHub,
)
from orientation.hub import annonces
from orientation.hub.annonces import annoncer_orientation, annoncer_rendez_vous
from orientation.hub.validation import defauts
from orientation.models import MessageHub, Orientation
from tests.annuaire.factories import (
    CommuneFactory,
    EffecteurFactory,
    LieuExerciceFactory,
    StructureFactory,
    TerritoireFactory,
    habiliter,
)
from tests.comptes.factories import CompteFactory
from tests.orientation.conftest import identifiant
from tests.orientation.factories import OrientationFactory, RendezVousFactory
from tests.orientation.hub.conftest import DIMANCHE_17H

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hub_ouvert")]


def annoncer(acteur, **champs) -> MessageHub:
    return annoncer_orientation(OrientationFactory(acteur=acteur, **champs), maintenant=DIMANCHE_17H)


def test_une_place_prise_cree_le_rendez_vous_chez_le_lrm_du_territoire(regulatrice, creneau, maintenant):
    orientation = orienter(
        acteur=regulatrice, cle="c1", creneau_id=identifiant(creneau), maintenant=maintenant
    )

    message = MessageHub.objects.get()
    assert (message.origine, message.rendez_vous_uuid) == (OrigineHub.ORIENTATION, orientation.uuid)
    assert (message.etat, message.methode) == (EtatMessageHub.A_ENVOYER, MethodeHub.CREATION)
    assert message.destinataire == "fr.health.samu590"
    assert message.distribution_id.startswith("fr.health.test.ptfsas_")
    assert message.contenu["distributionID"] == message.distribution_id
    assert message.expire_le == maintenant + timedelta(hours=24)
    publie = message.appointment
    assert publie["appointmentId"] == str(orientation.uuid)
    assert (publie["status"], publie["start"]) == ("booked", "2026-11-02T09:00:00+01:00")
    assert publie["regulator"] == {
        "regulatorId": "3620100057/70326SR",
        "regulatorName": "RICART",
        "regulatorFirstname": "Pauline",
        "regulatorEmail": "pauline.ricart@exemple.invalid",
    }
    assert defauts(message.contenu) == []


def test_rejouer_la_meme_cle_n_annonce_pas_deux_fois(regulatrice, creneau, maintenant):
    place = identifiant(creneau)

    for _ in range(2):
        orienter(acteur=regulatrice, cle="c1", creneau_id=place, maintenant=maintenant)

    assert MessageHub.objects.count() == 1


def test_annuler_redit_le_rendez_vous_entier_annule(regulatrice, creneau, maintenant):
    orientation = orienter(
        acteur=regulatrice, cle="c1", creneau_id=identifiant(creneau), maintenant=maintenant
    )
    creation = MessageHub.objects.get()

    annuler(acteur=regulatrice, orientation=orientation, maintenant=maintenant + timedelta(minutes=5))

    annulation = MessageHub.objects.exclude(pk=creation.pk).get()
    assert annulation.methode == MethodeHub.MODIFICATION
    change = {"method": "UpdateAppointment", "status": "cancelled"}
    assert annulation.appointment == creation.appointment | change


def test_une_demande_en_sus_s_annonce_sans_heure_de_fin(regulatrice, lieu, maintenant):
    debut = maintenant + timedelta(hours=3)
    with patch("orientation.actions.offre_du_lieu") as offre:
        offre.return_value.suspension, offre.return_value.en_sus = "", True
        orienter(
            acteur=regulatrice,
            cle="c1",
            surnumeraire=Surnumeraire(f"l{lieu.pk}", debut),
            maintenant=maintenant,
        )

    message = MessageHub.objects.get()
    assert "end" not in message.appointment
    assert defauts(message.contenu) == []


def test_l_orientation_et_son_message_tombent_ensemble(regulatrice, creneau, maintenant):
    with (
        patch("orientation.actions._tracer", side_effect=RuntimeError("panne")),
        pytest.raises(RuntimeError),
    ):
        orienter(acteur=regulatrice, cle="c1", creneau_id=identifiant(creneau), maintenant=maintenant)

    assert not Orientation.objects.exists()
    assert not MessageHub.objects.exists()


def test_le_message_part_une_fois_la_transaction_finie(regulatrice, django_capture_on_commit_callbacks):
    with patch.object(annonces, "envoyer_messages_hub") as tache:
        with django_capture_on_commit_callbacks(execute=True):
            annoncer(regulatrice)
            tache.delay.assert_not_called()

        tache.delay.assert_called_once_with()


# --- Vers qui -----------------------------------------------------------------


def test_hub_ferme_rien_n_est_a_transmettre_et_rien_n_est_garde_de_personne(settings, regulatrice):
    settings.HUB_URL = ""

    message = annoncer(regulatrice)

    assert (message.etat, message.motif) == (EtatMessageHub.NON_DU, MotifNonDu.HUB_FERME)
    assert (message.contenu, message.destinataire) == (None, "")


def test_un_regulateur_sans_territoire_n_a_pas_de_lrm(db):
    assert annoncer(CompteFactory(role=Role.OSNP, prenom="Odile")).motif == MotifNonDu.SANS_TERRITOIRE


def test_un_territoire_sans_lrm_ne_recoit_rien(nord, regulatrice):
    nord.samu = ""
    nord.save()

    assert annoncer(regulatrice).motif == MotifNonDu.SANS_LRM


def test_un_perimetre_fini_ne_compte_plus(regulatrice):
    Perimetre.objects.update(fin_le=DIMANCHE_17H)

    assert annoncer(regulatrice).motif == MotifNonDu.SANS_TERRITOIRE


def test_le_perimetre_d_un_autre_role_ne_designe_pas_de_lrm(nord):
    referent = CompteFactory(role=Role.OSNP, prenom="Odile")
    habiliter(referent, Role.REFERENT, territoire=nord)

    assert annoncer(referent).motif == MotifNonDu.SANS_TERRITOIRE


@pytest.mark.parametrize("champ", ["prenom", "email"])
def test_un_regulateur_incomplet_ne_s_annonce_pas(regulatrice, champ):
    setattr(regulatrice, champ, None if champ == "email" else "")
    regulatrice.save()

    assert annoncer(regulatrice).motif == MotifNonDu.REGULATEUR_INCOMPLET


def test_de_deux_lrm_celui_qui_couvre_le_lieu_l_emporte(regulatrice):
    ailleurs = TerritoireFactory(
        nom="SAS Réunion",
        departements=[CommuneFactory(reunion=True).departement],
        samu="fr.health.samu974",
    )
    habiliter(regulatrice, Role.REGULATEUR, territoire=ailleurs)

    assert annoncer(regulatrice).destinataire == "fr.health.samu590"


def test_de_deux_lrm_dont_aucun_ne_couvre_le_lieu_aucun_ne_recoit(regulatrice, nord):
    ailleurs = TerritoireFactory(nom="SAS Réunion", samu="fr.health.samu974")
    habiliter(regulatrice, Role.REGULATEUR, territoire=ailleurs)
    nord.departements.clear()

    assert annoncer(regulatrice).motif == MotifNonDu.PLUSIEURS_LRM


# --- Quoi ---------------------------------------------------------------------


def orientation_vers(lieu, acteur) -> dict:
    return annoncer(acteur, surnumeraire=True, lieu=lieu).appointment


def test_un_professionnel_a_rpps_est_nomme_avec_sa_structure(regulatrice):
    structure = StructureFactory(nom="MSP du Centre")
    lieu = LieuExerciceFactory(
        effecteur=EffecteurFactory(identifiant_national="810005681340", nom="MOREL", prenom="Didier"),
        structure=structure,
    )

    publie = orientation_vers(lieu, regulatrice)

    assert publie["orientationCategory"] == CategorieHub.PS
    assert publie["practitioner"]["rppsId"] == "810005681340"
    assert publie["practitioner"]["specialityCode"] == "SM54"
    assert publie["organization"]["name"] == "MSP du Centre"


def test_un_professionnel_sans_rpps_laisse_place_a_sa_structure(regulatrice):
    lieu = LieuExerciceFactory(effecteur=EffecteurFactory(adeli=True), structure=StructureFactory())

    publie = orientation_vers(lieu, regulatrice)

    assert "practitioner" not in publie
    assert publie["organization"]["organizationId"][0] in "13"


def test_un_point_fixe_de_sos_medecins_est_de_categorie_sos(regulatrice):
    structure = StructureFactory(sos=True)
    publie = orientation_vers(LieuExerciceFactory(de_structure=True, structure=structure), regulatrice)

    assert publie["orientationCategory"] == CategorieHub.SOS
    assert "practitioner" not in publie


# --- Les rendez-vous des éditeurs ------------------------------------------------


def test_un_rendez_vous_d_editeur_s_annonce_sous_notre_identifiant(regulatrice):
    rendez_vous = RendezVousFactory(regulateur=regulatrice)

    message = annoncer_rendez_vous(rendez_vous, maintenant=DIMANCHE_17H)

    assert (message.origine, message.methode) == (OrigineHub.RENDEZ_VOUS, MethodeHub.CREATION)
    assert message.appointment["appointmentId"] == str(rendez_vous.uuid)
    assert rendez_vous.valeur not in str(message.contenu)
    assert defauts(message.contenu) == []


def test_le_changement_d_un_rendez_vous_d_editeur_le_redit_en_entier(regulatrice):
    rendez_vous = RendezVousFactory(regulateur=regulatrice)
    creation = annoncer_rendez_vous(rendez_vous, maintenant=DIMANCHE_17H)
    rendez_vous.statut = StatutHub.NON_HONORE

    suite = annoncer_rendez_vous(rendez_vous, maintenant=DIMANCHE_17H + timedelta(days=1))

    assert suite.appointment == creation.appointment | {"method": "UpdateAppointment", "status": "noshow"}


def test_un_rendez_vous_dont_le_regulateur_est_inconnu_n_a_pas_de_destinataire(nord):
    message = annoncer_rendez_vous(RendezVousFactory(regulateur=None), maintenant=DIMANCHE_17H)

    assert message.motif == MotifNonDu.REGULATEUR_INCONNU


def test_reprendre_un_rendez_vous_d_editeur_le_redit_tel_qu_il_est(regulatrice):
    rendez_vous = RendezVousFactory(regulateur=regulatrice)
    premier = annoncer_rendez_vous(rendez_vous, maintenant=DIMANCHE_17H)
    rendez_vous.debut = datetime(2026, 11, 2, 8, 5, tzinfo=UTC)
    rendez_vous.save()

    suivant = annonces.reprendre(premier, maintenant=DIMANCHE_17H + timedelta(hours=1))

    assert suivant.precedent == premier
    assert suivant.appointment["start"] == "2026-11-02T09:05:00+01:00"
