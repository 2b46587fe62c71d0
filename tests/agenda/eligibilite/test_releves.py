from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from agenda.eligibilite.lectures import (
    Jauge,
    avec_medecins,
    en_heures,
    fermetures_de,
    jauges_de_l_effecteur,
    jauges_de_la_structure,
    semaines_des_structures,
    seuil_de_structure,
    veille_de,
)
from agenda.eligibilite.releves import relever
from agenda.models import CalendrierExterne, PeriodeOccupee, ReleveHebdomadaire
from annuaire.enums import TypeStructure
from annuaire.models import Effecteur, LieuExercice
from participation.actions import Reponses, declarer
from participation.models import Participation, ParticipationStructure
from tests.agenda.factories import LUNDI, DisponibiliteFactory, IndisponibiliteFactory
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory, StructureFactory
from tests.comptes.factories import CompteFactory
from tests.participation.factories import ParticipationFactory, ParticipationStructureFactory

pytestmark = pytest.mark.django_db

LUNDI_SUIVANT = datetime(2026, 11, 9, 12, 17, tzinfo=UTC)
UNE_HEURE_ET_DEMIE = {"hebdomadaire": True, "plage": True, "heure_debut": time(9), "heure_fin": time(10, 30)}


@pytest.fixture
def lieu():
    """Un effecteur qui participe par son agenda saisi depuis octobre, et montre 1 h 30 chaque lundi."""
    lieu = LieuExerciceFactory()
    ParticipationFactory(effecteur=lieu.effecteur)
    Participation.objects.update(cree_le=datetime(2026, 10, 30, tzinfo=UTC))
    DisponibiliteFactory(lieu=lieu, **UNE_HEURE_ET_DEMIE)
    return lieu


def jauges_de(effecteur: Effecteur) -> list[Jauge]:
    """Celles de cette semaine et de la suivante."""
    lundis = [LUNDI, LUNDI + timedelta(weeks=1)]
    lieux = list(LieuExercice.objects.filter(effecteur=effecteur).select_related("structure").order_by("pk"))
    fermetures = fermetures_de([lieu.pk for lieu in lieux], depuis=veille_de(lundis))
    return jauges_de_l_effecteur(lieux, fermetures, lundis)


def releves() -> list[tuple[date, int, int]]:
    return list(ReleveHebdomadaire.objects.order_by("semaine").values_list("semaine", "minutes", "seuil_min"))


def test_le_lundi_la_semaine_ecoulee_est_relevee_et_une_seule_fois(lieu):
    assert relever(LUNDI_SUIVANT) == 2  # celle du 26 octobre aussi : il participait depuis le vendredi
    assert relever(LUNDI_SUIVANT) == 0

    assert releves() == [(date(2026, 10, 26), 0, 120), (LUNDI, 90, 120)]


def test_apres_une_panne_les_semaines_sautees_se_rattrapent(lieu):
    relever(LUNDI_SUIVANT)

    assert relever(LUNDI_SUIVANT + timedelta(weeks=3)) == 3
    assert [minutes for _, minutes, _ in releves()] == [0, 90, 90, 90, 90]


def test_une_semaine_n_est_relevee_qu_une_fois_finie_a_l_heure_du_lieu(lieu):
    lieu.fuseau = "Pacific/Tahiti"  # UTC−10 : le lundi y commence à 10 h UTC
    lieu.save()

    relever(datetime(2026, 11, 9, 9, 59, tzinfo=UTC))
    assert LUNDI not in [semaine for semaine, _, _ in releves()]
    relever(datetime(2026, 11, 9, 10, 0, tzinfo=UTC))
    assert LUNDI in [semaine for semaine, _, _ in releves()]


@pytest.mark.parametrize(
    "reglages",
    [
        pytest.param({"interface": True}, id="interfacé et montré"),
        pytest.param({"via_sos": True, "utilise_logiciel": None}, id="SOS Médecins"),
        pytest.param({"refus": True}, id="ne participe pas"),
    ],
)
def test_qui_ne_doit_pas_deux_heures_sur_cet_agenda_n_est_pas_releve(reglages):
    disponibilite = DisponibiliteFactory(**UNE_HEURE_ET_DEMIE)
    ParticipationFactory(effecteur=disponibilite.lieu.effecteur, **reglages)
    Participation.objects.update(cree_le=datetime(2026, 10, 1, tzinfo=UTC))

    assert relever(LUNDI_SUIVANT) == 0


