"""Les dates qu’écrivent les gabarits."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

import pytest
from django.conf import settings
from django.template import Context, Template

from sas_platform.socle.francais import heure

RACINE = settings.RACINE


@pytest.mark.parametrize(
    ("valeur", "forme", "attendu"),
    [
        (date(2026, 6, 1), "j F Y", "1er juin 2026"),
        (date(2026, 6, 1), "l j F", "lundi 1er juin"),
        (date(2026, 6, 11), "j F Y", "11 juin 2026"),
        (date(2026, 6, 21), "j F Y", "21 juin 2026"),
        (date(2026, 6, 1), "d/m/Y", "01/06/2026"),
        (datetime(2026, 5, 31, 23, 0, tzinfo=UTC), "j F à H:i", "1er juin à 1\u00a0h"),
        (datetime(2026, 5, 1, 22, 30, tzinfo=UTC), "j F", "2 mai"),
        (datetime(2026, 5, 1, 12, 5, tzinfo=UTC), "d/m/Y à H:i", "01/05/2026 à 14\u00a0h\u00a005"),
        (None, "j F", ""),
        (None, "d/m/Y à H:i", ""),
    ],
)
def test_le_premier_du_mois_s_ecrit_1er_sans_toucher_aux_autres_jours(valeur, forme, attendu):
    gabarit = Template("{{ valeur|date:forme }}")

    assert gabarit.render(Context({"valeur": valeur, "forme": forme})) == attendu


@pytest.mark.parametrize(
    ("instant", "ecrite"),
    [(time(9), "9\u00a0h"), (time(14, 5), "14\u00a0h\u00a005"), (time(0, 30), "0\u00a0h\u00a030")],
)
def test_une_heure_ne_s_ecrit_que_d_une_facon(instant, ecrite):
    gabarit = Template('{{ instant|time:"H:i" }}')

    assert heure(instant) == ecrite == gabarit.render(Context({"instant": instant}))


def test_aucun_texte_de_l_interface_n_ecrit_une_heure_autrement():
    """« 9h05 », « 09:05 » : seuls les champs, les fichiers et les journaux ont droit à leur forme."""
    ailleurs = re.compile(r"%Hh|:02d\}h|G:i|H\\h|H:i:s")
    sources = [*RACINE.glob("templates/**/*.*"), *RACINE.glob("[a-s]*/**/*.py")]
    fautifs = [
        str(source.relative_to(RACINE))
        for source in sources
        if ailleurs.search(source.read_text("utf-8")) and source.name != "champs.py"
    ]

    assert sources
    assert fautifs == []
