"""Ce qui se lit d’un geste se lit comme DRF le lirait ; le reste garde ses mots."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import serializers

from sas_platform.socle.formes import EntreeSerializer


class Point(serializers.Serializer):
    lat = serializers.FloatField(min_value=-90, max_value=90)


class Filtres(serializers.Serializer):
    liste = serializers.ChoiceField(choices=["toutes", "libres"], required=False)
    codes = serializers.ListField(child=serializers.CharField(max_length=3), required=False, max_length=2)
    oui = serializers.BooleanField(default=False)


class _Champs(serializers.Serializer):
    code = serializers.CharField(max_length=5)
    commune = serializers.RegexField(r"^[0-9]{2}$", required=False)
    point = Point(required=False)
    filtres = Filtres(required=False)
    page = serializers.IntegerField(min_value=1, max_value=100, default=1)

    def validate_code(self, code: str) -> str:
        if code == "non":
            raise serializers.ValidationError("Code inconnu.")
        return code.upper()


class ParDRF(_Champs):
    pass


class DUnGeste(_Champs, EntreeSerializer):
    pass


def lu(serialiseur: type[serializers.Serializer], donnees: object) -> tuple[Any, Any]:
    entree = serialiseur(data=donnees)
    return entree.is_valid() and entree.validated_data, entree.errors


TEXTES = st.sampled_from(["12", "12\n", " 12", "SM54", "sm54 ", "non", "", " ", "a\0", "trop long", "é"])
NOMBRES = st.sampled_from([0, 1, 1.0, 1.5, "1", 100, 101, 91, -90, True, None, 10**30])
FILTRES = st.fixed_dictionaries(
    {},
    optional={
        "liste": st.sampled_from(["toutes", "aucune", None, 1]),
        "codes": st.one_of(st.lists(TEXTES, max_size=3), TEXTES),
        "oui": st.sampled_from([True, False, "true", 1, None]),
    },
)
DEMANDES = st.fixed_dictionaries(
    {},
    optional={
        "code": st.one_of(TEXTES, NOMBRES),
        "commune": TEXTES,
        "point": st.one_of(st.fixed_dictionaries({}, optional={"lat": NOMBRES}), NOMBRES),
        "filtres": st.one_of(FILTRES, st.lists(TEXTES)),
        "page": NOMBRES,
        "de_trop": NOMBRES,
    },
)


@given(st.one_of(DEMANDES, TEXTES, st.none(), st.lists(TEXTES)))
def test_toute_entree_se_lit_ou_se_refuse_comme_par_drf(donnees):
    assert lu(DUnGeste, donnees) == lu(ParDRF, donnees)


def test_une_entree_ordinaire_ne_passe_pas_par_drf(monkeypatch):
    monkeypatch.setattr(serializers.Serializer, "to_internal_value", lambda *_: pytest.fail("lue par DRF"))

    lus, erreurs = lu(DUnGeste, {"code": "sm54", "point": {"lat": 48}, "filtres": {"codes": ["a"]}})

    assert not erreurs
    assert lus == {
        "code": "SM54",
        "point": {"lat": 48.0},
        "filtres": {"codes": ["a"], "oui": False},
        "page": 1,
    }


def test_un_champ_sans_forme_se_dit_a_la_premiere_lecture():
    class Inconnu(EntreeSerializer):
        jour = serializers.DateField()

    with pytest.raises(TypeError, match="DateField"):
        Inconnu(data={}).is_valid()
