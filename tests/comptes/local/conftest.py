"""Comptes locaux tels qu’en service : préalables exigés, règles de mot de passe, limites d’essais."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from comptes.cgu import en_vigueur
from comptes.models import AcceptationCGU, Compte
from tests.comptes.factories import CompteFactory

MOT_DE_PASSE = "Tournesol-Violet-42"


@pytest.fixture(autouse=True)
def _prealables(settings) -> None:
    settings.PREALABLES_EXIGES = True
    # Le hachage de production prend un tiers de seconde par essai.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def compte_local(db, horloge):
    """`compte_local(role=…)` : un compte activé, au mot de passe récent, qui a accepté les CGU."""

    def creer(*, a_accepte: bool = True, **champs) -> Compte:
        champs = {"mot_de_passe_change_le": datetime(2026, 3, 1, tzinfo=UTC)} | champs
        compte = CompteFactory(**champs)
        compte.set_password(MOT_DE_PASSE)
        compte.save()
        version = en_vigueur(datetime(2026, 3, 17, tzinfo=UTC))
        if a_accepte:
            AcceptationCGU.objects.create(compte=compte, version=version)
        return compte

    return creer
