"""Un appel au dehors rend la main au délai, et ce qu’il devient ensuite ne dérange personne."""

import asyncio
import gc

import pytest

from sas_platform.socle.appels import Boucle


async def _repondre() -> str:
    return "réponse"


async def _refuser() -> str:
    raise ValueError("refus")


def test_la_reponse_et_l_erreur_de_la_coroutine_reviennent_a_l_appelant():
    boucle = Boucle("essai")

    assert boucle.attendre(_repondre(), delai_s=10) == "réponse"
    with pytest.raises(ValueError, match="refus"):
        boucle.attendre(_refuser(), delai_s=10)


def test_un_appel_abandonne_qui_echoue_ensuite_n_ecrit_rien_au_journal(caplog):
    """Son message pourrait contenir l’adresse cherchée."""
    boucle, reprise = Boucle("essai"), asyncio.Event()

    async def trainer() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await reprise.wait()
            raise ValueError("12 rue secrète")

    async def reprendre() -> None:
        reprise.set()

    with pytest.raises(TimeoutError):
        boucle.attendre(trainer(), delai_s=0.01)
    boucle.attendre(reprendre(), delai_s=10)
    boucle.attendre(_repondre(), delai_s=10)
    gc.collect()

    assert caplog.text == ""