def test_qui_cesse_de_participer_le_dimanche_garde_sa_preuve(lieu):
    participation = Participation.objects.get()
    declarer(
        effecteur=lieu.effecteur,
        reponses=Reponses(),
        auteur=CompteFactory(),
        maintenant=datetime(2026, 11, 8, 12, tzinfo=UTC),
        vue_le=participation.modifie_le,
    )

    relever(LUNDI_SUIVANT)

    assert (LUNDI, 90, 120) in releves()


def test_deux_heures_par_medecin_generaliste_du_centre():
    centre = StructureFactory(type=TypeStructure.CDS)
    ParticipationStructureFactory(structure=centre, nombre_effecteurs=2)
    ParticipationStructure.objects.update(cree_le=datetime(2026, 11, 2, tzinfo=UTC))
    DisponibiliteFactory(lieu=LieuExerciceFactory(structure=centre), **UNE_HEURE_ET_DEMIE)
    accueil = LieuExerciceFactory(effecteur=None, structure=centre)
    for _ in range(2):  # deux médecins à la même heure
        DisponibiliteFactory(lieu=accueil, **UNE_HEURE_ET_DEMIE)

    relever(LUNDI_SUIVANT)

    assert releves() == [(LUNDI, 270, 240)]
    assert ReleveHebdomadaire.objects.get().structure == centre


def test_une_association_sos_medecins_doit_deux_heures_par_effecteur_qui_participe_par_elle():
    sos = StructureFactory(sos=True)
    ParticipationStructureFactory(structure=sos, nombre_effecteurs=0)
    reglages = avec_medecins(ParticipationStructure.objects.all())
    assert seuil_de_structure(reglages.get()) == timedelta(hours=2)

    for _ in range(3):
        ParticipationFactory(structure=sos, modalite="sos", utilise_logiciel=None)

    assert seuil_de_structure(reglages.get()) == timedelta(hours=6)
    assert semaines_des_structures([sos.pk], [LUNDI]) == {}


def test_la_jauge_compte_tous_les_lieux_sauf_ceux_d_un_centre_de_sante(lieu):
    DisponibiliteFactory(
        lieu=LieuExerciceFactory(effecteur=lieu.effecteur),
        plage=True,
        heure_debut=time(14),
        heure_fin=time(15),
    )
    salarie = LieuExerciceFactory(effecteur=lieu.effecteur, structure=StructureFactory())
    DisponibiliteFactory(lieu=salarie, plage=True, heure_debut=time(17), heure_fin=time(19))

    cette, suivante = jauges_de(lieu.effecteur)

    assert (str(cette), cette.est_atteinte) == ("2\u00a0h\u00a030 / 2\u00a0h", True)
    assert (str(suivante), suivante.pourcentage) == ("1\u00a0h\u00a030 / 2\u00a0h", 75)


def test_une_indisponibilite_sans_fin_retire_les_heures_qui_suivent(lieu):
    IndisponibiliteFactory(lieu=lieu, periode=DateTimeTZRange(datetime(2026, 11, 9, 6, tzinfo=UTC), None))

    jauges = jauges_de(lieu.effecteur)

    assert [jauge.minutes for jauge in jauges] == [90, 0]


def test_sans_lieu_la_jauge_est_vide():
    assert [jauge.minutes for jauge in jauges_de(EffecteurFactory())] == [0, 0]


def test_ce_qu_occupe_un_calendrier_externe_ne_se_compte_pas(lieu):
    calendrier = CalendrierExterne.objects.create(lieu=lieu, cree_le=LUNDI_SUIVANT)
    debut = datetime(2026, 11, 9, 8, 30, tzinfo=UTC)  # 9 h 30, au milieu de la plage de 9 h à 10 h 30
    PeriodeOccupee.objects.create(
        calendrier=calendrier, lieu=lieu, debut=debut, fin=debut + timedelta(hours=2)
    )

    assert [jauge.minutes for jauge in jauges_de(lieu.effecteur)] == [90, 30]


