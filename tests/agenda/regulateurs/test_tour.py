"""La file des sorties porte aussi les courriels : des éditeurs muets n’en prennent qu’une part."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.utils import timezone

from agenda import tasks
from agenda.enums import Flux
from agenda.models import EnvoiRegulateur
from agenda.regulateurs import tour
from agenda.regulateurs.comparaison import comparer_les_marques
from agenda.regulateurs.dialogue import Reponse
from comptes.models import Compte
from sas_platform.socle.courtier import connexion
from tests.agenda.factories import EditeurFactory
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def muets(monkeypatch) -> list[str]:
    """Trois éditeurs à qui trois comptes sont dus, et qui ne répondent pas ; rend les appels reçus."""
    appels: list[str] = []

    def se_taire(editeur, message):
        appels.append(editeur.code)
        return Reponse(motif="délai dépassé")

    monkeypatch.setattr("agenda.regulateurs.expedition.remettre_en_ligne", se_taire)
    for numero in range(3):
        EditeurFactory(code=f"muet-{numero}", flux=[Flux.COMPTES])
    for _ in range(3):
        compte = CompteFactory(osnp=True)
        Compte.objects.filter(pk=compte.pk).update(last_login=timezone.now())
    comparer_les_marques(maintenant=timezone.now())
    assert EnvoiRegulateur.objects.count() == 9
    return appels


def _cles() -> list[bytes]:
    return sorted(connexion().scan_iter("sas:regulateurs:*:tour"))


def test_trois_editeurs_muets_n_emplissent_pas_la_file_des_sorties(muets):
    """Un appel chacun, puis leur repos : les passages suivants, toutes les dix secondes, n’enfilent rien."""
    assert tasks.envoyer_regulateurs() == 3
    assert [tasks.envoyer_regulateurs() for _ in range(5)] == [0] * 5

    assert sorted(muets) == ["muet-0", "muet-1", "muet-2"]


def test_le_repos_d_un_editeur_muet_s_allonge_puis_finit_des_qu_il_repond(muets, monkeypatch):
    durees = []
    for _ in range(6):
        EnvoiRegulateur.objects.update(prochain_essai_le=timezone.now() - timedelta(seconds=1))
        tasks.envoyer_regulateurs()
        durees.append(connexion().ttl(_cles()[0]))
        connexion().delete(*_cles())  # comme si le repos avait passé

    assert durees == [pytest.approx(duree, abs=2) for duree in (30, 60, 120, 240, 300, 300)]
    monkeypatch.setattr("agenda.regulateurs.expedition.remettre_en_ligne", lambda *_: Reponse(200))
    EnvoiRegulateur.objects.update(prochain_essai_le=timezone.now() - timedelta(seconds=1))
    tasks.envoyer_regulateurs()

    assert _cles() == []
    assert not EnvoiRegulateur.objects.dus(timezone.now()).exists()


def test_un_editeur_n_a_qu_une_tache_a_la_fois_dans_la_file(muets, monkeypatch):
    envoi = Mock()
    monkeypatch.setattr(tasks.envoyer_regulateurs_a, "apply_async", envoi)

    assert [tasks.envoyer_regulateurs() for _ in range(3)] == [3, 0, 0]

    assert envoi.call_count == 3
    (editeur_id, *_) = {appel.kwargs["kwargs"]["editeur_id"] for appel in envoi.call_args_list}
    assert connexion().ttl(f"sas:regulateurs:{editeur_id}:tour") <= tour.EN_FILE_S
