from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from agenda.domaine.offre import identifiant_sas
from agenda.models import CarteLieu, Disponibilite, OffreLieu, OffrePerimee
from agenda.offre import (
    decodeur_carte,
    lieux_vivants,
    lire,
    rafraichir,
    rafraichir_perimees,
    verrouiller,
)
from agenda.tasks import rafraichir_perimees as rafraichir_perimees_tache
from agenda.tasks import reconstruire_offre_periodique
from annuaire.enums import TypeStructure
from annuaire.models import Effecteur, LieuExercice
from participation.models import Participation
from tests.agenda.factories import (
    AgendaEditeurFactory,
    DisponibiliteFactory,
    IndisponibiliteFactory,
    ReservationFactory,
)
from tests.annuaire.factories import (
    EffecteurFactory,
    LieuExerciceFactory,
    SpecialiteFactory,
    StructureFactory,
)
from tests.participation.factories import ParticipationFactory, ParticipationStructureFactory

pytestmark = pytest.mark.django_db
MATIN = datetime(2026, 11, 2, 7, tzinfo=UTC)  # lundi, 8 h à Paris


@pytest.fixture(autouse=True)
def _specialites(db):
    SpecialiteFactory()
    SpecialiteFactory(pediatrie=True)
    SpecialiteFactory(centre_de_sante=True)


def creneaux(lieu) -> list[str]:
    return [c.id for c in decodeur_carte.decode(CarteLieu.objects.get(lieu=lieu).document).creneaux]


def test_reconstruire_ne_change_rien_a_une_projection_a_jour():
    lieu = DisponibiliteFactory(hebdomadaire=True).lieu
    AgendaEditeurFactory(lieu=lieu)
    ReservationFactory(disponibilite__lieu=lieu, disponibilite__plage=True)
    assert rafraichir([lieu.pk], MATIN) == 1

    with CaptureQueriesContext(connection) as requetes:
        changees = rafraichir([lieu.pk], MATIN)

    assert changees == 0
    assert not [r for r in requetes if r["sql"].lstrip().startswith(("INSERT", "UPDATE"))]


def test_toute_source_qui_change_change_la_carte():
    disponibilite = DisponibiliteFactory(plage=True)
    lieu = disponibilite.lieu
    rafraichir([lieu.pk], MATIN)

    participation = ParticipationFactory(effecteur=lieu.effecteur)
    assert rafraichir([lieu.pk], MATIN) == 1
    ReservationFactory(disponibilite=disponibilite)
    assert rafraichir([lieu.pk], MATIN) == 1
    AgendaEditeurFactory(lieu=lieu)
    assert rafraichir([lieu.pk], MATIN) == 0  # il dit ne pas avoir de logiciel
    participation.delete()
    assert rafraichir([lieu.pk], MATIN) == 1
    IndisponibiliteFactory(lieu=lieu)
    assert rafraichir([lieu.pk], MATIN) == 1

    assert creneaux(lieu) == []


@pytest.mark.parametrize("est_le_lieu", [False, True], ids=["effecteur parti", "lieu fermé"])
def test_un_lieu_ferme_ou_un_effecteur_parti_quitte_la_recherche(est_le_lieu):
    lieu, voisin = DisponibiliteFactory().lieu, DisponibiliteFactory().lieu
    rafraichir([lieu.pk, voisin.pk], MATIN)
    assert OffreLieu.objects.filter(lieu=lieu).exists()

    parti = lieu if est_le_lieu else lieu.effecteur
    parti.est_actif = False
    parti.save()

    assert rafraichir([lieu.pk, voisin.pk], MATIN) == 1
    assert list(OffreLieu.objects.values_list("lieu", flat=True)) == [voisin.pk]
    assert list(CarteLieu.objects.values_list("lieu", flat=True)) == [voisin.pk]


def test_chaque_specialite_de_l_effecteur_trouve_son_lieu():
    lieu = LieuExerciceFactory(effecteur=EffecteurFactory(savoir_faire=["SM53", "SM40"]))

    rafraichir([lieu.pk], MATIN)

    trouvees = OffreLieu.objects.filter(lieu=lieu).order_by("specialite__code")
    assert list(trouvees.values_list("specialite__code", flat=True)) == ["SM40", "SM54"]


