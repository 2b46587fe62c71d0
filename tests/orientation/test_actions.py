"""Orienter, annuler, rediriger : une place n’est donnée qu’une fois, une demande n’est comptée qu’une fois."""

from datetime import UTC, datetime, timedelta

import pytest

from agenda.actions import PlaceIndisponible
from agenda.models import Editeur, Reservation
from agenda.offre import rafraichir
from annuaire.models import Effecteur, LieuExercice
from comptes.enums import Role
from comptes.models import Trace
from orientation.actions import (
    CleReutilisee,
    OrientationInterdite,
    OrientationRefusee,
    PlaceModifiee,
    PlaceVue,
    Surnumeraire,
    SurnumeraireRefuse,
    annuler,
    orienter,
    prochain_quart_d_heure,
)
from orientation.departs import CreneauParti, rediriger
from orientation.enums import TypeOrientation, Voie
from orientation.models import Orientation, Redirection
from participation.models import Participation
from tests.agenda.factories import IndisponibiliteFactory
from tests.comptes.factories import CompteFactory
from tests.orientation.conftest import identifiant, identifiants
from tests.orientation.factories import OrientationFactory

MIDI = datetime(2026, 11, 2, 11, 0, tzinfo=UTC)


def test_orienter_prend_la_place_et_le_serveur_etablit_tout(osnp, creneau, maintenant):
    orientation = orienter(acteur=osnp, cle="a", creneau_id=identifiant(creneau), maintenant=maintenant)

    orientation.refresh_from_db()
    assert orientation.acteur == osnp
    assert orientation.lieu == creneau.lieu
    assert (orientation.voie, orientation.type) == (Voie.AGENDA_SAS, TypeOrientation.OSNP_CRENEAU)
    assert orientation.debut == datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
    assert orientation.fin == datetime(2026, 11, 2, 8, 20, tzinfo=UTC)
    assert orientation.modalites == ["cabinet"]
    assert orientation.prise_le == maintenant
    assert identifiants(creneau.lieu_id) == []


def test_orienter_laisse_une_trace_sans_rien_du_patient(osnp, creneau, maintenant):
    orientation = orienter(acteur=osnp, cle="a", creneau_id=identifiant(creneau), maintenant=maintenant)

    trace = Trace.objects.get(objet=f"orientation:{orientation.uuid}")
    assert (trace.acteur, trace.verbe) == (osnp, "orientation.enregistree")
    assert trace.details == {"lieu": creneau.lieu_id, "voie": "agenda_sas"}


@pytest.mark.parametrize(
    ("roles", "attendu"),
    [
        pytest.param([Role.OSNP], TypeOrientation.OSNP_CRENEAU, id="OSNP"),
        pytest.param([Role.REGULATEUR], TypeOrientation.OSNP_CRENEAU, id="régulateur"),
        pytest.param([Role.IOA], TypeOrientation.IOA, id="IOA"),
        pytest.param([Role.IOA, Role.OSNP], TypeOrientation.OSNP_CRENEAU, id="les deux : OSNP (O-04)"),
    ],
)
def test_le_type_suit_le_role_de_l_acteur(creneau, maintenant, roles, attendu):
    acteur = CompteFactory()
    for role in roles:
        acteur.habilitations.create(role=role, debut_le=maintenant - timedelta(days=1))

    orientation = orienter(acteur=acteur, cle="a", creneau_id=identifiant(creneau), maintenant=maintenant)

    assert orientation.type == attendu


@pytest.mark.parametrize("role", [Role.ADMINISTRATEUR, Role.GESTIONNAIRE_COMPTES, Role.EFFECTEUR])
def test_les_autres_roles_n_orientent_pas(creneau, maintenant, role):
    acteur = CompteFactory(role=role)

    with pytest.raises(OrientationInterdite):
        orienter(acteur=acteur, cle="a", creneau_id=identifiant(creneau), maintenant=maintenant)

    assert not Reservation.objects.exists()


