"""Les accords qu’écrivent les gabarits."""

from __future__ import annotations

import pytest
from django.template import Context, Template


@pytest.mark.parametrize(
    ("valeur", "attendu"),
    [
        (0, "orientation"),
        (1, "orientation"),
        (2, "orientations"),
        ([], "orientation"),
        ([1, 2], "orientations"),
    ],
)
def test_zero_est_au_singulier(valeur, attendu):
    assert Template("orientation{{ valeur|pluralize }}").render(Context({"valeur": valeur})) == attendu


def test_les_terminaisons_choisies_sont_gardees():
    gabarit = Template("{{ zero|pluralize:'est,sont' }} {{ deux|pluralize:'est,sont' }}")

    assert gabarit.render(Context({"zero": 0, "deux": 2})) == "est sont"