@pytest.mark.parametrize(
    ("trait", "participe", "en_sus", "saisi", "editeur"),
    [
        pytest.param({}, True, True, True, False, id="à titre individuel, sans logiciel"),
        pytest.param({"interface": True}, True, True, False, True, id="à titre individuel, interfacé"),
        pytest.param({"via_cpts": True}, False, False, True, False, id="via une CPTS, pour un autre lieu"),
        pytest.param({"via_msp": True}, True, False, True, False, id="via une MSP"),
        pytest.param({"via_sos": True}, True, False, False, False, id="via SOS Médecins"),
        pytest.param({"sans_affichage": True}, True, True, True, False, id="refuse l’affichage"),
        pytest.param({"refus": True}, False, False, True, True, id="ne participe pas"),
    ],
)
def test_la_participation_decide_de_ce_qui_est_visible(trait, participe, en_sus, saisi, editeur):
    disponibilite = DisponibiliteFactory()
    lieu = disponibilite.lieu
    agenda = AgendaEditeurFactory(lieu=lieu)
    ParticipationFactory(effecteur=lieu.effecteur, **trait)

    rafraichir([lieu.pk], MATIN)

    offre = OffreLieu.objects.get(lieu=lieu)
    assert (offre.participe, offre.en_sus) == (participe, en_sus)
    sources = [c[0] for c in creneaux(lieu)]
    assert ("d" in sources, "e" in sources) == (saisi, editeur)
    assert agenda.lieu == lieu


def test_via_une_cpts_seuls_participent_les_lieux_qui_y_sont_rattaches():
    lieu, autre = (LieuExerciceFactory(effecteur=effecteur) for effecteur in [EffecteurFactory()] * 2)
    rafraichir([lieu.pk, autre.pk], MATIN)

    ParticipationFactory(effecteur=lieu.effecteur, via_cpts=True)
    rafraichir_perimees(MATIN)
    Participation.objects.get().lieux.add(lieu)
    assert rafraichir_perimees(MATIN) == 1

    assert participe(lieu) == (True, True)
    assert participe(autre) == (False, False)


def test_dans_un_centre_de_sante_c_est_le_centre_qui_participe():
    centre = StructureFactory()
    ParticipationStructureFactory(structure=centre)
    lieu_du_centre = LieuExerciceFactory(effecteur=None, structure=centre)
    salarie = LieuExerciceFactory(structure=centre)
    ParticipationFactory(effecteur=salarie.effecteur)

    rafraichir([lieu_du_centre.pk, salarie.pk], MATIN)

    assert OffreLieu.objects.get(lieu=lieu_du_centre).en_sus
    assert not OffreLieu.objects.get(lieu=salarie).participe


@pytest.fixture
def maison() -> LieuExercice:
    """Le lieu d’une maison de santé, que la recherche trouve."""
    SpecialiteFactory(code="MSP", profession=None, savoir_faire=[], type_structure=TypeStructure.MSP)
    structure = StructureFactory(type=TypeStructure.MSP)
    return LieuExerciceFactory(effecteur=None, structure=structure)


def participe(lieu: LieuExercice) -> tuple[bool, bool]:
    offre = OffreLieu.objects.get(lieu=lieu)
    return offre.participe, offre.en_sus


@pytest.mark.parametrize(
    ("reglages", "attendu"),
    [
        pytest.param({}, True, id="par elle"),
        pytest.param({"effecteur__est_actif": False}, False, id="par elle, mais n’exerce plus"),
        pytest.param({"modalite": "cpts"}, False, id="par elle, mais à un autre titre"),
        pytest.param({"structure": None, "modalite": "individuel"}, False, id="à titre individuel"),
        pytest.param({"structure": None, "modalite": "", "participe": False}, False, id="ne participe pas"),
    ],
)
def test_une_maison_de_sante_participe_des_qu_un_effecteur_le_fait_par_elle(maison, reglages, attendu):
    reglages = {"structure": maison.structure, "modalite": "msp"} | reglages
    ParticipationFactory(**reglages)
    ParticipationFactory(via_msp=True)  # par une autre

    rafraichir([maison.pk], MATIN)

    assert participe(maison) == (attendu, attendu)


def test_une_maison_de_sante_n_a_pas_de_reglage_a_elle(maison):
    ParticipationStructureFactory(structure=maison.structure)

    rafraichir([maison.pk], MATIN)

    assert participe(maison) == (False, False)


