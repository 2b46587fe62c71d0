"""Ce qui est vrai de toute réponse, si hostile soit-elle."""

import copy
import json
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agenda.editeurs.normaliseur import normaliser
from agenda.editeurs.verdicts import RAISONS
from tests.agenda.editeurs.bundles import agenda_complet, bundle, demande, lire, octets, raisons, slot

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda enfants: (
        st.lists(enfants, max_size=4) | st.dictionaries(st.text(max_size=12), enfants, max_size=4)
    ),
    max_leaves=12,
)
BONS = [
    slot(f"s{n}", start=f"2026-11-24T{n:02}:00:00+01:00", end=f"2026-11-24T{n:02}:15:00+01:00")
    for n in (8, 9, 10)
]


def _chemins(noeud: Any, prefixe: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    enfants = (
        noeud.items() if isinstance(noeud, dict) else enumerate(noeud) if isinstance(noeud, list) else ()
    )
    return [
        chemin for cle, enfant in enfants for chemin in ((*prefixe, cle), *_chemins(enfant, (*prefixe, cle)))
    ]


def _remplacer(racine: Any, chemin: tuple[Any, ...], valeur: Any) -> Any:
    racine = copy.deepcopy(racine)
    noeud = racine
    for cle in chemin[:-1]:
        noeud = noeud[cle]
    noeud[chemin[-1]] = valeur
    return racine


def _slots(contenu: dict[str, Any]) -> int:
    """Nombre d’entrées Slot, compté sans rien de ce qui est testé."""
    entrees = contenu.get("entry")
    return sum(
        isinstance(e, dict)
        and isinstance(e.get("resource"), dict)
        and e["resource"].get("resourceType") == "Slot"
        for e in (entrees if isinstance(entrees, list) else [])
    )


@settings(max_examples=300)
@given(graine=st.integers(0, 2**32), valeurs=st.lists(JSON, min_size=1, max_size=3))
def test_aucune_mutation_ne_fait_lever_et_chaque_slot_a_un_verdict(graine, valeurs):
    hasard = random.Random(graine)
    contenu = bundle(*BONS, *agenda_complet())
    for valeur in valeurs:
        chemins = _chemins(contenu)
        if chemins:
            contenu = _remplacer(contenu, hasard.choice(chemins), valeur)

    lecture = normaliser([octets(contenu)], demande())

    if lecture.etat == "ok":
        assert sum(lecture.comptes().values()) == _slots(contenu)
    else:
        assert lecture.verdicts == []
    assert set(raisons(lecture)) <= {"", *RAISONS}


@settings(max_examples=200)
@given(reponse=st.binary(max_size=200) | JSON.map(lambda valeur: json.dumps(valeur).encode()))
def test_des_octets_quelconques_ne_font_jamais_lever(reponse):
    assert normaliser([reponse], demande()).etat == "bundle_invalid"


@settings(max_examples=200)
@given(champs=st.dictionaries(st.sampled_from(sorted(slot())), JSON, min_size=1), rang=st.integers(0, 3))
def test_un_slot_mutile_ne_change_pas_le_verdict_des_autres(champs, rang):
    fautif = slot("fautif", start="2026-11-25T12:00:00+01:00", end="2026-11-25T12:15:00+01:00")
    fautif |= {cle: valeur for cle, valeur in champs.items() if cle != "resourceType"}
    ressources = [*BONS, *agenda_complet()]
    ressources.insert(rang, fautif)

    verdicts = raisons(lire(*ressources))

    assert verdicts[:rang] + verdicts[rang + 1 :] == ["", "", ""]
