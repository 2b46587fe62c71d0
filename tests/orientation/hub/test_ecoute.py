"""Le processus qui écoute le Hub : il acquitte ce qu’il a écrit, et rien d’autre."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from orientation.enums import EtatMessageHub, EvenementHub
from orientation.hub import transport
from orientation.models import JournalHub
from tests.orientation.factories import MessageHubFactory
from tests.orientation.hub.conftest import acquittement, erreur

pytestmark = pytest.mark.django_db
CLIENT = "fr.health.test.ptfsas"


@pytest.fixture(autouse=True)
def _processus_de_test(monkeypatch, tmp_path):
    """La commande prend SIGTERM et SIGINT ; les tests gardent les leurs."""
    monkeypatch.setattr("orientation.management.commands.ecouter_hub.signal.signal", lambda *_: None)
    monkeypatch.setattr("orientation.management.commands.ecouter_hub.ATTENTE_S", 0.05)
    monkeypatch.setattr("orientation.management.commands.ecouter_hub.TEMOIN", tmp_path / "temoin")
    # La transaction du test est sur cette connexion.
    monkeypatch.setattr("orientation.management.commands.ecouter_hub.close_old_connections", lambda: None)


def ecouter(duree: float = 0.5) -> str:
    sortie = StringIO()
    call_command("ecouter_hub", duree=duree, stdout=sortie)
    return sortie.getvalue().strip()


def test_les_retours_des_deux_files_sont_ecrits_puis_acquittes(courtier):
    message = MessageHubFactory(etat=EtatMessageHub.REMIS)
    refuse = MessageHubFactory(etat=EtatMessageHub.REMIS)
    courtier.files = {
        f"{CLIENT}.ack": [acquittement(message.distribution_id)] * 2,
        f"{CLIENT}.info": [erreur(300, refuse.distribution_id), b"\xff poison"],
    }

    assert ecouter() == "Écoute finie : 1 acquitte, 1 doublon, 1 erreur, 1 illisible"

    message.refresh_from_db()
    refuse.refresh_from_db()
    assert (message.etat, refuse.etat) == (EtatMessageHub.ACQUITTE, EtatMessageHub.EN_ERREUR)
    assert JournalHub.objects.filter(evenement=EvenementHub.ILLISIBLE).count() == 1
    assert sorted(courtier.acquittes) == [1, 2, 3, 4]


def test_un_retour_dont_l_ecriture_echoue_n_est_pas_acquitte_et_reviendra(courtier):
    courtier.files = {f"{CLIENT}.ack": [acquittement("x")]}

    def traiter(file: str, corps: bytes) -> None:
        raise RuntimeError("base arrêtée")

    with pytest.raises(RuntimeError):
        transport.ecouter(traiter, continuer=lambda: True, attente_s=0.05)

    assert courtier.acquittes == []


def test_une_liaison_impossible_se_reessaie_jusqu_a_l_arret(hub_ouvert):
    assert ecouter(duree=0.3) == "Écoute finie : rien reçu"


def test_la_boucle_laisse_un_temoin_de_sa_marche(courtier, tmp_path):
    ecouter(duree=0.1)

    assert (tmp_path / "temoin").exists()


def test_sans_hub_la_commande_le_dit(settings):
    settings.HUB_URL = ""

    with pytest.raises(CommandError, match="HUB_URL"):
        call_command("ecouter_hub")