def test_une_maison_de_sante_suit_ses_effecteurs_et_eux_seuls(maison):
    rafraichir([maison.pk], MATIN)
    vu = []

    def suivre() -> None:
        rafraichir_perimees(MATIN)
        vu.append(participe(maison)[0])

    participation = ParticipationFactory(structure=maison.structure, modalite="msp")
    suivre()
    Effecteur.objects.filter(pk=participation.effecteur_id).update(est_actif=False)
    suivre()
    Effecteur.objects.filter(pk=participation.effecteur_id).update(est_actif=True)
    suivre()
    Participation.objects.update(structure=StructureFactory(type=TypeStructure.MSP))
    suivre()
    Participation.objects.update(structure=maison.structure)
    suivre()
    participation.delete()
    suivre()

    assert vu == [True, False, True, False, True, False]


def test_le_nombre_de_requetes_ne_croit_pas_avec_les_lieux(compter_requetes):
    lieux = [DisponibiliteFactory().lieu.pk]
    pour_un = compter_requetes(lambda: rafraichir(lieux, MATIN))
    lieux += [DisponibiliteFactory().lieu.pk for _ in range(5)]

    assert compter_requetes(lambda: rafraichir(lieux, MATIN)) == pour_un


@pytest.mark.django_db(transaction=True)
def test_le_plan_commun_de_ce_qui_recrit_un_lieu_ne_survit_pas_a_la_transaction():
    lieu = LieuExerciceFactory()

    def reglage() -> str:
        with connection.cursor() as curseur:
            curseur.execute("SHOW plan_cache_mode")
            return curseur.fetchone()[0]

    with transaction.atomic():
        verrouiller([lieu.pk])
        pendant = reglage()

    assert (pendant, reglage()) == ("force_generic_plan", "auto")  # la recherche en change avec la zone


def test_la_commande_simule_par_defaut(capsys):
    DisponibiliteFactory(hebdomadaire=True, premier_jour=date(2026, 1, 5))

    call_command("reconstruire_offre")
    assert "Simulation : 1 lieux, 1 cartes changées" in capsys.readouterr().out
    assert not CarteLieu.objects.exists()

    call_command("reconstruire_offre", ecrire=True)
    assert "Écrit : 1 lieux, 1 cartes changées" in capsys.readouterr().out
    call_command("reconstruire_offre", ecrire=True, vivants=True)
    assert "Écrit : 1 lieux, 0 cartes changées" in capsys.readouterr().out


def test_les_lieux_vivants_sont_ceux_qui_ont_une_source_ou_une_fermeture():
    LieuExerciceFactory()
    saisi = DisponibiliteFactory().lieu
    recu = AgendaEditeurFactory().lieu
    ferme = IndisponibiliteFactory().lieu

    assert sorted(lieux_vivants()) == sorted([saisi.pk, recu.pk, ferme.pk])


def test_chaque_heure_les_lieux_vivants_sont_recalcules():
    lieu = DisponibiliteFactory(hebdomadaire=True).lieu
    rafraichir([lieu.pk], MATIN)
    CarteLieu.objects.update(empreinte="écart")

    assert reconstruire_offre_periodique() == 1
    assert rafraichir_perimees_tache() == 1

    assert CarteLieu.objects.get(lieu=lieu).empreinte != "écart"
    assert not OffrePerimee.objects.exists()


def test_a_la_reunion_le_creneau_suit_l_heure_de_la_reunion():
    lieu = LieuExerciceFactory(reunion=True)
    neuf_heures = int(datetime(2026, 11, 2, 5, tzinfo=UTC).timestamp()) // 60  # à Saint-Denis
    creneau_id = identifiant_sas(DisponibiliteFactory(lieu=lieu).pk, neuf_heures)

    assert lire([lieu.pk], MATIN).creneau_montre(lieu.pk, creneau_id) is None
    creneau = lire([lieu.pk], MATIN - timedelta(hours=3)).creneau_montre(lieu.pk, creneau_id)
    assert creneau is not None
    assert creneau.debut == neuf_heures


