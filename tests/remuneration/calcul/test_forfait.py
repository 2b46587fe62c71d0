"""Le forfait annuel : qui, par quelle preuve, semaine par semaine."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agenda.models import ReleveHebdomadaire
from annuaire.enums import TypeStructure
from remuneration.calcul import calculer, ouvrir
from remuneration.domaine.periodes import bornes, semaines_de
from remuneration.enums import Mode, Prestation
from remuneration.lectures import estimer
from remuneration.models import Decompte
from tests.annuaire.factories import (
    DepartementFactory,
    LieuExerciceFactory,
    StructureFactory,
    TerritoireFactory,
)
from tests.comptes.factories import CompteFactory
from tests.remuneration.calcul.monde import PARIS, declarer, medecin, sas_ouvert

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("regles_semees")]
JANVIER_2026 = datetime(2026, 1, 20, tzinfo=UTC)
SEMAINES_2025 = semaines_de(*bornes("2025"))
LOGICIEL = {"utilise_logiciel": True, "declare_deux_heures": False, "logiciels": ["logiciel"]}


def relever(titulaire, *, minutes=150, sauf=(), semaines=SEMAINES_2025, seuil=120):
    """Un relevé par semaine ; `sauf` : {lundi: minutes}, ou des lundis sans relevé."""
    champ = "structure" if hasattr(titulaire, "finess") else "effecteur"
    courtes = sauf if isinstance(sauf, dict) else {}
    ReleveHebdomadaire.objects.bulk_create(
        ReleveHebdomadaire(
            semaine=lundi,
            minutes=courtes.get(lundi, minutes),
            seuil_min=seuil,
            releve_le=datetime.combine(lundi + timedelta(days=7), datetime.min.time(), UTC)
            + timedelta(hours=13),
            **{champ: titulaire},
        )
        for lundi in semaines
        if isinstance(sauf, dict) or lundi not in sauf
    )


def forfait(code="2025", maintenant=JANVIER_2026) -> Decompte:
    calculer(ouvrir(code), maintenant)
    return Decompte.objects.get(prestation=Prestation.PARTICIPATION)


def test_deux_heures_chaque_semaine_valent_1_400_euros():
    sas_ouvert()
    cabinet = medecin()
    relever(cabinet.effecteur)

    decompte = forfait()

    assert (decompte.montant, decompte.est_du, decompte.nombre) == (1400, True, 52)
    assert decompte.preuve["minutes_min"] == 150
    assert decompte.preuve["declarations"][0]["mode"] == Mode.INDIVIDUEL
    assert decompte.departement_id == "59"


def test_une_seule_semaine_courte_suffit_a_le_perdre_et_se_lit_dans_la_preuve():
    sas_ouvert()
    cabinet = medecin()
    relever(cabinet.effecteur, sauf={date(2025, 3, 3): 90})

    decompte = forfait()

    assert (decompte.montant, decompte.est_du) == (0, False)
    assert decompte.preuve["courtes"] == [{"semaine": "2025-03-03", "minutes": 90}]
    assert decompte.conditions["montre"][0] is False


def test_une_semaine_sans_releve_n_est_pas_prouvee():
    sas_ouvert()
    cabinet = medecin()
    relever(cabinet.effecteur, sauf=[date(2025, 3, 3)])

    assert forfait().preuve["courtes"] == [{"semaine": "2025-03-03", "minutes": None}]


def test_un_logiciel_interface_dispense_des_semaines():
    sas_ouvert()
    cabinet = medecin(participe=False)
    declarer(cabinet.effecteur, **LOGICIEL)

    decompte = forfait()

    assert (decompte.montant, decompte.preuve["semaines"]) == (1400, 0)


def test_seules_les_semaines_entieres_de_la_participation_se_prouvent():
    """Déclaré le mercredi 4 juin : la semaine du 9 est la première due."""
    sas_ouvert()
    cabinet = medecin(participe=False)
    declarer(cabinet.effecteur, le=datetime(2025, 6, 4, 10, tzinfo=PARIS))
    relever(cabinet.effecteur, semaines=[s for s in SEMAINES_2025 if s >= date(2025, 6, 9)])

    decompte = forfait()

    assert (decompte.est_du, decompte.preuve["semaines"]) == (True, 29)


def test_redeclarer_au_milieu_d_une_semaine_ne_la_dispense_pas():
    sas_ouvert()
    cabinet = medecin()
    declarer(cabinet.effecteur, le=datetime(2025, 3, 5, 10, tzinfo=PARIS), forfait_reorientation=True)
    relever(cabinet.effecteur, sauf={date(2025, 3, 3): 0})

    assert forfait().preuve["courtes"] == [{"semaine": "2025-03-03", "minutes": 0}]


def test_qui_cesse_de_participer_est_juge_a_son_dernier_jour():
    sas_ouvert()
    cabinet = medecin()
    declarer(cabinet.effecteur, le=datetime(2025, 7, 1, 0, 0, tzinfo=PARIS), participe=False)
    relever(cabinet.effecteur, semaines=[s for s in SEMAINES_2025 if s < date(2025, 6, 30)])

    decompte = forfait()

    assert (decompte.est_du, decompte.preuve["jour"]) == (True, "2025-06-30")


def test_qui_n_a_jamais_participe_n_a_pas_de_decompte():
    sas_ouvert()
    medecin(participe=False)

    calculer(ouvrir("2025"), JANVIER_2026)

    assert not Decompte.objects.exists()


def test_sans_sas_au_dernier_jour_rien_n_est_du():
    TerritoireFactory(
        departements=[DepartementFactory()], ouvert_date=date(2021, 1, 1), ferme_date=date(2025, 12, 31)
    )
    cabinet = medecin()
    relever(cabinet.effecteur)

    decompte = forfait()

    assert (decompte.est_du, decompte.conditions["sas_ouvert"][0]) == (False, False)


def test_un_centre_recoit_le_montant_par_medecin_et_montre_deux_heures_pour_chacun():
    sas_ouvert()
    centre = StructureFactory(type=TypeStructure.CDS)
    LieuExerciceFactory(effecteur=None, structure=centre)
    declarer(centre, nombre_effecteurs=3)
    relever(centre, minutes=400, sauf={date(2025, 3, 3): 350}, seuil=360)

    decompte = forfait()

    assert (decompte.mode, decompte.nombre, decompte.preuve["seuil_min"]) == (Mode.CDS, 3, 360)
    assert decompte.preuve["courtes"] == [{"semaine": "2025-03-03", "minutes": 350}]


def test_un_centre_en_regle_recoit_le_tout():
    sas_ouvert()
    centre = StructureFactory(type=TypeStructure.CDS)
    declarer(centre, nombre_effecteurs=3)
    relever(centre, minutes=400, seuil=360)

    assert forfait().montant == 4200


def test_qui_participe_par_sos_medecins_est_compte_a_son_association():
    sas_ouvert()
    association = StructureFactory(sos=True)
    declarer(association, nombre_effecteurs=0)
    for _ in range(2):
        declarer(medecin(participe=False).effecteur, modalite="sos", structure=association.pk)
    relever(association, minutes=240, seuil=240)

    decompte = forfait()

    assert (decompte.structure, decompte.nombre, decompte.montant) == (association, 2, 2800)


@pytest.mark.parametrize(
    ("reponses", "compte", "manque"),
    [
        pytest.param(LOGICIEL, True, set(), id="logiciel et compte"),
        pytest.param(LOGICIEL, False, {"inscrit"}, id="sans compte"),
        pytest.param({}, True, {"interface", "montre"}, id="agenda saisi, sans relevé"),
    ],
)
def test_le_forfait_de_2026(reponses, compte, manque):
    sas_ouvert()
    cabinet = medecin(participe=False)
    declarer(cabinet.effecteur, **reponses)
    if compte:
        inscrit = CompteFactory(identifiant_national=cabinet.effecteur.identifiant_national)
        type(inscrit).objects.filter(pk=inscrit.pk).update(cree_le=datetime(2025, 1, 1, tzinfo=UTC))

    decompte = forfait("2026", datetime(2027, 1, 20, tzinfo=UTC))

    assert {code for code, (remplie, _) in decompte.conditions.items() if not remplie} == manque
    assert decompte.montant == (0 if manque else 1000)


def test_la_semaine_en_cours_n_est_pas_encore_due():
    """Le mercredi 12 mars : la dernière semaine relevée est celle du 24 février, sa suivante l’est depuis lundi."""
    sas_ouvert()
    cabinet = medecin()
    relever(cabinet.effecteur, semaines=[s for s in SEMAINES_2025 if s <= date(2025, 3, 3)])

    estimation = estimer(effecteur=cabinet.effecteur, maintenant=datetime(2025, 3, 12, 9, tzinfo=PARIS))

    (attendu,) = [a for a in estimation.prestations if a.regle.prestation == Prestation.PARTICIPATION]
    assert (attendu.est_du, attendu.montant, attendu.preuve["semaines"]) == (True, 1400, 10)


def test_une_semaine_est_celle_du_fuseau_du_lieu():
    """Déclaré à La Réunion le lundi à minuit, soit dimanche soir à Paris : cette semaine-là est due."""
    sas_ouvert(DepartementFactory(reunion=True))
    cabinet = medecin(participe=False, reunion=True)
    declarer(cabinet.effecteur, le=datetime(2025, 12, 15, 0, 0, tzinfo=ZoneInfo("Indian/Reunion")))
    relever(cabinet.effecteur, semaines=[date(2025, 12, 15), date(2025, 12, 22)])

    decompte = forfait()

    assert (decompte.preuve["semaines"], decompte.est_du) == (2, True)


def test_l_estimation_de_l_annee_est_celle_du_calcul():
    sas_ouvert()
    cabinet = medecin()
    relever(cabinet.effecteur, sauf={date(2025, 3, 3): 90})
    maintenant = datetime(2025, 12, 30, 12, tzinfo=UTC)
    calculer(ouvrir("2025"), maintenant)
    national = Decompte.objects.get()

    estimation = estimer(effecteur=cabinet.effecteur, maintenant=maintenant)

    (attendu,) = [a for a in estimation.prestations if a.regle.prestation == Prestation.PARTICIPATION]
    assert (attendu.montant, attendu.est_du) == (national.montant, national.est_du)
    assert attendu.preuve == national.preuve