def test_la_meme_cle_rend_la_meme_orientation(osnp, plage, maintenant):
    premiere = orienter(acteur=osnp, cle="a", creneau_id=identifiant(plage), maintenant=maintenant)

    seconde = orienter(acteur=osnp, cle="a", creneau_id=identifiant(plage), maintenant=maintenant)

    assert seconde == premiere
    assert Reservation.objects.count() == 1


def test_la_meme_cle_pour_une_autre_demande_est_refusee(osnp, creneau, plage, maintenant):
    orienter(acteur=osnp, cle="a", creneau_id=identifiant(creneau), maintenant=maintenant)

    with pytest.raises(CleReutilisee):
        orienter(acteur=osnp, cle="a", creneau_id=identifiant(plage), maintenant=maintenant)

    assert Orientation.objects.count() == 1


def test_deux_regulateurs_peuvent_avoir_la_meme_cle(osnp, plage, maintenant):
    orienter(acteur=osnp, cle="a", creneau_id=identifiant(plage), maintenant=maintenant)

    orienter(
        acteur=CompteFactory(role=Role.IOA), cle="a", creneau_id=identifiant(plage), maintenant=maintenant
    )

    assert Orientation.objects.count() == 2


def test_une_place_deja_prise_ne_laisse_rien_d_ecrit(osnp, creneau, maintenant):
    creneau_id = identifiant(creneau)
    orienter(acteur=osnp, cle="a", creneau_id=creneau_id, maintenant=maintenant)
    traces = Trace.objects.count()

    with pytest.raises(PlaceIndisponible) as refus:
        orienter(acteur=osnp, cle="b", creneau_id=creneau_id, maintenant=maintenant)

    assert refus.value.code == "place_prise"
    assert (Orientation.objects.count(), Reservation.objects.count()) == (1, 1)
    assert Trace.objects.count() == traces


def test_une_place_qui_a_change_depuis_l_affichage_n_est_pas_prise(osnp, creneau, maintenant):
    vue = PlaceVue(fin=MIDI, modalites=("cabinet",))

    with pytest.raises(PlaceModifiee):
        orienter(acteur=osnp, cle="a", creneau_id=identifiant(creneau), maintenant=maintenant, vue=vue)

    assert not Reservation.objects.exists()


# --- Hors disponibilité -----------------------------------------------------


def en_sus(lieu, debut=MIDI):
    return Surnumeraire(lieu_id=f"l{lieu.pk}", debut=debut)


def test_une_orientation_en_sus_ne_tient_aucune_place(osnp, lieu, maintenant):
    rafraichir([lieu.pk], maintenant)

    orientation = orienter(acteur=osnp, cle="a", surnumeraire=en_sus(lieu), maintenant=maintenant)

    assert (orientation.voie, orientation.type) == (Voie.SURNUMERAIRE, TypeOrientation.OSNP_SURNUMERAIRE)
    assert (orientation.debut, orientation.fin, orientation.reservation) == (MIDI, None, None)


@pytest.mark.parametrize(
    ("debut", "code"),
    [
        pytest.param(datetime(2026, 11, 2, 6, 59, tzinfo=UTC), "date_passee", id="passé d’une minute"),
        pytest.param(datetime(2026, 12, 3, 7, 0, tzinfo=UTC), "date_lointaine", id="au-delà de 30 jours"),
    ],
)
def test_une_date_en_sus_hors_bornes_est_refusee(osnp, lieu, maintenant, debut, code):
    rafraichir([lieu.pk], maintenant)

    with pytest.raises(SurnumeraireRefuse) as refus:
        orienter(acteur=osnp, cle="a", surnumeraire=en_sus(lieu, debut), maintenant=maintenant)

    assert refus.value.code == code
    assert not Orientation.objects.exists()


def test_un_ioa_n_oriente_pas_en_sus(lieu, maintenant):
    rafraichir([lieu.pk], maintenant)

    with pytest.raises(OrientationInterdite):
        orienter(
            acteur=CompteFactory(role=Role.IOA), cle="a", surnumeraire=en_sus(lieu), maintenant=maintenant
        )


