"""À quel acte répond un rendez-vous : chaque règle, son rang, ce qui reste ambigu, ce que change une mise à jour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from agenda.models import CarteLieu, Editeur
from comptes.enums import Role
from comptes.models import Compte
from orientation.enums import Rattachement
from orientation.models import EtatRendezVous, RendezVous
from tests.agenda.factories import AgendaEditeurFactory, LotFactory, RaccordementFactory
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory, StructureFactory
from tests.comptes.factories import CompteFactory
from tests.orientation.conftest import identifiants
from tests.orientation.factories import OrientationFactory, RedirectionFactory
from tests.orientation.rendez_vous.conftest import (
    CN,
    OU,
    designe,
    lire_exemple,
    message,
    operateur,
    participant,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("maintenant")]

NATIONAL = "3456780581/11242343"
MEDECIN = "810100050075"
NEUF_HEURES = datetime(2026, 11, 2, 8, tzinfo=UTC)
PRIS_LE = datetime(2026, 11, 2, 6, 55, tzinfo=UTC)


@pytest.fixture
def regulateur(db) -> Compte:
    return CompteFactory(role=Role.OSNP, identifiant_national=NATIONAL)


@pytest.fixture
def cabinet(db):
    return LieuExerciceFactory(effecteur=EffecteurFactory(identifiant_national=MEDECIN))


@pytest.fixture
def partir(regulateur, editeur, cabinet):
    """Un départ de ce régulateur, cinq minutes avant la prise, pour le créneau de 9 h."""

    def depart(**champs):
        debut = champs.pop("debut", NEUF_HEURES)
        return RedirectionFactory(
            **{
                "acteur": regulateur,
                "editeur": editeur,
                "lieu": cabinet,
                "le": PRIS_LE - timedelta(minutes=5),
                "debut": debut,
                "fin": debut + timedelta(minutes=20),
            }
            | champs
        )

    return depart


def rattachement() -> tuple[str, int | None, int | None]:
    rendez_vous = RendezVous.objects.get()
    return rendez_vous.rattachement, rendez_vous.redirection_id, rendez_vous.lieu_id


def test_un_depart_pour_ce_creneau_est_la_cause(envoyer, partir, cabinet, regulateur):
    depart = partir()
    envoyer(message())

    assert rattachement() == (Rattachement.DEPART, depart.pk, cabinet.pk)
    assert RendezVous.objects.get().regulateur == regulateur


def test_un_creneau_choisi_sur_place_reste_rattache_au_depart(envoyer, partir, cabinet):
    depart = partir(debut=NEUF_HEURES + timedelta(hours=3))
    envoyer(message())

    assert rattachement() == (Rattachement.DEPART_AUTRE_HEURE, depart.pk, cabinet.pk)


def test_une_orientation_a_cette_heure_est_la_cause(envoyer, regulateur, cabinet):
    orientation = OrientationFactory(
        surnumeraire=True, acteur=regulateur, lieu=cabinet, debut=NEUF_HEURES, prise_le=PRIS_LE
    )
    envoyer(message())

    rendez_vous = RendezVous.objects.get()
    assert (rendez_vous.rattachement, rendez_vous.orientation) == (Rattachement.ORIENTATION, orientation)


def test_le_depart_pour_ce_creneau_passe_avant_l_orientation_qui_passe_avant_l_autre_depart(
    envoyer, partir, regulateur, cabinet
):
    partir(debut=NEUF_HEURES + timedelta(hours=1))
    OrientationFactory(
        surnumeraire=True, acteur=regulateur, lieu=cabinet, debut=NEUF_HEURES, prise_le=PRIS_LE
    )
    envoyer(message())
    assert rattachement()[0] == Rattachement.ORIENTATION

    depart = partir()
    envoyer(message(status="fulfilled"), "PUT", designe())
    assert rattachement()[:2] == (Rattachement.DEPART, depart.pk)


def test_le_meme_depart_deux_fois_n_est_pas_une_ambiguite(envoyer, partir):
    partir(le=PRIS_LE - timedelta(minutes=9))
    dernier = partir()
    envoyer(message())

    assert rattachement()[1] == dernier.pk


def test_deux_lieux_au_meme_rang_ne_se_departagent_pas(envoyer, partir, cabinet):
    partir()
    partir(lieu=LieuExerciceFactory(effecteur=cabinet.effecteur))
    envoyer(message())

    assert rattachement() == (Rattachement.AMBIGU, None, None)


@pytest.mark.parametrize(
    "champs",
    [
        pytest.param(lambda: {"acteur": CompteFactory(role=Role.OSNP)}, id="autre régulateur"),
        pytest.param(lambda: {"lieu": LieuExerciceFactory()}, id="autre professionnel"),
        pytest.param(lambda: {"editeur": autre_editeur()}, id="autre éditeur"),
        pytest.param(lambda: {"le": PRIS_LE - timedelta(hours=13)}, id="bien avant"),
        pytest.param(lambda: {"le": PRIS_LE + timedelta(minutes=16)}, id="après"),
    ],
)
def test_un_acte_etranger_n_est_pas_la_cause(envoyer, partir, champs):
    partir(**champs())
    envoyer(message())

    assert rattachement()[:2] == (Rattachement.AUCUN, None)


def autre_editeur() -> Editeur:
    return Editeur.objects.create(code="autre", nom="Autre", url_base="https://autre.exemple.invalid/fhir")


def test_un_regulateur_inconnu_n_est_rattache_a_rien(envoyer, partir):
    partir()
    envoyer(message(extension=operateur("urn:oid:1.2.250.1.71.4.2.1", "899999999999")))

    assert rattachement()[0] == Rattachement.AUCUN
    assert RendezVous.objects.get().regulateur is None


def test_une_orientation_annulee_n_est_pas_la_cause(envoyer, regulateur, cabinet):
    OrientationFactory(
        surnumeraire=True,
        acteur=regulateur,
        lieu=cabinet,
        debut=NEUF_HEURES,
        prise_le=PRIS_LE,
        annulee_le=PRIS_LE,
    )
    envoyer(message())

    assert rattachement()[0] == Rattachement.AUCUN


def test_sans_acte_le_lieu_est_le_seul_du_professionnel_chez_l_editeur(envoyer, editeur, cabinet):
    raccordement = RaccordementFactory(effecteur=cabinet.effecteur, lot=LotFactory(editeur=editeur))
    AgendaEditeurFactory(lieu=cabinet, raccordement=raccordement)
    envoyer(message())

    assert rattachement()[2] == cabinet.pk


def test_un_changement_d_heure_garde_la_cause(envoyer, partir):
    depart = partir()
    envoyer(message())
    plus_tard = {"start": "2026-11-02T15:00:00+01:00", "end": "2026-11-02T15:20:00+01:00"}
    envoyer(message(**plus_tard), "PUT", designe())

    assert rattachement()[:2] == (Rattachement.DEPART_AUTRE_HEURE, depart.pk)
    assert list(EtatRendezVous.objects.order_by("pk").values_list("rattachement", flat=True)) == [
        "depart",
        "depart_heure",
    ]


def test_un_changement_de_professionnel_rattache_a_l_acte_qui_le_vise(envoyer, partir):
    partir()
    confrere = LieuExerciceFactory(effecteur=EffecteurFactory(identifiant_national="810100050083"))
    vers_lui = partir(lieu=confrere)
    envoyer(message())
    envoyer(message(participant=[participant("810100050083")]), "PUT", designe())

    assert rattachement() == (Rattachement.DEPART, vers_lui.pk, confrere.pk)


def test_un_remplacant_ne_fait_pas_perdre_la_cause_mais_le_lieu_n_est_plus_sur(envoyer, partir):
    depart = partir()
    envoyer(message())
    EffecteurFactory(identifiant_national="810100050083")
    envoyer(message(participant=[participant("810100050083")]), "PUT", designe())

    assert rattachement() == (Rattachement.DEPART, depart.pk, None)


def test_un_autre_regulateur_fait_perdre_la_cause(envoyer, partir):
    partir()
    CompteFactory(role=Role.OSNP, identifiant_national="899999999999")
    envoyer(message())
    envoyer(message(extension=operateur("urn:oid:1.2.250.1.71.4.2.1", "899999999999")), "PUT", designe())

    assert rattachement()[:2] == (Rattachement.AUCUN, None)


def test_sos_medecins_sans_medecin_se_rattache_au_point_fixe_puis_le_garde(envoyer, partir, cabinet):
    point_fixe = LieuExerciceFactory(effecteur=None, structure=StructureFactory())
    depart = partir(lieu=point_fixe)
    sos = message() | {
        nom: lire_exemple("1.2.0/Appointment-12345678")[nom] for nom in ("meta", "participant", "status")
    }
    envoyer(sos)
    assert rattachement() == (Rattachement.DEPART, depart.pk, point_fixe.pk)

    envoyer(sos | {"status": "booked", "participant": [participant(MEDECIN)]}, "PUT", designe())
    assert rattachement() == (Rattachement.DEPART, depart.pk, point_fixe.pk)
    assert RendezVous.objects.get().effecteur == cabinet.effecteur

    envoyer(sos | {"status": "fulfilled"}, "PUT", designe())
    assert RendezVous.objects.get().effecteur == cabinet.effecteur


def test_un_depart_vers_la_place_de_marche_est_la_cause_a_defaut_d_autre(
    envoyer, partir, regulateur, editeur
):
    marche = RedirectionFactory(
        acteur=regulateur, editeur=editeur, lieu=None, debut=None, fin=None, le=PRIS_LE - timedelta(minutes=5)
    )
    envoyer(message())
    assert rattachement() == (Rattachement.PLACE_DE_MARCHE, marche.pk, None)

    depart = partir()
    envoyer(message(status="fulfilled"), "PUT", designe())
    assert rattachement()[:2] == (Rattachement.DEPART, depart.pk)


def test_un_rendez_vous_cache_les_creneaux_qu_il_chevauche_une_annulation_non(
    envoyer, chez_l_editeur, editeur
):
    """Le créneau de 9 h quitte la carte ; celui d’un autre rendez-vous, annulé, y reste."""
    lieu = chez_l_editeur.lieu
    Editeur.objects.filter(pk=editeur.pk).update(cn="", ou="")
    chez_lui = chez_l_editeur.raccordement.editeur
    Editeur.objects.filter(pk=chez_lui.pk).update(
        cn=CN, ou=OU, flux=editeur.flux, systemes_rendez_vous=editeur.systemes_rendez_vous
    )
    medecin = participant(lieu.effecteur.identifiant_national)
    assert len(identifiants(lieu.pk)) == 1

    envoyer(message(participant=[medecin], status="cancelled"))
    assert len(identifiants(lieu.pk)) == 1

    envoyer(message(participant=[medecin]), "PUT", designe())
    assert CarteLieu.objects.filter(lieu=lieu).count() == 0 or identifiants(lieu.pk) == []


@pytest.mark.parametrize("valeur", [lambda compte: str(compte.uuid), lambda compte: str(compte.uuid).upper()])
def test_un_regulateur_se_reconnait_a_son_identifiant_technique(envoyer, regulateur, valeur):
    systeme = "urn:oid:1.2.250.1.213.3.6"
    envoyer(message(extension=operateur(systeme, valeur(regulateur), "INTRN")))
    assert RendezVous.objects.get().regulateur == regulateur

    envoyer(message(extension=operateur(systeme, "pas-un-uuid", "INTRN")), "PUT", designe())
    assert RendezVous.objects.get().regulateur is None
