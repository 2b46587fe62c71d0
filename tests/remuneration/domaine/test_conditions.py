import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from remuneration.domaine.conditions import (
    INSCRIT,
    INTERFACE,
    MONTRE,
    PARTICIPE,
    SAS_OUVERT,
    SemaineCourte,
    Situation,
    forfait,
    juger,
)
from remuneration.enums import Condition

INDICATEUR_8 = [SAS_OUVERT, PARTICIPE, MONTRE]  # guide de l’effecteur § 2.1, FAQ du 30/01/2023
FORFAIT_2026 = [*INDICATEUR_8, INTERFACE, INSCRIT]  # fiche repères 2026
COURTE = SemaineCourte(date(2025, 3, 3), 90, 120)
EXEMPLAIRE = Situation(
    date(2025, 12, 31),
    participe=True,
    mode="individuel",
    territoire="SAS du Nord",
    declare_deux_heures=True,
    inscrit=True,
    semaines=52,
)
INTERFACEE = replace(EXEMPLAIRE, par_logiciel=True, declare_deux_heures=False)


def remplies(codes, situation, **options):
    return [v.code for v in juger(codes, situation, **options) if v.remplie]


def test_les_codes_sont_ceux_des_regles():
    assert set(Condition.values) == set(FORFAIT_2026)


@pytest.mark.parametrize(
    ("situation", "manque"),
    [
        pytest.param(EXEMPLAIRE, None, id="deux heures saisies chaque semaine"),
        pytest.param(INTERFACEE, None, id="logiciel interfacé"),
        pytest.param(
            replace(EXEMPLAIRE, declare_deux_heures=False, par_organisation=True), None, id="sa CPTS interfacée"
        ),
        pytest.param(replace(EXEMPLAIRE, territoire=""), SAS_OUVERT, id="pas de SAS dans le département"),
        pytest.param(replace(EXEMPLAIRE, participe=False), PARTICIPE, id="ne participe pas"),
        pytest.param(replace(EXEMPLAIRE, courtes=[COURTE]), MONTRE, id="une semaine à 1 h 30"),
        pytest.param(
            replace(EXEMPLAIRE, courtes=[replace(COURTE, minutes=None)]), MONTRE, id="une semaine sans relevé"
        ),
        pytest.param(replace(EXEMPLAIRE, declare_deux_heures=False), MONTRE, id="ne montre rien"),
    ],
)  # fmt: skip
def test_l_indicateur_8_demande_de_participer_et_de_montrer(situation, manque):
    attendues = [code for code in INDICATEUR_8 if code != manque]

    assert remplies(INDICATEUR_8, situation) == attendues


@pytest.mark.parametrize(
    ("situation", "manquent"),
    [
        pytest.param(INTERFACEE, set(), id="logiciel interfacé, inscrit"),
        pytest.param(EXEMPLAIRE, {INTERFACE}, id="agenda saisi à la main"),
        pytest.param(replace(INTERFACEE, inscrit=False), {INSCRIT}, id="pas de compte à son nom"),
    ],
)
def test_depuis_2026_il_faut_une_solution_interfacee_et_un_compte(situation, manquent):
    assert set(FORFAIT_2026) - set(remplies(FORFAIT_2026, situation)) == manquent


def test_qui_montre_son_logiciel_n_a_pas_de_semaine_a_prouver():
    assert MONTRE in remplies([MONTRE], replace(INTERFACEE, courtes=[COURTE]))


def test_une_regle_peut_admettre_des_semaines_sous_le_seuil():
    une, deux = replace(EXEMPLAIRE, courtes=[COURTE]), replace(EXEMPLAIRE, courtes=[COURTE, COURTE])

    assert remplies([MONTRE], une, semaines_manquantes_max=1) == [MONTRE]
    assert remplies([MONTRE], deux, semaines_manquantes_max=1) == []


def test_la_preuve_nomme_chaque_semaine_sous_le_seuil():
    (verdict,) = juger([MONTRE], replace(EXEMPLAIRE, courtes=[COURTE]))

    assert verdict.preuve["courtes"] == [{"semaine": "2025-03-03", "minutes": 90, "seuil_min": 120}]
    assert verdict.phrase == "1\u00a0semaine sur 52 sous le temps de consultation demandé."


@pytest.mark.parametrize(
    ("situation", "phrase"),
    [
        (
            replace(EXEMPLAIRE, semaines=0),
            "Aucune semaine entière n’est encore à prouver depuis la déclaration.",
        ),
        (
            replace(EXEMPLAIRE, semaines=1),
            "Le temps de consultation demandé est montré chaque semaine (1\u00a0semaine relevée).",
        ),
        (
            EXEMPLAIRE,
            "Le temps de consultation demandé est montré chaque semaine (52\u00a0semaines relevées).",
        ),
        (
            replace(EXEMPLAIRE, courtes=[COURTE, COURTE]),
            "2\u00a0semaines sur 52 sous le temps de consultation demandé.",
        ),
    ],
    ids=["aucune", "une", "toutes", "deux manquent"],
)
def test_les_semaines_montrees_s_accordent(situation, phrase):
    (verdict,) = juger([MONTRE], situation)

    assert verdict.phrase == phrase


def test_une_tolerance_de_la_regle_se_lit():
    (verdict,) = juger([MONTRE], replace(EXEMPLAIRE, courtes=[COURTE]), semaines_manquantes_max=2)

    assert verdict.phrase.endswith("sous le temps de consultation demandé\u00a0; la règle en admet 2.")


@pytest.mark.parametrize(
    "situation",
    [
        pytest.param(EXEMPLAIRE, id="tout est rempli"),
        pytest.param(replace(EXEMPLAIRE, par_organisation=True), id="solution interfacée"),
        pytest.param(
            replace(EXEMPLAIRE, participe=False, territoire="", declare_deux_heures=False), id="tout manque"
        ),
    ],
)
def test_d_une_structure_on_parle_a_la_troisieme_personne(situation):
    verdicts = juger(FORFAIT_2026, replace(situation, est_structure=True))

    dites = " ".join(verdict.phrase for verdict in verdicts)
    assert "structure" in dites
    assert not re.search(r"\b(vous|votre|vos|vôtre)\b", dites, re.IGNORECASE)


def test_le_forfait_est_tout_ou_rien_et_par_medecin():
    verdicts = juger(INDICATEUR_8, EXEMPLAIRE)

    assert forfait(Decimal(1400), verdicts) == 1400
    assert forfait(Decimal(1400), verdicts, medecins=3) == 4200
    assert forfait(Decimal(1400), juger(INDICATEUR_8, replace(EXEMPLAIRE, territoire=""))) == 0