@pytest.mark.parametrize("lieu_id", ["l0", "12", "l", "d1-2", "l1; DROP"])
def test_un_lieu_inconnu_en_sus_est_refuse(osnp, maintenant, lieu_id):
    with pytest.raises(SurnumeraireRefuse) as refus:
        orienter(acteur=osnp, cle="a", surnumeraire=Surnumeraire(lieu_id, MIDI), maintenant=maintenant)

    assert refus.value.code == "inconnue"


@pytest.mark.parametrize(
    "fermer",
    [
        pytest.param(lambda lieu: LieuExercice.objects.update(est_actif=False), id="lieu fermé"),
        pytest.param(lambda lieu: Effecteur.objects.update(est_actif=False), id="effecteur parti"),
        pytest.param(
            lambda lieu: Participation.objects.update(participe=False, modalite=""), id="ne participe plus"
        ),
    ],
)
def test_ce_qui_vient_de_changer_compte_avant_que_la_projection_le_sache(osnp, lieu, maintenant, fermer):
    rafraichir([lieu.pk], maintenant)
    fermer(lieu)

    with pytest.raises(SurnumeraireRefuse):
        orienter(acteur=osnp, cle="a", surnumeraire=en_sus(lieu), maintenant=maintenant)

    assert not Orientation.objects.exists()


@pytest.mark.parametrize(
    ("absence", "dit"),
    [({}, "Absent jusqu’au mardi 3 novembre 2026 à 0\u00a0h."), ({"sans_fin": True}, "sans date de retour")],
)
def test_on_n_adresse_personne_en_sus_pendant_une_absence(osnp, lieu, maintenant, absence, dit):
    rafraichir([lieu.pk], maintenant)
    IndisponibiliteFactory(lieu=lieu, **absence)

    with pytest.raises(SurnumeraireRefuse, match=dit) as refus:
        orienter(acteur=osnp, cle="a", surnumeraire=en_sus(lieu), maintenant=maintenant)

    assert refus.value.code == "lieu_ferme"
    assert not Orientation.objects.exists()


def test_un_effecteur_qui_ne_participe_pas_n_est_pas_sollicite_en_sus(osnp, lieu, maintenant):
    Participation.objects.update(participe=False, modalite="")
    rafraichir([lieu.pk], maintenant)

    with pytest.raises(SurnumeraireRefuse) as refus:
        orienter(acteur=osnp, cle="a", surnumeraire=en_sus(lieu), maintenant=maintenant)

    assert refus.value.code == "en_sus_refuse"


@pytest.mark.parametrize(
    ("instant", "attendu"),
    [
        pytest.param((8, 0), (8, 0), id="quart plein"),
        pytest.param((8, 1), (8, 15), id="au-dessus"),
        pytest.param((23, 50), (0, 0), id="passe minuit"),
    ],
)
def test_le_prochain_quart_d_heure(instant, attendu):
    depart = datetime(2026, 11, 2, *instant, tzinfo=UTC)

    rond = prochain_quart_d_heure(depart)

    assert (rond.hour, rond.minute) == attendu
    assert rond >= depart


# --- Annulation -------------------------------------------------------------


def test_annuler_rend_la_place(osnp, creneau, maintenant):
    creneau_id = identifiant(creneau)
    orientation = orienter(acteur=osnp, cle="a", creneau_id=creneau_id, maintenant=maintenant)

    annuler(acteur=osnp, orientation=orientation, maintenant=maintenant)

    orientation.refresh_from_db()
    assert orientation.annulee_le == maintenant
    assert identifiant(creneau) == creneau_id
    assert Trace.objects.filter(verbe="orientation.annulee").count() == 1


def test_annuler_deux_fois_est_refuse(osnp, creneau, maintenant):
    orientation = orienter(acteur=osnp, cle="a", creneau_id=identifiant(creneau), maintenant=maintenant)
    annuler(acteur=osnp, orientation=orientation, maintenant=maintenant)

    with pytest.raises(OrientationRefusee) as refus:
        annuler(acteur=osnp, orientation=orientation, maintenant=maintenant)

    assert refus.value.code == "deja_annulee"