def test_le_centre_se_compare_a_deux_heures_par_generaliste_et_chacun_aux_siennes():
    centre = StructureFactory(type=TypeStructure.CDS)
    ParticipationStructureFactory(structure=centre, nombre_effecteurs=2)
    premier, second = (LieuExerciceFactory(structure=centre) for _ in range(2))
    for _ in range(2):
        DisponibiliteFactory(
            lieu=premier, hebdomadaire=True, plage=True, heure_debut=time(9), heure_fin=time(12)
        )
    DisponibiliteFactory(lieu=LieuExerciceFactory(effecteur=None, structure=centre), **UNE_HEURE_ET_DEMIE)
    lieux = list(LieuExercice.objects.select_related("structure"))
    fermetures = fermetures_de([lieu.pk for lieu in lieux], depuis=veille_de([LUNDI]))
    seuil = seuil_de_structure(avec_medecins(ParticipationStructure.objects.all()).get())

    lues = jauges_de_la_structure(lieux, fermetures, [LUNDI], seuil=seuil)

    assert [(jauge.minutes, jauge.seuil_min) for jauge in lues.ensemble] == [(180 + 90, 240)]
    assert {pk: siennes[0].minutes for pk, siennes in lues.par_praticien.items()} == {
        premier.effecteur_id: 180,
        second.effecteur_id: 0,
    }
    assert not lues.par_praticien[second.effecteur_id][0].est_atteinte


@pytest.mark.parametrize(
    ("minutes", "attendu"),
    [(0, "0\u00a0min"), (45, "45\u00a0min"), (60, "1\u00a0h"), (65, "1\u00a0h\u00a005")],
)
def test_des_minutes_se_lisent_en_heures(minutes, attendu):
    assert en_heures(minutes) == attendu


def test_un_releve_ne_se_recrit_ni_ne_s_efface(lieu):
    relever(LUNDI_SUIVANT)

    with pytest.raises(DatabaseError, match="pgtrigger"), transaction.atomic():
        ReleveHebdomadaire.objects.update(minutes=120)
    with pytest.raises(DatabaseError, match="pgtrigger"), transaction.atomic():
        ReleveHebdomadaire.objects.all().delete()


@pytest.mark.parametrize(
    ("champs", "contrainte"),
    [
        pytest.param({"semaine": LUNDI + timedelta(days=1)}, "un_lundi", id="un mardi"),
        pytest.param({"effecteur": None}, "un_titulaire", id="de personne"),
        pytest.param({}, "effecteur_une_fois", id="deux fois"),
    ],
)
def test_la_base_refuse_un_releve_incoherent(lieu, champs, contrainte):
    releve = {
        "effecteur": lieu.effecteur,
        "semaine": LUNDI,
        "minutes": 0,
        "seuil_min": 120,
        "releve_le": LUNDI_SUIVANT,
    }
    ReleveHebdomadaire.objects.create(**releve)

    with pytest.raises(IntegrityError, match=contrainte), transaction.atomic():
        ReleveHebdomadaire.objects.create(**releve | champs)


def test_le_nombre_de_requetes_ne_suit_pas_celui_des_effecteurs(lieu, compter_requetes):
    relever(LUNDI_SUIVANT)
    avec_un = compter_requetes(lambda: relever(LUNDI_SUIVANT))

    for _ in range(4):
        voisin = DisponibiliteFactory(**UNE_HEURE_ET_DEMIE).lieu
        ParticipationFactory(effecteur=voisin.effecteur)
    Participation.objects.update(cree_le=datetime(2026, 11, 1, tzinfo=UTC))

    assert compter_requetes(lambda: relever(LUNDI_SUIVANT)) <= avec_un + 3  # l’ajout, et son point de reprise


def test_la_commande_simule_puis_ecrit(lieu, horloge, capsys):
    horloge.move_to(LUNDI_SUIVANT)

    call_command("relever_heures")
    assert not ReleveHebdomadaire.objects.exists()
    call_command("relever_heures", "--ecrire", "--semaines", "1")

    assert releves() == [(LUNDI, 90, 120)]
    assert "Écrit : 1 relevés ajoutés" in capsys.readouterr().out
