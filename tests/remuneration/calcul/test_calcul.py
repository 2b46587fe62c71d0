"""Du fait au décompte, sur de petits mondes ; la comparaison générale est dans test_reference.py."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from annuaire.enums import TypeStructure
from annuaire.models import Effecteur
from orientation.enums import NatureExterne
from remuneration.calcul import BaremeRefuse, calculer, ouvrir
from remuneration.enums import Etape, EtatRegle, Mode, MotifActe, Prestation
from remuneration.models import Acte, Calcul, Decompte, Regle, Succession
from tests.annuaire.factories import (
    DepartementFactory,
    EffecteurFactory,
    LieuExerciceFactory,
    StructureFactory,
    TerritoireFactory,
)
from tests.orientation.factories import OrientationExterneFactory
from tests.remuneration.calcul.monde import PARIS, declarer, dire, medecin, orienter, sas_ouvert
from tests.remuneration.factories import RegleFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("regles_semees")]
APRES_2025T3 = datetime(2025, 10, 15, tzinfo=UTC)


def le(jour: int, heure: int = 9, minute: int = 0, *, mois: int = 7, fuseau: ZoneInfo = PARIS) -> datetime:
    return datetime(2025, mois, jour, heure, minute, tzinfo=fuseau)


def calcule(code: str = "2025T3", maintenant: datetime = APRES_2025T3) -> Calcul:
    return calculer(ouvrir(code), maintenant)


def le_decompte(calcul: Calcul, prestation: str = Prestation.ACTIVITE) -> Decompte:
    return Decompte.objects.get(calcul=calcul, prestation=prestation)


def motifs(calcul: Calcul) -> list[str]:
    return list(Acte.objects.filter(calcul=calcul).order_by("debut", "pk").values_list("motif", flat=True))


def externe(lieu, instant, **champs):
    """Versée par l’outil d’un territoire où le SAS est ouvert, et honorée."""
    defaut = {
        "effecteur": lieu.effecteur,
        "orientee_le": instant - timedelta(hours=4),
        "rendez_vous_le": instant,
        "nature": NatureExterne.EN_SUS,
        "issue": "venu",
        "outil__territoire__ouvert_date": date(2021, 1, 1),
    }
    versee = OrientationExterneFactory(**defaut | champs)
    type(versee).objects.filter(pk=versee.pk).update(cree_le=versee.orientee_le)
    return versee


def test_cinq_patients_venus_valent_la_premiere_tranche():
    sas_ouvert()
    cabinet = medecin()
    for heure in range(9, 14):
        orienter(cabinet, le(8, heure))

    calcul = calcule()

    decompte = le_decompte(calcul)
    assert (calcul.etape, decompte.nombre, decompte.montant, decompte.est_du) == (Etape.FAIT, 5, 70, True)
    assert decompte.preuve["suivante"] == {"de": 16, "montant": "210.00"}
    assert le_decompte(calcul, Prestation.MAJORATION_SNP).montant == 75
    assert motifs(calcul) == [MotifActe.COMPTE] * 5


def test_quatre_patients_ne_valent_rien_mais_se_voient():
    sas_ouvert()
    cabinet = medecin()
    for heure in range(9, 13):
        orienter(cabinet, le(8, heure))

    decompte = le_decompte(calcule())

    assert (decompte.nombre, decompte.montant, decompte.est_du) == (4, 0, False)


def test_la_phase_pilote_compte_les_orientations_sans_attendre_leur_issue():
    """Fiche pilote : la régulation suit le nombre d’orientations ; seule une absence dite la retire."""
    sas_ouvert(depuis=date(2021, 1, 1))
    cabinet = medecin()
    for heure, issue in enumerate(["venu", "", "", "", "pas_venu"], start=9):
        orienter(cabinet, datetime(2021, 9, 7, heure, tzinfo=PARIS), issue=issue)

    decompte = le_decompte(calcule("2021T3", datetime(2021, 10, 15, tzinfo=UTC)), Prestation.PILOTE)

    assert (decompte.nombre, decompte.preuve["motifs"]) == (4, {"compte": 4, "pas_venu": 1})


def test_une_orientation_annulee_ne_change_aucun_montant():
    sas_ouvert()
    cabinet = medecin()
    for heure in range(9, 15):
        orienter(cabinet, le(8, heure))
    avant = le_decompte(calcule())

    orienter(cabinet, le(8, 16), annulee_le=le(8, 15))
    orienter(cabinet, le(8, 17), issue="annule")

    apres = le_decompte(calcule())
    assert (apres.nombre, apres.montant) == (avant.nombre, avant.montant)
    assert motifs(Calcul.objects.get())[-2:] == [MotifActe.ANNULEE] * 2


def test_la_derniere_issue_dite_l_emporte():
    sas_ouvert()
    orientation = orienter(medecin(), le(8))
    dire(orientation, "pas_venu", le=le(9))

    assert motifs(calcule()) == [MotifActe.PAS_VENU]


def test_le_jour_est_celui_du_lieu():
    """Le 30 juin à 22 h 30 à La Réunion, il est 18 h 30 UTC ; le 1er juillet à 0 h 30, il est encore le 30 juin à Paris."""
    reunion = ZoneInfo("Indian/Reunion")
    sas_ouvert(DepartementFactory(reunion=True))
    cabinet = medecin(reunion=True)
    orienter(cabinet, datetime(2025, 6, 30, 22, 30, tzinfo=reunion))
    orienter(cabinet, datetime(2025, 7, 1, 0, 30, tzinfo=reunion))

    calcul = calcule()

    assert [a.jour for a in calcul.actes.all()] == [date(2025, 7, 1)]
    assert [a.semaine for a in calcul.actes.all()] == [date(2025, 6, 30)]


def test_le_plafond_de_la_semaine_enjambe_le_trimestre():
    """Semaine du lundi 30 juin : les actes du lundi prennent rang avant ceux de juillet."""
    sas_ouvert()
    cabinet = medecin()
    for minute in range(0, 56, 2):
        orienter(cabinet, datetime(2025, 6, 30, 9, minute, tzinfo=PARIS))
    for minute in range(0, 10, 2):
        orienter(cabinet, le(1, 9, minute))

    calcul = calcule()

    assert sorted(a.rang for a in calcul.actes.all()) == [29, 30, 31, 32, 33]
    decompte = le_decompte(calcul, Prestation.MAJORATION_SNP)
    assert (decompte.nombre, decompte.montant) == (2, 30)
    assert decompte.preuve["semaines_plafonnees"] == ["2025-06-30"]


@pytest.mark.parametrize(
    ("heure", "minute", "attendue"),
    [(18, 59, False), (19, 0, True), (20, 59, True), (21, 0, False)],
)
def test_la_majoration_de_soiree_va_de_19_h_a_21_h_a_l_heure_du_lieu(heure, minute, attendue):
    sas_ouvert()
    orienter(medecin(), le(8, heure, minute))

    (acte,) = calcule().actes.all()

    assert (Prestation.MAJORATION_SOIREE in acte.majorations) is attendue


@pytest.mark.parametrize(
    ("modalites", "attendue"),
    [(["domicile"], True), (["cabinet"], False), (["cabinet", "domicile"], False)],
)
def test_la_majoration_de_visite_demande_une_visite_certaine(modalites, attendue):
    sas_ouvert()
    orienter(medecin(), le(8), modalites=modalites)

    (acte,) = calcule().actes.all()

    assert (Prestation.MAJORATION_VISITE in acte.majorations) is attendue


@pytest.mark.parametrize(("heures", "attendue"), [(48, True), (49, False)])
def test_la_majoration_demande_une_consultation_dans_les_48_heures(heures, attendue):
    sas_ouvert()
    orienter(medecin(), le(8), avant=timedelta(hours=heures))

    (acte,) = calcule().actes.all()

    assert bool(acte.majorations) is attendue
    assert acte.motif == MotifActe.COMPTE


def test_sans_sas_ouvert_rien_n_est_du():
    TerritoireFactory(departements=[DepartementFactory()], ouvert_date=date(2025, 7, 9))
    cabinet = medecin()
    for heure in range(9, 15):
        orienter(cabinet, le(8, heure))
    orienter(cabinet, le(9))

    calcul = calcule()

    decompte = le_decompte(calcul)
    assert motifs(calcul) == [MotifActe.SAS_FERME] * 6 + [MotifActe.COMPTE]
    assert (decompte.nombre, decompte.est_du, decompte.conditions["sas_ouvert"][0]) == (1, False, True)
    assert le_decompte(calcul, Prestation.MAJORATION_SNP).nombre == 1


def test_la_participation_se_lit_a_la_date_de_l_acte():
    sas_ouvert()
    cabinet = medecin(participe=False)
    declarer(cabinet.effecteur, le=le(5))
    declarer(cabinet.effecteur, le=le(20), participe=False)
    for jour in (4, 8, 22):
        orienter(cabinet, le(jour))

    assert motifs(calcule()) == [MotifActe.NON_PARTICIPANT, MotifActe.COMPTE, MotifActe.NON_PARTICIPANT]


def test_qui_declare_entre_l_orientation_et_la_consultation_participe():
    sas_ouvert()
    cabinet = medecin(participe=False)
    orienter(cabinet, le(8, 9), avant=timedelta(hours=4))
    declarer(cabinet.effecteur, le=le(8, 7))

    assert motifs(calcule()) == [MotifActe.COMPTE]


def test_changer_de_mode_en_cours_de_trimestre_ne_partage_pas_le_compte():
    sas_ouvert()
    cabinet = medecin()
    declarer(cabinet.effecteur, le=le(20), modalite="cpts", structure=StructureFactory(cpts=True).pk)
    for jour in (7, 8, 9, 24, 25):
        orienter(cabinet, le(jour))

    decompte = le_decompte(calcule())

    assert (decompte.nombre, decompte.montant, decompte.mode) == (5, 70, Mode.CPTS)


def test_demenager_dans_un_autre_territoire_garde_les_actes_au_leur():
    nord, reunion = DepartementFactory(), DepartementFactory(reunion=True)
    du_nord, d_outre_mer = sas_ouvert(nord), sas_ouvert(reunion)
    cabinet = medecin()
    ailleurs = LieuExerciceFactory(effecteur=cabinet.effecteur, reunion=True)
    orienter(cabinet, le(8), territoire_destinataire=du_nord)
    orienter(ailleurs, le(15))
    cabinet.est_actif = False
    cabinet.save()

    calcul = calcule()

    territoires = list(calcul.actes.order_by("debut").values_list("territoire", flat=True))
    assert territoires == [du_nord.pk, d_outre_mer.pk]
    assert le_decompte(calcul).departement == reunion
    assert le_decompte(calcul).nombre == 2


def test_le_medecin_d_un_centre_compte_pour_le_centre():
    sas_ouvert()
    centre = StructureFactory(type=TypeStructure.CDS)
    declarer(centre, nombre_effecteurs=3)
    lieu = LieuExerciceFactory(structure=centre)
    orienter(lieu, le(8))

    calcul = calcule()

    assert (le_decompte(calcul).structure, le_decompte(calcul).mode) == (centre, Mode.CDS)
    assert le_decompte(calcul, Prestation.MAJORATION_SNP).preuve["medecins"] == 3


def test_ce_qu_un_autre_outil_verse_aussi_ne_compte_qu_une_fois():
    sas_ouvert()
    cabinet = medecin()
    orienter(cabinet, le(8))
    externe(cabinet, le(8))
    externe(cabinet, le(9))

    assert sorted(motifs(calcule())) == [MotifActe.COMPTE, MotifActe.COMPTE, MotifActe.DOUBLON]


def test_deux_patients_d_une_plage_ne_sont_pas_un_doublon():
    """Deux de nos orientations à la même heure, trois versées : la troisième est un autre patient."""
    sas_ouvert()
    cabinet = medecin()
    for _ in range(2):
        orienter(cabinet, le(8))
    territoire = sas_ouvert()
    outil = externe(cabinet, le(8), outil__territoire=territoire).outil
    for _ in range(2):
        externe(cabinet, le(8), outil=outil, territoire=territoire)

    assert sorted(motifs(calcule())) == [MotifActe.COMPTE] * 3 + [MotifActe.DOUBLON] * 2


@pytest.mark.parametrize(("minutes", "doublons"), [(10, 1), (11, 0)])
def test_sans_heure_de_rendez_vous_dix_minutes_separent_deux_orientations(minutes, doublons):
    sas_ouvert()
    cabinet = medecin()
    orientation = orienter(cabinet, le(8))
    externe(
        cabinet, le(8), rendez_vous_le=None, orientee_le=orientation.prise_le + timedelta(minutes=minutes)
    )

    assert motifs(calcule()).count(MotifActe.DOUBLON) == doublons


def test_un_changement_d_identifiant_ne_separe_pas_les_actes():
    sas_ouvert()
    ancien = medecin(effecteur=EffecteurFactory(adeli=True, nom="RIVIERE", prenom="Ines"))
    for jour in (7, 8, 9):
        orienter(ancien, le(jour))
    Effecteur.objects.filter(pk=ancien.effecteur_id).update(est_actif=False)
    nouveau = LieuExerciceFactory(
        effecteur=EffecteurFactory(nom="RIVIERE", prenom="Ines"), adresse=ancien.adresse, cle="autre"
    )
    declarer(nouveau.effecteur, le=le(20))
    for jour in (24, 25):
        orienter(nouveau, le(jour))

    decompte = le_decompte(calcule())

    assert (decompte.effecteur, decompte.nombre, decompte.montant) == (nouveau.effecteur, 5, 70)
    assert Succession.objects.get().ancien == ancien.effecteur


def test_deux_homonymes_possibles_ne_se_rapprochent_pas():
    ancien = medecin(effecteur=EffecteurFactory(adeli=True, inactif=True, nom="RIVIERE", prenom="Ines"))
    for _ in range(2):
        LieuExerciceFactory(effecteur=EffecteurFactory(nom="RIVIERE", prenom="Ines"), adresse=ancien.adresse)

    calcule()

    assert not Succession.objects.exists()


def test_ce_qui_est_dit_apres_le_calcul_n_y_est_pas():
    sas_ouvert()
    orientation = orienter(medecin(), le(8), issue="")
    dire(orientation, "venu", le=APRES_2025T3 + timedelta(hours=1))

    assert motifs(calcule()) == [MotifActe.ISSUE_INCONNUE]
    assert motifs(calcule(maintenant=APRES_2025T3 + timedelta(hours=2))) == [MotifActe.COMPTE]


def test_refaire_un_calcul_ne_reecrit_que_ce_qui_change():
    sas_ouvert()
    cabinet = medecin()
    restee, changee = orienter(cabinet, le(8)), orienter(cabinet, le(9), issue="")
    calcule()
    numeros = dict(Acte.objects.values_list("numero", "pk"))
    dire(changee, "venu", le=le(10))

    calcule()

    refaits = dict(Acte.objects.values_list("numero", "pk"))
    assert refaits[restee.pk] == numeros[restee.pk]
    assert refaits[changee.pk] != numeros[changee.pk]


def test_une_regle_oubliee_arrete_le_calcul_et_dit_les_jours():
    Regle.objects.filter(prestation=Prestation.MAJORATION_SNP).update(fin=date(2025, 8, 1))
    RegleFactory(majoration=True, debut=date(2025, 9, 1), fin=None)

    with pytest.raises(BaremeRefuse, match="n’a pas de règle du 01/08/2025 au 31/08/2025"):
        calcule()


def test_une_periode_sans_aucune_regle_est_refusee():
    with pytest.raises(BaremeRefuse, match="aucune règle n’y est en vigueur"):
        calcule("2019T1")


def test_des_tranches_qui_se_chevauchent_arretent_le_calcul():
    RegleFactory(debut=date(2028, 1, 1), tranches=[(5, 15, 70), (15, None, 210)], fin=date(2029, 1, 1))

    with pytest.raises(BaremeRefuse, match="se chevauchent"):
        calcule("2028T1")


def test_une_regle_change_en_cours_de_trimestre():
    """Chaque acte suit la règle de son jour ; les majorations ne se comptent pas deux fois."""
    sas_ouvert()
    Regle.objects.filter(prestation=Prestation.MAJORATION_SNP).update(fin=date(2025, 8, 1))
    RegleFactory(
        majoration=True, debut=date(2025, 8, 1), fin=None, montant=Decimal(20), issues=["venu"],
        conditions=["sas_ouvert"],
    )  # fmt: skip
    cabinet = medecin()
    orienter(cabinet, le(8))
    orienter(cabinet, le(5, mois=8))

    decomptes = Decompte.objects.filter(calcul=calcule(), prestation=Prestation.MAJORATION_SNP)

    assert sorted(d.montant for d in decomptes) == [15, 20]


def test_une_regle_seulement_proposee_ne_vaut_pas():
    RegleFactory(proposee=True, prestation=Prestation.ACTIVITE, debut=date(2025, 1, 1))

    calcul = calcule()

    assert not calcul.regles.filter(etat=EtatRegle.PROPOSEE).exists()
