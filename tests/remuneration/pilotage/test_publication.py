"""Ce que chacun lit d’un mois : la page et son CSV, entiers, face à qui voudrait en retrouver un petit nombre."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from remuneration.domaine.indicateurs import Mesures
from remuneration.domaine.masquage import SEUIL
from remuneration.domaine.mois import Mois
from remuneration.pilotage.chiffres import MASQUE, PUBLICS, publier
from remuneration.pilotage.ecriture import ecrire
from remuneration.pilotage.figures import NATURES

AVRIL = Mois(2026, 4)
NOMS = {1: "Nord", 2: "Sud", 3: "Est", 4: "Ouest"}
NOMBRE = st.integers(0, 10) | st.integers(SEUIL, 60) | st.integers(1_000, 9_000)
LIGNES = st.fixed_dictionaries({t: st.fixed_dictionaries(dict.fromkeys(PUBLICS, NOMBRE)) for t in NOMS})
Pays = dict[int, dict[str, int]]


def mesures(recherches: int, orientations: int, participants: int) -> Mesures:
    """Toutes les orientations d’un territoire sont d’une seule nature : le croisement n’est pas publié."""
    return {
        "recherches": {"": recherches},
        "orientations": {"surnumeraire": orientations},
        "participants": {"": participants},
    }


def publie(pays: Pays, part_en_sus: int) -> dict[tuple[str, ...], str]:
    """Chaque nombre publié, à sa place ; ceux de la page, et ceux du CSV."""
    totaux = {code: sum(ligne[code] for ligne in pays.values()) for code in PUBLICS}
    en_sus = totaux["orientations"] * part_en_sus // 10
    france = {
        **mesures(totaux["recherches"], 0, totaux["participants"]),
        "orientations": {"surnumeraire": en_sus, "premier_niveau": totaux["orientations"] - en_sus},
    }
    publication = publier(AVRIL, france, {t: mesures(**ligne) for t, ligne in pays.items()}, NOMS)
    lus = {("france", libelle): texte for libelle, texte in publication.france}
    lus |= {("nature", libelle): texte for libelle, texte in publication.natures}
    for nom, cellules in publication.territoires.rangees:
        lus |= {("page", nom, code): c for code, c in zip(PUBLICS, cellules, strict=True)}
    for nom, *nombres in publication.territoires.pour_csv()[1]:
        lus |= {("csv", nom, code): str(n) for code, n in zip(PUBLICS, nombres, strict=True)}
    return lus


@settings(max_examples=60, deadline=None)
@given(LIGNES, st.integers(0, 10))
def test_echanger_deux_nombres_masques_ne_change_rien_a_ce_qui_est_publie(pays: Pays, part_en_sus: int):
    """Deux pays différents, une seule publication : aucune soustraction, d’aucun nombre, ne dit lequel est lequel."""
    lus = publie(pays, part_en_sus)

    for code in PUBLICS:
        masques = [t for t, nom in NOMS.items() if lus["page", nom, code] == MASQUE]
        for un, autre in combinations(masques, 2):
            echange = {t: dict(ligne) for t, ligne in pays.items()}
            echange[un][code], echange[autre][code] = pays[autre][code], pays[un][code]

            assert publie(echange, part_en_sus) == lus
        assert len(masques) != 1 or lus["page", "France", code] == MASQUE


@settings(max_examples=60, deadline=None)
@given(LIGNES, st.integers(0, 10))
def test_rien_de_petit_n_est_ecrit_nulle_part_et_le_csv_dit_ce_que_dit_la_page(pays: Pays, part_en_sus: int):
    lus = publie(pays, part_en_sus)

    for (ou, *place), texte in lus.items():
        if ou != "csv":
            continue
        page = lus["page", *place]
        assert (texte == MASQUE) == (page == MASQUE)
        assert texte == MASQUE or (int(texte) >= SEUIL and page == ecrire(int(texte)))
    petits = {ecrire(n) for n in range(SEUIL)}
    comptes = [t for (ou, *_), t in lus.items() if ou in ("nature", "page")]
    assert not petits & set(comptes)


@settings(max_examples=60, deadline=None)
@given(LIGNES, st.integers(0, 10))
def test_un_total_masque_ne_se_retrouve_pas_par_ses_autres_parts(pays: Pays, part_en_sus: int):
    """Les orientations ont deux sommes, par nature et par territoire ; la conversion les lie aux recherches."""
    lus = publie(pays, part_en_sus)

    if lus["page", "France", "orientations"] == MASQUE:
        assert {texte for (ou, *_), texte in lus.items() if ou == "nature"} == {MASQUE}
        assert {lus["page", nom, "orientations"] for nom in NOMS.values()} == {MASQUE}
        assert ("france", "Recherches qui mènent à une orientation") not in lus
    else:
        connues = [t for (ou, *_), t in lus.items() if ou == "nature" and t != MASQUE]
        assert len(connues) != len(NATURES) - 1