def test_une_place_annulee_puis_reprise_n_est_pas_rendue_deux_fois(osnp, creneau, maintenant):
    creneau_id = identifiant(creneau)
    premiere = orienter(acteur=osnp, cle="a", creneau_id=creneau_id, maintenant=maintenant)
    annuler(acteur=osnp, orientation=premiere, maintenant=maintenant)
    orienter(acteur=osnp, cle="b", creneau_id=creneau_id, maintenant=maintenant)

    with pytest.raises(OrientationRefusee):
        annuler(acteur=osnp, orientation=premiere, maintenant=maintenant)

    assert Reservation.objects.filter(annulee_le=None).count() == 1


def test_on_n_annule_que_les_siennes(osnp, creneau, maintenant):
    orientation = orienter(acteur=osnp, cle="a", creneau_id=identifiant(creneau), maintenant=maintenant)

    with pytest.raises(Orientation.DoesNotExist):
        annuler(acteur=CompteFactory(role=Role.OSNP), orientation=orientation, maintenant=maintenant)


@pytest.mark.parametrize(
    ("apres_la_fin", "refusee"),
    [pytest.param(-1, False, id="pendant le rendez-vous"), pytest.param(0, True, id="à sa fin")],
)
def test_un_rendez_vous_passe_ne_s_annule_plus(db, apres_la_fin, refusee):
    orientation = OrientationFactory()
    quand = orientation.fin + timedelta(minutes=apres_la_fin)

    if refusee:
        with pytest.raises(OrientationRefusee) as refus:
            annuler(acteur=orientation.acteur, orientation=orientation, maintenant=quand)
        assert refus.value.code == "trop_tard"
    else:
        assert (
            annuler(acteur=orientation.acteur, orientation=orientation, maintenant=quand).annulee_le == quand
        )


# --- Départ chez l’éditeur --------------------------------------------------


def identifiant_editeur(agenda) -> str:
    return identifiants(agenda.lieu_id)[0]


def test_rediriger_note_le_depart_et_ajoute_l_origine(osnp, chez_l_editeur, maintenant):
    lien = rediriger(acteur=osnp, creneau_id=identifiant_editeur(chez_l_editeur), maintenant=maintenant)

    redirection = Redirection.objects.get()
    assert lien.endswith("/rdv?creneau=1&origin=sas")
    assert (redirection.acteur, redirection.lieu) == (osnp, chez_l_editeur.lieu)
    assert redirection.hote == chez_l_editeur.raccordement.editeur.hotes_reservation[0]
    assert Trace.objects.filter(objet=f"redirection:{redirection.uuid}").exists()


def test_un_creneau_d_editeur_disparu_ne_redirige_pas(osnp, chez_l_editeur, maintenant):
    creneau_id = identifiant_editeur(chez_l_editeur)
    chez_l_editeur.creneaux = []
    chez_l_editeur.save()
    rafraichir([chez_l_editeur.lieu_id], maintenant)

    with pytest.raises(CreneauParti):
        rediriger(acteur=osnp, creneau_id=creneau_id, maintenant=maintenant)

    assert not Redirection.objects.exists()


@pytest.mark.parametrize(
    "champs",
    [
        pytest.param({"est_actif": False}, id="éditeur coupé"),
        pytest.param({"hotes_reservation": ["autre.example"]}, id="hôte retiré"),
    ],
)
def test_un_editeur_qui_vient_d_etre_coupe_ne_recoit_plus_personne(osnp, chez_l_editeur, maintenant, champs):
    Editeur.objects.update(**champs)

    with pytest.raises(CreneauParti):
        rediriger(acteur=osnp, creneau_id=identifiant_editeur(chez_l_editeur), maintenant=maintenant)

    assert not Redirection.objects.exists()
