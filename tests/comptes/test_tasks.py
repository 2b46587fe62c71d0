from datetime import UTC, datetime

import pytest

from comptes.models import Session
from comptes.tasks import effacer_sessions_expirees

pytestmark = pytest.mark.django_db


def test_les_sessions_finies_sont_effacees_et_les_autres_gardees():
    Session.objects.create(session_key="finie", session_data="", expire_date=datetime(2020, 1, 1, tzinfo=UTC))
    Session.objects.create(
        session_key="en-cours", session_data="", expire_date=datetime(2099, 1, 1, tzinfo=UTC)
    )

    effacer_sessions_expirees()

    assert list(Session.objects.values_list("pk", flat=True)) == ["en-cours"]
