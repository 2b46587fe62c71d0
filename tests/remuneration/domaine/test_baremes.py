"""Tranches et règles datées : exemples des textes, avec leur source, et propriétés de tout barème bien fait."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remuneration.domaine.baremes import (
    chevauchements,
    en_vigueur,
    montant,
    refus_des_tranches,
    tranche_suivante,
    trous,
)


@dataclass(frozen=True)
class T:
    de: int
    a: int | None
    montant: Decimal


@dataclass(frozen=True)
class R:
    debut: date
    fin: date | None = None


def tranches(*lignes):
    return [T(de, a, Decimal(euros)) for de, a, euros in lignes]


# Guide de l’effecteur, § 2.1 ; la troisième borne basse, imprimée 16, est 26.
INDICATEUR_9 = tranches((5, 15, 70), (16, 25, 210), (26, 35, 350), (36, 45, 490), (46, None, 630))
# Fiche de la phase pilote, Hauts-de-France, « Valorisation financière ».
PILOTE = tranches((5, 10, 75), (11, 40, 200), (41, 70, 400), (71, 100, 650), (101, None, 800))


@pytest.mark.parametrize(
    ("bareme", "nombre", "euros"),
    [
        pytest.param(INDICATEUR_9, nombre, euros, id=f"indicateur 9, {nombre} patients")
        for nombre, euros in [
            (0, 0), (4, 0), (5, 70), (15, 70), (16, 210), (25, 210), (26, 350), (35, 350), (36, 490), (45, 490),
            (46, 630), (500, 630),
        ]
    ]
    + [
        pytest.param(PILOTE, nombre, euros, id=f"phase pilote, {nombre} actes")
        for nombre, euros in [
            (4, 0), (5, 75), (10, 75), (11, 200), (40, 200), (41, 400), (70, 400), (71, 650), (100, 650), (101, 800),
        ]
    ],
)  # fmt: skip
def test_le_montant_est_celui_de_la_tranche_atteinte(bareme, nombre, euros):
    assert montant(bareme, nombre) == euros


@pytest.mark.parametrize("bareme", [INDICATEUR_9, PILOTE], ids=["indicateur 9", "phase pilote"])
def test_les_tranches_des_textes_se_suivent(bareme):
    assert refus_des_tranches(bareme) == []


def test_la_coquille_du_guide_est_refusee():
    imprime = tranches((5, 15, 70), (16, 25, 210), (16, 35, 350), (36, 45, 490), (46, None, 630))

    assert refus_des_tranches(imprime) == ["Les tranches qui commencent à 16 et à 16 se chevauchent."]


@pytest.mark.parametrize(
    ("bareme", "refus"),
    [
        pytest.param([], "aucune tranche", id="vide"),
        pytest.param([(5, 15, 70), (17, None, 210)], "Rien n’est prévu de 16 à 16 actes", id="trou"),
        pytest.param([(5, 16, 70), (16, None, 210)], "se chevauchent", id="chevauchement"),
        pytest.param([(5, None, 70), (16, None, 210)], "se chevauchent", id="ouverte trop tôt"),
        pytest.param([(5, 15, 70), (16, None, 60)], "baisse à partir de 16", id="montant qui baisse"),
        pytest.param([(5, 15, 70)], "au-delà de 15", id="fermée en haut"),
        pytest.param([(5, 4, 70), (5, None, 80)], "finit avant d’avoir commencé", id="à l’envers"),
    ],
)
def test_des_tranches_mal_faites_sont_refusees(bareme, refus):
    assert refus in " ".join(refus_des_tranches(tranches(*bareme)))


def test_un_nombre_negatif_est_une_erreur():
    with pytest.raises(ValueError, match="négatif"):
        montant(PILOTE, -1)


def test_la_tranche_suivante_dit_combien_il_manque():
    assert tranche_suivante(INDICATEUR_9, 14).de == 16
    assert tranche_suivante(INDICATEUR_9, 46) is None


@st.composite
def baremes(draw):
    """Un barème bien fait : des tranches contiguës, dont le montant croît."""
    bornes = sorted(draw(st.sets(st.integers(1, 200), min_size=1, max_size=8)))
    euros = sorted(draw(st.lists(st.integers(0, 900), min_size=len(bornes), max_size=len(bornes))))
    hautes = [b - 1 for b in bornes[1:]] + [None]
    return [T(de, a, Decimal(e)) for de, a, e in zip(bornes, hautes, euros, strict=True)]


@given(baremes(), st.integers(0, 300))
def test_un_bareme_bien_fait_croit_et_plafonne(bareme, nombre):
    assert refus_des_tranches(bareme) == []
    assert montant(bareme, nombre) <= montant(bareme, nombre + 1) <= bareme[-1].montant


@given(baremes(), st.integers(0, 300))
def test_un_nombre_tombe_dans_une_seule_tranche(bareme, nombre):
    atteintes = [t for t in bareme if t.de <= nombre and (t.a is None or nombre <= t.a)]

    assert len(atteintes) == (nombre >= bareme[0].de)


@given(baremes().filter(lambda b: len(b) > 1), st.data())
def test_un_trou_ou_un_chevauchement_est_toujours_vu(bareme, data):
    rang = data.draw(st.integers(0, len(bareme) - 2))
    ecart = data.draw(st.sampled_from([-1, 1]))
    abime = [*bareme]
    abime[rang] = T(bareme[rang].de, bareme[rang].a + ecart, bareme[rang].montant)

    assert refus_des_tranches(abime)


@given(st.permutations(INDICATEUR_9), st.integers(0, 80))
def test_l_ordre_des_tranches_ne_change_rien(bareme, nombre):
    assert montant(bareme, nombre) == montant(INDICATEUR_9, nombre)


TRIMESTRE = (date(2026, 7, 1), date(2026, 10, 1))


@pytest.mark.parametrize(
    ("regles", "attendus"),
    [
        pytest.param([R(date(2026, 1, 1))], [], id="une seule, sans fin"),
        pytest.param([R(date(2026, 1, 1), date(2026, 8, 1)), R(date(2026, 8, 1))], [], id="se suivent"),
        pytest.param(
            [R(date(2026, 1, 1), date(2026, 8, 1)), R(date(2026, 8, 3))],
            [(date(2026, 8, 1), date(2026, 8, 3))],
            id="deux jours oubliés",
        ),
        pytest.param(
            [R(date(2026, 1, 1), date(2026, 6, 1)), R(date(2026, 12, 1))],
            [TRIMESTRE],
            id="tout le trimestre oublié",
        ),
        pytest.param([R(date(2025, 1, 1), date(2026, 1, 1))], [], id="prestation finie avant"),
        pytest.param([R(date(2026, 8, 1))], [], id="prestation née pendant"),
    ],
)
def test_un_oubli_entre_deux_regles_se_voit(regles, attendus):
    assert trous(regles, *TRIMESTRE) == attendus


def test_deux_regles_qui_valent_a_la_fois_se_voient():
    regles = [R(date(2026, 1, 1), date(2026, 9, 1)), R(date(2026, 8, 1))]

    assert chevauchements(regles, *TRIMESTRE) == [(date(2026, 8, 1), date(2026, 9, 1))]
    assert chevauchements(regles, date(2026, 10, 1), date(2027, 1, 1)) == []


def test_la_regle_d_un_jour_est_celle_qui_l_a_pour_borne_incluse():
    regles = [R(date(2026, 1, 1), date(2026, 8, 1)), R(date(2026, 8, 1))]

    assert en_vigueur(regles, date(2026, 7, 31)) is regles[0]
    assert en_vigueur(regles, date(2026, 8, 1)) is regles[1]
    assert en_vigueur(regles, date(2025, 12, 31)) is None
