"""Les dates qu’écrivent les gabarits."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.template import Context, Template


@pytest.mark.parametrize(
    ("valeur", "forme", "attendu"),
    [
        (date(2026, 6, 1), "j F Y", "1er juin 2026"),
        (date(2026, 6, 1), "l j F", "lundi 1er juin"),
        (date(2026, 6, 11), "j F Y", "11 juin 2026"),
        (date(2026, 6, 21), "j F Y", "21 juin 2026"),
        (date(2026, 6, 1), "d/m/Y", "01/06/2026"),
        (datetime(2026, 5, 31, 23, 0, tzinfo=UTC), "j F à H:i", "1er juin à 01:00"),
        (datetime(2026, 5, 1, 22, 30, tzinfo=UTC), "j F", "2 mai"),
        (None, "j F", ""),
    ],
)
def test_le_premier_du_mois_s_ecrit_1er_sans_toucher_aux_autres_jours(valeur, forme, attendu):
    gabarit = Template("{{ valeur|date:forme }}")

    assert gabarit.render(Context({"valeur": valeur, "forme": forme})) == attendu