@pytest.mark.parametrize(
    ("maintenant", "affiche"),
    [
        pytest.param(MATIN, "+33353010009", id="il propose un créneau"),
        pytest.param(MATIN + timedelta(hours=2), "+33353010001", id="il n’en propose plus"),
    ],
)
def test_le_telephone_d_un_editeur_s_affiche_tant_qu_il_propose_un_creneau(maintenant, affiche):
    lieu = LieuExerciceFactory(telephone="+33353010001")
    AgendaEditeurFactory(lieu=lieu, telephone="+33353010009")

    rafraichir([lieu.pk], maintenant)

    assert decodeur_carte.decode(CarteLieu.objects.get(lieu=lieu).document).lieu.telephone == affiche


def test_un_lieu_ferme_sans_date_de_retour_ne_propose_plus_rien():
    lieu = DisponibiliteFactory(hebdomadaire=True).lieu
    AgendaEditeurFactory(lieu=lieu)
    IndisponibiliteFactory(lieu=lieu, sans_fin=True)

    rafraichir([lieu.pk], MATIN)

    assert creneaux(lieu) == []


def test_une_disponibilite_supprimee_disparait():
    disponibilite = DisponibiliteFactory()
    rafraichir([disponibilite.lieu_id], MATIN)

    Disponibilite.objects.all().delete()
    rafraichir([disponibilite.lieu_id], MATIN)

    assert creneaux(disponibilite.lieu) == []


def test_un_editeur_coupe_retire_ses_creneaux_et_rouvert_les_rend():
    agenda = AgendaEditeurFactory()
    editeur, ailleurs = agenda.raccordement.editeur, AgendaEditeurFactory()
    rafraichir([agenda.lieu_id, ailleurs.lieu_id], MATIN)

    editeur.est_actif = False
    editeur.save()
    assert list(OffrePerimee.objects.values_list("pk", flat=True)) == [agenda.lieu_id]
    rafraichir_perimees(MATIN)
    assert creneaux(agenda.lieu) == []
    editeur.est_actif = True
    editeur.save()
    rafraichir_perimees(MATIN)

    assert len(creneaux(agenda.lieu)) == len(creneaux(ailleurs.lieu)) == 1


def test_un_changement_d_annuaire_ou_de_participation_marque_les_lieux_a_recalculer():
    lieu, voisin = LieuExerciceFactory(), LieuExerciceFactory()
    rafraichir([lieu.pk, voisin.pk], MATIN)
    assert not OffrePerimee.objects.exists()

    participation = ParticipationFactory(effecteur=lieu.effecteur)
    assert list(OffrePerimee.objects.values_list("pk", flat=True)) == [lieu.pk]
    assert rafraichir_perimees(MATIN) == 1
    assert OffreLieu.objects.get(lieu=lieu).participe

    participation.delete()
    voisin.telephone = "+33353010009"
    voisin.save()
    assert OffrePerimee.objects.count() == 2
    assert rafraichir_perimees(MATIN, limite=1) == 1
    assert rafraichir_perimees(MATIN) == 1
    assert rafraichir_perimees(MATIN) == 0
    assert not OffreLieu.objects.get(lieu=lieu).participe


def test_la_ligne_etroite_porte_ce_que_la_recherche_filtre_et_compte():
    effecteur = EffecteurFactory(conventionnement="secteur_2")
    participation = ParticipationFactory(effecteur=effecteur, via_cpts=True, forfait_reorientation=True)
    membre, ailleurs = LieuExerciceFactory(effecteur=effecteur), LieuExerciceFactory(effecteur=effecteur)
    participation.lieux.add(membre)

    rafraichir([membre.pk, ailleurs.pk], MATIN)

    champs = ("nature", "secteur", "departement", "via", "cpts", "forfait")
    ecrites = {lieu_id: valeurs for lieu_id, *valeurs in OffreLieu.objects.values_list("lieu_id", *champs)}
    assert ecrites[membre.pk] == ["10", "secteur_2", "59", "cpts", participation.structure_id, True]
    assert ecrites[ailleurs.pk] == ["10", "secteur_2", "59", "", None, True]


def test_un_changement_de_conventionnement_ou_de_forfait_recalcule_la_ligne():
    participation = ParticipationFactory()
    lieu = LieuExerciceFactory(effecteur=participation.effecteur)
    rafraichir([lieu.pk], MATIN)

    Effecteur.objects.update(conventionnement="secteur_1_dp")
    Participation.objects.update(forfait_reorientation=True)
    rafraichir_perimees(MATIN)

    assert OffreLieu.objects.values_list("secteur", "forfait").get(lieu=lieu) == ("secteur_1_dp", True)
